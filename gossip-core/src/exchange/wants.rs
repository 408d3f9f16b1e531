//! Pulls of partners still to be answered.

use super::{Bit, Window};
use crate::entries::delta::Digest;
use crate::id::{Life, NodeId};
use crate::storage::List;

/// One owner that a partner wants more of.
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

    /// Forgets all wants of this partner.
    pub(crate) fn forget(&mut self, bit: Bit) {
        while self.take(bit).is_some() {}
    }
}
