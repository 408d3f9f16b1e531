//! The time of a process, as the core counts it.

use std::time;

use gossip_core::Instant;

/// A monotonic clock: milliseconds since it was made.
///
/// While a machine is suspended it stands still or runs on, as the platform pleases; the core copes
/// with either.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: time::Instant,
}

impl Clock {
    /// A clock that starts at [`Instant::ZERO`] now.
    #[must_use]
    pub fn new() -> Self {
        Self {
            start: time::Instant::now(),
        }
    }

    /// The time now, in whole milliseconds, rounded down.
    #[must_use]
    pub fn now(&self) -> Instant {
        let millis = self.start.elapsed().as_millis();
        Instant::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
    }

    /// How long to wait from now until [`now`](Self::now) is `deadline`: zero if that is past, some
    /// hundred million years for [`Instant::FAR`].
    #[must_use]
    pub fn until(&self, deadline: Instant) -> time::Duration {
        time::Duration::from_millis(deadline.as_millis()).saturating_sub(self.start.elapsed())
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_until_a_deadline_reaches_it() {
        let clock = Clock::new();
        let deadline = clock.now().after(gossip_core::Duration::from_millis(3));
        std::thread::sleep(clock.until(deadline));
        assert!(clock.now() >= deadline);
        assert_eq!(clock.until(deadline), time::Duration::ZERO);
        assert!(clock.until(Instant::FAR) > time::Duration::from_secs(u64::from(u32::MAX)));
    }
}
