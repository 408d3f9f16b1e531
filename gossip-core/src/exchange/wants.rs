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
    pub(super) fn put_first(&mut self, bit: Bit, set: u64) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::InlineList;
    use std::vec::Vec;

    fn want(bit: Bit, owner: u64) -> Want {
        Want {
            bit,
            owner: NodeId::truncated(owner),
            life: Life::default(),
            digest: Digest {
                held: crate::id::Version::NONE,
                recover: None,
            },
            window: None,
        }
    }

    /// Room for six; of partner 1 owners 10 to 13, and one of partner 2 among them.
    fn wants() -> Wants<InlineList<Want, 6>> {
        let mut wants = Wants::new(InlineList::new());
        for (bit, owner) in [(1, 10), (1, 11), (2, 20), (1, 12), (1, 13)] {
            assert!(wants.add(want(bit, owner)));
        }
        wants
    }

    fn owners(wants: &Wants<InlineList<Want, 6>>, bit: Bit) -> Vec<u64> {
        wants.of(bit).map(|want| want.owner.get()).collect()
    }

    #[test]
    fn each_partner_has_a_line_of_its_own() {
        let mut wants = wants();
        assert_eq!((wants.count(1), wants.count(2), wants.count(4)), (4, 1, 0));
        assert_eq!(wants.take(1), Some(want(1, 10)));
        assert_eq!(wants.first(1), Some(want(1, 11)));
        wants.forget(1);
        assert_eq!(
            (owners(&wants, 1), owners(&wants, 2)),
            ([].into(), [20].into())
        );
    }

    #[test]
    fn some_go_first_and_all_keep_their_order() {
        let mut wants = wants();
        wants.put_first(1, 0b1010);
        assert_eq!(owners(&wants, 1), [11, 13, 10, 12]);
        assert_eq!(owners(&wants, 2), [20]);
        wants.put_first(2, 1);
        assert_eq!(owners(&wants, 1), [11, 13, 10, 12]);
    }

    #[test]
    fn a_full_table_notes_no_more() {
        let mut wants = wants();
        assert!(wants.add(want(4, 30)));
        assert!(!wants.add(want(4, 31)));
        assert_eq!(owners(&wants, 4), [30]);
    }
}
