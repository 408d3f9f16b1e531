//! What a node needs of a timer.

use gossip_core::{Duration, Instant};

/// A source of time, and a way to let it pass.
pub trait Clock {
    /// Milliseconds since an epoch of the clock's choice; never less than it said before. A counter
    /// that wraps must be extended by the clock.
    fn now(&mut self) -> Instant;

    /// Waits until `wake`, or less long: until a datagram has arrived, or the link can send again, or
    /// at any other moment. Firmware sets a timer and sleeps until any interrupt; doing nothing is
    /// allowed and merely burns energy. Does not wait if `wake` has passed.
    fn sleep_until(&mut self, wake: Instant);
}

/// Time that passes only when somebody sleeps, and then at once: for tests, and for firmware that
/// plays a script. Begins at [`Instant::ZERO`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct VirtualClock {
    now: Instant,
}

impl VirtualClock {
    /// The longest that one sleep takes, so that sleeping until [`Instant::FAR`] does not end time.
    pub const LONGEST_SLEEP: Duration = Duration::from_secs(60);

    /// A clock at [`Instant::ZERO`].
    #[must_use]
    pub const fn new() -> Self {
        Self { now: Instant::ZERO }
    }
}

impl Clock for VirtualClock {
    fn now(&mut self) -> Instant {
        self.now
    }

    fn sleep_until(&mut self, wake: Instant) {
        self.now = wake.min(self.now.after(Self::LONGEST_SLEEP)).max(self.now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn virtual_time_jumps_forward_and_never_back() {
        let mut clock = VirtualClock::new();
        clock.sleep_until(Instant::from_millis(250));
        assert_eq!(clock.now(), Instant::from_millis(250));
        clock.sleep_until(Instant::from_millis(100));
        assert_eq!(clock.now(), Instant::from_millis(250));
        clock.sleep_until(Instant::FAR);
        assert_eq!(
            clock.now(),
            Instant::from_millis(250).after(VirtualClock::LONGEST_SLEEP)
        );
    }
}
