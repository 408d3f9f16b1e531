//! How long a host computes, in real time.

use std::cell::Cell;
use std::sync::OnceLock;
use std::time::{Duration, Instant as RealTime};

use gossip_core::{Instant, SplitMix64};
use gossip_std::sim::{Host, Index, Outgoing};

/// A host that counts how long it computes.
#[derive(Debug)]
pub(crate) struct Timed<H> {
    host: H,
    busy: Cell<Duration>,
    calls: Cell<u32>,
}

impl<H> Timed<H> {
    pub(crate) fn new(host: H) -> Self {
        Self {
            host,
            busy: Cell::default(),
            calls: Cell::default(),
        }
    }

    pub(crate) fn inner(&self) -> &H {
        &self.host
    }

    /// The time spent in the host so far, without what reading the clock took.
    pub(crate) fn busy(&self) -> Duration {
        let clock = clock_cost_ns() * f64::from(self.calls.get());
        let busy = self.busy.get();
        busy.saturating_sub(Duration::from_nanos(clock as u64))
    }

    fn began(&self) -> RealTime {
        self.calls.set(self.calls.get() + 1);
        RealTime::now()
    }

    fn ended(&self, began: RealTime) {
        self.busy.set(self.busy.get() + began.elapsed());
    }

    fn time<R>(&mut self, work: impl FnOnce(&mut H) -> R) -> R {
        let began = self.began();
        let result = work(&mut self.host);
        self.ended(began);
        result
    }
}

/// What timing adds to each call, in nanoseconds: the mean of many empty ones, in the least disturbed
/// of many batches.
fn clock_cost_ns() -> f64 {
    static COST: OnceLock<f64> = OnceLock::new();
    *COST.get_or_init(|| {
        (0..100)
            .map(|_| batch_cost_ns())
            .fold(f64::INFINITY, f64::min)
    })
}

fn batch_cost_ns() -> f64 {
    const CALLS: u32 = 10_000;
    let mut nothing = Timed::new(());
    for _ in 0..CALLS {
        nothing.time(|()| std::hint::black_box(()));
    }
    nothing.busy.get().as_nanos() as f64 / f64::from(CALLS)
}

impl<H: Host> Host for Timed<H> {
    type Note = H::Note;
    type Call = H::Call;

    fn handle_datagram(&mut self, now: Instant, from: Index, bytes: &[u8]) {
        self.time(|host| host.handle_datagram(now, from, bytes));
    }

    fn handle_timeout(&mut self, now: Instant, rng: &mut SplitMix64) {
        self.time(|host| host.handle_timeout(now, rng));
    }

    fn handle_call(&mut self, now: Instant, call: H::Call, rng: &mut SplitMix64) {
        self.time(|host| host.handle_call(now, call, rng));
    }

    fn poll_transmit(&mut self, now: Instant, buf: &mut [u8]) -> Option<Outgoing> {
        self.time(|host| host.poll_transmit(now, buf))
    }

    fn poll_note(&mut self) -> Option<H::Note> {
        self.time(H::poll_note)
    }

    fn poll_timeout(&self) -> Instant {
        let began = self.began();
        let due = self.host.poll_timeout();
        self.ended(began);
        due
    }
}
