//! The exchanges under way.

use core::marker::PhantomData;

use super::{Bit, Ways};
use crate::id::{NodeId, Place};
use crate::storage::List;
use crate::table::Sums;
use crate::time::{Duration, Instant};

/// One reconciliation with one partner.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Exchange<A> {
    pub(crate) peer: NodeId,
    pub(crate) to: A,
    pub(crate) bit: Bit,
    /// What is compared with it.
    pub(crate) sums: Sums,
    /// It is over if nothing is heard until then.
    pub(crate) expires: Instant,
    /// Datagrams that may be sent before something must be heard.
    pub(crate) credit: u8,
    /// What this node does in it.
    pub(crate) ways: Ways,
    /// What answers to pulls may still bring before the next round.
    pub(crate) budget: Budget,
    /// Rows with a `tell` or `hint` link to this exchange lie here.
    pub(crate) tells: Span,
    /// Rows with a `pull` link lie here.
    pub(crate) pulls: Span,
    /// The pull under way.
    pub(crate) pull: Option<Pull>,
    /// The token of the partner's pull that is to be answered.
    pub(crate) answer: Option<u8>,
    /// How many pulls in a row went unanswered.
    missed: u8,
    next_token: u8,
}

/// A pull whose answer is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pull {
    pub(crate) token: u8,
    pub(crate) deadline: Instant,
}

/// So many bytes of answers; `None` is without bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Budget {
    left: Option<u32>,
    /// With less than this nothing is asked for.
    least: u32,
}

impl Budget {
    /// That of so many pages of `page` bytes; without bound if there are `u8::MAX` of them. The last
    /// answer may go beyond it by half a page at most.
    pub(crate) fn new(pages: u8, page: usize) -> Self {
        let page = u32::try_from(page).unwrap_or(u32::MAX);
        let left = u32::from(pages).saturating_mul(page);
        Self {
            left: Some(left).filter(|_| pages != u8::MAX),
            least: page >> 1,
        }
    }

    /// `true` if nothing more should be asked for.
    pub(super) fn is_spent(self) -> bool {
        self.left.is_some_and(|left| left < self.least.max(1))
    }

    fn spend(&mut self, bytes: usize) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.left = self.left.map(|left| left.saturating_sub(bytes));
    }
}

/// A stretch of the table in which marked rows lie; there may be fewer of them than it suggests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Span(Option<(Place, Place)>);

impl Span {
    pub(crate) const EMPTY: Self = Self(None);

    pub(crate) fn is_empty(self) -> bool {
        self.0.is_none()
    }

    /// Widens the stretch to hold `place`.
    pub(crate) fn add(&mut self, place: Place) {
        let (first, last) = self.0.unwrap_or((place, place));
        self.0 = Some((first.min(place), last.max(place)));
    }

    pub(crate) fn first(self) -> Option<Place> {
        self.0.map(|(first, _)| first)
    }

    pub(crate) fn contains(self, place: Place) -> bool {
        self.0
            .is_some_and(|(first, last)| first <= place && place <= last)
    }

    /// Drops what lies before `place`.
    pub(super) fn trim(&mut self, place: Place) {
        self.0 = self
            .0
            .filter(|(_, last)| *last >= place)
            .map(|(_, last)| (place, last));
    }
}

/// All exchanges, and whose turn it is to be served.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Exchanges<A, L> {
    list: L,
    turn: u8,
    address: PhantomData<A>,
}

impl<A, L> Exchanges<A, L> {
    /// Kept in `list`, which must be empty.
    pub const fn new(list: L) -> Self {
        Self {
            list,
            turn: 0,
            address: PhantomData,
        }
    }
}

/// Datagrams that one received datagram entitles to.
pub(crate) const CREDIT: u8 = 16;

/// How many pulls in a row may go unanswered.
const MISSES_MAX: u8 = 3;

impl<A: Copy + Eq, L: List<Exchange<A>>> Exchanges<A, L> {
    /// How many things the table holds, and can hold.
    pub(crate) fn usage(&self) -> (usize, usize) {
        (self.list.len(), self.list.capacity())
    }

