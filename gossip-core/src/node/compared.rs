//! What this node compares with whom, and what it says of that.

use super::Node;
use crate::address::Address;
use crate::context::{Compared, VEILED};
use crate::id::{NodeId, Version};
use crate::storage::Storage;
use crate::table::{Prefix, Sums};
use crate::wire::{BARE, Datagram, LASTING};

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// What comparisons look at.
    pub(super) fn compared(&self) -> Compared<'_, A, S> {
        Compared {
            members: &self.tables.cx.members,
            entries: &self.tables.cx.entries,
        }
    }

    /// What this node compares at most, by its storage's type or bounds.
    pub(super) fn own_sums(&self) -> Sums {
        self.compared().own_sums()
    }

    /// `true` if this node keeps no entries.
    pub(super) fn is_bare(&self) -> bool {
        self.own_sums() == Sums::Facts
    }

    /// What is compared with whoever sent this.
    pub(super) fn sums_with(&self, datagram: &Datagram<'_>) -> Sums {
        let theirs = if datagram.is_bare() {
            Sums::Facts
        } else if datagram.is_lasting() {
            Sums::Lasting
        } else {
            Sums::Whole
        };
        theirs.or_less(self.own_sums())
    }

    /// What each datagram says of this node.
    pub(super) fn flags(&self) -> u8 {
        match self.own_sums() {
            Sums::Facts => BARE,
            Sums::Lasting => LASTING,
            Sums::Whole => 0,
        }
    }

    /// The fingerprint of a range.
    pub(super) fn sum(&self, prefix: Prefix, sums: Sums) -> u64 {
        self.compared().sum(prefix, sums)
    }

    /// Whether a partner that keeps no leases, or is told by one that does, compares the entries of a member
    /// must be the same on both sides: without room for leases the partner's word is taken. `false` if it
    /// is the partner that should take ours.
    pub(super) fn agrees_on_veil(&mut self, id: NodeId, sums: Sums, held: Version) -> bool {
        let Some(row) = self
            .tables
            .cx
            .members
            .get(id)
            .filter(|_| sums == Sums::Lasting)
        else {
            return true;
        };
        let veiled = held == VEILED;
        if veiled != self.compared().counts_entries(row, sums) {
            return true;
        }
        if self.own_sums() != Sums::Lasting {
            return false;
        }
        if !self.tables.cx.is_me(id) {
            self.tables.cx.members.edit(id, |row| row.veiled = veiled);
        }
        true
    }
}
