//! The engine: hosts, a network between them, and virtual time.

mod clock;
mod outbox;
mod parallel;
mod pool;
mod radio;
mod shard;
mod slot;
#[cfg(test)]
mod tests;

use super::host::Host;
use super::index::Index;
use super::network::Network;
use super::record::{NETWORK, Observer, Record, What};
use super::time::{Span, Time};

use outbox::Outbox;
use radio::Air;
use shard::{Logged, Shard};
use slot::Slot;

pub use clock::HostClock;
pub use slot::Counters;

/// Records are put in order and told after so much virtual time, so that they do not pile up.
const SLICE: Span = Span::from_millis(10);

/// With less lookahead, working apart takes longer than working in turn.
const LOOKAHEAD_MIN: Span = Span::from_micros(20);

/// How a [`World`] is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorldOptions {
    /// Fixes all chance.
    pub seed: u64,
    /// On how many cores one run works; it changes nothing in the result. A network without latency
    /// or with a medium runs on one.
    pub cores: usize,
    /// Whether each datagram is recorded, and not only what hosts tell.
    pub detailed: bool,
}

/// Hosts in a network, and the time.
///
/// Everything follows from the seed and from what is asked of the world, in order. Faults and
/// changes of the network happen between calls of [`run_until`](Self::run_until), at the time it
/// was run to, before anything else at that time.
#[derive(Debug)]
pub struct World<H: Host> {
    options: WorldOptions,
    /// The time since the world was made.
    elapsed: Time,
    /// What `elapsed` was when the run began; `None` before.
    epoch: Option<Time>,
    hosts: Index,
    network: Network,
    shards: Vec<Shard<H>>,
    /// Records about the network as a whole.
    log: Vec<Logged<H::Note>>,
}

impl<H: Host> World<H> {
    /// A world without hosts, at [`Time::START`].
    #[must_use]
    pub fn new(options: WorldOptions, network: Network) -> Self {
        // What one sends on a medium, others hear at once: there is no lookahead.
        let medium = network.medium();
        let cores = if medium.is_some() {
            1
        } else {
            options.cores.max(1)
        };
        let mut shards: Vec<_> = (0..cores)
            .map(|number| Shard::new(number, cores, options.detailed))
            .collect();
        shards[0].air = medium.map(Air::new);
        Self {
            options,
            elapsed: Time::START,
            epoch: Some(Time::START),
            hosts: 0,
            network,
            shards,
            log: Vec::new(),
        }
    }

    /// Adds a host and starts it at once; its index is the number of hosts before.
    pub fn add(&mut self, host: H, clock: HostClock) -> Index {
        let index = self.hosts;
        self.hosts += 1;
        if self.network.hosts() < self.hosts {
            self.network.grow(self.hosts);
        }
        let slot = Slot::new(self.options.seed, index, Some(host), clock);
        let shard = self.shard_of(index);
        self.shards[shard].slots.push(slot);
        self.log_at(index, What::Added);
        self.settle(index);
        index
    }

    /// Runs to `until`, which is not included, and tells `observer` everything in order.
    pub fn run_until(&mut self, until: Time, observer: &mut impl Observer<H::Note>) {
        let rest = until.since(self.now());
        self.run_for(rest, observer);
    }

    fn run_for(&mut self, span: Span, observer: &mut impl Observer<H::Note>) {
        let until = self.elapsed + span;
        while self.elapsed < until {
            let end = until.min(self.elapsed + SLICE);
            self.run_shards(end);
            self.tell(observer);
            if self.storm().is_some() {
                return;
            }
            self.elapsed = end;
        }
    }

    fn run_shards(&mut self, end: Time) {
        let lookahead = self.network.lookahead();
        match &mut self.shards[..] {
            [only] => only.run_before(end, &self.network),
            shards if lookahead < LOOKAHEAD_MIN => {
                parallel::run_in_turn(shards, end, &self.network)
            }
            shards => parallel::run(shards, end, lookahead, &self.network),
        }
    }

