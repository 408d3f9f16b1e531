//! The members: one row for each known node, in the order of `mix(id)`, with fingerprints.
//!
//! A fingerprint is the wrapping sum of a 64-bit hash of each row over a range: of its facts and
//! `held`, or of its facts alone. The sums of the 16 top ranges are kept up to date with every
//! change; smaller ranges, and those of facts alone beside the others, are summed when they are asked
//! for (Meyer, "Range-Based Set Reconciliation", 2023).

mod edit;
mod facts;
mod member;
mod prefix;
mod sums;
#[cfg(test)]
mod tests;

use core::cmp::Ordering;
use core::marker::PhantomData;
use core::ops::Range;

pub(crate) use edit::Edit;
pub use facts::{Facts, Liveness};
pub use member::Member;
pub use prefix::Prefix;
pub(crate) use prefix::RADIX;
pub(crate) use sums::Sums;

use crate::address::Address;
use crate::author::Adoption;
use crate::exchange::Marks;
use crate::id::{Generation, NodeId, Place};
use crate::membership::Detection;
use crate::storage::List;

/// A set of exchanges: one bit each. At most 8 are under way.
pub(crate) type Bit = u8;

/// The table of members.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Table<A, M> {
    rows: M,
    sums: [u64; RADIX as usize],
    /// What they are sums of.
    kept: Sums,
    live: usize,
    /// So many rows at the end of the list are forgotten, and only wait for their events. Nothing else
    /// sees them, so whether events are drained makes no difference.
    gone: usize,
    /// No row before this place has an event due.
    changed_from: Option<Place>,
    address: PhantomData<A>,
}

impl<A, M> Table<A, M> {
    /// A table that keeps its rows in `rows`, which must be empty.
    pub const fn new(rows: M) -> Self {
        Self {
            rows,
            sums: [0; RADIX as usize],
            kept: Sums::Whole,
            live: 0,
            gone: 0,
            changed_from: None,
            address: PhantomData,
        }
    }

    /// Only facts are compared from now on: for an empty table of a node that keeps no entries. A storage
    /// whose type permits none need not say so.
    pub(crate) const fn keep_facts_alone(&mut self) {
        self.kept = Sums::Facts;
    }

    /// Entries of owners that set some for a time are compared no more: for an empty table of a node that
    /// keeps no leases. A storage whose type permits none need not say so.
    pub(crate) const fn keep_no_leases(&mut self) {
        if matches!(self.kept, Sums::Whole) {
            self.kept = Sums::Lasting;
        }
    }

    /// What this node compares at most.
    pub(crate) fn kept(&self) -> Sums {
        self.kept
    }
}

impl<A: Address, M: List<Member<A>>> Table<A, M> {
    /// How many things the table holds, and can hold.
    pub(crate) fn usage(&self) -> (usize, usize) {
        (self.rows.len(), self.rows.capacity())
    }

    /// The fingerprint of a range, if it is kept up to date.
    pub(crate) fn kept_sum(&self, prefix: Prefix) -> Option<u64> {
        if prefix == Prefix::ROOT {
            let parts = self.sums.iter();
            return Some(parts.fold(0, |sum, part| sum.wrapping_add(*part)));
        }
        let mut parts = (0..RADIX).zip(&self.sums);
        let part = parts.find(|(index, _)| Prefix::ROOT.part(*index) == Some(prefix));
        part.map(|(_, sum)| *sum)
    }

    /// How many members are alive or suspect.
    pub(crate) fn live(&self) -> usize {
        self.live
    }

    /// How many rows there are, forgotten ones not counted.
    pub(crate) fn len(&self) -> usize {
        self.rows.len().saturating_sub(self.gone)
    }

