//! The column of adoption in a row: whoever else looks at it can change nothing but what it has to say.

use super::ROUNDS_FOR_COPIES;

/// Rounds are numbered from 1 to so many and again.
const NUMBERS: u16 = 255;

/// In how many rounds what was put off has come again at the latest: who is asked in vain is asked once in 32.
const ANOTHER_MATTER: u16 = 64;

/// What becomes of a member's contributions to shared keys.
#[doc(hidden)]
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Adoption {
    /// What it had counted in an earlier life was waited for long enough: this node keeps what it can.
    pub(in crate::author) heirless: bool,
    /// For how many sweeps over tombstones it was there, as far as it matters.
    pub(in crate::author) sweeps: u8,
    /// In which round what it withdraws was put off first, counted from 1 to 255 and again; 0 if it was not.
    pub(in crate::author) put_off: u8,
}

impl Adoption {
    /// It was gone, or lives another life: how long it is there is counted anew.
    pub(crate) fn settle_anew(&mut self) {
        self.sweeps = 0;
    }

    /// It lives another life, of which nothing was waited for yet.
    pub(crate) fn begin_anew(&mut self) {
        self.heirless = false;
        self.put_off = 0;
    }

    /// Something that it withdraws came in the round with this number: `true` while that is not taken yet, which is
    /// for so many rounds from the first on. Long after it is another matter, which has its own time.
    pub(in crate::author) fn puts_off(&mut self, round: u8) -> bool {
        if self.put_off == 0 || self.rounds_put_off(round) >= ANOTHER_MATTER {
            self.put_off = round;
        }
        self.rounds_put_off(round) < ROUNDS_FOR_COPIES
    }

    /// For how many rounds something was put off.
    fn rounds_put_off(&self, round: u8) -> u16 {
        let (round, since) = (u16::from(round), u16::from(self.put_off));
        round.saturating_add(NUMBERS).saturating_sub(since) % NUMBERS
    }

    /// What was put off so long ago that nothing of it is to come is forgotten, before the numbers of rounds come round.
    pub(in crate::author) fn forget_put_off(&mut self, round: u8) {
        if self.put_off != 0 && self.rounds_put_off(round) >= ANOTHER_MATTER {
            self.put_off = 0;
        }
    }

    /// Counts from the round with this number as from the first.
    pub(crate) fn rebase(&mut self, round: u8) {
        if self.put_off != 0 {
            let since = NUMBERS.saturating_sub(self.rounds_put_off(round)) % NUMBERS;
            self.put_off = since.saturating_add(1) as u8;
        }
    }

    /// What it had counted in an earlier life was waited for long enough.
    pub(crate) fn wait_no_more(&mut self) {
        self.heirless = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_off_is_taken_after_some_rounds_and_what_comes_long_after_has_its_own_time() {
        for first in [1u8, 100, 250, 255] {
            let number = |rounds: u16| ((u16::from(first) - 1 + rounds) % NUMBERS + 1) as u8;
            let mut member = Adoption::default();
            let put_off = |rounds| {
                let mut member = member.clone();
                assert!(member.puts_off(first));
                member.puts_off(number(rounds))
            };
            assert!((0..ROUNDS_FOR_COPIES).all(put_off));
            assert!(!(ROUNDS_FOR_COPIES..ANOTHER_MATTER).any(put_off));
            assert!((ANOTHER_MATTER..ANOTHER_MATTER + 8).all(put_off));
            member.puts_off(first);
            member.forget_put_off(number(ANOTHER_MATTER - 1));
            assert_ne!(member.put_off, 0);
            member.forget_put_off(number(ANOTHER_MATTER));
            assert_eq!(member.put_off, 0);
        }
    }

    #[test]
    fn a_new_life_waits_for_nothing_of_the_earlier_one() {
        let mut member = Adoption::default();
        member.puts_off(9);
        member.wait_no_more();
        member.begin_anew();
        assert_eq!(member, Adoption::default());
    }

    #[test]
    fn counted_from_another_round_as_much_time_has_gone_by() {
        for (since, round) in [(7u8, 7u8), (7, 12), (250, 3), (255, 1), (1, 255)] {
            let mut member = Adoption::default();
            member.puts_off(since);
            let before = member.rounds_put_off(round);
            member.rebase(round);
            assert_eq!(member.rounds_put_off(1), before);
        }
    }
}
