//! Answers that come after their round: what they tell of the member, and of this node.

use core::num::NonZeroU16;

use crate::id::NodeId;
use crate::time::{Duration, Instant};

/// How many probes without an answer are remembered: answers may wait in line for as many rounds.
const REMEMBERED: usize = 32;
/// After so many probes in a row that were not answered in their round, an answer that comes late shows
/// that this node itself is slow: whatever reaches it waits.
const STREAK: u8 = 2;
/// After so many probes that neither the target nor a relay answered although something was heard, and none that was answered
/// between them, this node calls itself slow: the answers may wait behind what it hears.
const SILENT: u8 = 4;
/// After so many more it says so again.
const SILENT_AGAIN: u8 = 12;
/// How many rounds it does so, before an answer comes that shows it.
const PRESUMED_ROUNDS: u32 = 60;
/// So many probes in a row without an answer are enough among any number of members.
const STREAK_LONG: usize = 60;
/// Else it gives others more time once in so many rounds.
const EXCUSED_ROUNDS: u32 = 24;
/// So many are no sign of slowness any more.
const STREAK_ENDLESS: usize = 250;
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
    /// In how many of them something was heard all the same.
    silent: u8,
    /// Something was heard since the last probe began.
    heard: bool,
    /// An answer came late since the last one in time.
    late: bool,
    /// This node calls itself slow until then.
    until: Option<Instant>,
    /// How often it began to, as late answers showed.
    times: u8,
    /// No answer has shown it yet.
    presumed: bool,
    /// It gave others more time for that, and does not again until then.
    excused: Option<Instant>,
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
        silent: 0,
        heard: false,
        late: false,
        until: None,
        times: 0,
        presumed: false,
        excused: None,
    };

    /// A probe ended without an answer: one that comes later is taken.
    pub(crate) fn remember(&mut self, target: NodeId, token: u16) {
        // In the place of one that was answered, or of the oldest.
        let free = self.missed.iter().position(Option::is_none);
        let last = free.unwrap_or(REMEMBERED.saturating_sub(1));
        let mut missed = Some(Missed::new(target, token));
        let places = self.missed.iter_mut().take(last.saturating_add(1));
        places.for_each(|place| core::mem::swap(place, &mut missed));
    }

    /// A probe ended without an answer of somebody who usually answers in time. A relay's word that came in time
    /// instead shows that nothing waits here: it was `witnessed`.
    pub(crate) fn missed(&mut self, witnessed: bool) {
        if witnessed {
            self.in_time();
        } else {
            self.streak = self.streak.saturating_add(1);
            self.silent = self.silent.saturating_add(u8::from(self.heard));
        }
        self.heard = false;
    }

    /// Something was heard.
    pub(crate) fn heard(&mut self) {
        self.heard = true;
    }

    /// A probe was answered in its round.
    pub(crate) fn in_time(&mut self) {
        self.streak = 0;
        self.silent = 0;
        self.late = false;
        if self.presumed {
            self.until = Some(Instant::ZERO);
        }
    }

    /// An answer came late of somebody who is not known to be slow.
    pub(crate) fn late(&mut self) {
        self.late = true;
    }

    /// Takes an ack of a probe that is over. `true` if there was one.
    pub(crate) fn take(&mut self, from: NodeId, token: u16) -> bool {
        let wanted = Some(Missed::new(from, token));
        let found = self.missed.iter().position(|missed| *missed == wanted);
        let Some(missed) = found.and_then(|index| self.missed.get_mut(index)) else {
            return false;
        };
        *missed = None;
        // One that waited for longer than a slow node is waited for is no comfort.
        if found < Some(usize::from(SILENT_AGAIN)) {
            self.silent = 0;
        }
        true
    }

    /// What the answer to the last probe of this member must carry that it owes.
    pub(crate) fn owed_by(&self, target: NodeId) -> Option<u16> {
        let mut missed = self.missed.iter().flatten();
        let found = missed.find(|missed| missed.target == Missed::new(target, 0).target)?;
        Some(found.token)
    }

    /// `true` if so many answers are late, or missing, that this node must be the slow one.
    pub(crate) fn is_own(&self) -> bool {
        self.is_shown() || self.is_silent()
    }

    /// `true` if neither those whom this node asked last nor their relays answered in time, though something was heard: it may
    /// be slow and not know it yet, and what clears a suspect wait behind that (Lifeguard's local health, section IV.A,
    /// before it is a verdict).
    pub(crate) fn is_doubtful(&self) -> bool {
        self.silent >= STREAK
    }

    /// So long nobody answered at all.
    fn is_silent(&self) -> bool {
        let usual = match self.until {
            None => SILENT,
            Some(_) => SILENT_AGAIN,
        };
        self.silent >= usual
    }

    /// Not for want of answers alone.
    fn is_shown(&self) -> bool {
        self.late && self.streak >= STREAK
    }

    /// This node is slow; `true` if it must say so: it was not before, or may be called dead meanwhile, and hears of it
    /// late.
    pub(crate) fn begin(&mut self, now: Instant, round: Duration) -> bool {
        let news = self.until.is_none();
        let shown = self.is_shown();
        if shown && (news || self.presumed) {
            self.times = self.times.saturating_add(1).min(DOUBLINGS);
        }
        self.presumed = !shown && (news || self.presumed);
        let rounds = match self.presumed {
            true => PRESUMED_ROUNDS,
            false => SLOW_ROUNDS.wrapping_shl(u32::from(self.times.saturating_sub(1))),
        };
        let until = now.after(round.times(rounds));
        let says = news || self.is_silent();
        self.until = self.until.max(Some(until));
        if says {
            self.silent = 0;
        }
        says
    }

    /// `true` if this node, which has just said that it is slow, may give others more time: if as many probes in a row were
    /// not answered in their round as there are `live` members, though not for ever, and else half of the time.
    pub(crate) fn excuses(&mut self, now: Instant, round: Duration, live: usize) -> bool {
        let all = (live.min(STREAK_LONG)..STREAK_ENDLESS).contains(&usize::from(self.streak));
        let excuses = all || self.excused.is_none_or(|until| until <= now);
        if excuses {
            self.excused = Some(now.after(round.times(EXCUSED_ROUNDS)));
        }
        excuses
    }

    /// `true` once, when this node has not been slow for long enough.
    pub(crate) fn end(&mut self, now: Instant) -> bool {
        let over = self.until.is_some_and(|until| until <= now);
        if self.excused.is_some_and(|until| until <= now) {
            self.excused = None;
        }
        if over {
            self.until = None;
            self.presumed = false;
        }
        over
    }

    /// This node was asleep: nothing that comes late now says anything.
    pub(crate) fn forget(&mut self) {
        self.missed = [None; REMEMBERED];
        (self.streak, self.silent) = (0, 0);
        (self.late, self.heard) = (false, false);
    }

    /// Counts the deadline from `epoch` and the tokens back from the next one.
    pub(crate) fn rebase(&mut self, epoch: Instant, next_token: u16) {
        for until in [&mut self.until, &mut self.excused] {
            *until = until.map(|until| until.counted_from(epoch));
        }
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
    fn without_an_answer_this_node_may_be_slow_if_it_hears_others() {
        let mut late = Lateness::NONE;
        let now = Instant::from_millis(1000);
        for token in 0..20 {
            missed(&mut late, 1, token, false);
        }
        assert!(!late.is_own(), "it hears nobody");
        for token in 20..24 {
            assert!(!late.is_own());
            late.heard();
            missed(&mut late, 1, token, false);
        }
        assert!(late.is_own() && late.begin(now, ROUND));
        assert!(!late.is_own(), "and says so once");
        for token in 24..36 {
            assert!(!late.is_own());
            late.heard();
            missed(&mut late, 1, token, false);
        }
        assert!(late.is_own() && late.begin(now, ROUND), "and again");
        assert!(!late.end(now));
        late.in_time();
        assert!(late.end(now), "an answer in time ends it");
    }

    #[test]
    fn it_gives_others_more_time_now_and_then_or_while_nobody_answers() {
        let now = Instant::from_millis(1000);
        let within = now.after(ROUND.times(EXCUSED_ROUNDS - 1));
        let after = now.after(ROUND.times(EXCUSED_ROUNDS));
        for (streak, live, again) in [(4, 5, false), (5, 5, true), (59, 99, false), (60, 99, true)]
        {
            let mut late = Lateness::NONE;
            for token in 0..streak {
                missed(&mut late, 1, token, false);
            }
            assert!(late.excuses(now, ROUND, live));
            assert_eq!(late.excuses(within, ROUND, live), again, "{streak}");
            assert!(late.excuses(after.after(ROUND.times(EXCUSED_ROUNDS)), ROUND, live));
        }
        let mut late = Lateness::NONE;
        (0..250).for_each(|token| missed(&mut late, 1, token, false));
        assert!(late.excuses(now, ROUND, 2));
        assert!(!late.excuses(within, ROUND, 2), "they must be gone");
    }

    #[test]
    fn an_answer_that_waited_too_long_is_no_comfort() {
        for (waited, comforts) in [(11u16, true), (12, false)] {
            let mut late = Lateness::NONE;
            for token in 0..=waited {
                late.heard();
                missed(&mut late, 1, token, false);
            }
            assert!(late.is_own() && late.take(id(1), 0));
            assert_eq!(late.is_own(), !comforts);
        }
    }

    #[test]
    fn it_lasts_longer_each_time() {
        let mut late = Lateness::NONE;
        missed(&mut late, 1, 1, false);
        missed(&mut late, 1, 2, false);
        late.late();
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
