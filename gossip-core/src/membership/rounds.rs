//! Rounds: whom to probe, what to tell to whom at random, first and last words.

use super::Swim;
use crate::address::Address;
use crate::board::What;
use crate::context::{Context, Phase};
use crate::exchange::Direction;
use crate::id::NodeId;
use crate::outbox::Message;
use crate::storage::Storage;
use crate::table::{Member, Sums};
use crate::time::{Duration, Instant};
use rand_core::Rng;

/// How often a goodbye is told.
const GOODBYES: u8 = 3;

/// To how many members a goodbye is told each time.
const GOODBYE_FANOUT: u8 = 8;

impl<A: Address, S: Storage<A>> Swim<A, S> {
    /// There is a seed, and it is not the node itself.
    pub(crate) fn has_seeds(&self, cx: &Context<A, S>) -> bool {
        (0..self.seeds.len()).any(|index| self.seeds.at(index) != cx.address())
    }

    /// One round: a probe of the next member. Returns whom it probed.
    pub(crate) fn begin_round(
        &mut self,
        cx: &mut Context<A, S>,
        now: Instant,
        rng: &mut impl Rng,
    ) -> Option<NodeId> {
        if self.next_round > now {
            return None;
        }
        cx.end_airtime_round();
        self.alarms.end_round(cx.members.live());
        self.end_slowness(cx, now);
        self.next_round = now.after(cx.round());
        cx.rounds = cx.rounds.wrapping_add(1);
        self.renew_trust(cx, now);
        self.bygones.next_round();
        let members = &cx.members;
        let me = cx.config.id();
        let target = self.shuffle.next(members.len(), rng, |index| {
            let row = members.at(index);
            row.is_some_and(|row| row.is_live() && row.id != me)
        });
        let row = target.and_then(|index| cx.members.at(index));
        let (id, suspect, to) = row.map(|row| (row.id, row.swim.suspect, row.address()))?;
        if to.is_none() && !cx.is_met_again(id) {
            return None;
        }
        let tokens = (cx.take_token(), cx.take_token());
        // Where no address is known only others can answer, so they are asked at once.
        let patience = to.map_or(Duration::ZERO, |_| cx.patience());
        // The verdict falls before the next round begins.
        let (indirect_at, ends) = (now.after(patience), self.next_round);
        self.prober
            .begin(id, tokens, indirect_at, ends, to.is_some());
        if to.is_some() && cx.config.byte_rate().is_some() {
            // One more ping costs less airtime than others' pings, acks and words.
            self.prober.ask_again_first();
        }
        self.continue_probe(cx, now, rng);
        let to = to?;
        cx.send_soon(to, Message::Ping(tokens.0));
        if suspect {
            cx.send_soon(to, Message::Accuse(id));
        }
        Some(id)
    }

    /// Gives news a few datagrams of its own, so that it need not wait for the next round.
    pub(crate) fn spread_news(&mut self, cx: &mut Context<A, S>, now: Instant, rng: &mut impl Rng) {
        if cx.next_gossip > now || !cx.has_news_to_spread() {
            return;
        }
        cx.next_gossip = now.after(cx.config.gossip_interval());
        let wait = cx.config.byte_rate().is_some() && cx.outbox.has_news();
        if !wait {
            self.tell_random_peers(cx, cx.config.gossip_fanout(), rng);
        }
    }

    pub(crate) fn say_goodbye(
        &mut self,
        cx: &mut Context<A, S>,
        now: Instant,
        told: u8,
        rng: &mut impl Rng,
    ) {
        if cx.next_gossip > now {
            return;
        }
        if told >= GOODBYES || cx.members.live() == 0 {
            cx.phase = Phase::Left;
            cx.notices.left = true;
            return;
        }
        cx.phase = Phase::Leaving(told.saturating_add(1));
        cx.next_gossip = now.after(cx.config.gossip_interval());
        cx.announce(cx.id(), What::Facts);
        self.tell_random_peers(cx, GOODBYE_FANOUT, rng);
    }

    fn tell_random_peers(&mut self, cx: &mut Context<A, S>, fanout: u8, rng: &mut impl Rng) {
        // Of entries those need not hear that keep none.
        let all = !cx.news.is_of_entries();
        for _ in 0..fanout {
            // Who is slow gets what it lacks by its own exchanges, at its own pace.
            let hears = |row: &Member<A>| {
                !row.is_slow() && !row.swim.late && (all || row.sums > Sums::Facts)
            };
            if let Some(address) = cx.random_peer(rng, hears) {
                cx.send_soon(address, Message::News);
            }
        }
    }

    /// The first words to an address about which nothing more is known.
    pub(crate) fn say_hello(&mut self, cx: &mut Context<A, S>, to: A) {
        cx.send_soon(to, Message::Tell(cx.id()));
        let known = |row: &&Member<A>| row.address() == Some(to);
        let row = cx.members.iter().find(known);
        let sums = row.map_or(Sums::Whole, |row| row.sums);
        cx.send_soon(to, Message::Root(Direction::Both, sums));
        self.ask_for_answer(cx, to);
    }

    /// Tries somebody who is not among the live, so that a healed partition is noticed.
    pub(crate) fn reconnect(&mut self, cx: &mut Context<A, S>, now: Instant) {
        if self.next_reconnect > now {
            return;
        }
        self.next_reconnect = now.after(self.reconnect_wait(cx));
        if let Some(address) = self.next_lost(cx) {
            self.say_hello(cx, address);
        }
    }
}
