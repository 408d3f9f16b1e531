//! What is compared with whom: of members and their entries what both nodes keep, and nothing else, so that
//! nobody compares for ever what one of the two has no room for.

use super::Node;
use crate::address::Address;
use crate::hash::mix;
use crate::id::{NodeId, Version};
use crate::storage::Storage;
use crate::table::{Member, Prefix, Sums};
use crate::wire::{BARE, Datagram, LASTING, Summary};

/// Stands for `held` in a listing where the entries of an owner are not compared because it has set some for
/// a time and one of the two nodes keeps no leases.
const VEILED: Version = Version::MAX;

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// What this node compares at most, by its storage's type or bounds.
    pub(super) fn own_sums(&self) -> Sums {
        if const { !Self::ENTRIES } {
            return Sums::Facts;
        }
        self.tables.members.kept()
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
        let (sums, members) = (sums.or_less(self.own_sums()), &self.tables.members);
        if sums == self.own_sums()
            && let Some(sum) = members.kept_sum(prefix)
        {
            return sum;
        }
        let rows = members.range(prefix);
        rows.fold(0, |sum, row| {
            let weight = if self.counts_entries(row, sums) {
                row.weight()
            } else {
                row.facts_weight()
            };
            sum.wrapping_add(weight)
        })
    }

    /// A row as it stands in a listing.
    pub(super) fn summary_of(&self, row: &Member<A>, sums: Sums, salt: u8) -> Summary {
        let (held, loose) = match (sums, self.counts_entries(row, sums)) {
            (_, true) => (row.replica.progress.held, row.replica.loose),
            (Sums::Facts, false) => (Version::NONE, 0),
            (_, false) => (VEILED, 0),
        };
        let facts = row.facts.hash(row.id).wrapping_add(u64::from(loose));
        let mixed = mix(facts.wrapping_add(u64::from(salt)));
        Summary {
            id: row.id,
            facts: (mixed as u16).to_le_bytes(),
            held,
        }
    }

    /// `true` if not only the facts of a member are compared, but what is held of its entries too.
    pub(super) fn counts_entries(&self, row: &Member<A>, sums: Sums) -> bool {
        match sums {
            Sums::Facts => false,
            Sums::Lasting if self.own_sums() == Sums::Lasting => !row.veiled,
            Sums::Lasting => !self.tables.entries.has_leases(row.id),
            Sums::Whole => true,
        }
    }

    /// Whether a partner that keeps no leases, or is told by one that does, compares the entries of a member
    /// must be the same on both sides: without room for leases the partner's word is taken. `false` if it
    /// is the partner that should take ours.
    pub(super) fn agrees_on_veil(&mut self, id: NodeId, sums: Sums, held: Version) -> bool {
        let Some(row) = self
            .tables
            .members
            .get(id)
            .filter(|_| sums == Sums::Lasting)
        else {
            return true;
        };
        let veiled = held == VEILED;
        if veiled != self.counts_entries(row, sums) {
            return true;
        }
        if self.own_sums() != Sums::Lasting {
            return false;
        }
        if !self.is_me(id) {
            self.tables.members.edit(id, |row| row.veiled = veiled);
        }
        true
    }
}
