//! A node's own time, which never runs backwards though the clock that it is told may be set back.
//!
//! Deadlines are kept in the node's own time. Were a clock that is set back believed, a node would be silent
//! until the clock is where it was.

use crate::time::{Duration, Instant};

/// What is less is no clock that was set back, but calls that overtook each other.
const TOLERANCE: Duration = Duration::from_secs(1);

/// How the node's own time follows from what it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct OwnTime {
    /// How many milliseconds the clock was set back, all in all.
    back: u64,
    /// The latest time that came with something that was done, in the node's own time.
    pub(super) latest: Instant,
}

impl OwnTime {
    pub(super) const NEW: Self = Self {
        back: 0,
        latest: Instant::ZERO,
    };

    /// The node's own time when the clock says `now`.
    pub(super) fn of(self, now: Instant) -> Instant {
        self.ahead(now).max(self.latest)
    }

    /// A deadline of the application's, in the node's own time.
    pub(super) fn ahead(self, at: Instant) -> Instant {
        if at == Instant::FAR {
            return at;
        }
        Instant::from_millis(at.as_millis().saturating_add(self.back))
    }

    /// A deadline of the node's, as the clock will say it.
    pub(super) fn told(self, at: Instant) -> Instant {
        if at == Instant::FAR {
            return at;
        }
        Instant::from_millis(at.as_millis().saturating_sub(self.back))
    }

    /// `true` if the clock was set back: its own time stands where it was, and goes on from there.
    pub(super) fn notice(&mut self, now: Instant) -> bool {
        let late = self.latest.as_millis();
        let missing = late.saturating_sub(self.ahead(now).as_millis());
        let is_back = missing > u64::from(TOLERANCE.as_millis());
        if is_back {
            self.back = self.back.saturating_add(missing);
        }
        is_back
    }

    /// Counts from `epoch`, in its own time.
    pub(super) fn rebase(&mut self, epoch: Instant) {
        self.back = 0;
        self.latest = self.latest.counted_from(epoch);
    }
}