    /// Lets `done` be reached before the run begins: what happens meanwhile is told as of
    /// [`Time::START`], and counted nowhere. Asks every `step`, `limit` times at most; `true` if it
    /// was reached.
    pub fn warm_up(
        &mut self,
        step: Span,
        limit: u32,
        observer: &mut impl Observer<H::Note>,
        done: impl Fn(&Self) -> bool,
    ) -> bool {
        self.epoch = None;
        let mut is_done = false;
        for _ in 0..limit {
            self.run_for(step, observer);
            is_done = done(self);
            if is_done {
                break;
            }
        }
        self.epoch = Some(self.elapsed);
        for shard in &mut self.shards {
            shard.reset_counters();
        }
        is_done
    }

    /// A moment as observers know it.
    fn told(&self, elapsed: Time) -> Time {
        match self.epoch {
            Some(epoch) => Time::START + elapsed.since(epoch),
            None => Time::START,
        }
    }

    /// Tells what was recorded, in the order of time and host.
    pub fn tell(&mut self, observer: &mut impl Observer<H::Note>) {
        let mut log = std::mem::take(&mut self.log);
        for shard in &mut self.shards {
            log.append(&mut shard.log);
        }
        // Stable: what one host recorded at one moment stays in its order.
        log.sort_by_key(|logged| (logged.time, logged.host));
        for Logged { time, host, what } in &log {
            let time = self.told(*time);
            observer.record(&Record {
                time,
                host: *host,
                what,
            });
        }
        log.clear();
        self.log = log;
    }

    /// Asks something of a host at a later time, or now. A host that does not exist yet is not asked,
    /// nor one that is down by then.
    pub fn schedule(&mut self, host: Index, at: Time, call: H::Call) {
        if host >= self.hosts {
            return;
        }
        let at = self.elapsed + at.since(self.now());
        let shard = self.shard_of(host);
        self.shards[shard].schedule(host, at, call);
    }

    /// Takes a host down without a word; what it was comes back. `None` if it was down, or there is
    /// no such host.
    pub fn crash(&mut self, host: Index) -> Option<H> {
        self.host(host)?;
        let shard = self.shard_of(host);
        let old = self.shards[shard].crash(host)?;
        self.log_at(host, What::Crashed);
        Some(old)
    }

    /// Puts a host in the place of one that is down; one that is up crashes first. `with_memory`
    /// says in the records whether it is the host that was there before.
    pub fn restart(&mut self, host: Index, new: H, with_memory: bool) {
        self.crash(host);
        let Some(slot) = self.slot_mut(host) else {
            return;
        };
        slot.host = Some(new);
        self.log_at(host, What::Restarted { with_memory });
        self.settle(host);
    }

    /// Suspends a host: its timers do not run, and its datagrams wait in a buffer of 256.
    pub fn pause(&mut self, host: Index) {
        if let Some(slot) = self.slot_mut(host)
            && slot.host.is_some()
            && !slot.paused
        {
            slot.paused = true;
            slot.wake = Time::FAR;
            self.log_at(host, What::Paused);
        }
    }

    /// Lets a suspended host go on where it stood.
    pub fn resume(&mut self, host: Index) {
        if self.is_paused(host) {
            let shard = self.shard_of(host);
            self.log_at(host, What::Resumed);
            self.shards[shard].resume(host, self.elapsed, &self.network);
            self.trade();
        }
    }

    /// From here on a host takes this long for each datagram, one after the other; so do those that
    /// wait already. One that is down is as slow or as fast when it starts again: it is the machine that
    /// is slow.
    pub fn slow(&mut self, host: Index, each: Span) {
        if host >= self.hosts {
            return;
        }
        let shard = self.shard_of(host);
        self.log_at(host, What::Slowed { each });
        self.shards[shard].slow(host, each, self.elapsed);
    }

