//! Where this node is seen: peers say so, and one that asserts no address of its own choice learns it.

use super::{Message, Node};
use crate::address::Address;
use crate::context::Sender;
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

    /// Takes a row that was told. A newcomer that tells its own and does not know yet where it is, is where that comes
    /// from: so it need not be told first, and say it to all, before others can reach it. It is told, and takes
    /// it over. Where its row was not taken it would only hear of an earlier life, and tell its row again, without end.
    pub(super) fn take_told_row(&mut self, sender: &Sender<A>, row: &Row<A>) {
        let itself = row.id == sender.id && row.generation == sender.generation;
        let new = row.incarnation == Incarnation::default() && row.standing == Standing::Alive;
        if row.address.is_some() || !itself || !new {
            return self.take_row(sender, row);
        }
        let address = Some(sender.from.canonical());
        self.take_row(sender, &Row { address, ..*row });
        let held = self.tables.members.get(row.id);
        if held.is_some_and(|held| held.facts.generation == row.generation) {
            self.owe(sender.from, Message::Tell(row.id));
        }
    }

    /// Where this node is by this row of its own, if it does not know yet.
    fn location(&self, row: &Row<A>) -> Option<A> {
        if !self.is_me(row.id) || self.config.address().is_some() {
            return None;
        }
        let me = self.me().map(|me| me.facts)?;
        let same = row.generation == me.generation && row.incarnation == me.incarnation;
        let new = same && me.address.is_none() && row.standing == Standing::Alive;
        row.address.filter(|_| new).map(Address::canonical)
    }

    /// A peer tells the row of this node, which may not know yet where it is: whoever answers it does.
    pub(super) fn learn_location(&mut self, sender: &Sender<A>, acked: bool, row: &Row<A>) {
        let trusted = acked || self.tables.seeds.contains(sender.from);
        let location = self.location(row).filter(|_| trusted);
        if location.is_some() {
            self.tables
                .members
                .edit(row.id, |me| me.facts.address = location);
            self.announce(row.id, What::Introduction);
        }
    }

    /// `true` if this row of its own says where this node is and a seed is about to say the same: it need not be
    /// outbid.
    pub(super) fn is_soon_located(&self, row: &Row<A>) -> bool {
        let due = |seed: &Seed<A>| !seed.has_answered() && seed.tries() <= TRIES;
        self.location(row).is_some() && self.tables.seeds.iter().any(due)
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
