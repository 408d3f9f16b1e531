//! Where this node is seen: peers say so, and one that asserts no address of its own choice learns it.

use super::receive::Sender;
use super::{Message, Node};
use crate::address::Address;
use crate::membership::What;
use crate::storage::Storage;

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Tells a sender where it is seen, if that is not where it says it is.
    pub(super) fn tell_address(&mut self, sender: &Sender<A>) {
        let row = self.tables.members.get(sender.id);
        if row.is_none_or(|row| row.facts.address != Some(sender.from)) {
            self.owe(sender.from, Message::You);
        }
    }

    /// A peer's datagram was applied. It `acked` a ping of this node or not, and says where it sees this
    /// node, or nothing. Only who answers can be heard, so that nobody names an address by chance: the
    /// first word may come from a seed, and later ones come with the acks of pings.
    pub(super) fn learn_address(&mut self, sender: &Sender<A>, acked: bool, told: Option<A>) {
        if self.config.address().is_some() {
            return;
        }
        let told = told.map(Address::canonical);
        match (self.address(), told) {
            (None, Some(told)) if acked || self.tables.seeds.contains(sender.from) => {
                self.assert_address(told);
            }
            (Some(asserted), Some(told)) if acked && asserted != told => {
                let only = self.live() <= 2;
                if self.seen.differ(sender.id, told, only) {
                    self.assert_address(told);
                }
            }
            _ if acked => self.seen.agree(),
            _ => {}
        }
    }

    /// From here on this node says that it is there.
    fn assert_address(&mut self, address: A) {
        let asserted = self.tables.members.edit(self.id(), |me| {
            let next = me.facts.incarnation.next();
            if let Some(next) = next {
                me.facts.address = Some(address);
                me.facts.incarnation = next;
            }
            next.is_some()
        });
        if asserted == Some(true) {
            self.announce(self.id(), What::Facts);
        }
    }
}
