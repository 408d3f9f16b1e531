//! When to read a failing socket again.

use std::time::{Duration, Instant};

use super::io_errors::IoClass;

const PAUSE_MIN: Duration = Duration::from_millis(10);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// This many errors in a row are no longer about single datagrams.
const PASSING_MAX: u32 = 64;

/// Pauses after errors that are likely to come again at once, each twice as long as the last.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    passing: u32,
    pauses: u32,
    until: Option<Instant>,
}

impl Backoff {
    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// `true` if it is now time to pause.
    pub(super) fn failed(&mut self, class: IoClass, now: Instant) -> bool {
        if class.is_passing() && self.passing < PASSING_MAX {
            self.passing += 1;
            return false;
        }
        let pause = PAUSE_MIN
            .saturating_mul(1 << self.pauses.min(16))
            .min(PAUSE_MAX);
        self.pauses += 1;
        self.until = Some(now + pause);
        true
    }

    /// How much of a pause is left; zero if there is none.
    pub(super) fn pause(&self, now: Instant) -> Duration {
        self.until
            .map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_second_and_end_with_a_success() {
        let mut backoff = Backoff::default();
        let now = Instant::now();
        assert_eq!(backoff.pause(now), Duration::ZERO);
        let pauses: Vec<u128> = (0..9)
            .map(|_| {
                assert!(backoff.failed(IoClass::Other, now));
                backoff.pause(now).as_millis()
            })
            .collect();
        assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
        assert_eq!(backoff.pause(now + PAUSE_MAX), Duration::ZERO);
        backoff.succeeded();
        assert_eq!(backoff.pause(now), Duration::ZERO);
        assert!(backoff.failed(IoClass::Other, now));
        assert_eq!(backoff.pause(now), PAUSE_MIN);
    }

    #[test]
    fn errors_of_single_datagrams_pause_only_in_a_long_row() {
        let mut backoff = Backoff::default();
        let now = Instant::now();
        let row = |backoff: &mut Backoff| {
            (0..)
                .take_while(|_| !backoff.failed(IoClass::Refused, now))
                .count()
        };
        assert_eq!(row(&mut backoff), PASSING_MAX as usize);
        assert_eq!(backoff.pause(now), PAUSE_MIN);
        backoff.succeeded();
        assert_eq!(row(&mut backoff), PASSING_MAX as usize);
    }
}
