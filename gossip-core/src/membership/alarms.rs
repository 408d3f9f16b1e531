//! False alarms: suspicions that were taken back. Where they are common the network loses much, and a
//! suspect needs longer to refute.
//!
//! The idea is Lifeguard's (Dadgar, Phillips, Currey, "Lifeguard: SWIM-ing with Situational Awareness", 2018,
//! section IV): how long a suspect has depends on what the node sees of its own surroundings. What is counted
//! here is not failed probes, which a crash makes too, but those that turned out wrong.

use crate::time::Duration;

/// So many false alarms a round for each member, in 256ths, are no reason to wait longer.
const USUAL: u32 = 3;
/// So many more, and a suspect has twice the time.
const DOUBLE: u32 = 6;
/// It has at most so many times as long.
const MOST: u32 = 6;

/// How many there were lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Alarms {
    /// In this round.
    count: u16,
    /// For each member and round, in 65,536ths, the latest rounds weighing most.
    rate: u32,
}

impl Alarms {
    pub(crate) const NONE: Self = Self { count: 0, rate: 0 };

    /// A suspicion was taken back.
    pub(crate) fn refuted(&mut self) {
        self.count = self.count.saturating_add(1);
    }

    /// A round is over, of a cluster with so many members.
    pub(crate) fn end_round(&mut self, members: usize) {
        const WEIGHT_BITS: u32 = 4;
        let members = u32::try_from(members).unwrap_or(u32::MAX).max(1);
        let scaled = u32::from(core::mem::take(&mut self.count)) << 16;
        let now = scaled.checked_div(members).unwrap_or(0) >> WEIGHT_BITS;
        let before = self.rate.saturating_sub(self.rate >> WEIGHT_BITS);
        self.rate = before.saturating_add(now);
    }

    /// How long a suspect has that usually has `time`.
    pub(crate) fn stretch(&self, time: Duration) -> Duration {
        let beyond = (self.rate >> 8).saturating_sub(USUAL);
        let factor = beyond << 8;
        let factor = factor.checked_div(DOUBLE).unwrap_or(0).saturating_add(256);
        time.scaled(factor.min(MOST << 8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Duration = Duration::from_secs(8);

    fn after(rounds: u32, each: u16, members: usize) -> Alarms {
        let mut alarms = Alarms::NONE;
        for _ in 0..rounds {
            (0..each).for_each(|_| alarms.refuted());
            alarms.end_round(members);
        }
        alarms
    }

    #[test]
    fn a_suspect_has_longer_the_more_suspicions_are_taken_back_and_never_shorter() {
        let mut last = TIME;
        for each in [0u16, 1, 2, 3, 6, 12, 1000] {
            let time = after(100, each, 64).stretch(TIME);
            assert!(time >= last && time <= TIME.times(MOST), "{each}: {time:?}");
            last = time;
        }
        assert_eq!(after(100, 1, 128).stretch(TIME), TIME, "hardly any");
        assert!(after(100, 4, 64).stretch(TIME) > TIME.times(2));
        assert_eq!(last, TIME.times(MOST));
    }

    #[test]
    fn one_bad_moment_is_forgotten_soon() {
        let mut alarms = after(1, 64, 64);
        (0..40).for_each(|_| alarms.end_round(64));
        assert_eq!(alarms.stretch(TIME), TIME);
    }
}
