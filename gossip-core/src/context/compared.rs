//! What is compared with whom: of members and their entries what both nodes keep, and nothing else, so that
//! nobody compares for ever what one of the two has no room for.

use super::Context;
use crate::address::Address;
use crate::entries::Store;
use crate::hash::mix;
use crate::id::NodeId;
use crate::id::Version;
use crate::storage::{List, Storage};
use crate::table::{Member, Prefix, Sums, Table};
use crate::wire::{BARE, Datagram, LASTING, Summary};

/// Stands for `held` in a listing where the entries of an owner are not compared because it has set some for
/// a time and one of the two nodes keeps no leases.
const VEILED: Version = Version::MAX;

/// What comparisons look at.
pub(crate) struct Compared<'n, A: Address, S: Storage<A>> {
    pub(crate) members: &'n Table<A, S::Members>,
    pub(crate) entries: &'n Store<S::Key, S::Value, S::Entries, S::Leases>,
}

impl<'n, A: Address, S: Storage<A>> Compared<'n, A, S> {
    /// Whether this storage permits entries: they need the three tables of exchanges as well.
    pub(crate) const ENTRIES: bool = <S::Entries as List<_>>::PERMITTED
        && <S::Exchanges as List<_>>::PERMITTED
        && <S::Ranges as List<_>>::PERMITTED
        && <S::Wants as List<_>>::PERMITTED;

    /// What this node compares at most, by its storage's type or bounds.
    pub(crate) fn own_sums(&self) -> Sums {
        if const { !Self::ENTRIES } {
            return Sums::Facts;
        }
        self.members.kept()
    }

    /// The fingerprint of a range.
    pub(crate) fn sum(&self, prefix: Prefix, sums: Sums) -> u64 {
        let sums = sums.or_less(self.own_sums());
        if sums == self.own_sums()
            && let Some(sum) = self.members.kept_sum(prefix)
        {
            return sum;
        }
        let rows = self.members.range(prefix);
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
    pub(crate) fn summary_of(&self, row: &Member<A>, sums: Sums, salt: u8) -> Summary {
        let (held, loose) = match (sums, self.counts_entries(row, sums)) {
            (_, true) => (row.progress().held, row.replica.loose()),
            (Sums::Facts, false) => (Version::NONE, 0),
            (_, false) => (VEILED, 0),
        };
        let facts = row.facts.hash(row.id()).wrapping_add(u64::from(loose));
        let mixed = mix(facts.wrapping_add(u64::from(salt)));
        Summary {
            id: row.id(),
            facts: (mixed as u16).to_le_bytes(),
            held,
        }
    }

    /// `true` if not only the facts of a member are compared, but what is held of its entries too.
    pub(crate) fn counts_entries(&self, row: &Member<A>, sums: Sums) -> bool {
        match sums {
            Sums::Facts => false,
            Sums::Lasting if self.own_sums() == Sums::Lasting => !row.veiled,
            Sums::Lasting => !self.entries.has_leases(row.id()),
            Sums::Whole => true,
        }
    }
}

impl<A: Address, S: Storage<A>> Context<A, S> {
    /// What comparisons look at.
    pub(crate) fn compared(&self) -> Compared<'_, A, S> {
        Compared {
            members: &self.members,
            entries: &self.entries,
        }
    }

    /// What is compared with whoever sent this.
    pub(crate) fn sums_with(&self, datagram: &Datagram<'_>) -> Sums {
        let theirs = if datagram.is_bare() {
            Sums::Facts
        } else if datagram.is_lasting() {
            Sums::Lasting
        } else {
            Sums::Whole
        };
        theirs.or_less(self.compared().own_sums())
    }

    /// What each datagram says of this node.
    pub(crate) fn flags(&self) -> u8 {
        match self.compared().own_sums() {
            Sums::Facts => BARE,
            Sums::Lasting => LASTING,
            Sums::Whole => 0,
        }
    }

    /// `true` if this node keeps no entries.
    pub(crate) fn is_bare(&self) -> bool {
        self.compared().own_sums() == Sums::Facts
    }

    /// Whether a partner that keeps no leases, or is told by one that does, compares the entries of a member
    /// must be the same on both sides: without room for leases the partner's word is taken. `false` if it
    /// is the partner that should take ours.
    pub(crate) fn agrees_on_veil(&mut self, id: NodeId, sums: Sums, held: Version) -> bool {
        let Some(row) = self.members.get(id).filter(|_| sums == Sums::Lasting) else {
            return true;
        };
        let veiled = held == VEILED;
        if veiled != self.compared().counts_entries(row, sums) {
            return true;
        }
        if self.compared().own_sums() != Sums::Lasting {
            return false;
        }
        if !self.is_me(id) {
            self.members.edit(id, |mut row| row.veil(veiled));
        }
        true
    }
}
