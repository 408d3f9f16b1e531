//! Time has passed: rounds, deadlines, and every choice that needs chance.

use rand_core::Rng;

use super::{Message, Node, Phase};
use crate::address::Address;
use crate::author::SWEEP_BUDGET;
use crate::rng::below;
use crate::storage::Storage;
use crate::time::{Duration, Instant};

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// When [`handle_timeout`](Self::handle_timeout) must be called next at the latest;
    /// [`Instant::FAR`] if never.
    pub fn poll_timeout(&self) -> Instant {
        self.time.told(self.next_deadline())
    }

    fn next_deadline(&self) -> Instant {
        match self.tables.cx.phase {
            Phase::New | Phase::Restored { .. } => return Instant::ZERO,
            Phase::Left => return Instant::FAR,
            Phase::Leaving(_) => return self.tables.cx.next_gossip,
            Phase::Running => {}
        }
        let gossip = self
            .tables
            .cx
            .has_news_to_spread()
            .then_some(self.tables.cx.next_gossip);
        [
            Some(self.tables.swim.next_round),
            Some(self.tables.swim.next_reconnect),
            Some(self.next_sweep),
            gossip,
            self.author.next_lease(&self.tables.cx),
            Some(self.tables.reconciler.next_exchange),
            self.tables.swim.prober.next(),
            self.tables.swim.timers.next(),
            self.tables.swim.relays.next(),
            self.tables.reconciler.slots.next(),
            self.tables.swim.seeds.next(),
            self.author.next_publication(&self.tables.cx),
            self.author.next_reclaim(&self.tables.cx),
            self.tables.cx.next_airtime(),
            self.next_request(),
        ]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(Instant::FAR)
    }

    /// Does everything that is due at `now`. May be called early or late; call it whenever
    /// `poll_timeout() <= now`, before `poll_transmit`.
    pub fn handle_timeout(&mut self, now: Instant, rng: &mut impl Rng) {
        let now = self.tell_time(now);
        self.pass_time(now);
        match self.tables.cx.phase {
            Phase::New | Phase::Restored { .. } => self.start(now, rng),
            Phase::Left => return,
            Phase::Leaving(told) => {
                return self
                    .tables
                    .swim
                    .say_goodbye(&mut self.tables.cx, now, told, rng);
            }
            Phase::Running => {}
        }
        self.notice_time(now);
        self.tables.swim.rivalry.settle(now);
        self.tables.swim.clashes.expire(now);
        self.tables.cx.end_airtime_wait(now);
        self.tables
            .swim
            .continue_probe(&mut self.tables.cx, now, rng);
        for _ in 0..self.tables.cx.members.len() {
            let Some(id) = self.tables.swim.timers.due(now) else {
                break;
            };
            self.tables
                .swim
                .end_wait_of_member(&mut self.tables.cx, &mut self.author, now, id);
        }
        // All three may write entries, which are published and told below.
        self.tables
            .swim
            .go_on_as_former(&mut self.tables.cx, &mut self.author, now);
        self.author.expire_leases(&mut self.tables.cx, now);
        self.sweep(now);
        self.author.publish(&mut self.tables.cx, now);
        while let Some((asker, token)) = self.tables.swim.relays.nack(now) {
            self.tables.cx.send_soon(asker, Message::Nack(token));
        }
        self.tables.swim.relays.expire(now);
        self.expire_exchanges(now);
        let probed = self.tables.swim.begin_round(&mut self.tables.cx, now, rng);
        self.begin_exchanges(now, probed, rng);
        self.tables.swim.spread_news(&mut self.tables.cx, now, rng);
        for _ in 0..self.tables.swim.seeds.len() {
            let Some((seed, tries)) = self.tables.swim.seeds.due(now) else {
                break;
            };
            self.note_unanswered(seed, tries);
            self.tables.swim.say_hello(&mut self.tables.cx, seed);
            self.tables
                .cx
                .send_soon(seed, Message::Terms { is_answer: false });
        }
        self.tables.swim.reconnect(&mut self.tables.cx, now);
        self.continue_requests(now, rng);
    }

    fn start(&mut self, now: Instant, rng: &mut impl Rng) {
        self.tables.cx.ensure_me();
        let nonce = rng.next_u32().to_be_bytes();
        self.tables.swim.next_reconnect = now.after(self.tables.cx.config.reconnect_interval());
        if let Phase::Restored { same_life } = self.tables.cx.phase {
            self.resume(now, nonce, same_life);
        } else {
            self.tables
                .cx
                .members
                .edit(self.id(), |me| me.facts.generation.nonce = nonce);
            self.tables.cx.phase = Phase::Running;
            let has_seeds = self.has_seeds();
            self.author.prepare_reclaim(&mut self.tables.cx, has_seeds);
        }
        let offset = below(rng.next_u32(), self.tables.cx.round().as_millis() as usize);
        self.tables.swim.next_round = now.after(Duration::from_millis(offset as u32));
        self.tables.swim.begin_trust(&mut self.tables.cx, now);
        self.author.pace.start(now);
        if let Some(rate) = self.tables.cx.config.byte_rate() {
            self.tables.cx.bucket.fill(rate, now);
        }
        self.tables.reconciler.next_exchange = self.tables.swim.next_round;
        self.tables.cx.next_gossip = now;
        self.next_sweep = now.after(self.sweep_interval());
    }

    fn expire_exchanges(&mut self, now: Instant) {
        if const { !Self::ENTRIES } {
            return;
        }
        while let Some(bit) = self.tables.reconciler.slots.expired(now) {
            self.close_exchange(bit);
        }
        while let Some(bit) = self.tables.reconciler.slots.missed(now) {
            self.clear_asked(bit);
            let exchange = self.tables.reconciler.slots.get_mut(bit);
            if !exchange.is_some_and(|exchange| exchange.miss_pull()) {
                self.close_exchange(bit);
            }
        }
    }

    fn sweep(&mut self, now: Instant) {
        if const { !Self::ENTRIES } {
            self.next_sweep = Instant::FAR;
            return;
        }
        if self.next_sweep <= now {
            self.next_sweep = now.after(self.sweep_interval());
            self.tables.cx.entries.begin_sweep();
            let timers = &self.tables.swim.timers;
            self.author
                .tend_copies(&mut self.tables.cx, now, |id| timers.of(id));
            self.absorb_singles();
        }
        let mut budget = SWEEP_BUDGET;
        while let Some((index, owner, version)) = self.tables.cx.entries.sweep(&mut budget) {
            // What this node has deleted must not be taken back, unless that leaves no room.
            let deleted = self.tables.cx.is_me(owner) && self.is_reclaiming();
            let keeps = deleted && !self.tables.cx.entries.is_full_for_good();
            let collected = self.tables.cx.members.edit(owner, |row| {
                let allowed = !keeps && row.replica.progress.may_collect(version);
                if allowed {
                    row.replica.progress.collected(version);
                }
                allowed
            });
            if collected == Some(true) {
                self.tables.cx.entries.vanish(index);
            } else {
                self.tables.cx.entries.skip_sweep();
            }
        }
    }

    /// A tombstone outlives two sweeps.
    fn sweep_interval(&self) -> Duration {
        Duration::from_millis(
            self.tables
                .cx
                .config
                .tombstone_grace()
                .as_millis()
                .div_ceil(2),
        )
    }
}
