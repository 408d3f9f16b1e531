//! The measures of one run, each a number or nothing: what is shown for a run and averaged over
//! many.

use crate::sim::Span;
use crate::sim::outcome::{Coverage, Detection, Outcome};

use super::unit::Unit;

/// One measure of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    /// Its name for machines.
    pub name: &'static str,
    /// What it is, for people.
    pub label: &'static str,
    /// What it is counted in.
    pub unit: Unit,
    /// Its value, finite; `None` if it was not measured or did not happen.
    pub value: Option<f64>,
}

impl Measure {
    fn new(name: &'static str, label: &'static str, unit: Unit, value: Option<f64>) -> Self {
        let value = value.filter(|value| value.is_finite());
        Self {
            name,
            label,
            unit,
            value,
        }
    }
}

/// All measures of a run, always the same ones in the same order.
#[must_use]
pub fn measures(run: &Outcome) -> Vec<Measure> {
    let mut all = coverage(&run.coverage);
    all.extend(membership(run));
    all.extend(detection(run));
    all.extend(traffic(run));
    all.extend(staleness(run));
    let violations = Some(run.violations.len() as f64);
    all.push(Measure::new(
        "violations",
        "broken rules",
        Unit::Count,
        violations,
    ));
    all
}

/// Means over the tracked updates; the last delays are those of the slowest update.
fn coverage(all: &[Coverage]) -> Vec<Measure> {
    let share = |value: fn(&Coverage) -> f64| mean(all.iter().map(|one| Some(value(one))));
    let t_ave = mean(all.iter().map(|one| seconds(one.t_ave)));
    let slowest = |value: fn(&Coverage) -> Option<Span>| {
        let every: Option<Vec<Span>> = all.iter().map(value).collect();
        seconds(every.and_then(|every| every.into_iter().max()))
    };
    vec![
        Measure::new(
            "residue",
            "never reached (residue)",
            Unit::Share,
            share(|c| c.residue),
        ),
        Measure::new(
            "traffic",
            "sendings per host (traffic m)",
            Unit::PerNode,
            share(|c| c.traffic),
        ),
        Measure::new("t-ave", "mean delay (t_ave)", Unit::Seconds, t_ave),
        Measure::new(
            "t-last",
            "last delay (t_last)",
            Unit::Seconds,
            slowest(|c| c.t_last),
        ),
        Measure::new(
            "to-9999",
            "99.99 % reached after",
            Unit::Seconds,
            slowest(|c| c.to_9999),
        ),
    ]
}

fn membership(run: &Outcome) -> Vec<Measure> {
    let membership = &run.membership;
    let known = (run.hosts > 0).then_some(membership.known_at_end);
    vec![
        Measure::new(
            "full-membership",
            "full membership after",
            Unit::Seconds,
            seconds(membership.full_after),
        ),
        Measure::new(
            "full-state",
            "all replicas equal after",
            Unit::Seconds,
            seconds(membership.state_after),
        ),
        Measure::new(
            "full-membership-after-heal",
            "full membership after the heal",
            Unit::Seconds,
            seconds(membership.full_after_heal),
        ),
        Measure::new(
            "full-state-after-heal",
            "all replicas equal after the heal",
            Unit::Seconds,
            seconds(membership.state_after_heal),
        ),
        Measure::new(
            "known-at-end",
            "members known at the end",
            Unit::Share,
            known,
        ),
    ]
}

/// Means over the crashes; nothing for a crash that was not found fully makes the mean nothing.
fn detection(run: &Outcome) -> Vec<Measure> {
    let all = &run.detection;
    let time =
        |value: fn(&Detection) -> Option<Span>| mean(all.iter().map(|one| seconds(value(one))));
    vec![
        Measure::new(
            "detection-first",
            "crash found by the first after",
            Unit::Seconds,
            time(|d| d.first),
        ),
        Measure::new(
            "detection-median",
            "crash found by half after",
            Unit::Seconds,
            time(|d| d.median),
        ),
        Measure::new(
            "detection-last",
            "crash found by all after",
            Unit::Seconds,
            time(|d| d.last),
        ),
        Measure::new(
            "false-deaths",
            "running hosts declared dead",
            Unit::Count,
            Some(run.false_deaths.into()),
        ),
        Measure::new(
            "unreachable-deaths",
            "unreachable hosts declared dead",
            Unit::Count,
            Some(run.unreachable_deaths.into()),
        ),
    ]
}

fn traffic(run: &Outcome) -> Vec<Measure> {
    let traffic = &run.traffic;
    let sampled = !traffic.series.is_empty();
    let overall = sampled.then_some(traffic.overall);
    let steady = traffic.steady.map(|steady| steady.rate);
    let lost: u64 = traffic.lost.iter().map(|lost| lost.datagrams).sum();
    let lost_share = (traffic.total.count > 0).then(|| lost as f64 / traffic.total.count as f64);
    let bytes = Unit::BytesPerNodeSecond;
    let datagrams = Unit::DatagramsPerNodeSecond;
    vec![
        Measure::new(
            "bytes",
            "bytes sent",
            Unit::Bytes,
            sampled.then_some(traffic.total.bytes as f64),
        ),
        Measure::new(
            "bytes-rate",
            "bytes, whole run",
            bytes,
            overall.map(|rate| rate.bytes_per_node_second),
        ),
        Measure::new(
            "bytes-rate-steady",
            "bytes, steady state",
            bytes,
            steady.map(|rate| rate.bytes_per_node_second),
        ),
        Measure::new(
            "datagrams-rate",
            "datagrams, whole run",
            datagrams,
            overall.map(|rate| rate.datagrams_per_node_second),
        ),
        Measure::new(
            "datagrams-rate-steady",
            "datagrams, steady state",
            datagrams,
            steady.map(|rate| rate.datagrams_per_node_second),
        ),
        Measure::new(
            "redundant",
            "received in vain",
            Unit::Share,
            traffic.redundant_share,
        ),
        Measure::new("lost", "datagrams lost on the way", Unit::Share, lost_share),
    ]
}

fn staleness(run: &Outcome) -> Vec<Measure> {
    let staleness = &run.staleness;
    let of = |value: f64| (!staleness.series.is_empty()).then_some(value);
    vec![
        Measure::new(
            "stale-mean",
            "stale entries, mean",
            Unit::Count,
            of(staleness.mean_entries),
        ),
        Measure::new(
            "stale-peak",
            "stale entries, peak",
            Unit::Count,
            of(staleness.peak_entries as f64),
        ),
        Measure::new(
            "stale-age",
            "oldest stale entry, peak age",
            Unit::Seconds,
            of(staleness.peak_age.as_secs()),
        ),
        Measure::new(
            "stale-mean-age",
            "stale entries, mean age",
            Unit::Seconds,
            of(staleness.mean_age.as_secs()),
        ),
        Measure::new(
            "wait-peak",
            "longest wait to be let out",
            Unit::Seconds,
            of(staleness.peak_wait.as_secs()),
        ),
    ]
}

fn seconds(span: Option<Span>) -> Option<f64> {
    span.map(Span::as_secs)
}

/// The mean; `None` without values or if one is missing.
fn mean(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let values: Vec<f64> = values.collect::<Option<_>>()?;
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