    /// `true` if there is no room for another row even without the forgotten ones.
    pub(crate) fn is_full(&self) -> bool {
        self.len() >= self.rows.capacity()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Member<A>> {
        self.rows.iter().take(self.len())
    }

    pub(crate) fn at(&self, index: usize) -> Option<&Member<A>> {
        self.rows.get(index).filter(|_| index < self.len())
    }

    pub(crate) fn get(&self, id: NodeId) -> Option<&Member<A>> {
        self.rows.get(self.find(id.place()).ok()?)
    }

    /// What membership keeps of a member, to change in place.
    pub(crate) fn swim(&mut self, id: NodeId) -> Option<&mut Detection> {
        self.row(id).map(|row| &mut row.swim)
    }

    /// As [`swim`](Self::swim), by index.
    pub(crate) fn swim_at(&mut self, index: usize) -> Option<&mut Detection> {
        self.row_at(index).map(|row| &mut row.swim)
    }

    /// What the exchanges have to do with a member, to change in place.
    pub(crate) fn marks(&mut self, id: NodeId) -> Option<&mut Marks> {
        self.row(id).map(|row| &mut row.marks)
    }

    /// As [`marks`](Self::marks), by index.
    pub(crate) fn marks_at(&mut self, index: usize) -> Option<&mut Marks> {
        self.row_at(index).map(|row| &mut row.marks)
    }

    /// What becomes of a member's contributions, to change in place.
    pub(crate) fn adoption(&mut self, id: NodeId) -> Option<&mut Adoption> {
        self.row(id).map(|row| &mut row.adoption)
    }

    /// As [`adoption`](Self::adoption), by index.
    pub(crate) fn adoption_at(&mut self, index: usize) -> Option<&mut Adoption> {
        self.row_at(index).map(|row| &mut row.adoption)
    }

    /// A datagram of a member came, in this life of it: `true` if that is the life that is known. While it asserts no
    /// address, where it came from is where it is.
    pub(crate) fn hear(&mut self, id: NodeId, generation: Generation, from: A, sums: Sums) -> bool {
        let Some(row) = self.row(id) else {
            return false;
        };
        row.sums = sums;
        if row.facts.generation != generation {
            return false;
        }
        row.swim.hear();
        if row.facts.address.is_none() {
            row.observed = Some(from);
        }
        true
    }

    /// No `&mut` to a whole row leaves this module: what weighs or counts is changed in [`edit`](Self::edit) alone.
    fn row(&mut self, id: NodeId) -> Option<&mut Member<A>> {
        let index = self.find(id.place()).ok()?;
        self.rows.get_mut(index)
    }

    fn row_at(&mut self, index: usize) -> Option<&mut Member<A>> {
        let known = index < self.len();
        self.rows.get_mut(index).filter(|_| known)
    }

    /// Changes a row and keeps the fingerprints and counts true.
    pub(crate) fn edit<R>(
        &mut self,
        id: NodeId,
        change: impl FnOnce(Edit<'_, A>) -> R,
    ) -> Option<R> {
        let (index, kept) = (self.find(id.place()).ok()?, self.kept);
        let row = self.rows.get_mut(index)?;
        let (weight, live) = (row.kept_weight(kept), row.is_live());
        let result = change(Edit::new(row));
        let (new_weight, new_live) = (row.kept_weight(kept), row.is_live());
        self.adjust(id.place(), weight, new_weight, live, new_live);
        Some(result)
    }

    /// Adds a row; gives it back if the table is full or knows the member already.
    pub(crate) fn insert(&mut self, row: Member<A>) -> Result<(), Member<A>> {
        let Err(index) = self.find(row.id.place()) else {
            return Err(row);
        };
        let (place, weight, live) = (row.id.place(), row.kept_weight(self.kept), row.is_live());
        self.rows.insert(index, row)?;
        self.adjust(place, 0, weight, false, live);
        self.note_change(place);
        Ok(())
    }

    /// Adds a row without an event, quickest where it comes after all others; gives it back if the
    /// table is full or knows the member already.
    pub(crate) fn append(&mut self, row: Member<A>) -> Result<(), Member<A>> {
        let (place, end) = (row.id.place(), self.len());
        let last = self.rows.get(end.saturating_sub(1));
        let index = match last {
            Some(last) if last.id.place() < place => end,
            _ => match self.find(place) {
                Ok(_) => return Err(row),
                Err(index) => index,
            },
        };
        let (weight, live) = (row.kept_weight(self.kept), row.is_live());
        self.rows.insert(index, row)?;
        self.adjust(place, 0, weight, false, live);
        Ok(())
    }

    /// Forgets a member: its row is seen no more, but waits at the end for its event.
    pub(crate) fn forget(&mut self, id: NodeId) {
        let Some(mut row) = self.remove(id) else {
            return;
        };
        row.gone = true;
        row.marks = Marks::default();
        let first = self.len();
        let place = row.id.place();
        let before = |shell: &&Member<A>| shell.id.place() < place;
        let index = self.rows.iter_from(first).take_while(before).count();
        if self.rows.insert(first.saturating_add(index), row).is_ok() {
            self.gone = self.gone.saturating_add(1);
        }
    }

    /// The next forgotten member; its event is the caller's from here on.
    pub(crate) fn take_forgotten(&mut self) -> Option<NodeId> {
        self.take_shell(self.len()).map(|row| row.id)
    }

    /// Drops the event of a forgotten member that comes back, or of any if there is no other room; `true`
    /// if one was dropped.
    pub(crate) fn make_room_among_forgotten(&mut self, id: NodeId) -> bool {
        let first = self.len();
        let same = self.rows.iter_from(first).position(|row| row.id == id);
        let index = match same {
            Some(index) => first.saturating_add(index),
            None if self.rows.is_full() => first,
            None => return false,
        };
        self.take_shell(index).is_some()
    }

    fn take_shell(&mut self, index: usize) -> Option<Member<A>> {
        if index < self.len() {
            return None;
        }
        let row = self.rows.remove(index)?;
        self.gone = self.gone.saturating_sub(1);
        Some(row)
    }

    pub(crate) fn remove(&mut self, id: NodeId) -> Option<Member<A>> {
        let index = self.find(id.place()).ok()?;
        let row = self.rows.remove(index)?;
        let weight = row.kept_weight(self.kept);
        self.adjust(id.place(), weight, 0, row.is_live(), false);
        Some(row)
    }

    /// Counts the tokens of proofs asked for back from the next one, and their age from the round.
    pub(crate) fn rebase(&mut self, next_token: u16, round: u16, number: u8) {
        for index in 0..self.len() {
            let Some(row) = self.rows.get_mut(index) else {
                continue;
            };
            row.swim.rebase(next_token, round);
            row.marks.rebase(number);
            row.adoption.rebase(number);
        }
    }

    /// The rows of a range that are compared with peers.
    pub(crate) fn range(&self, prefix: Prefix) -> impl Iterator<Item = &Member<A>> {
        let Range { start, end } = self.indices(prefix);
        self.rows
            .iter_from(start)
            .take(end.saturating_sub(start))
            .filter(|row| row.is_shown())
    }

    /// Where a range's rows stand.
    pub(crate) fn indices(&self, prefix: Prefix) -> Range<usize> {
        let start = self.lower(prefix.first());
        let end = match self.find(prefix.last()) {
            Ok(index) => index.saturating_add(1),
            Err(index) => index,
        };
        start..end
    }

    /// The index of the first row at or after `place`.
    pub(crate) fn lower(&self, place: Place) -> usize {
        match self.find(place) {
            Ok(index) | Err(index) => index,
        }
    }

    /// Marks a row as having an event due.
    pub(crate) fn mark_changed(&mut self, id: NodeId) {
        if let Some(row) = self.row(id) {
            row.changed = true;
            self.note_change(id.place());
        }
    }

    /// The next row with an event due; the event is the caller's from here on.
    pub(crate) fn take_changed(&mut self) -> Option<NodeId> {
        let from = self.changed_from?;
        let mut index = self.lower(from);
        while let Some(row) = self.row_at(index) {
            if row.changed {
                row.changed = false;
                let id = row.id;
                self.changed_from = Some(id.place());
                return Some(id);
            }
            index = index.saturating_add(1);
        }
        self.changed_from = None;
        None
    }

    fn note_change(&mut self, place: Place) {
        let from = self.changed_from.map_or(place, |from| from.min(place));
        self.changed_from = Some(from);
    }

    fn find(&self, place: Place) -> Result<usize, usize> {
        self.rows.search_by(|row| match row.gone {
            true => Ordering::Greater,
            false => row.id.place().cmp(&place),
        })
    }

    fn adjust(&mut self, place: Place, old: u64, new: u64, was_live: bool, is_live: bool) {
        if let Some(sum) = self.sums.get_mut((place.0 >> 60) as usize) {
            *sum = sum.wrapping_sub(old).wrapping_add(new);
        }
        match (was_live, is_live) {
            (false, true) => self.live = self.live.saturating_add(1),
            (true, false) => self.live = self.live.saturating_sub(1),
            _ => {}
        }
    }
}
