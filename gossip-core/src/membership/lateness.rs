//! Answers that come after their round: what they tell of the member, and of this node.

use core::num::NonZeroU16;

use crate::id::NodeId;
use crate::time::{Duration, Instant};

/// How many probes without an answer are remembered: answers may wait in line for as many rounds.
const REMEMBERED: usize = 32;
/// After so many probes in a row that were not answered in their round, an answer that comes late shows
/// that this node itself is slow: whatever reaches it waits.
const STREAK: u8 = 2;
/// How many rounds a node calls itself slow for the first time; twice as many each further time.
const SLOW_ROUNDS: u32 = 600;
/// How often that doubles at most.
const DOUBLINGS: u8 = 4;

/// What this node knows of late answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Lateness {
    /// Probes that ended without an answer, the latest first.
    missed: [Option<Missed>; REMEMBERED],
    /// How many probes in a row ended so.
    streak: u8,
    /// An answer came late since the last one in time.
    late: bool,
    /// This node calls itself slow until then.
    until: Option<Instant>,
    /// How often it began to.
    times: u8,
}

/// A probe that ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Missed {
    /// Of whom, in short: its token tells it from others.
    target: NonZeroU16,
    token: u16,
}

impl Missed {
    fn new(target: NodeId, token: u16) -> Self {
        let target = NonZeroU16::MIN | (target.place().0 as u16);
        Self { target, token }
    }
}

impl Lateness {
    pub(crate) const NONE: Self = Self {
        missed: [None; REMEMBERED],
        streak: 0,
        late: false,
        until: None,
        times: 0,
    };

    /// A probe ended without an answer: one that comes later is taken.
    pub(crate) fn remember(&mut self, target: NodeId, token: u16) {
        // In the place of one that was answered, or of the oldest.
        let free = self.missed.iter().position(Option::is_none);
        let last = free.unwrap_or(REMEMBERED.saturating_sub(1));
        if let Some(later) = self.missed.get_mut(..=last) {
            later.rotate_right(1);
        }
        if let Some(first) = self.missed.first_mut() {
            *first = Some(Missed::new(target, token));
        }
    }

    /// A probe ended without an answer of somebody who usually answers in time. A relay's word that came in time
    /// instead shows that nothing waits here: it was `witnessed`.
    pub(crate) fn missed(&mut self, witnessed: bool) {
        if witnessed {
            self.in_time();
        } else {
            self.streak = self.streak.saturating_add(1);
        }
    }

    /// A probe was answered in its round.
    pub(crate) fn in_time(&mut self) {
        self.streak = 0;
        self.late = false;
    }

    /// An answer came late of somebody who is not known to be slow.
    pub(crate) fn late(&mut self) {
        self.late = true;
    }

    /// Takes an ack of a probe that is over. `true` if there was one.
    pub(crate) fn take(&mut self, from: NodeId, token: u16) -> bool {
        let wanted = Some(Missed::new(from, token));
        let found = self.missed.iter_mut().find(|missed| **missed == wanted);
        found.map(core::mem::take).is_some()
    }

    /// What the answer to the last probe of this member must carry that it owes.
    pub(crate) fn owed_by(&self, target: NodeId) -> Option<u16> {
        let mut missed = self.missed.iter().flatten();
        let found = missed.find(|missed| missed.target == Missed::new(target, 0).target)?;
        Some(found.token)
    }

    /// `true` if so many answers are late that this node must be the slow one.
    pub(crate) fn is_own(&self) -> bool {
        self.late && self.streak >= STREAK
    }

    /// This node is slow; `true` if it was not before.
    pub(crate) fn begin(&mut self, now: Instant, round: Duration) -> bool {
        let news = self.until.is_none();
        if news {
            self.times = self.times.saturating_add(1).min(DOUBLINGS);
        }
        let doublings = u32::from(self.times.saturating_sub(1));
        let rounds = SLOW_ROUNDS.wrapping_shl(doublings);
        self.until = Some(now.after(round.times(rounds)));
        news
    }

    /// `true` once, when this node has not been slow for long enough.
    pub(crate) fn end(&mut self, now: Instant) -> bool {
        let over = self.until.is_some_and(|until| until <= now);
        if over {
            self.until = None;
        }
        over
    }

    /// This node was asleep: nothing that comes late now says anything.
    pub(crate) fn forget(&mut self) {
        self.missed = [None; REMEMBERED];
        self.streak = 0;
        self.late = false;
    }

    /// Counts the deadline from `epoch` and the tokens back from the next one.
    pub(crate) fn rebase(&mut self, epoch: Instant, next_token: u16) {
        self.until = self.until.map(|until| until.counted_from(epoch));
        for missed in self.missed.iter_mut().flatten() {
            missed.token = next_token.wrapping_sub(missed.token);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUND: Duration = Duration::from_secs(1);

    fn id(number: u64) -> NodeId {
        NodeId::new(number).unwrap()
    }

    fn missed(late: &mut Lateness, target: u64, token: u16, witnessed: bool) {
        late.remember(id(target), token);
        late.missed(witnessed);
    }

    #[test]
    fn a_late_answer_is_taken_once_and_from_the_target_alone() {
        let mut late = Lateness::NONE;
        missed(&mut late, 1, 7, false);
        assert!(!late.take(id(2), 7) && !late.take(id(1), 8));
        assert!(late.take(id(1), 7) && !late.take(id(1), 7));
    }

    #[test]
    fn one_member_that_is_late_does_not_make_this_node_slow() {
        let mut late = Lateness::NONE;
        for token in 0..20 {
            missed(&mut late, 1, token, false);
            late.late();
            assert!(!late.is_own());
            late.in_time();
        }
        missed(&mut late, 1, 20, false);
        missed(&mut late, 2, 21, false);
        assert!(!late.is_own(), "lost, for all that is known");
        late.late();
        assert!(late.is_own());
        missed(&mut late, 3, 22, true);
        late.late();
        assert!(!late.is_own(), "a relay's word came in time");
        assert!(late.take(id(3), 22));
    }

    #[test]
    fn it_lasts_longer_each_time() {
        let mut late = Lateness::NONE;
        let mut now = Instant::from_millis(1000);
        for secs in [600u32, 1200, 2400, 4800, 4800] {
            assert!(late.begin(now, ROUND) && !late.begin(now, ROUND));
            now = now.after(Duration::from_secs(secs - 1));
            assert!(!late.end(now));
            now = now.after(ROUND);
            assert!(late.end(now) && !late.end(now));
        }
    }
}
