//! Exchanges begun: with whom, and which way.

use rand_core::Rng;

use super::{Message, Node};
use crate::address::Address;
use crate::board::retransmit_limit;
use crate::exchange::Direction;
use crate::id::NodeId;
use crate::storage::Storage;
use crate::table::{Member, Sums};
use crate::time::{Duration, Instant};

/// Once in so many rounds an exchange is begun with a slow member where there are no others.
const ROUNDS_WITH_THE_SLOW: u16 = 12;

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Begins as many exchanges as are due: the first with the member that was probed just now, if
    /// one was, the others with random members.
    pub(super) fn begin_exchanges(
        &mut self,
        now: Instant,
        probed: Option<NodeId>,
        rng: &mut impl Rng,
    ) {
        if self.tables.reconciler.next_exchange > now {
            return;
        }
        let interval = self.tables.cx.config.exchange_interval();
        self.tables.reconciler.next_exchange = if interval == Duration::ZERO {
            self.tables.swim.next_round
        } else {
            now.after(interval)
        };
        if const { Self::ENTRIES } {
            self.end_pace_round(now);
        }
        let limit = retransmit_limit(
            self.tables.cx.config.retransmit_mult(),
            self.tables.cx.members.live(),
        );
        let young = self.tables.cx.news.is_young(limit);
        self.tables.reconciler.direction = match self.tables.cx.is_slow(self.id()) {
            // Nobody else begins one with it.
            true => Direction::Both,
            false => self.tables.cx.config.exchange_mode().direction(young),
        };
        let mut first = probed;
        for _ in 0..self.tables.cx.config.exchange_fanout() {
            let partner = match first.take() {
                Some(id) => self.tables.cx.members.get(id),
                None => self.tables.cx.random_live(rng, |_| true),
            };
            let partner = partner.and_then(|row| Some((row.id, row.address()?, row.marks.sums)));
            if let Some(partner) = partner.filter(|(id, ..)| self.may_begin_with(*id)) {
                self.begin_exchange(partner);
            }
        }
    }

    /// A slow member begins its exchanges itself, one after the other: it would answer others' with what was
    /// true long ago. Where all others are slow they may wait for each other, since what was said last may not have reached
    /// them: then one is begun now and then.
    fn may_begin_with(&self, partner: NodeId) -> bool {
        if self.tables.cx.is_slow(self.id()) {
            return !self.tables.reconciler.slots.any_waits();
        }
        let mut members = self.tables.cx.members.iter();
        let quick =
            |row: &Member<A>| row.is_live() && !row.is_slow() && !self.tables.cx.is_me(row.id);
        let now_and_then = self.tables.cx.rounds.is_multiple_of(ROUNDS_WITH_THE_SLOW);
        !self.tables.cx.is_slow(partner) || (now_and_then && !members.any(quick))
    }

    fn begin_exchange(&mut self, (id, to, sums): (NodeId, A, Sums)) {
        self.tables
            .cx
            .send_soon(to, Message::Root(self.tables.reconciler.direction, sums));
        if const { Self::ENTRIES } {
            let (ways, budget) = (
                self.tables.reconciler.direction.for_first(),
                self.exchange_budget(),
            );
            self.tables.reconciler.slots.begin(id, ways, budget);
            self.author.owe_rate(&mut self.tables.cx, to, false);
        }
    }

    /// `true` if a live peer can be written to.
    pub(super) fn reaches_anybody(&self) -> bool {
        let mut members = self.tables.cx.members.iter();
        members.any(|row| row.is_live() && row.address().is_some() && !self.tables.cx.is_me(row.id))
    }
}
