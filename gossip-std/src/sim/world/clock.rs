//! A host's own clock: it began somewhere else, and may run fast or slow.

use gossip_core::Instant;

use crate::sim::time::Time;

/// What a host's clock shows for a moment of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostClock {
    /// What it shows when the run begins, in milliseconds.
    pub offset_millis: u64,
    /// How much faster it runs than the run's own time, in millionths; above -1,000,000.
    pub drift_ppm: i32,
}

const MILLION: u128 = 1_000_000;

impl HostClock {
    /// What the clock shows at `time`, in whole milliseconds.
    #[must_use]
    pub fn shows(self, time: Time) -> Instant {
        let elapsed = u128::from(time.as_micros()) * self.rate() / MILLION / 1000;
        let elapsed = u64::try_from(elapsed).unwrap_or(u64::MAX);
        Instant::from_millis(self.offset_millis.saturating_add(elapsed))
    }

    /// The first moment at which the clock shows `instant`.
    #[must_use]
    pub fn when(self, instant: Instant) -> Time {
        if instant == Instant::FAR {
            return Time::FAR;
        }
        let millis = instant.as_millis().saturating_sub(self.offset_millis);
        let micros = (u128::from(millis) * 1000 * MILLION).div_ceil(self.rate());
        Time::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }

    /// Millionths of a microsecond of this clock in a microsecond of the run.
    fn rate(self) -> u128 {
        (1_000_000 + i64::from(self.drift_ppm))
            .max(1)
            .unsigned_abs()
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::time::Span;

    #[test]
    fn a_clock_shows_an_instant_first_when_it_says() {
        for drift_ppm in [-200_000, -100, -1, 0, 1, 100, 200_000] {
            for offset_millis in [0, 1, 1_000_000_007] {
                let clock = HostClock {
                    offset_millis,
                    drift_ppm,
                };
                for millis in [0, 1, 2, 3, 999, 1000, 123_456_789] {
                    let instant = Instant::from_millis(offset_millis + millis);
                    let when = clock.when(instant);
                    assert!(clock.shows(when) >= instant, "{clock:?} {millis}");
                    if when > Time::START {
                        let before = when - Span::from_micros(1);
                        assert!(clock.shows(before) < instant, "{clock:?} {millis}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_fast_clock_gains_what_it_says() {
        let clock = HostClock {
            offset_millis: 0,
            drift_ppm: 100,
        };
        let shown = clock.shows(Time::from_micros(10_000_000_000));
        assert_eq!(shown, Instant::from_millis(10_001_000));
        assert_eq!(clock.when(Instant::FAR), Time::FAR);
    }
}
