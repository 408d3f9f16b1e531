//! Ranges owed to partners: to be narrowed down, or listed.

use super::Bit;
use crate::storage::List;
use crate::table::Prefix;

/// What is owed about one range to one partner.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RangeDuty {
    pub(crate) bit: Bit,
    pub(crate) prefix: Prefix,
    pub(crate) owed: Owed,
}

/// What is owed about a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Owed {
    /// Its fingerprints or its listing, whichever is shorter.
    Answer,
    /// The fingerprints of those of its 16 parts that are in the mask.
    Sums(u16),
    /// An answer for each of its 16 parts that is in the mask: they differ.
    Parts(u16),
    /// Its listing, in answer to one.
    Reply,
}

impl RangeDuty {
    /// The same range and partner, with what is still owed.
    pub(crate) fn then(self, owed: Option<Owed>) -> Option<Self> {
        owed.map(|owed| Self { owed, ..self })
    }
}

/// All of them, the oldest first.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RangeDuties<L> {
    list: L,
}

impl<L> RangeDuties<L> {
    /// Kept in `list`, which must be empty.
    pub const fn new(list: L) -> Self {
        Self { list }
    }
}

impl<L: List<RangeDuty>> RangeDuties<L> {
    /// How many things the table holds, and can hold.
    pub(crate) fn usage(&self) -> (usize, usize) {
        (self.list.len(), self.list.capacity())
    }

    /// Owes something; `false` if there is no room. What is owed already is not owed twice.
    pub(crate) fn owe(&mut self, duty: RangeDuty) -> bool {
        self.list.iter().any(|other| *other == duty) || self.list.push(duty).is_ok()
    }

    /// The first that is owed to this partner: its index and a copy.
    pub(crate) fn first(&self, bit: Bit) -> Option<(usize, RangeDuty)> {
        self.list
            .iter()
            .copied()
            .enumerate()
            .find(|(_, duty)| duty.bit == bit)
    }

    /// Replaces what is owed at `index`, or removes it.
    pub(crate) fn settle(&mut self, index: usize, rest: Option<RangeDuty>) {
        match (rest, self.list.get_mut(index)) {
            (Some(rest), Some(duty)) => *duty = rest,
            _ => {
                self.list.remove(index);
            }
        }
    }

    /// Forgets everything owed to this partner.
    pub(crate) fn forget(&mut self, bit: Bit) {
        while let Some((index, _)) = self.first(bit) {
            self.list.remove(index);
        }
    }
}
