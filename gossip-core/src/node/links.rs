//! What a comparison of rows leads to: marks on rows, one bit for each exchange.

use super::Node;
use crate::address::Address;
use crate::context::Sender;
use crate::exchange::{Bit, Span};
use crate::id::{NodeId, Place, Version};
use crate::storage::Storage;
use crate::table::{Marks, Prefix};
use crate::wire::Summary;

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Compares one row that both know; `true` if the partner should see how it is listed here.
    pub(super) fn compare(
        &mut self,
        sender: &Sender<A>,
        bit: Bit,
        salt: u8,
        item: &Summary,
    ) -> bool {
        let is_veiled = |node: &Self| {
            let row = node.tables.cx.members.get(item.id);
            row.is_some_and(|row| row.veiled)
        };
        let before = is_veiled(self);
        if !self.agrees_on_veil(item.id, sender.sums, item.held) {
            return true;
        }
        if !before && is_veiled(self) {
            // What it has set for good is asked for once more, since it is not compared from now on.
            self.link_pull(bit, item.id, Version::NONE);
        }
        let Some(row) = self.tables.cx.members.get(item.id) else {
            return false;
        };
        let here = self.compared().summary_of(row, sender.sums, salt);
        let same = row.is_shown() && here.facts == item.facts;
        if self.compared().counts_entries(row, sender.sums) {
            self.compare_entries(sender, bit, same, item);
        } else if !same {
            self.give(bit, item.id);
        }
        // Where this side tells nothing, the other tells what it sees to differ.
        !same && !self.gives(bit)
    }

    /// Compares what is held of a row whose facts are the `same`, or not.
    fn compare_entries(&mut self, sender: &Sender<A>, bit: Bit, same: bool, item: &Summary) {
        let Some(row) = self.tables.cx.members.get(item.id) else {
            return;
        };
        let takes = self
            .tables
            .reconciler
            .slots
            .get(bit)
            .is_some_and(|exchange| exchange.ways.takes);
        if self.is_stuck(sender.now, row) && item.held <= row.replica.progress.held {
            self.give_up_recover(item.id);
            return;
        }
        let (row_is_loose, generation) = (row.replica.loose != 0, row.facts.generation);
        let held = row.replica.progress.held;
        if !same {
            // Single entries of a life that is not proven keep two apart as what is covered does.
            self.tables
                .swim
                .ask_for_proof(&mut self.tables.cx, &mut self.author, item.id);
            self.give(bit, item.id);
            // Where only this side takes, it alone can ask.
            if row_is_loose || !self.gives(bit) {
                self.link_loose(bit, item.id);
            }
        } else if self.tables.cx.is_me(item.id)
            && item.held > self.author.last_version(&self.tables.cx)
        {
            self.tables.swim.check_own_held(
                &mut self.tables.cx,
                &mut self.author,
                sender.now,
                generation,
                item.held,
            );
        } else if item.held < held {
            self.hint(bit, item.id);
        } else if takes || item.held == held {
            self.compare_held(sender, item.id, item.held);
        }
    }

    /// Tells the rows from `index` up to `place`, which the partner did not list.
    pub(super) fn tell_until(&mut self, bit: Bit, mut index: usize, place: Place) -> usize {
        while self
            .tables
            .cx
            .members
            .at(index)
            .is_some_and(|row| row.id.place() < place)
        {
            self.tell_at(bit, index);
            index = index.saturating_add(1);
        }
        index
    }

    pub(super) fn tell_all(&mut self, bit: Bit, prefix: Prefix) {
        self.tables
            .cx
            .members
            .indices(prefix)
            .for_each(|index| self.tell_at(bit, index));
    }

    pub(super) fn tell_at(&mut self, bit: Bit, index: usize) {
        if let Some(row) = self
            .tables
            .cx
            .members
            .at(index)
            .filter(|row| row.is_shown())
        {
            self.give(bit, row.id);
        }
    }

    /// Tells a row that a comparison has shown the partner to lack, if the exchange goes that way. Its own it
    /// tells in any case: whoever has forgotten this node begins no exchange with it.
    fn give(&mut self, bit: Bit, id: NodeId) {
        if self.gives(bit) || self.tables.cx.is_me(id) {
            self.tell(bit, id);
        }
    }

    fn gives(&self, bit: Bit) -> bool {
        if const { !Self::ENTRIES } {
            return true;
        }
        let exchange = self.tables.reconciler.slots.get(bit);
        exchange.is_some_and(|exchange| exchange.ways.gives)
    }

    pub(super) fn tell(&mut self, bit: Bit, id: NodeId) {
        self.mark_tell(bit, id, |marks| marks.tell |= bit);
    }

    pub(super) fn hint(&mut self, bit: Bit, id: NodeId) {
        if self.gives(bit) {
            self.mark_tell(bit, id, |marks| marks.hint |= bit);
        }
    }

    fn mark_tell(&mut self, bit: Bit, id: NodeId, mark: impl FnOnce(&mut Marks)) {
        if self.author.is_unannounced(&self.tables.cx, id) {
            return;
        }
        let tells = match self.tables.reconciler.partner.as_mut() {
            Some(partner) if const { !Self::ENTRIES } => Some(&mut partner.tells),
            _ => {
                let exchange = self.tables.reconciler.slots.get_mut(bit);
                exchange.map(|exchange| &mut exchange.tells)
            }
        };
        if let (Some(marks), Some(tells)) = (self.tables.cx.members.marks(id), tells) {
            mark(marks);
            tells.add(id.place());
        }
    }

    pub(super) fn link_pull(&mut self, bit: Bit, id: NodeId, held: Version) {
        if let (Some(marks), Some(exchange)) = (
            self.tables.cx.members.marks(id),
            self.tables.reconciler.slots.get_mut(bit),
        ) {
            marks.pull |= bit;
            // The latest word, and not the greatest: that may have been of an earlier life.
            if held > Version::NONE {
                marks.told = held;
            }
            exchange.pulls.add(id.place());
        }
    }

    pub(super) fn each_in(&mut self, span: Span, mut change: impl FnMut(&mut Marks)) {
        let Some(first) = span.first() else { return };
        let mut index = self.tables.cx.members.lower(first);
        while let Some(row) = self.tables.cx.members.at(index) {
            if !span.contains(row.id.place()) {
                return;
            }
            if let Some(marks) = self.tables.cx.members.marks_at(index) {
                change(marks);
            }
            index = index.saturating_add(1);
        }
    }
}