    /// The exchange with `peer`, in which `sums` are compared, begun if there is none, with `ways` and
    /// `budget`; `None` if too many are under way.
    pub(crate) fn open(
        &mut self,
        (peer, to, sums): (NodeId, A, Sums),
        expires: Instant,
        ways: Ways,
        budget: Budget,
    ) -> Option<Bit> {
        if let Some(bit) = self.refresh((peer, to, sums), expires) {
            return Some(bit);
        }
        let used = self
            .list
            .iter()
            .fold(0, |used: Bit, exchange| used | exchange.bit);
        let bit = 1u8.checked_shl(used.trailing_ones())?;
        let exchange = Exchange {
            peer,
            to,
            bit,
            sums,
            expires,
            credit: CREDIT,
            ways,
            budget,
            tells: Span::EMPTY,
            pulls: Span::EMPTY,
            pull: None,
            answer: None,
            missed: 0,
            next_token: 0,
        };
        self.list.push(exchange).ok()?;
        Some(bit)
    }

    /// Something was heard of `peer`: its exchange, if there is one, goes on.
    pub(crate) fn refresh(
        &mut self,
        (peer, to, sums): (NodeId, A, Sums),
        expires: Instant,
    ) -> Option<Bit> {
        let index = self
            .list
            .iter()
            .position(|exchange| exchange.peer == peer)?;
        let exchange = self.list.get_mut(index)?;
        exchange.to = to;
        exchange.sums = sums;
        exchange.expires = expires;
        exchange.credit = CREDIT;
        Some(exchange.bit)
    }

    /// A round begins with `peer`: its exchange, if there is one, goes on in these ways.
    pub(crate) fn begin(&mut self, peer: NodeId, ways: Ways, budget: Budget) {
        let found = self.list.iter().position(|exchange| exchange.peer == peer);
        if let Some(exchange) = found.and_then(|index| self.list.get_mut(index)) {
            exchange.ways = ways;
            exchange.budget = budget;
        }
    }

    /// `true` while something is to be told or pulled, or an answer awaited or owed.
    pub(crate) fn any_at_work(&self) -> bool {
        self.at_rest().count() < self.list.len()
    }

    /// `true` while a pull waits for its answer.
    pub(super) fn any_waits(&self) -> bool {
        self.list.iter().any(|exchange| exchange.pull.is_some())
    }

    /// The exchanges that have used up their budget.
    pub(super) fn used_up(&self) -> impl Iterator<Item = &Exchange<A>> {
        self.list
            .iter()
            .filter(|exchange| exchange.budget.is_spent())
    }

    /// The exchange with the node at `to`, if it may send.
    pub(crate) fn ready_for(&self, to: A) -> Option<Bit> {
        let ready = |exchange: &&Exchange<A>| exchange.to == to && exchange.credit > 0;
        self.list.iter().find(ready).map(|exchange| exchange.bit)
    }

    /// The exchange at `index`, if it may send, and to where.
    pub(crate) fn ready_at(&self, index: usize) -> Option<(A, Bit)> {
        let exchange = self
            .list
            .get(index)
            .filter(|exchange| exchange.credit > 0)?;
        Some((exchange.to, exchange.bit))
    }

    /// One datagram was sent.
    pub(crate) fn spend(&mut self, bit: Bit) {
        if let Some(exchange) = self.get_mut(bit) {
            exchange.credit = exchange.credit.saturating_sub(1);
        }
    }

    /// `true` if no other exchange can begin.
    pub(crate) fn is_full(&self) -> bool {
        self.list.is_full()
    }

    /// The exchanges in which no row is to be told, none can be pulled any more, and no answer is awaited
    /// or owed.
    pub(super) fn at_rest(&self) -> impl Iterator<Item = Bit> {
        let at_rest = self.list.iter().filter(|exchange| exchange.is_at_rest());
        at_rest.map(|exchange| exchange.bit)
    }

    pub(super) fn of_peer(&self, peer: NodeId) -> Option<&Exchange<A>> {
        self.list.iter().find(|exchange| exchange.peer == peer)
    }

    pub(crate) fn get(&self, bit: Bit) -> Option<&Exchange<A>> {
        self.list.iter().find(|exchange| exchange.bit == bit)
    }

    pub(crate) fn get_mut(&mut self, bit: Bit) -> Option<&mut Exchange<A>> {
        let index = self.list.iter().position(|exchange| exchange.bit == bit)?;
        self.list.get_mut(index)
    }

