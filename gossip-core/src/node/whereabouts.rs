//! Where this node is seen: peers say so, and one that asserts no address of its own choice learns it.

use super::receive::Sender;
use super::{Message, Node};
use crate::address::Address;
use crate::id::Incarnation;
use crate::membership::{Seed, What};
use crate::storage::Storage;
use crate::wire::{Row, Standing};

/// A seed that was tried no more often may be about to answer.
const TRIES: u8 = 2;

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Tells a sender where it is seen, if that is not where it says it is.
    pub(super) fn tell_address(&mut self, sender: &Sender<A>) {
        let row = self.tables.members.get(sender.id);
        if row.is_none_or(|row| row.facts.address != Some(sender.from)) {
            self.owe(sender.from, Message::You);
        }
    }

    /// A newcomer that tells its own row and does not know yet where it is, is where that comes from: so it need
    /// not be told first, and say it to all, before others can reach it. It is told, and takes it over.
    pub(super) fn locate(&mut self, sender: &Sender<A>, row: &Row<A>) -> Row<A> {
        let itself = row.id == sender.id && row.generation == sender.generation;
        let new = row.incarnation == Incarnation::default() && row.standing == Standing::Alive;
        if row.address.is_some() || !itself || !new {
            return *row;
        }
        self.owe(sender.from, Message::Tell(row.id));
        let address = Some(sender.from.canonical());
        Row { address, ..*row }
    }

    /// A peer tells the row of this node, which may not know yet where it is: whoever answers it does. `true` if nothing
    /// follows from the row yet, since a seed is about to answer.
    pub(super) fn learn_location(&mut self, sender: &Sender<A>, acked: bool, row: &Row<A>) -> bool {
        let me = self.me().map(|me| me.facts);
        let Some(me) = me.filter(|me| me.address.is_none() && self.is_me(row.id)) else {
            return false;
        };
        let same = row.generation == me.generation && row.incarnation == me.incarnation;
        let placed = row.address.filter(|_| row.standing == Standing::Alive);
        let Some(address) = placed.filter(|_| same && self.config.address().is_none()) else {
            return false;
        };
        if acked || self.tables.seeds.contains(sender.from) {
            let address = Some(address.canonical());
            self.tables
                .members
                .edit(row.id, |me| me.facts.address = address);
            self.announce(row.id, What::Introduction);
            return false;
        }
        let due = |seed: &Seed<A>| !seed.has_answered() && seed.tries() <= TRIES;
        self.tables.seeds.iter().any(due)
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
