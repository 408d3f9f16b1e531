//! Time has passed: rounds, deadlines, and every choice that needs chance.

use rand_core::Rng;

use super::{Message, Node, Phase};
use crate::address::Address;
use crate::exchange::Direction;
use crate::id::NodeId;
use crate::membership::{Step, What};
use crate::rng::below;
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::{Member, Sums};
use crate::time::{Duration, Instant};

/// How many entries a sweep over tombstones looks at in one go, and how many leases end in one go.
pub(super) const SWEEP_BUDGET: usize = 512;
/// How often a goodbye is told.
const GOODBYES: u8 = 3;
/// To how many members a goodbye is told each time.
const GOODBYE_FANOUT: u8 = 8;

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// When [`handle_timeout`](Self::handle_timeout) must be called next at the latest;
    /// [`Instant::FAR`] if never.
    pub fn poll_timeout(&self) -> Instant {
        self.time.told(self.next_deadline())
    }

    fn next_deadline(&self) -> Instant {
        match self.phase {
            Phase::New | Phase::Restored { .. } => return Instant::ZERO,
            Phase::Left => return Instant::FAR,
            Phase::Leaving(_) => return self.next_gossip,
            Phase::Running => {}
        }
        let gossip = self.has_news_to_spread().then_some(self.next_gossip);
        [
            Some(self.next_round),
            Some(self.next_reconnect),
            Some(self.next_sweep),
            gossip,
            self.next_lease(),
            Some(self.next_exchange),
            self.prober.next(),
            self.tables.timers.next(),
            self.tables.relays.next(),
            self.tables.exchanges.next(),
            self.tables.seeds.next(),
            self.next_publication(),
            self.next_reclaim(),
            self.next_airtime(),
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
        match self.phase {
            Phase::New | Phase::Restored { .. } => self.start(now, rng),
            Phase::Left => return,
            Phase::Leaving(told) => return self.say_goodbye(now, told, rng),
            Phase::Running => {}
        }
        self.notice_time(now);
        self.rivalry.settle(now);
        self.clashes.expire(now);
        self.end_airtime_wait(now);
        self.continue_probe(now, rng);
        for _ in 0..self.tables.members.len() {
            let Some(id) = self.tables.timers.due(now) else {
                break;
            };
            self.member_timer(now, id);
        }
        // All three may write entries, which are published and told below.
        self.continue_reclaim(now);
        self.expire_leases(now);
        self.sweep(now);
        self.publish(now);
        while let Some((asker, token)) = self.tables.relays.nack(now) {
            self.owe(asker, Message::Nack(token));
        }
        self.tables.relays.expire(now);
        self.expire_exchanges(now);
        let probed = self.begin_round(now, rng);
        self.begin_exchanges(now, probed, rng);
        self.spread_news(now, rng);
        for _ in 0..self.tables.seeds.len() {
            let Some((seed, tries)) = self.tables.seeds.due(now) else {
                break;
            };
            self.note_unanswered(seed, tries);
            self.say_hello(seed);
            self.owe(seed, Message::Terms { is_answer: false });
        }
        self.reconnect(now);
        self.continue_requests(now, rng);
    }

    fn start(&mut self, now: Instant, rng: &mut impl Rng) {
        self.ensure_me();
        let nonce = rng.next_u32().to_be_bytes();
        self.next_reconnect = now.after(self.config.reconnect_interval());
        if let Phase::Restored { same_life } = self.phase {
            self.resume(now, nonce, same_life);
        } else {
            self.tables
                .members
                .edit(self.id(), |me| me.facts.generation.nonce = nonce);
            self.phase = Phase::Running;
            self.prepare_reclaim();
        }
        let offset = below(rng.next_u32(), self.round().as_millis() as usize);
        self.next_round = now.after(Duration::from_millis(offset as u32));
        self.begin_trust(now);
        self.pace.start(now);
        if let Some(rate) = self.config.byte_rate() {
            self.bucket.fill(rate, now);
        }
        self.next_exchange = self.next_round;
        self.next_gossip = now;
        self.next_sweep = now.after(self.sweep_interval());
    }

    fn continue_probe(&mut self, now: Instant, rng: &mut impl Rng) {
        while let Some(step) = self.prober.step(now) {
            match step {
                Step::Failed(target, (direct, indirect), silence) => {
                    if self.tables.outbox.withdraw(direct, indirect) {
                        bump(&mut self.stats.probes_unsent);
                        continue;
                    }
                    self.note_missed(now, target, direct, silence);
                    self.judge(now, target, silence);
                }
                Step::Unsent => bump(&mut self.stats.probes_unsent),
                Step::Again(target, direct) => {
                    self.prober.asked_again(now.after(self.patience()));
                    self.ping_again(target, direct);
                }
                Step::AskOthers(target, direct, indirect) => {
                    self.ask_others(target, direct, indirect, rng);
                }
            }
        }
    }

    /// The direct probe was not answered: others are asked, and the target once more, since on a
    /// lossy network a lost ping is the likeliest cause.
    fn ask_others(&mut self, target: NodeId, direct: u16, indirect: u16, rng: &mut impl Rng) {
        if self.is_patient_with(target) {
            // More pings would only wait in line with the first.
            return;
        }
        self.ping_again(target, direct);
        self.note_unanswered_ping();
        // Who is slow is spared, unless the others do not help: they may be gone as well.
        let all = self.prober.is_unhelped();
        let fit = |row: &Member<A>| {
            row.id != target && row.is_live() && !row.swim.suspect && (all || !row.is_slow())
        };
        let mut left = self.config.indirect_probes();
        for helper in self.prober.helpers().take(usize::from(left)) {
            let row = self.tables.members.get(helper).filter(|row| fit(row));
            if let Some(to) = row.and_then(Member::address) {
                self.owe(to, Message::PingReq(indirect, target));
                self.prober.asked();
                left = left.saturating_sub(1);
            }
        }
        for _ in 0..left {
            if let Some(to) = self.random_peer(rng, fit) {
                self.owe(to, Message::PingReq(indirect, target));
                self.prober.asked();
            }
        }
    }

    pub(super) fn ping_again(&mut self, target: NodeId, direct: u16) {
        let address = self.tables.members.get(target).and_then(Member::address);
        let Some(to) = address else { return };
        self.owe(to, Message::Ping(direct));
        if self.config.byte_rate().is_some() {
            // It may not know this node, whose ping then waits like a stranger's.
            self.owe(to, Message::Tell(self.id()));
        }
    }

    fn expire_exchanges(&mut self, now: Instant) {
        if const { !Self::ENTRIES } {
            return;
        }
        while let Some(bit) = self.tables.exchanges.expired(now) {
            self.close_exchange(bit);
        }
        while let Some(bit) = self.tables.exchanges.missed(now) {
            self.clear_asked(bit);
            let exchange = self.tables.exchanges.get_mut(bit);
            if !exchange.is_some_and(|exchange| exchange.miss_pull()) {
                self.close_exchange(bit);
            }
        }
    }

    /// One round: a probe of the next member. Returns whom it probed.
    fn begin_round(&mut self, now: Instant, rng: &mut impl Rng) -> Option<NodeId> {
        if self.next_round > now {
            return None;
        }
        self.end_airtime_round();
        self.alarms.end_round(self.tables.members.live());
        self.end_slowness(now);
        self.next_round = now.after(self.round());
        self.rounds = self.rounds.wrapping_add(1);
        self.renew_trust(now);
        self.tables.bygones.next_round();
        let members = &self.tables.members;
        let me = self.config.id();
        let target = self.shuffle.next(members.len(), rng, |index| {
            let row = members.at(index);
            row.is_some_and(|row| row.is_live() && row.id != me)
        });
        let row = target.and_then(|index| self.tables.members.at(index));
        let (id, suspect, to) = row.map(|row| (row.id, row.swim.suspect, row.address()))?;
        if to.is_none() && !self.is_met_again(id) {
            return None;
        }
        let tokens = (self.take_token(), self.take_token());
        // Where no address is known only others can answer, so they are asked at once.
        let patience = to.map_or(Duration::ZERO, |_| self.patience());
        // The verdict falls before the next round begins.
        let (indirect_at, ends) = (now.after(patience), self.next_round);
        self.prober
            .begin(id, tokens, indirect_at, ends, to.is_some());
        if to.is_some() && self.config.byte_rate().is_some() {
            // One more ping costs less airtime than others' pings, acks and words.
            self.prober.ask_again_first();
        }
        self.continue_probe(now, rng);
        let to = to?;
        self.owe(to, Message::Ping(tokens.0));
        if suspect {
            self.owe(to, Message::Accuse(id));
        }
        Some(id)
    }

    /// `true` unless this is the first time that a member without an address comes up for a probe. While
    /// many join, those that would be asked to probe it know no address either, and their silence
    /// would say nothing.
    fn is_met_again(&mut self, id: NodeId) -> bool {
        let swim = self.tables.members.swim(id);
        swim.is_none_or(|swim| core::mem::replace(&mut swim.met, true))
    }

    /// Gives news a few datagrams of its own, so that it need not wait for the next round.
    fn spread_news(&mut self, now: Instant, rng: &mut impl Rng) {
        if self.next_gossip > now || !self.has_news_to_spread() {
            return;
        }
        self.next_gossip = now.after(self.config.gossip_interval());
        let wait = self.config.byte_rate().is_some() && self.tables.outbox.has_news();
        if !wait {
            self.tell_random_peers(self.config.gossip_fanout(), rng);
        }
    }

    fn has_news_to_spread(&self) -> bool {
        self.config.gossip_fanout() > 0 && !self.tables.news.is_empty() && self.is_joined()
    }

    fn say_goodbye(&mut self, now: Instant, told: u8, rng: &mut impl Rng) {
        if self.next_gossip > now {
            return;
        }
        if told >= GOODBYES || self.tables.members.live() == 0 {
            self.phase = Phase::Left;
            self.notices.left = true;
            return;
        }
        self.phase = Phase::Leaving(told.saturating_add(1));
        self.next_gossip = now.after(self.config.gossip_interval());
        self.announce(self.id(), What::Facts);
        self.tell_random_peers(GOODBYE_FANOUT, rng);
    }

    fn tell_random_peers(&mut self, fanout: u8, rng: &mut impl Rng) {
        // Of entries those need not hear that keep none.
        let all = !self.tables.news.is_of_entries();
        for _ in 0..fanout {
            // Who is slow gets what it lacks by its own exchanges, at its own pace.
            let hears = |row: &Member<A>| {
                !row.is_slow() && !row.swim.late && (all || row.marks.sums > Sums::Facts)
            };
            if let Some(address) = self.random_peer(rng, hears) {
                self.owe(address, Message::News);
            }
        }
    }

    /// The first words to an address about which nothing more is known.
    pub(super) fn say_hello(&mut self, to: A) {
        self.owe(to, Message::Tell(self.id()));
        let known = |row: &&Member<A>| row.address() == Some(to);
        let row = self.tables.members.iter().find(known);
        let sums = row.map_or(Sums::Whole, |row| row.marks.sums);
        self.owe(to, Message::Root(Direction::Both, sums));
        self.ask_for_answer(to);
    }

    /// Tries somebody who is not among the live, so that a healed partition is noticed.
    fn reconnect(&mut self, now: Instant) {
        if self.next_reconnect > now {
            return;
        }
        self.next_reconnect = now.after(self.reconnect_wait());
        if let Some(address) = self.next_lost() {
            self.say_hello(address);
        }
    }

    fn sweep(&mut self, now: Instant) {
        if const { !Self::ENTRIES } {
            self.next_sweep = Instant::FAR;
            return;
        }
        if self.next_sweep <= now {
            self.next_sweep = now.after(self.sweep_interval());
            self.tables.entries.begin_sweep();
            self.tend_copies(now);
            self.absorb_singles();
        }
        let mut budget = SWEEP_BUDGET;
        while let Some((index, owner, version)) = self.tables.entries.sweep(&mut budget) {
            // What this node has deleted must not be taken back, unless that leaves no room.
            let deleted = self.is_me(owner) && self.is_reclaiming();
            let keeps = deleted && !self.tables.entries.is_full_for_good();
            let collected = self.tables.members.edit(owner, |row| {
                let allowed = !keeps && row.replica.progress.may_collect(version);
                if allowed {
                    row.replica.progress.collected(version);
                }
                allowed
            });
            if collected == Some(true) {
                self.tables.entries.vanish(index);
            } else {
                self.tables.entries.skip_sweep();
            }
        }
    }

    /// A tombstone outlives two sweeps.
    fn sweep_interval(&self) -> Duration {
        Duration::from_millis(self.config.tombstone_grace().as_millis().div_ceil(2))
    }

    /// The address of a live peer that `accept` takes.
    fn random_peer(&self, rng: &mut impl Rng, accept: impl Fn(&Member<A>) -> bool) -> Option<A> {
        self.random_live(rng, accept)?.address()
    }
}
