//! Time has passed: rounds, deadlines, and every choice that needs chance.

use crate::stats::bump;
use rand_core::Rng;

use super::{Message, Node, Phase};
use crate::address::Address;
use crate::exchange::Base;
use crate::rng::below;
use crate::storage::{Storage, Tables};
use crate::time::{Duration, Instant};

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// When [`handle_timeout`](Self::handle_timeout) must be called next at the latest;
    /// [`Instant::FAR`] if never.
    pub fn poll_timeout(&self) -> Instant {
        self.time.told(self.next_deadline())
    }

    fn next_deadline(&self) -> Instant {
        match self.tables.base.cx.phase {
            Phase::New | Phase::Restored { .. } => return Instant::ZERO,
            Phase::Left => return Instant::FAR,
            Phase::Leaving(_) => return self.tables.base.cx.next_gossip,
            Phase::Running => {}
        }
        let gossip = self
            .tables
            .base
            .cx
            .has_news_to_spread()
            .then_some(self.tables.base.cx.next_gossip);
        [
            Some(self.tables.base.swim.next_round),
            Some(self.tables.base.swim.next_reconnect),
            Some(self.tables.base.author.next_sweep),
            gossip,
            self.tables.base.author.next_lease(&self.tables.base.cx),
            Some(self.tables.reconciler.next_exchange),
            self.tables.base.swim.prober.next(),
            self.tables.base.swim.timers.next(),
            self.tables.base.swim.relays.next(),
            self.tables.reconciler.slots.next(),
            self.tables.base.swim.seeds.next(),
            self.tables
                .base
                .author
                .next_publication(&self.tables.base.cx),
            self.tables.base.author.next_reclaim(&self.tables.base.cx),
            self.tables.base.cx.next_airtime(),
            self.tables.requests.next(&self.tables.base.cx),
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
        match self.tables.base.cx.phase {
            Phase::New | Phase::Restored { .. } => self.start(now, rng),
            Phase::Left => return,
            Phase::Leaving(told) => {
                return self
                    .tables
                    .base
                    .swim
                    .say_goodbye(&mut self.tables.base.cx, now, told, rng);
            }
            Phase::Running => {}
        }
        self.notice_time(now);
        let Base { cx, author, swim } = &mut self.tables.base;
        swim.rivalry.settle(now);
        swim.clashes.expire(now);
        cx.end_airtime_wait(now);
        swim.continue_probe(cx, now, rng);
        for _ in 0..cx.members.len() {
            let Some(id) = swim.timers.due(now) else {
                break;
            };
            swim.end_wait_of_member(cx, author, now, id);
        }
        // All three may write entries, which are published and told below.
        swim.go_on_as_former(cx, author, now);
        author.expire_leases(cx, now);
        author.sweep(cx, now, |id| swim.timers.of(id));
        author.publish(cx, now);
        swim.answer_for_others(cx, now);
        let Tables {
            base, reconciler, ..
        } = &mut self.tables;
        reconciler.expire_exchanges(&mut base.cx, now);
        let probed = base.swim.begin_round(&mut base.cx, now, rng);
        reconciler.begin_exchanges(base, now, probed, rng);
        base.swim.spread_news(&mut base.cx, now, rng);
        self.greet_seeds(now);
        self.tables
            .base
            .swim
            .reconnect(&mut self.tables.base.cx, now);
        let Tables {
            base,
            reconciler,
            requests,
        } = &mut self.tables;
        requests.go_on(reconciler, &mut base.cx, now, rng);
    }

    /// Says hello to the seeds whose turn it is.
    fn greet_seeds(&mut self, now: Instant) {
        for _ in 0..self.tables.base.swim.seeds.len() {
            let Some((seed, tries)) = self.tables.base.swim.seeds.due(now) else {
                break;
            };
            self.note_unanswered(seed, tries);
            self.tables
                .base
                .swim
                .say_hello(&mut self.tables.base.cx, seed);
            self.tables
                .base
                .cx
                .send_soon(seed, Message::Terms { is_answer: false });
        }
    }

    fn start(&mut self, now: Instant, rng: &mut impl Rng) {
        self.tables.base.cx.ensure_me();
        let nonce = rng.next_u32().to_be_bytes();
        let interval = self.tables.base.cx.config.reconnect_interval();
        self.tables.base.swim.next_reconnect = now.after(interval);
        if let Phase::Restored { same_life } = self.tables.base.cx.phase {
            self.resume(now, nonce, same_life);
        } else {
            let Base { cx, author, swim } = &mut self.tables.base;
            let has_seeds = swim.has_seeds(cx);
            let me = cx.id();
            cx.members
                .edit(me, |mut me| me.facts().generation.nonce = nonce);
            cx.phase = Phase::Running;
            author.prepare_reclaim(cx, has_seeds);
        }
        let Tables {
            base, reconciler, ..
        } = &mut self.tables;
        let Base { cx, author, swim } = base;
        let offset = below(rng.next_u32(), cx.round().as_millis() as usize);
        swim.next_round = now.after(Duration::from_millis(offset as u32));
        swim.begin_trust(cx, now);
        author.pace.start(now);
        author.begin_sweeps(cx, now);
        if let Some(rate) = cx.config.byte_rate() {
            cx.bucket.fill(rate, now);
        }
        reconciler.next_exchange = swim.next_round;
        cx.next_gossip = now;
    }

    /// What comes before anything else happens at `now`.
    pub(super) fn notice_time(&mut self, now: Instant) {
        let Tables {
            base, reconciler, ..
        } = &mut self.tables;
        if base.swim.look_back(&mut base.cx, now) {
            reconciler.close_all(&mut base.cx);
        }
    }

    /// The node's own time when the clock says `now`; whether the clock was set back is looked at.
    pub(super) fn tell_time(&mut self, now: Instant) -> Instant {
        if self.time.notice(now) {
            bump(&mut self.tables.base.cx.stats.clocks_set_back);
        }
        self.time.of(now)
    }

    /// Something was done at this moment of the node's own time.
    pub(super) fn pass_time(&mut self, now: Instant) {
        self.time.latest = now;
    }
}
