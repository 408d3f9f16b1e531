//! The traffic of a cluster in which nothing changes.

use std::time::{Duration, Instant};

use gossip_core::Traffic;

/// How long the cluster is left alone before its traffic counts.
const SETTLE: Duration = Duration::from_millis(1500);

/// For how long it is measured, in seconds.
pub(super) const MEASURE_S: usize = 4;

/// Bytes that an IPv4 and a UDP header add to a datagram.
const IP_UDP_HEADERS: f64 = 28.0;

/// Traffic where nothing changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Steady {
    /// UDP payload sent, in bytes per node and second.
    pub(super) bytes_per_node_s: f64,
    /// Datagrams sent per node and second.
    pub(super) datagrams_per_node_s: f64,
}

/// A measurement: it waits until the cluster has settled, then counts for a while.
pub(super) struct Meter {
    settled: Instant,
    /// When counting began, and what each node had sent by then.
    start: Option<(Instant, Vec<Traffic>)>,
}

impl Meter {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            settled: now + SETTLE,
            start: None,
        }
    }

    /// Takes what each node has sent by `now`. Gives the seconds measured so far, at most
    /// [`MEASURE_S`], and then the result.
    pub(super) fn look(&mut self, now: Instant, sent: &[Traffic]) -> (usize, Option<Steady>) {
        if now < self.settled {
            return (0, None);
        }
        let (start, before) = self.start.get_or_insert_with(|| (now, sent.to_vec()));
        let elapsed = now.duration_since(*start);
        let seconds = (elapsed.as_secs() as usize).min(MEASURE_S);
        let result = (seconds == MEASURE_S).then(|| Steady::between(before, sent, elapsed));
        (seconds, result)
    }
}

impl Steady {
    /// Bytes per node and second, with the headers of IPv4 and UDP.
    pub(super) fn with_headers(&self) -> f64 {
        self.bytes_per_node_s + IP_UDP_HEADERS * self.datagrams_per_node_s
    }

    fn between(before: &[Traffic], after: &[Traffic], elapsed: Duration) -> Self {
        let per_node_s = |count: fn(&Traffic) -> u32| {
            let grown = before
                .iter()
                .zip(after)
                .map(|(a, b)| count(b).wrapping_sub(count(a)));
            grown.map(f64::from).sum::<f64>() / before.len() as f64 / elapsed.as_secs_f64()
        };
        Self {
            bytes_per_node_s: per_node_s(|traffic| traffic.bytes),
            datagrams_per_node_s: per_node_s(|traffic| traffic.count),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traffic_is_measured_per_node_and_second_after_settling() {
        let traffic = |count, bytes| Traffic { count, bytes };
        let begin = Instant::now();
        let mut meter = Meter::new(begin);
        let early = [traffic(0, 0), traffic(0, 0)];
        assert_eq!(meter.look(begin, &early), (0, None));
        // The counters wrap at 2^32.
        let before = [traffic(10, u32::MAX - 99), traffic(0, 0)];
        let start = begin + SETTLE;
        assert_eq!(meter.look(start, &before), (0, None));
        let middle = start + Duration::from_millis(1100);
        assert_eq!(meter.look(middle, &before), (1, None));
        let after = [traffic(18, 300), traffic(8, 400)];
        let (seconds, steady) = meter.look(start + Duration::from_secs(4), &after);
        let expected = Steady {
            bytes_per_node_s: 100.0,
            datagrams_per_node_s: 2.0,
        };
        assert_eq!((seconds, steady), (MEASURE_S, Some(expected)));
        assert_eq!(expected.with_headers(), 156.0);
    }
}
