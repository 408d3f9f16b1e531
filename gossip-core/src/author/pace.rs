//! Flow control of writes: how many a second a node lets out, so that gossip can carry them.
//!
//! Each node has a rate of its own. It grows a little in every round in which the node wanted more,
//! and shrinks by a quarter in every round in which an exchange could not carry what differed (additive
//! increase, multiplicative decrease); partners share their two rates fairly between them (van
//! Renesse, Dumitriu, Gough, Thomas 2008, section 4). No node knows the load of the cluster, and yet
//! all get the same when all want more than gossip carries.

use crate::time::{Duration, Instant};

/// Writes in 1000 seconds: the unit of rates.
pub(crate) type MilliRate = u32;

/// The rate of a node that starts: ten writes a second.
const FIRST: MilliRate = 10_000;
/// No node is slowed down to less than a write in ten seconds, so that nothing starves.
const LEAST: MilliRate = 100;
/// More than any node will want.
const MOST: MilliRate = 1_000_000_000;
/// What a round without overload adds: one write in two seconds.
const STEP: MilliRate = 500;
/// Writes that may go at once after silence.
const BURST: u64 = 4;
/// A thousandth of a thousandth of a write: what a rate of 1 earns in a millisecond.
const WRITE: u64 = 1_000_000;

/// One node's rate, and what it made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pace {
    allowed: MilliRate,
    wanted: MilliRate,
    /// Earned and not used yet.
    credit: u64,
    filled: Instant,
    /// Writes of the application since the round began.
    writes: u32,
    /// An exchange of this round could not carry what differed.
    overload: bool,
    round: Instant,
}

impl Pace {
    pub(crate) const NEW: Self = Self {
        allowed: FIRST,
        wanted: 0,
        credit: BURST.saturating_mul(WRITE),
        filled: Instant::ZERO,
        writes: 0,
        overload: false,
        round: Instant::ZERO,
    };

    /// The first round begins.
    pub(crate) fn start(&mut self, now: Instant) {
        self.filled = now;
        self.round = now;
    }

    /// What it may let out, and what the application wants to, in writes in 1000 seconds.
    pub(crate) fn rates(&self) -> (MilliRate, MilliRate) {
        (self.allowed, self.wanted)
    }

    /// The application wrote.
    pub(crate) fn note_write(&mut self) {
        self.writes = self.writes.saturating_add(1);
    }

    /// An exchange could not carry what differed.
    pub(crate) fn note_overload(&mut self) {
        self.overload = true;
    }

    /// `true` if a write may go out at `now`; it is counted then.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let millis = u64::from(now.since(self.filled).as_millis());
        let earned = millis.saturating_mul(u64::from(self.allowed));
        self.credit = self.credit.saturating_add(earned);
        self.credit = self.credit.min(BURST.saturating_mul(WRITE));
        self.filled = self.filled.max(now);
        match self.credit.checked_sub(WRITE) {
            Some(left) => {
                self.credit = left;
                true
            }
            None => false,
        }
    }

    /// When the next write may go out.
    pub(crate) fn next(&self) -> Instant {
        let missing = WRITE.saturating_sub(self.credit);
        let millis = missing.div_ceil(u64::from(self.allowed.max(1)));
        let wait = u32::try_from(millis).unwrap_or(u32::MAX);
        self.filled.after(Duration::from_millis(wait))
    }

    /// A round ends: what was wanted is known, and the rate follows what happened in it. `waiting`
    /// says whether writes wait to go out.
    pub(crate) fn end_round(&mut self, now: Instant, waiting: bool) {
        let millis = u64::from(now.since(self.round).as_millis());
        self.round = now;
        let rate = u64::from(self.writes)
            .saturating_mul(WRITE)
            .checked_div(millis);
        let rate = rate.map_or(0, |rate| u32::try_from(rate).unwrap_or(MOST).min(MOST));
        // Half the past, half the last round.
        self.wanted = self.wanted.midpoint(rate);
        self.writes = 0;
        if self.overload {
            let quarter = self.allowed >> 2;
            self.allowed = self.allowed.saturating_sub(quarter).max(LEAST);
        } else if waiting || self.wanted >= self.allowed {
            self.allowed = self.allowed.saturating_add(STEP).min(MOST);
        }
        self.overload = false;
    }

    /// Shares rates with a partner that may let out and wants so much. Both come to the same: who
    /// wants less than half gets what it wants, and what is left over is split.
    pub(crate) fn share(&mut self, allowed: MilliRate, wanted: MilliRate) {
        let total = u64::from(self.allowed).saturating_add(u64::from(allowed));
        let (mine, theirs) = (u64::from(self.wanted), u64::from(wanted));
        let half = total >> 1;
        let share = match total.checked_sub(mine.saturating_add(theirs)) {
            Some(spare) => mine.saturating_add(spare >> 1),
            None if mine <= half => mine,
            None if theirs <= half => total.saturating_sub(theirs),
            None => half,
        };
        self.allowed = u32::try_from(share).unwrap_or(MOST).clamp(LEAST, MOST);
    }

    /// Counts from `epoch`.
    pub(crate) fn rebase(&mut self, epoch: Instant) {
        self.filled = self.filled.counted_from(epoch);
        self.round = self.round.counted_from(epoch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    fn pace(allowed: MilliRate, wanted: MilliRate) -> Pace {
        Pace {
            allowed,
            wanted,
            ..Pace::NEW
        }
    }

    #[test]
    fn writes_go_out_at_the_rate_and_a_few_at_once_after_silence() {
        let mut pace = pace(2000, 0);
        pace.start(at(0));
        let mut out = 0;
        for millis in 0..=10_000 {
            while pace.take(at(millis)) {
                out += 1;
            }
        }
        assert_eq!(out, 4 + 20);
        assert_eq!(pace.next(), at(10_500));
    }

    #[test]
    fn partners_come_to_shares_that_sum_to_what_they_had() {
        for (ours, theirs, expected) in [
            ((4000, 1000), (2000, 1000), (3000, 3000)),
            ((4000, 9000), (2000, 9000), (3000, 3000)),
            ((4000, 9000), (2000, 500), (5500, 500)),
            ((4000, 500), (2000, 9000), (500, 5500)),
            ((4000, 0), (2000, 5000), (500, 5500)),
        ] {
            let (mut one, mut other) = (pace(ours.0, ours.1), pace(theirs.0, theirs.1));
            one.share(theirs.0, theirs.1);
            other.share(ours.0, ours.1);
            assert_eq!(
                (one.allowed, other.allowed),
                expected,
                "{ours:?} {theirs:?}"
            );
        }
    }

    #[test]
    fn overload_shrinks_the_rate_down_to_a_floor_and_want_raises_it_step_by_step() {
        let mut pace = pace(800, 0);
        pace.start(at(0));
        for round in 1..10u64 {
            pace.note_overload();
            pace.end_round(at(round * 1000), true);
        }
        assert_eq!(pace.allowed, LEAST);
        for round in 10..20u64 {
            pace.end_round(at(round * 1000), true);
        }
        assert_eq!(pace.allowed, LEAST + 10 * STEP);
        pace.end_round(at(20_000), false);
        assert_eq!(pace.allowed, LEAST + 10 * STEP, "nobody wants more");
    }

    #[test]
    fn what_is_wanted_follows_what_is_written() {
        let mut pace = Pace::NEW;
        pace.start(at(0));
        for round in 1..=10u64 {
            for _ in 0..6 {
                pace.note_write();
            }
            pace.end_round(at(round * 2000), false);
        }
        assert!((2990..=3000).contains(&pace.wanted), "{}", pace.wanted);
    }
}
