//! A bound on what a node sends: so many bytes a second, with bursts.

use crate::time::{Duration, Instant};
use serde::{Deserialize, Serialize};

/// How much a link carries, where airtime is short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ByteRate {
    /// Bytes a second, in the long run.
    pub per_second: u32,
    /// Bytes that may go at once after silence: the depth of the bucket.
    pub burst: u32,
}

/// What may be sent now, each with what stands before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Allowance {
    Nothing,
    /// What cannot wait: it goes into debt.
    Urgent,
    Everything,
    /// What was put off, too.
    Plenty,
}

/// A token bucket in thousandths of a byte. Urgent messages may overdraw it by one more burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Bucket {
    level: i64,
    filled: Instant,
    /// Something waits until so much is allowed.
    blocked: Option<Allowance>,
    /// Something urgent had to wait in this round.
    short: bool,
    /// Urgent datagrams that went out in debt since the rest went along.
    turn: u8,
    /// How many times longer rounds are because of that.
    longer: u8,
}

/// Of so many urgent datagrams that go out in debt one takes the rest along.
const TURNS: u8 = 4;

impl Bucket {
    /// A round lasts at most so many times as long as the shortest that the rate allows.
    pub(crate) const STRETCH_MAX: u32 = 4;

    /// As good as full: the first look at it fills it.
    pub(crate) const NEW: Self = Self {
        level: 0,
        filled: Instant::ZERO,
        blocked: None,
        short: false,
        turn: 0,
        longer: 0,
    };

    /// A full bucket at `now`.
    pub(crate) fn fill(&mut self, rate: ByteRate, now: Instant) {
        self.level = depth(rate);
        self.filled = now;
    }

    /// What may be sent at `now`.
    pub(crate) fn allowance(&mut self, rate: ByteRate, now: Instant) -> Allowance {
        let millis = i64::from(now.since(self.filled).as_millis());
        let more = millis.saturating_mul(i64::from(rate.per_second));
        self.level = self.level.saturating_add(more).min(depth(rate));
        self.filled = self.filled.max(now);
        let all = [Allowance::Plenty, Allowance::Everything, Allowance::Urgent];
        let most = all.into_iter().find(|some| self.level > least(*some, rate));
        most.unwrap_or(Allowance::Nothing)
    }

    /// So many bytes were sent.
    pub(crate) fn spend(&mut self, bytes: usize) {
        let cost = i64::try_from(bytes).unwrap_or(i64::MAX);
        self.level = self.level.saturating_sub(cost.saturating_mul(1000));
    }

    /// Something waits until so much is allowed.
    pub(crate) fn block(&mut self, until: Allowance) {
        let blocked = self.blocked.unwrap_or(until);
        self.blocked = Some(blocked.min(until));
        self.short |= until == Allowance::Urgent;
    }

    /// An urgent datagram goes out in debt: `true` if the rest, which would starve where many ask for acks, goes
    /// along this time.
    pub(crate) fn is_turn_of_rest(&mut self) -> bool {
        let next = self.turn.saturating_add(1);
        self.turn = if next < TURNS { next } else { 0 };
        self.turn == 0
    }

    /// The next round is to be longer.
    pub(crate) fn lengthen(&mut self) {
        self.short = true;
    }

    /// A round ends: the next one is longer if something urgent had to wait, and shorter if not.
    pub(crate) fn end_round(&mut self) {
        if !self.short {
            self.longer = self.longer.saturating_sub(1);
        } else if self.stretch() < Self::STRETCH_MAX {
            self.longer = self.longer.saturating_add(1);
        }
        self.short = false;
    }

    /// `true` while something waits for airtime.
    pub(crate) fn is_blocked(&self) -> bool {
        self.blocked.is_some()
    }

    /// How many times as long as the shortest a round is.
    pub(crate) fn stretch(&self) -> u32 {
        u32::from(self.longer).saturating_add(1)
    }

    /// Nothing waits any more, or the wait is over at `now`.
    pub(crate) fn unblock(&mut self, rate: ByteRate, now: Instant) {
        if self.ready(rate).is_some_and(|ready| ready <= now) {
            self.blocked = None;
        }
    }

    /// When what waits may go.
    pub(crate) fn ready(&self, rate: ByteRate) -> Option<Instant> {
        let least = least(self.blocked?, rate);
        if self.level > least {
            return Some(self.filled);
        }
        let per_milli = i64::from(rate.per_second).max(1);
        let missing = least.saturating_sub(self.level).checked_div(per_milli);
        let millis = missing.unwrap_or(0).saturating_add(1);
        let wait = u32::try_from(millis).unwrap_or(u32::MAX);
        Some(self.filled.after(Duration::from_millis(wait)))
    }

    /// Bytes that may go now; none while it is overdrawn.
    pub(crate) fn bytes(&self) -> u32 {
        let whole = self.level.max(0).checked_div(1000).unwrap_or(0);
        u32::try_from(whole).unwrap_or(u32::MAX)
    }

    /// Counts from `epoch`.
    pub(crate) fn rebase(&mut self, epoch: Instant) {
        self.filled = self.filled.counted_from(epoch);
    }
}

/// Above this level so much is allowed.
fn least(allowance: Allowance, rate: ByteRate) -> i64 {
    match allowance {
        Allowance::Nothing => i64::MIN,
        Allowance::Urgent => depth(rate).saturating_neg(),
        Allowance::Everything => 0,
        Allowance::Plenty => depth(rate) >> 1,
    }
}

fn depth(rate: ByteRate) -> i64 {
    i64::from(rate.burst).saturating_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: ByteRate = ByteRate {
        per_second: 100,
        burst: 300,
    };

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn in_the_long_run_no_more_than_the_rate_and_one_burst_is_sent() {
        let mut bucket = Bucket::NEW;
        bucket.fill(RATE, at(0));
        let mut sent = 0;
        for millis in 0..60_000 {
            while bucket.allowance(RATE, at(millis)) >= Allowance::Everything {
                bucket.spend(64);
                sent += 64;
            }
        }
        assert!((6000..=6000 + 300 + 64).contains(&sent), "{sent}");
    }

    #[test]
    fn what_is_urgent_overdraws_by_one_burst_and_no_more() {
        let mut bucket = Bucket::NEW;
        bucket.fill(RATE, at(0));
        let mut urgent = 0;
        while bucket.allowance(RATE, at(0)) != Allowance::Nothing {
            bucket.spend(20);
            urgent += 20;
        }
        assert!((600..620).contains(&urgent), "{urgent}");
        assert_eq!(bucket.bytes(), 0);
    }

    #[test]
    fn it_says_when_it_is_ready_and_is_ready_then_and_not_before() {
        let mut bucket = Bucket::NEW;
        bucket.fill(RATE, at(5));
        bucket.spend(345);
        assert_eq!(bucket.ready(RATE), None, "nothing waits");
        bucket.block(Allowance::Everything);
        let ready = bucket.ready(RATE).unwrap();
        assert_eq!(ready, at(5 + 451));
        let mut early = bucket;
        assert_eq!(early.allowance(RATE, at(5 + 450)), Allowance::Urgent);
        assert_eq!(bucket.allowance(RATE, ready), Allowance::Everything);
        bucket.unblock(RATE, ready);
        assert_eq!(bucket.ready(RATE), None);
    }
}
