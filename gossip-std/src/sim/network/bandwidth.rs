//! A link that carries so many bytes a second, and what waits in front of it.

use serde::{Deserialize, Serialize};

use super::invalid::{Invalid, ensure};
use crate::sim::{Span, Time};

/// The rate of a link and the queue in front of it: first in, first out, and what does not fit is
/// dropped at its tail. Bytes are UDP payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Bandwidth {
    /// How fast the link takes bytes.
    pub bytes_per_second: u64,
    /// How many bytes may wait. An idle link takes any datagram.
    pub queue_bytes: u64,
    /// Who shares the rate and the queue.
    #[serde(default)]
    pub shared: Shared,
}

/// Which datagrams of a sender queue behind each other. (Those of two senders never do.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shared {
    /// Those to the same host: each pair of hosts has a link of its own.
    #[default]
    Pair,
    /// All that the host sends: its access link is the narrow place.
    Uplink,
}

/// When the last byte of what was accepted so far has left, in nanoseconds: a fast link sends a
/// datagram in less than a microsecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Queue {
    empty_at_nanos: u64,
}

impl Bandwidth {
    /// When the last byte of a datagram offered `now` has left; `None` if the queue has no room.
    pub(super) fn admit(&self, queue: &mut Queue, now: Time, len: usize) -> Option<Time> {
        let now_nanos = now.as_micros().saturating_mul(1000);
        let wait_nanos = queue.empty_at_nanos.saturating_sub(now_nanos);
        let waiting = u128::from(wait_nanos) * u128::from(self.bytes_per_second) / NANOS_PER_SECOND;
        if waiting > 0 && waiting + len as u128 > u128::from(self.queue_bytes) {
            return None;
        }
        let send_nanos = len as u128 * NANOS_PER_SECOND / u128::from(self.bytes_per_second.max(1));
        let start = queue.empty_at_nanos.max(now_nanos);
        queue.empty_at_nanos = start.saturating_add(u64::try_from(send_nanos).unwrap_or(u64::MAX));
        Some(queue.empty_at())
    }

    /// Whether anything can pass.
    ///
    /// # Errors
    ///
    /// [`Invalid`] if the rate is zero.
    pub fn check(&self) -> Result<(), Invalid> {
        let rate = self.bytes_per_second;
        ensure(rate > 0, "bandwidth.bytes-per-second", rate, "1 or more")
    }
}

impl Queue {
    /// The first whole microsecond at which nothing waits.
    pub(super) fn empty_at(self) -> Time {
        Time::START + Span::from_micros(self.empty_at_nanos.div_ceil(1000))
    }
}

const NANOS_PER_SECOND: u128 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    const THIN: Bandwidth = Bandwidth {
        bytes_per_second: 1000,
        queue_bytes: 250,
        shared: Shared::Pair,
    };

    fn at(millis: u64) -> Time {
        Time::from_micros(millis * 1000)
    }

    #[test]
    fn datagrams_leave_one_after_the_other_at_the_rate_of_the_link() {
        let mut queue = Queue::default();
        assert_eq!(THIN.admit(&mut queue, at(0), 100), Some(at(100)));
        assert_eq!(THIN.admit(&mut queue, at(50), 100), Some(at(200)));
        // Idle since 200.
        assert_eq!(THIN.admit(&mut queue, at(500), 100), Some(at(600)));
    }

    #[test]
    fn what_does_not_fit_the_queue_is_dropped_and_takes_no_room() {
        let mut queue = Queue::default();
        assert_eq!(THIN.admit(&mut queue, at(0), 200), Some(at(200)));
        assert_eq!(THIN.admit(&mut queue, at(0), 51), None);
        assert_eq!(THIN.admit(&mut queue, at(0), 50), Some(at(250)));
        assert_eq!(THIN.admit(&mut queue, at(100), 101), None);
        assert_eq!(THIN.admit(&mut queue, at(150), 101), Some(at(351)));
    }

    #[test]
    fn an_idle_link_takes_what_is_longer_than_its_queue() {
        let mut queue = Queue::default();
        assert_eq!(THIN.admit(&mut queue, at(0), 1000), Some(at(1000)));
        assert_eq!(THIN.admit(&mut queue, at(0), 1), None);
    }

    #[test]
    fn a_fast_link_is_not_slowed_by_rounding() {
        let fast = Bandwidth {
            bytes_per_second: 1_000_000_000,
            queue_bytes: 1 << 20,
            shared: Shared::Pair,
        };
        let mut queue = Queue::default();
        for _ in 0..1000 {
            fast.admit(&mut queue, at(0), 100);
        }
        assert_eq!(queue.empty_at(), Time::from_micros(100));
    }
}
