//! What a comparison of rows leads to: marks on rows, one bit for each exchange.

use super::Reconciler;
use super::{Bit, Marks, Span};
use crate::address::Address;
use crate::author::Author;
use crate::context::Context;
use crate::id::{NodeId, Place, Version};
use crate::storage::Storage;
use crate::table::Prefix;

impl<A: Address, S: Storage<A>> Reconciler<A, S> {
    /// Tells the rows from `index` up to `place`, which the partner did not list.
    pub(super) fn tell_until(
        &mut self,
        cx: &mut Context<A, S>,
        author: &Author<A, S>,
        bit: Bit,
        mut index: usize,
        place: Place,
    ) -> usize {
        while cx
            .members
            .at(index)
            .is_some_and(|row| row.id.place() < place)
        {
            self.tell_at(cx, author, bit, index);
            index = index.saturating_add(1);
        }
        index
    }

    pub(super) fn tell_all(
        &mut self,
        cx: &mut Context<A, S>,
        author: &Author<A, S>,
        bit: Bit,
        prefix: Prefix,
    ) {
        cx.members
            .indices(prefix)
            .for_each(|index| self.tell_at(cx, author, bit, index));
    }

    pub(super) fn tell_at(
        &mut self,
        cx: &mut Context<A, S>,
        author: &Author<A, S>,
        bit: Bit,
        index: usize,
    ) {
        if let Some(row) = cx.members.at(index).filter(|row| row.is_shown()) {
            self.give(cx, author, bit, row.id);
        }
    }

    /// Tells a row that a comparison has shown the partner to lack, if the exchange goes that way. Its own it
    /// tells in any case: whoever has forgotten this node begins no exchange with it.
    pub(super) fn give(
        &mut self,
        cx: &mut Context<A, S>,
        author: &Author<A, S>,
        bit: Bit,
        id: NodeId,
    ) {
        if self.gives(bit) || cx.is_me(id) {
            self.tell(cx, author, bit, id);
        }
    }

    pub(super) fn gives(&self, bit: Bit) -> bool {
        if const { !Self::ENTRIES } {
            return true;
        }
        let exchange = self.slots.get(bit);
        exchange.is_some_and(|exchange| exchange.ways.gives)
    }

    pub(super) fn tell(
        &mut self,
        cx: &mut Context<A, S>,
        author: &Author<A, S>,
        bit: Bit,
        id: NodeId,
    ) {
        self.mark_tell(cx, author, bit, id, |marks| marks.tell |= bit);
    }

    pub(super) fn hint(
        &mut self,
        cx: &mut Context<A, S>,
        author: &Author<A, S>,
        bit: Bit,
        id: NodeId,
    ) {
        if self.gives(bit) {
            self.mark_tell(cx, author, bit, id, |marks| marks.hint |= bit);
        }
    }

    fn mark_tell(
        &mut self,
        cx: &mut Context<A, S>,
        author: &Author<A, S>,
        bit: Bit,
        id: NodeId,
        mark: impl FnOnce(&mut Marks),
    ) {
        if author.is_unannounced(cx, id) {
            return;
        }
        let tells = match self.partner.as_mut() {
            Some(partner) if const { !Self::ENTRIES } => Some(&mut partner.tells),
            _ => {
                let exchange = self.slots.get_mut(bit);
                exchange.map(|exchange| &mut exchange.tells)
            }
        };
        if let (Some(marks), Some(tells)) = (cx.members.marks(id), tells) {
            mark(marks);
            tells.add(id.place());
        }
    }

    pub(super) fn link_pull(
        &mut self,
        cx: &mut Context<A, S>,
        bit: Bit,
        id: NodeId,
        held: Version,
    ) {
        if let (Some(marks), Some(exchange)) = (cx.members.marks(id), self.slots.get_mut(bit)) {
            marks.pull |= bit;
            // The latest word, and not the greatest: that may have been of an earlier life.
            if held > Version::NONE {
                marks.told = held;
            }
            exchange.pulls.add(id.place());
        }
    }
}

impl<A: Address, S: Storage<A>> Context<A, S> {
    pub(super) fn each_in(&mut self, span: Span, mut change: impl FnMut(&mut Marks)) {
        let Some(first) = span.first() else { return };
        let mut index = self.members.lower(first);
        while let Some(row) = self.members.at(index) {
            if !span.contains(row.id.place()) {
                return;
            }
            if let Some(marks) = self.members.marks_at(index) {
                change(marks);
            }
            index = index.saturating_add(1);
        }
    }
}
