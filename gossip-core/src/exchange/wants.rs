//! Pulls of partners still to be answered.

use super::{Bit, Window};
use crate::entries::delta::Digest;
use crate::id::{Life, NodeId};
use crate::storage::List;

/// One owner that a partner wants more of.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Want {
    pub(crate) bit: Bit,
    pub(crate) owner: NodeId,
    pub(crate) life: Life,
    pub(crate) digest: Digest,
    /// Which entries the partner holds above its `held`, where it wants single ones.
    pub(crate) window: Option<Window>,
}

/// All of them, the oldest first.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wants<L> {
    list: L,
}

impl<L> Wants<L> {
    /// Kept in `list`, which must be empty.
    pub const fn new(list: L) -> Self {
        Self { list }
    }
}

impl<L: List<Want>> Wants<L> {
    /// How many things the table holds, and can hold.
    pub(crate) fn usage(&self) -> (usize, usize) {
        (self.list.len(), self.list.capacity())
    }

    /// Notes a want; `false` if there is no room.
    pub(crate) fn add(&mut self, want: Want) -> bool {
        self.list.push(want).is_ok()
    }

    /// The first want of this partner.
    pub(crate) fn first(&self, bit: Bit) -> Option<Want> {
        self.list.iter().find(|want| want.bit == bit).copied()
    }

    /// How many wants this partner has.
    pub(crate) fn count(&self, bit: Bit) -> usize {
        self.list.iter().filter(|want| want.bit == bit).count()
    }

    /// All wants of this partner, the oldest first.
    pub(crate) fn of(&self, bit: Bit) -> impl Iterator<Item = &Want> {
        self.list.iter().filter(move |want| want.bit == bit)
    }

    /// Takes out the first want of this partner.
    pub(crate) fn take(&mut self, bit: Bit) -> Option<Want> {
        let index = self.list.iter().position(|want| want.bit == bit)?;
        self.list.remove(index)
    }

    /// Moves those wants of this partner before its others whose bits are set, bit 0 standing for its first;
    /// both keep their order.
    pub(crate) fn put_first(&mut self, bit: Bit, set: u64) {
        let (mut nth, mut place) = (0, 0);
        for index in 0..self.list.len() {
            let Some(want) = self.list.get(index).copied() else {
                return;
            };
            if want.bit != bit {
                continue;
            }
            if 1u64.checked_shl(nth).unwrap_or(0) & set != 0 {
                self.list.remove(index);
                // There is room: one was just taken out.
                let _ = self.list.insert(place, want);
                place = place.saturating_add(1);
            }
            nth = nth.saturating_add(1);
        }
    }

    /// Forgets all wants of this partner.
    pub(crate) fn forget(&mut self, bit: Bit) {
        while self.take(bit).is_some() {}
    }
}
