//! Several cores within one run, by conservative lookahead.
//!
//! A datagram sent in a window no longer than the smallest latency arrives after the window, so
//! within it no shard can disturb another: each works on its own queue, and between windows they
//! trade what they sent (Chandy and Misra 1979; Fujimoto 1990, the synchronous variant). Events
//! have one total order and hosts have streams of chance of their own, so the result is the same as
//! on one core, bit for bit.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use super::outbox::Outbox;
use super::shard::Shard;
use crate::sim::host::Host;
use crate::sim::network::Network;
use crate::sim::time::{Span, Time};

/// Rounds of waiting for the other shards before the core is offered to somebody else.
const SPINS: u32 = 2000;

/// What the shards share while they run.
struct Meeting {
    shards: usize,
    arrived: AtomicUsize,
    round: AtomicUsize,
    /// A shard panicked and will not come again.
    broken: AtomicBool,
    /// When each shard's next event comes, in microseconds.
    next: Vec<AtomicU64>,
    /// What is on its way to each shard.
    mail: Vec<Mutex<Outbox>>,
}

/// Works on everything before `end`, each shard on a core of its own, in windows of `lookahead`,
/// which must be more than zero.
pub(super) fn run<H: Host>(shards: &mut [Shard<H>], end: Time, lookahead: Span, network: &Network) {
    let meeting = Meeting {
        shards: shards.len(),
        arrived: AtomicUsize::new(0),
        round: AtomicUsize::new(0),
        broken: AtomicBool::new(false),
        next: shards
            .iter()
            .map(|shard| AtomicU64::new(shard.queue.next_time().as_micros()))
            .collect(),
        mail: shards.iter().map(|_| Mutex::default()).collect(),
    };
    std::thread::scope(|scope| {
        let meeting = &meeting;
        let mut shards = shards.iter_mut().enumerate();
        let first = shards.next();
        for (number, shard) in shards {
            scope.spawn(move || work(number, shard, end, lookahead, network, meeting));
        }
        if let Some((number, shard)) = first {
            work(number, shard, end, lookahead, network, meeting);
        }
    });
}

fn work<H: Host>(
    number: usize,
    shard: &mut Shard<H>,
    end: Time,
    lookahead: Span,
    network: &Network,
    meeting: &Meeting,
) {
    let _seat = Seat(meeting);
    loop {
        let next = meeting.earliest();
        // Nobody may write its next time before all have read the earliest.
        if next >= end || !meeting.wait() {
            return;
        }
        shard.run_before(end.min(next + lookahead), network);
        for (to, outbox) in shard.outboxes.iter_mut().enumerate() {
            if !outbox.is_empty() {
                outbox.move_to(&mut meeting.mail_of(to));
            }
        }
        if !meeting.wait() {
            return;
        }
        shard.accept(&mut meeting.mail_of(number));
        let next = shard.queue.next_time().as_micros();
        meeting.next[number].store(next, Ordering::Release);
        if !meeting.wait() {
            return;
        }
    }
}

/// A shard's place at the meeting: a panic that leaves it tells the others not to wait.
struct Seat<'a>(&'a Meeting);

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.broken.store(true, Ordering::Release);
        }
    }
}

impl Meeting {
    fn earliest(&self) -> Time {
        let times = self.next.iter().map(|next| next.load(Ordering::Acquire));
        Time::from_micros(times.min().unwrap_or(u64::MAX))
    }

    fn mail_of(&self, shard: usize) -> std::sync::MutexGuard<'_, Outbox> {
        // Only a panic in another shard poisons the lock, and the scope passes that on.
        self.mail[shard]
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Returns when all shards have called it; `false` if one panicked and never will.
    fn wait(&self) -> bool {
        let round = self.round.load(Ordering::Acquire);
        if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == self.shards {
            self.arrived.store(0, Ordering::Release);
            self.round.fetch_add(1, Ordering::AcqRel);
            return true;
        }
        let mut spins = 0;
        while self.round.load(Ordering::Acquire) == round {
            if self.broken.load(Ordering::Acquire) {
                return false;
            }
            if spins < SPINS {
                spins += 1;
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
        true
    }
}

/// Works on everything before `end`, one event after the other over all shards: for networks
/// without latency, where no window is long enough to work apart.
pub(super) fn run_in_turn<H: Host>(shards: &mut [Shard<H>], end: Time, network: &Network) {
    let mut mail = Outbox::default();
    loop {
        let next = (0..shards.len()).min_by_key(|&index| shards[index].queue.next_order());
        let Some(index) = next.filter(|&index| shards[index].queue.next_time() < end) else {
            return;
        };
        shards[index].run_one(network);
        for to in 0..shards.len() {
            shards[index].outboxes[to].move_to(&mut mail);
            shards[to].accept(&mut mail);
        }
    }
}