    /// Gives a host's machine another address: what is sent to the old one reaches nobody from now on.
    pub fn readdress(&mut self, host: Index) {
        if host < self.hosts {
            self.network.readdress(host);
            self.log_at(host, What::Moved);
        }
    }

    /// Records something of a host, now.
    pub(in crate::sim) fn note(&mut self, host: Index, what: What<H::Note>) {
        self.log_at(host, what);
    }

    /// Changes the network, and records the change.
    pub fn change_network<R>(
        &mut self,
        what: What<H::Note>,
        change: impl FnOnce(&mut Network) -> R,
    ) -> R {
        let result = change(&mut self.network);
        self.log_at(NETWORK, what);
        result
    }

    /// Puts another network in place of this one, which it gives back; datagrams under way arrive.
    /// A medium must have been there from the beginning, or there must be one core.
    pub(in crate::sim) fn swap_network(&mut self, network: Network) -> Network {
        self.shards[0].air = network.medium().map(Air::new);
        std::mem::replace(&mut self.network, network)
    }

    fn settle(&mut self, host: Index) {
        let shard = self.shard_of(host);
        self.shards[shard].settle(host, self.elapsed, &self.network);
        self.trade();
    }

    /// Hands over what was sent between windows.
    fn trade(&mut self) {
        let mut mail = Outbox::default();
        for from in 0..self.shards.len() {
            for to in 0..self.shards.len() {
                self.shards[from].outboxes[to].move_to(&mut mail);
                self.shards[to].accept(&mut mail);
            }
        }
    }

    fn log_at(&mut self, host: Index, what: What<H::Note>) {
        let time = self.elapsed;
        let log = match host {
            NETWORK => &mut self.log,
            _ => {
                let shard = self.shard_of(host);
                &mut self.shards[shard].log
            }
        };
        log.push(Logged { time, host, what });
    }

    fn shard_of(&self, host: Index) -> usize {
        host as usize % self.shards.len()
    }

    fn slot(&self, host: Index) -> Option<&Slot<H>> {
        let shard = &self.shards[self.shard_of(host)];
        shard.slots.get(shard.local(host))
    }

    fn slot_mut(&mut self, host: Index) -> Option<&mut Slot<H>> {
        let shard = self.shard_of(host);
        let shard = &mut self.shards[shard];
        let local = shard.local(host);
        shard.slots.get_mut(local)
    }

    /// The time since the run began.
    #[must_use]
    pub fn now(&self) -> Time {
        self.told(self.elapsed)
    }

    /// How many hosts there are, down ones included.
    #[must_use]
    pub fn len(&self) -> Index {
        self.hosts
    }

    /// `true` without hosts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hosts == 0
    }

    /// A host, unless it is down.
    #[must_use]
    pub fn host(&self, host: Index) -> Option<&H> {
        self.slot(host)?.host.as_ref()
    }

    /// Every host that is up, paused ones included, with its index.
    pub fn hosts(&self) -> impl Iterator<Item = (Index, &H)> {
        (0..self.hosts).filter_map(|index| Some((index, self.host(index)?)))
    }

    /// `true` while a host is suspended.
    #[must_use]
    pub fn is_paused(&self, host: Index) -> bool {
        self.slot(host).is_some_and(|slot| slot.paused)
    }

    /// What a host's place has counted since the beginning.
    #[must_use]
    pub fn counters(&self, host: Index) -> Counters {
        self.slot(host)
            .map(|slot| slot.counters)
            .unwrap_or_default()
    }

    /// The network as it is now.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// A host in the middle of more datagrams than a slice of time should have. Nothing goes on then.
    #[must_use]
    pub fn storm(&self) -> Option<Index> {
        self.shards.iter().find_map(|shard| shard.storm)
    }

    /// Events worked on since the run began.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.shards.iter().map(|shard| shard.events).sum()
    }

    /// Bytes of memory that the engine takes, without what the hosts allocate themselves.
    #[must_use]
    pub fn engine_bytes(&self) -> usize {
        self.shards.iter().map(Shard::bytes).sum()
    }
}
