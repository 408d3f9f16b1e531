//! Anti-entropy's own state.

use super::{Direction, Exchanges, Partner, RangeDuties, Wants};
use crate::address::Address;
use crate::context::Compared;
use crate::id::{NodeId, Place};
use crate::storage::Storage;
use crate::time::Instant;

/// Exchanges under way, and what their partners are owed.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reconciler<A: Address, S: Storage<A>> {
    /// Exchanges under way.
    pub(crate) slots: Exchanges<A, S::Exchanges>,
    /// Ranges owed to partners.
    pub(crate) ranges: RangeDuties<S::Ranges>,
    /// Pulls of partners to be answered.
    pub(crate) wants: Wants<S::Wants>,
    pub(crate) next_exchange: Instant,
    /// The way of the exchanges begun last.
    pub(crate) direction: Direction,
    /// Whom rows are told to, where the storage has no table of exchanges.
    pub(crate) partner: Option<Partner<A>>,
    /// The owner that was asked for last, where they are asked for in turn.
    pub(crate) asked_up_to: Place,
}

impl<A: Address, S: Storage<A>> Reconciler<A, S> {
    /// Whether this storage permits entries. Without them members alone are compared, and that needs no table: see
    /// `bare.rs`.
    pub(crate) const ENTRIES: bool = Compared::<A, S>::ENTRIES;

    /// Around tables that are empty.
    #[must_use]
    pub const fn new(
        slots: Exchanges<A, S::Exchanges>,
        ranges: RangeDuties<S::Ranges>,
        wants: Wants<S::Wants>,
    ) -> Self {
        Self {
            slots,
            ranges,
            wants,
            next_exchange: Instant::ZERO,
            direction: Direction::Both,
            partner: None,
            asked_up_to: Place(0),
        }
    }

    /// `true` if something is owed or awaited between this node and `peer`.
    pub(crate) fn is_busy(&self, peer: NodeId) -> bool {
        let exchange = self.slots.of_peer(peer);
        exchange.is_some_and(|exchange| {
            let bit = exchange.bit;
            !exchange.is_at_rest()
                || self.ranges.first(bit).is_some()
                || self.wants.first(bit).is_some()
        })
    }

    /// Deadlines are counted from `epoch`.
    pub(crate) fn rebase(&mut self, epoch: Instant) {
        self.slots.rebase(epoch);
        self.next_exchange = self.next_exchange.counted_from(epoch);
    }
}
