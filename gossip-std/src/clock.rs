//! The time of a process, as the core counts it.

use std::time;

use gossip_core::Instant;

/// A monotonic clock: milliseconds since it was made.
///
/// On Linux and Android it counts the time in which the machine was suspended, so that a node that
/// slept for longer than its peers remember knows that it did. Elsewhere it stands still meanwhile or
/// runs on, as the platform pleases.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Reading,
}

impl Clock {
    /// A clock that starts at [`Instant::ZERO`] now.
    #[must_use]
    pub fn new() -> Self {
        Self {
            start: Reading::now(),
        }
    }

    /// The time now, in whole milliseconds, rounded down.
    #[must_use]
    pub fn now(&self) -> Instant {
        let millis = self.elapsed().as_millis();
        Instant::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
    }

    /// How long to wait from now until [`now`](Self::now) is `deadline`: zero if that is past, some
    /// hundred million years for [`Instant::FAR`].
    #[must_use]
    pub fn until(&self, deadline: Instant) -> time::Duration {
        time::Duration::from_millis(deadline.as_millis()).saturating_sub(self.elapsed())
    }

    fn elapsed(&self) -> time::Duration {
        Reading::now().since(self.start)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

/// What the platform's clock shows: the time since the machine booted, suspended or not.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[derive(Clone, Copy, Debug)]
struct Reading(time::Duration);

#[cfg(any(target_os = "linux", target_os = "android"))]
impl Reading {
    fn now() -> Self {
        let read = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let secs = u64::try_from(read.tv_sec).unwrap_or_default();
        let nanos = u32::try_from(read.tv_nsec).unwrap_or_default();
        Self(time::Duration::new(secs, nanos))
    }

    fn since(self, start: Self) -> time::Duration {
        self.0.saturating_sub(start.0)
    }
}

/// What the platform's clock shows.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[derive(Clone, Copy, Debug)]
struct Reading(time::Instant);

#[cfg(not(any(target_os = "linux", target_os = "android")))]
impl Reading {
    fn now() -> Self {
        Self(time::Instant::now())
    }

    fn since(self, start: Self) -> time::Duration {
        self.0.saturating_duration_since(start.0)
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

    #[test]
    fn it_never_runs_backwards() {
        let clock = Clock::new();
        let mut last = clock.now();
        for _ in 0..10_000 {
            let now = clock.now();
            assert!(now >= last);
            last = now;
        }
    }

    /// A clock made on a machine that has been asleep since shows that time: it reads what the kernel
    /// counts as time since the boot, which `/proc/uptime` tells in seconds.
    #[cfg(target_os = "linux")]
    #[test]
    fn it_counts_the_time_in_which_the_machine_was_suspended() {
        let Ok(uptime) = std::fs::read_to_string("/proc/uptime") else {
            return;
        };
        let at_boot = Clock {
            start: Reading(time::Duration::ZERO),
        };
        let uptime = uptime.split('.').next().and_then(|secs| secs.parse().ok());
        let uptime: u64 = uptime.expect("seconds");
        let secs = at_boot.now().as_millis() / 1000;
        assert!(secs.abs_diff(uptime) <= 2, "{secs} s, {uptime} s");
    }
}
