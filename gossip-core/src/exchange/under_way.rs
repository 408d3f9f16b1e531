//! Exchanges under way: opened by either side, ended when they are done or out of time.

use super::Reconciler;
use super::{Bit, Budget, Ways};
use crate::address::Address;
use crate::author::Author;
use crate::context::Context;
use crate::context::Sender;
use crate::id::NodeId;
use crate::stats::bump;
use crate::storage::Storage;
use crate::time::Instant;

impl<A: Address, S: Storage<A>> Reconciler<A, S> {
    /// The mere fact that a datagram came.
    pub(crate) fn hear(&mut self, cx: &Context<A, S>, sender: &Sender<A>) {
        let expires = cx.exchange_expiry(sender.now);
        let peer = (sender.id, sender.from, sender.sums);
        self.slots.refresh(peer, expires);
    }

    /// The exchange with the sender, begun if there is none.
    pub(crate) fn link(&mut self, cx: &mut Context<A, S>, sender: &Sender<A>) -> Option<Bit> {
        self.link_in(cx, sender, Ways::BOTH)
    }

    /// The exchange whose beginning the sender answers.
    pub(super) fn link_begun(&mut self, cx: &mut Context<A, S>, sender: &Sender<A>) -> Option<Bit> {
        self.link_in(cx, sender, self.direction.for_first())
    }

    pub(super) fn link_in(
        &mut self,
        cx: &mut Context<A, S>,
        sender: &Sender<A>,
        ways: Ways,
    ) -> Option<Bit> {
        if const { !Self::ENTRIES } {
            return Some(self.meet_partner(cx, sender.from));
        }
        // A sync brings both to the same, whichever way this node's exchanges go otherwise.
        let ways = if sender.synced { Ways::BOTH } else { ways };
        let expires = cx.exchange_expiry(sender.now);
        if self.slots.of_peer(sender.id).is_none() {
            self.make_room_for_exchange(cx);
        }
        let budget = cx.exchange_budget();
        let exchanges = &mut self.slots;
        let peer = (sender.id, sender.from, sender.sums);
        let bit = exchanges.open(peer, expires, ways, budget);
        if bit.is_none() {
            bump(&mut cx.stats.exchanges_full);
        }
        bit
    }

    /// The exchange with `peer`, if there is one, goes both ways from now on, and may go on.
    pub(crate) fn open_both_ways(&mut self, cx: &Context<A, S>, peer: NodeId) {
        let budget = cx.exchange_budget();
        self.slots.begin(peer, Ways::BOTH, budget);
    }

    /// If all places are taken, ends an exchange in which nothing is owed or awaited, so that few
    /// places serve many partners.
    fn make_room_for_exchange(&mut self, cx: &mut Context<A, S>) {
        if !self.slots.is_full() {
            return;
        }
        let idle = self
            .slots
            .at_rest()
            .find(|bit| self.ranges.first(*bit).is_none() && self.wants.first(*bit).is_none());
        if let Some(bit) = idle {
            self.close_exchange(cx, bit);
        }
    }

    /// The answer to our pull with this token is complete: the next page may be asked for.
    pub(super) fn end_pull(&mut self, cx: &mut Context<A, S>, sender: &Sender<A>, token: u8) {
        let Some(bit) = self.slots.of_peer(sender.id).map(|exchange| exchange.bit) else {
            return;
        };
        if self
            .slots
            .get_mut(bit)
            .is_some_and(|exchange| exchange.end_pull(token, sender.len))
        {
            self.clear_asked(cx, bit);
        }
    }

    /// Nothing is asked of this partner any more.
    fn clear_asked(&self, cx: &mut Context<A, S>, bit: Bit) {
        let Some(span) = self.slots.get(bit).map(|exchange| exchange.pulls) else {
            return;
        };
        cx.each_in(span, |marks| marks.asked &= !bit);
    }

    /// Ends all of them.
    pub(crate) fn close_all(&mut self, cx: &mut Context<A, S>) {
        if const { !Self::ENTRIES } {
            return;
        }
        for bit in (0..Bit::BITS).map(|index| 1 << index) {
            self.close_exchange(cx, bit);
        }
    }

    /// Ends an exchange; what it leaves undone is found again by a later one.
    fn close_exchange(&mut self, cx: &mut Context<A, S>, bit: Bit) {
        let Some(exchange) = self.slots.remove(bit) else {
            return;
        };
        for span in [exchange.pulls, exchange.tells] {
            cx.each_in(span, |marks| marks.forget(bit));
        }
        self.ranges.forget(bit);
        self.wants.forget(bit);
    }

    /// The sender holds older facts of this member than are held here, or none.
    pub(super) fn link_tell(
        &mut self,
        cx: &mut Context<A, S>,
        author: &Author<A, S>,
        sender: &Sender<A>,
        id: NodeId,
    ) {
        if let Some(bit) = self.link(cx, sender) {
            self.tell(cx, author, bit, id);
        }
    }

    pub(crate) fn expire_exchanges(&mut self, cx: &mut Context<A, S>, now: Instant) {
        if const { !Self::ENTRIES } {
            return;
        }
        while let Some(bit) = self.slots.expired(now) {
            self.close_exchange(cx, bit);
        }
        while let Some(bit) = self.slots.missed(now) {
            self.clear_asked(cx, bit);
            let exchange = self.slots.get_mut(bit);
            if !exchange.is_some_and(|exchange| exchange.miss_pull()) {
                self.close_exchange(cx, bit);
            }
        }
    }
}

impl<A: Address, S: Storage<A>> Context<A, S> {
    fn exchange_expiry(&self, now: Instant) -> Instant {
        const REPLIES: u32 = 8;
        now.after(self.reply_wait().times(REPLIES))
    }

    /// What answers to this node's pulls may bring in a round.
    pub(super) fn exchange_budget(&self) -> Budget {
        Budget::new(self.config.exchange_pages(), self.config.mtu_floor())
    }
}
