//! Exchanges begun: with whom, and which way.

use rand_core::Rng;

use super::{Message, Node};
use crate::address::Address;
use crate::exchange::Direction;
use crate::id::NodeId;
use crate::membership::retransmit_limit;
use crate::sampling::pick;
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
        if self.next_exchange > now {
            return;
        }
        let interval = self.config.exchange_interval();
        self.next_exchange = if interval == Duration::ZERO {
            self.next_round
        } else {
            now.after(interval)
        };
        if const { Self::ENTRIES } {
            self.end_pace_round(now);
        }
        let limit = retransmit_limit(self.config.retransmit_mult(), self.tables.members.live());
        let young = self.tables.news.is_young(limit);
        self.direction = match self.is_slow(self.id()) {
            // Nobody else begins one with it.
            true => Direction::Both,
            false => self.config.exchange_mode().direction(young),
        };
        let mut first = probed;
        for _ in 0..self.config.exchange_fanout() {
            let partner = match first.take() {
                Some(id) => self.tables.members.get(id),
                None => self.random_live(rng, |_| true),
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
        if self.is_slow(self.id()) {
            return !self.tables.exchanges.any_waits();
        }
        let mut members = self.tables.members.iter();
        let quick = |row: &Member<A>| row.is_live() && !row.is_slow() && !self.is_me(row.id);
        let now_and_then = self.rounds.is_multiple_of(ROUNDS_WITH_THE_SLOW);
        !self.is_slow(partner) || (now_and_then && !members.any(quick))
    }

    fn begin_exchange(&mut self, (id, to, sums): (NodeId, A, Sums)) {
        self.owe(to, Message::Root(self.direction, sums));
        if const { Self::ENTRIES } {
            let (ways, budget) = (self.direction.for_first(), self.exchange_budget());
            self.tables.exchanges.begin(id, ways, budget);
            self.owe_rate(to, false);
        }
    }

    /// `true` if a live peer can be written to.
    pub(super) fn reaches_anybody(&self) -> bool {
        let mut members = self.tables.members.iter();
        members.any(|row| row.is_live() && row.address().is_some() && !self.is_me(row.id))
    }

    /// A live peer that can be written to and that `accept` takes. While many join that assert no
    /// address, few of those that are known can be.
    pub(super) fn random_live(
        &self,
        rng: &mut impl Rng,
        accept: impl Fn(&Member<A>) -> bool,
    ) -> Option<&Member<A>> {
        pick(&self.tables.members, rng, |row| {
            row.is_live() && row.address().is_some() && !self.is_me(row.id) && accept(row)
        })
    }
}
