//! Exchanges begun: with whom, and which way.

use super::Base;
use super::Reconciler;
use rand_core::Rng;

use super::Direction;
use crate::address::Address;
use crate::board::retransmit_limit;
use crate::context::{Context, Purpose};
use crate::id::NodeId;
use crate::outbox::Message;
use crate::storage::Storage;
use crate::table::{Member, Sums};
use crate::time::{Duration, Instant};

/// Once in so many rounds an exchange is begun with a slow member where there are no others.
const ROUNDS_WITH_THE_SLOW: u16 = 12;

impl<A: Address, S: Storage<A>> Reconciler<A, S> {
    /// Begins as many exchanges as are due: the first with the member that was probed just now, if
    /// one was, the others with random members.
    pub(crate) fn begin_exchanges(
        &mut self,
        base: &mut Base<A, S>,
        now: Instant,
        probed: Option<NodeId>,
        rng: &mut impl Rng,
    ) {
        if self.next_exchange > now {
            return;
        }
        let interval = base.cx.config.exchange_interval();
        self.next_exchange = if interval == Duration::ZERO {
            base.swim.next_round
        } else {
            now.after(interval)
        };
        if const { Self::ENTRIES } {
            self.end_pace_round(base, now);
        }
        let limit = retransmit_limit(base.cx.config.retransmit_mult(), base.cx.members.live());
        let young = base.cx.news.is_young(limit);
        self.direction = match base.cx.is_slow(base.cx.id()) {
            // Nobody else begins one with it.
            true => Direction::Both,
            false => base.cx.config.exchange_mode().direction(young),
        };
        let mut first = probed;
        for _ in 0..base.cx.config.exchange_fanout() {
            let partner = match first.take() {
                Some(id) => base.cx.members.get(id),
                None => base.cx.partner(rng, Purpose::Words, |_| true),
            };
            let partner = partner.and_then(|row| Some((row.id, row.address()?, row.sums)));
            if let Some(partner) = partner.filter(|(id, ..)| self.may_begin_with(&base.cx, *id)) {
                self.begin_exchange(base, partner);
            }
        }
    }

    /// A slow member begins its exchanges itself, one after the other: it would answer others' with what was
    /// true long ago. Where all others are slow they may wait for each other, since what was said last may not have reached
    /// them: then one is begun now and then.
    fn may_begin_with(&self, cx: &Context<A, S>, partner: NodeId) -> bool {
        if cx.is_slow(cx.id()) {
            return !self.slots.any_waits();
        }
        let mut members = cx.members.iter();
        let quick = |row: &Member<A>| row.is_live() && !row.is_slow() && !cx.is_me(row.id);
        let now_and_then = cx.rounds.is_multiple_of(ROUNDS_WITH_THE_SLOW);
        !cx.is_slow(partner) || (now_and_then && !members.any(quick))
    }

    fn begin_exchange(&mut self, base: &mut Base<A, S>, (id, to, sums): (NodeId, A, Sums)) {
        base.cx.send_soon(to, Message::Root(self.direction, sums));
        if const { Self::ENTRIES } {
            let (ways, budget) = (self.direction.for_first(), base.cx.exchange_budget());
            self.slots.begin(id, ways, budget);
            base.author.owe_rate(&mut base.cx, to, false);
        }
    }

    /// `true` if some exchange has used up its pages and would pull more.
    fn is_cut_short(&self, cx: &Context<A, S>) -> bool {
        self.slots.used_up().any(|exchange| {
            let rest = cx.trim(exchange.pulls, |row| row.marks.pull & exchange.bit != 0);
            !rest.is_empty()
        })
    }

    /// A round of exchanges begins: the rate of writes follows what the last one showed.
    fn end_pace_round(&self, base: &mut Base<A, S>, now: Instant) {
        if base.cx.config.flow_control() {
            let waiting = base.author.has_waiting_writes(&base.cx);
            if self.is_cut_short(&base.cx) {
                base.author.pace.note_overload();
            }
            base.author.pace.end_round(now, waiting);
        }
    }
}
