//! Ranges owed to partners: to be narrowed down, or listed.

use super::Bit;
use crate::hash::mix;
use crate::storage::List;
use crate::table::Prefix;
use crate::wire::Sum32;

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
    pub(super) fn owe(&mut self, duty: RangeDuty) -> bool {
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

/// The shortened fingerprint of an empty range.
pub(super) const EMPTY_SUM: Sum32 = [0; 4];

/// A fingerprint as it travels. The salt changes with each exchange, so that two sums that look
/// alike once will not look alike again.
pub(super) fn shorten(sum: u64, salt: u8) -> Sum32 {
    if sum == 0 {
        return EMPTY_SUM;
    }
    let mixed = mix(sum.wrapping_add(u64::from(salt))) as u32;
    mixed.max(1).to_le_bytes()
}

pub(super) fn part_bit(index: u32) -> u16 {
    1u16.checked_shl(index).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::InlineList;

    fn duty(bit: Bit, owed: Owed) -> RangeDuty {
        let prefix = Prefix::ROOT;
        RangeDuty { bit, prefix, owed }
    }

    #[test]
    fn what_is_owed_already_is_not_owed_twice() {
        let mut duties = RangeDuties::new(InlineList::<RangeDuty, 2>::new());
        assert!(duties.owe(duty(1, Owed::Answer)));
        assert!(duties.owe(duty(1, Owed::Answer)));
        assert_eq!(duties.usage(), (1, 2));
        assert!(duties.owe(duty(2, Owed::Answer)), "to another partner");
        assert!(!duties.owe(duty(4, Owed::Answer)), "there is no room");
    }

    #[test]
    fn what_is_done_in_part_keeps_its_place() {
        let mut duties = RangeDuties::new(InlineList::<RangeDuty, 3>::new());
        duties.owe(duty(1, Owed::Sums(0b11)));
        duties.owe(duty(1, Owed::Reply));
        let (index, first) = duties.first(1).unwrap();
        duties.settle(index, first.then(Some(Owed::Sums(0b10))));
        assert_eq!(duties.first(1), Some((0, duty(1, Owed::Sums(0b10)))));
        duties.settle(0, first.then(None));
        assert_eq!(duties.first(1), Some((0, duty(1, Owed::Reply))));
    }

    #[test]
    fn a_partner_that_is_gone_is_owed_nothing() {
        let mut duties = RangeDuties::new(InlineList::<RangeDuty, 3>::new());
        duties.owe(duty(1, Owed::Answer));
        duties.owe(duty(2, Owed::Answer));
        duties.owe(duty(1, Owed::Reply));
        duties.forget(1);
        assert_eq!(duties.first(1), None);
        assert_eq!(duties.first(2), Some((0, duty(2, Owed::Answer))));
    }
}
