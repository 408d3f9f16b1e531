//! What was sent, over time.

use gossip_core::wire::Kind;

use super::{Tally, Truth};
use crate::sim::Time;
use crate::sim::outcome::{Count, TrafficMeasure, TrafficSample, Window};

/// The bytes of datagrams outside their sections go under this name.
const HEADER: &str = "header";

/// The traffic of each time between two samples.
#[derive(Clone, Debug, Default)]
pub struct TrafficSeries {
    series: Vec<TrafficSample>,
    /// What the last sample saw.
    seen: Seen,
}

#[derive(Clone, Debug, Default)]
struct Seen {
    at: Time,
    host_seconds: f64,
    sent: Count,
    kinds: Vec<Count>,
}

impl TrafficSeries {
    /// Notes what was sent since the last sample, or since the beginning. O(1).
    pub fn sample(&mut self, now: Time, truth: &Truth, tally: &Tally) {
        let seen = Seen {
            at: now,
            host_seconds: truth.ground.host_seconds(now),
            sent: tally.sent(),
            kinds: kinds(tally),
        };
        if self.seen.kinds.is_empty() {
            self.seen.kinds = vec![Count::default(); seen.kinds.len()];
        }
        if now > self.seen.at {
            self.series.push(seen.beyond(&self.seen));
            self.seen = seen;
        }
    }

    /// The measure; the steady state is what was sent in `steady`.
    #[must_use]
    pub fn finish(self, tally: &Tally, steady: Option<Window>) -> TrafficMeasure {
        let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        let names = [names.as_slice(), &[HEADER]].concat();
        let mut measure = TrafficMeasure::new(&names, self.series, steady);
        measure.redundant_share = tally.redundant_share();
        measure
    }
}

impl Seen {
    fn beyond(&self, before: &Self) -> TrafficSample {
        let kinds = self.kinds.iter().zip(&before.kinds);
        TrafficSample {
            from: before.at,
            host_seconds: self.host_seconds - before.host_seconds,
            datagrams: less(self.sent, before.sent),
            kinds: kinds.map(|(now, before)| less(*now, *before)).collect(),
        }
    }
}

/// The sections of every kind, and the headers.
fn kinds(tally: &Tally) -> Vec<Count> {
    let mut kinds: Vec<Count> = Kind::ALL.iter().map(|kind| tally.sections(*kind)).collect();
    let inside: u64 = kinds.iter().map(|count| count.bytes).sum();
    let Count { count, bytes } = tally.sent();
    kinds.push(Count {
        count,
        bytes: bytes.saturating_sub(inside),
    });
    kinds
}

fn less(now: Count, before: Count) -> Count {
    Count {
        count: now.count - before.count,
        bytes: now.bytes.saturating_sub(before.bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::measure::script::{Replica, at, truth};

    #[test]
    fn each_sample_holds_what_was_sent_since_the_one_before() {
        let (truth, mut tally) = (truth(2), Tally::default());
        let mut traffic = TrafficSeries::default();
        for (secs, datagrams, bytes) in [(0, 0, 0), (1, 4, 100), (3, 10, 400), (3, 99, 999)] {
            let mut replica = Replica::default();
            replica.stats.sent.datagrams.count = datagrams;
            replica.stats.sent.datagrams.bytes = bytes;
            tally.sample(&vec![Some(replica), Some(Replica::default())], 2);
            traffic.sample(at(secs), &truth, &tally);
        }
        let steady = Window {
            from: at(1),
            until: at(3),
        };
        let measure = traffic.finish(&tally, Some(steady));
        let series: Vec<_> = measure
            .series
            .iter()
            .map(|s| (s.from, s.host_seconds, s.datagrams.count, s.datagrams.bytes))
            .collect();
        assert_eq!(series, [(at(0), 2.0, 4, 100), (at(1), 4.0, 6, 300)]);
        let steady = measure.steady.unwrap();
        assert_eq!(steady.rate.bytes_per_node_second, 75.0);
        let header = measure.kinds.last().unwrap();
        assert_eq!((header.kind.as_str(), header.total.bytes), (HEADER, 400));
        assert_eq!(measure.kinds.len(), Kind::ALL.len() + 1);
    }
}
