//! The column of the exchanges in a row: whoever else looks at it can read, and change nothing.

use super::Bit;
use crate::id::Version;

/// What the exchanges under way have to do with a member, one bit for each.
#[doc(hidden)]
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Marks {
    /// The partner holds more of its entries.
    pub(in crate::exchange) pull: u8,
    /// Asked of this partner in the pull that is under way.
    pub(in crate::exchange) asked: u8,
    /// The partner lacks the row or holds older facts.
    pub(in crate::exchange) tell: u8,
    /// The partner holds less of its entries.
    pub(in crate::exchange) hint: u8,
    /// How much of its entries the partner claims to hold that spoke of them last.
    pub(in crate::exchange) told: Version,
    /// A partner seems to hold writes beyond those that are covered which are not here.
    pub(in crate::exchange) lacks_loose: bool,
    /// How many answers about its entries in a row changed nothing.
    pub(in crate::exchange) in_vain: u8,
    /// In which round its single entries were asked for last and brought nothing, numbered from 1 to 255 and
    /// again; 0 if in none.
    pub(in crate::exchange) fruitless: u8,
}

impl Marks {
    /// Removes every mark of this exchange.
    pub(in crate::exchange) fn forget(&mut self, bit: Bit) {
        for marks in [
            &mut self.pull,
            &mut self.asked,
            &mut self.tell,
            &mut self.hint,
        ] {
            *marks &= !bit;
        }
    }

    /// Nothing of it is pulled in these exchanges any more; `true` if something was.
    pub(in crate::exchange) fn stop_pull(&mut self, bits: Bit) -> bool {
        let pulled = self.pull & bits != 0;
        self.pull &= !bits;
        self.lacks_loose &= self.pull != 0;
        pulled
    }

    /// It lives another life from now on: what was said of the earlier one counts for nothing.
    pub(crate) fn begin_anew(&mut self) {
        self.told = Version::NONE;
        self.in_vain = 0;
    }

    /// Counts from the round with this number.
    pub(crate) fn rebase(&mut self, round: u8) {
        if self.fruitless != 0 {
            let current = self.fruitless == round;
            self.fruitless = if current { 1 } else { 2 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks() -> Marks {
        Marks {
            pull: 0b11,
            asked: 0b01,
            tell: 0b10,
            hint: 0b11,
            told: Version::MAX,
            lacks_loose: true,
            in_vain: 3,
            fruitless: 7,
        }
    }

    #[test]
    fn an_exchange_that_ends_leaves_no_mark() {
        let mut marks = marks();
        marks.forget(0b01);
        let left = (marks.pull, marks.asked, marks.tell, marks.hint);
        assert_eq!(left, (0b10, 0, 0b10, 0b10));
    }

    #[test]
    fn single_entries_are_lacked_until_nobody_is_asked_any_more() {
        let mut marks = marks();
        assert!(marks.stop_pull(0b01) && marks.lacks_loose);
        assert!(marks.stop_pull(0b10) && !marks.lacks_loose);
        assert!(!marks.stop_pull(Bit::MAX), "nothing was pulled");
    }

    #[test]
    fn what_was_said_of_an_earlier_life_counts_for_nothing() {
        let mut marks = marks();
        marks.begin_anew();
        assert_eq!((marks.told, marks.in_vain), (Version::NONE, 0));
        assert_eq!(marks.pull, 0b11, "its rows are still to be compared");
    }

    #[test]
    fn rounds_are_told_apart_from_the_current_one_alone() {
        for (fruitless, round, counted) in [(0, 7, 0), (7, 7, 1), (7, 8, 2)] {
            let mut marks = marks();
            marks.fruitless = fruitless;
            marks.rebase(round);
            assert_eq!(marks.fruitless, counted);
        }
    }
}
