//! Single entries: told and taken on their own, in any order, beside the claims.

use super::Node;
use crate::address::Address;
use crate::board::What;
use crate::context::Sender;
use crate::entries::delta::Listed;
use crate::entries::{OwnerMap, loose};
use crate::id::{Life, NodeId};
use crate::stats::bump;
use crate::storage::Storage;
use crate::time::Instant;
use crate::wire::{ClaimItem, Items, SinglesHead};

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Takes single entries, each by the entry rule of `entries::delta`; `true` if one was new. They are
    /// `awaited` if they came with the answer to a pull.
    pub(super) fn take_singles(
        &mut self,
        sender: &Sender<A>,
        awaited: bool,
        head: &SinglesHead,
        items: Items<'_, ClaimItem<'_>>,
    ) -> bool {
        if !self.takes_entries(head.owner, head.life)
            || !self
                .tables
                .swim
                .may_replace(&mut self.tables.cx, &mut self.author, head.owner)
        {
            bump(&mut self.tables.cx.stats.foreign_singles);
            return false;
        }
        let mut any = false;
        let entries = items
            .iter()
            .filter_map(|item| item.listed(sender.now, head.newest));
        for entry in entries {
            let off = self.author.puts_off(
                &mut self.tables.cx,
                head.owner,
                None,
                core::iter::once(entry),
            );
            any |= !off && self.apply_single(sender.now, head.owner, entry);
        }
        let round = self.tables.cx.round_number();
        if let Some(marks) = self.tables.cx.members.marks(head.owner)
            && awaited
            && !any
        {
            marks.fruitless = round;
        }
        let useful = self.has_no_loose(sender.id, head.owner) || any;
        if awaited && !useful {
            self.answer_in_vain(sender, head.owner);
        }
        useful
    }

    /// Nobody may be left who could claim the last writes of an owner that is gone, or the end of a re-cover: what came
    /// on its own, and follows what is covered without a gap, is covered now.
    pub(super) fn absorb_singles(&mut self) {
        for index in 0..self.tables.cx.members.len() {
            let row = self.tables.cx.members.at(index);
            let gone = row.filter(|row| !row.is_live() && row.replica.loose != 0);
            let Some(owner) = gone.map(|row| row.id) else {
                continue;
            };
            let store = &mut self.tables.cx.entries;
            let absorbed = self.tables.cx.members.edit(owner, |row| {
                let absorbed = row.replica.progress.absorb(&OwnerMap { store, owner });
                row.replica.loose = loose(store, owner, &row.replica.progress);
                absorbed
            });
            if absorbed == Some(true) {
                self.tables.cx.announce(owner, What::Held);
            }
        }
    }

    /// Takes one entry of an owner whose life was checked: `true` if it was new and found room.
    pub(super) fn apply_single(&mut self, now: Instant, owner: NodeId, entry: Listed<'_>) -> bool {
        bump(&mut self.tables.cx.stats.singles_heard);
        let stored = self.has_room(now, owner, core::iter::once(entry)) && {
            let store = &mut self.tables.cx.entries;
            let stored = self.tables.cx.members.edit(owner, |row| {
                let map = &mut OwnerMap { store, owner };
                let stored = row.replica.progress.apply_entry(map, entry);
                row.replica.loose = loose(store, owner, &row.replica.progress);
                if stored {
                    row.marks.in_vain = 0;
                    row.marks.fruitless = 0;
                }
                stored
            });
            stored == Some(true)
        };
        if !stored {
            bump(&mut self.tables.cx.stats.idle_singles);
        }
        stored
    }

    /// `true` if entries of this life of the owner are taken from others: it is known, it is not this
    /// node, and nobody is being asked whether it lives that life.
    pub(super) fn takes_entries(&self, owner: NodeId, life: Life) -> bool {
        let row = self.tables.cx.members.get(owner);
        row.is_some_and(|row| {
            !row.gone
                && !self.tables.cx.is_me(owner)
                && row.facts.generation.life() == life
                && row.swim.unproven.is_none()
        })
    }
}
