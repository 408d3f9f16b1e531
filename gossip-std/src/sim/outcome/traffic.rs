//! What was sent: in all, per node and second, by kind, over time.

use serde::Serialize;

use super::ratio;
use crate::sim::Time;

/// What was sent. Bytes are those of datagrams' payload, headers of the protocol included.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TrafficMeasure {
    /// All datagrams sent.
    pub total: Count,
    /// Per node and second, over the whole run.
    pub overall: Rate,
    /// Per node and second in the steady state, if the run has a window of it.
    pub steady: Option<Steady>,
    /// The same by kind of section, in the wire format's order.
    pub kinds: Vec<KindTraffic>,
    /// The share of the rows, hints and claims received that told nothing new; `None` if none came.
    pub redundant_share: Option<f64>,
    /// Datagrams lost on the way, by cause.
    pub lost: Vec<LostCount>,
    /// What was sent over time.
    pub series: Vec<TrafficSample>,
}

/// A number of things and of their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Count {
    /// How many: datagrams, or sections inside them.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// What one node sends in one second, on average.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rate {
    /// Datagrams per node and second.
    pub datagrams_per_node_second: f64,
    /// Bytes per node and second.
    pub bytes_per_node_second: f64,
}

/// A part of a run: from `from` (included) until `until` (excluded).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Window {
    /// Where it begins.
    #[serde(rename = "from-us")]
    pub from: Time,
    /// Where it ends.
    #[serde(rename = "until-us")]
    pub until: Time,
}

/// The traffic in the steady state.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Steady {
    /// When.
    pub window: Window,
    /// How much.
    pub rate: Rate,
}

/// The sections of one kind. A datagram carries several, and a header besides.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct KindTraffic {
    /// The kind's name, as [`gossip_core::wire::Kind::name`] gives it; `header` for the bytes of
    /// datagrams outside sections.
    pub kind: String,
    /// How many sections, and their bytes.
    pub total: Count,
    /// Bytes per node and second, over the whole run.
    pub bytes_per_node_second: f64,
}

/// Datagrams that were lost for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LostCount {
    /// The reason.
    pub cause: String,
    /// How many datagrams.
    pub datagrams: u64,
}

/// What was sent in a short time, a second in most runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TrafficSample {
    /// When that time began.
    #[serde(rename = "from-us")]
    pub from: Time,
    /// For how long hosts ran in that time, summed over the hosts, in seconds.
    pub host_seconds: f64,
    /// The datagrams sent.
    pub datagrams: Count,
    /// The sections sent, by kind in the order of [`TrafficMeasure::kinds`].
    pub kinds: Vec<Count>,
}

impl Count {
    /// Adds another count to this.
    pub fn add(&mut self, other: Self) {
        self.count += other.count;
        self.bytes += other.bytes;
    }
}

impl Rate {
    /// The rate at which hosts that ran for `host_seconds` in sum sent `datagrams`; zero if none ran.
    #[must_use]
    pub fn new(datagrams: Count, host_seconds: f64) -> Self {
        Self {
            datagrams_per_node_second: ratio(datagrams.count as f64, host_seconds),
            bytes_per_node_second: ratio(datagrams.bytes as f64, host_seconds),
        }
    }
}

impl TrafficMeasure {
    /// Measures samples in the order of time, each with one count for each name in `kinds`; the
    /// steady state is the samples that begin in `steady`. Redundancy and losses are the caller's
    /// to add.
    #[must_use]
    pub fn new(kinds: &[&str], series: Vec<TrafficSample>, steady: Option<Window>) -> Self {
        let host_seconds: f64 = series.iter().map(|sample| sample.host_seconds).sum();
        let total = sum(series.iter().map(|sample| sample.datagrams));
        let kind = |(at, name): (usize, &&str)| {
            let total = sum(series
                .iter()
                .filter_map(|sample| sample.kinds.get(at).copied()));
            KindTraffic {
                kind: (*name).to_owned(),
                total,
                bytes_per_node_second: ratio(total.bytes as f64, host_seconds),
            }
        };
        Self {
            total,
            overall: Rate::new(total, host_seconds),
            steady: steady.and_then(|window| steady_state(&series, window)),
            kinds: kinds.iter().enumerate().map(kind).collect(),
            redundant_share: None,
            lost: Vec::new(),
            series,
        }
    }
}

/// The rate in a window; `None` if no host ran in it.
fn steady_state(series: &[TrafficSample], window: Window) -> Option<Steady> {
    let within = || {
        let Window { from, until } = window;
        series
            .iter()
            .filter(move |sample| from <= sample.from && sample.from < until)
    };
    let host_seconds: f64 = within().map(|sample| sample.host_seconds).sum();
    let datagrams = sum(within().map(|sample| sample.datagrams));
    let rate = Rate::new(datagrams, host_seconds);
    (host_seconds > 0.0).then_some(Steady { window, rate })
}

fn sum(counts: impl Iterator<Item = Count>) -> Count {
    let mut total = Count::default();
    counts.for_each(|count| total.add(count));
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Span;

    fn second(at: u64, host_seconds: f64, ping: u64, ack: u64) -> TrafficSample {
        let count = |bytes| Count { count: 1, bytes };
        TrafficSample {
            from: Time::START + Span::from_secs(at),
            host_seconds,
            datagrams: count(ping + ack),
            kinds: vec![count(ping), count(ack)],
        }
    }

    fn window(from: u64, until: u64) -> Option<Window> {
        let at = |second| Time::START + Span::from_secs(second);
        Some(Window {
            from: at(from),
            until: at(until),
        })
    }

    #[test]
    fn rates_are_per_second_of_a_running_node() {
        let series = vec![
            second(0, 2.0, 80, 20),
            second(1, 1.0, 15, 5),
            second(2, 1.0, 25, 5),
        ];
        let measure = TrafficMeasure::new(&["ping", "ack"], series, window(1, 3));
        assert_eq!((measure.total.count, measure.total.bytes), (3, 150));
        assert_eq!(measure.overall.bytes_per_node_second, 37.5);
        assert_eq!(measure.kinds[0].total.bytes, 120);
        assert_eq!(measure.kinds[1].bytes_per_node_second, 7.5);
        let steady = measure.steady.unwrap().rate;
        assert_eq!(steady.bytes_per_node_second, 25.0);
        assert_eq!(steady.datagrams_per_node_second, 1.0);
    }

    #[test]
    fn where_no_host_runs_there_is_no_rate() {
        let series = vec![second(0, 0.0, 0, 0)];
        let measure = TrafficMeasure::new(&["ping", "ack"], series, window(0, 9));
        assert_eq!((measure.overall, measure.steady), (Rate::default(), None));
        assert_eq!(
            TrafficMeasure::new(&[], Vec::new(), window(0, 9)).steady,
            None
        );
    }
}