    pub(crate) fn remove(&mut self, bit: Bit) -> Option<Exchange<A>> {
        let index = self.list.iter().position(|exchange| exchange.bit == bit)?;
        self.list.remove(index)
    }

    /// The exchanges from the one whose turn it is, all once.
    pub(crate) fn in_turn(&mut self) -> impl Iterator<Item = usize> + use<A, L> {
        let (len, turn) = (self.list.len(), usize::from(self.turn));
        self.turn = self.turn.wrapping_add(1) % 8;
        (0..len).map(move |index| {
            let shifted = index.saturating_add(turn);
            if shifted < len {
                shifted
            } else {
                shifted.checked_rem(len).unwrap_or(0)
            }
        })
    }

    /// When something is due next.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.list.iter().map(Exchange::due).min()
    }

    /// An exchange that is over at `now`.
    pub(super) fn expired(&self, now: Instant) -> Option<Bit> {
        self.list
            .iter()
            .find(|exchange| exchange.expires <= now)
            .map(|exchange| exchange.bit)
    }

    /// An exchange whose pull went unanswered at `now`.
    pub(crate) fn missed(&self, now: Instant) -> Option<Bit> {
        let late = |exchange: &&Exchange<A>| exchange.pull.is_some_and(|pull| pull.deadline <= now);
        self.list.iter().find(late).map(|exchange| exchange.bit)
    }

    /// This peer answers quickly at present: what was pulled from it is late after `at`.
    pub(crate) fn hurry(&mut self, peer: NodeId, at: Instant) {
        for index in 0..self.list.len() {
            let exchange = self.list.get_mut(index);
            if let Some(exchange) = exchange.filter(|exchange| exchange.peer == peer)
                && let Some(pull) = &mut exchange.pull
            {
                pull.deadline = pull.deadline.min(at);
            }
        }
    }

    /// Counts every deadline from `epoch` and every token back from the next one.
    pub(crate) fn rebase(&mut self, epoch: Instant) {
        self.turn = 0;
        for index in 0..self.list.len() {
            if let Some(exchange) = self.list.get_mut(index) {
                exchange.rebase(epoch);
            }
        }
    }
}

impl<A> Exchange<A> {
    /// No row is to be told, none can be pulled any more, and no answer is awaited or owed.
    pub(super) fn is_at_rest(&self) -> bool {
        self.tells.is_empty()
            && (self.pulls.is_empty() || self.budget.is_spent())
            && self.pull.is_none()
            && self.answer.is_none()
    }

    /// `true` if the next pull is one in which those come first of whom most is missing: every other one.
    pub(super) fn pulls_by_depth(&self) -> bool {
        self.next_token.is_multiple_of(2)
    }

    /// Begins a pull: the token to send with it.
    pub(super) fn begin_pull(&mut self, now: Instant, timeout: Duration) -> u8 {
        // 0 is the token of claims that nobody pulled.
        self.next_token = self.next_token.wrapping_add(1).max(1);
        let token = self.next_token;
        self.pull = Some(Pull {
            token,
            deadline: now.after(timeout),
        });
        token
    }

    /// Ends the pull with this token, answered in so many bytes; `false` if it is another one.
    pub(crate) fn end_pull(&mut self, token: u8, bytes: usize) -> bool {
        let matches = self.pull.is_some_and(|pull| pull.token == token);
        if matches {
            self.pull = None;
            self.missed = 0;
            self.budget.spend(bytes);
        }
        matches
    }

    /// Gives up waiting for the answer; `false` if that was one time too many.
    pub(super) fn miss_pull(&mut self) -> bool {
        self.pull = None;
        self.missed = self.missed.saturating_add(1);
        self.missed <= MISSES_MAX
    }

    fn due(&self) -> Instant {
        self.pull
            .map_or(self.expires, |pull| self.expires.min(pull.deadline))
    }

    fn rebase(&mut self, epoch: Instant) {
        self.expires = self.expires.counted_from(epoch);
        if let Some(pull) = &mut self.pull {
            pull.deadline = pull.deadline.counted_from(epoch);
            pull.token = self.next_token.wrapping_sub(pull.token);
        }
        self.next_token = 0;
    }
}

#[cfg(test)]
mod tests;
