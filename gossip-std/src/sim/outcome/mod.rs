//! What a run yields: every measure as a value, the same for the same scenario and seed.
//!
//! Hosts are given by their index, from 0. Whatever is written down, JSON included, names the node
//! instead, whose id is one more. In JSON all names are kebab-case, and moments and spans are numbers
//! of microseconds whose names end in `-us`. Nothing here is NaN or infinite: a ratio over nothing is 0, and what never
//! happened is `None`.

mod beliefs;
mod coverage;
mod delays;
mod incidents;
mod membership;
mod micros;
mod parameters;
mod staleness;
mod traffic;

use serde::Serialize;

use crate::sim::index::by_id;
use crate::sim::{Index, Span, Time};

pub use beliefs::{BeliefGroup, BeliefPeak, BeliefSample, Beliefs};
pub use coverage::{Coverage, SharePoint};
pub use delays::{Bin, DELAYS_KEPT, Delays};
pub use incidents::{Incident, IncidentKind};
pub use membership::{Detection, MembershipMeasure};
pub use parameters::{Parameters, Setting};
pub use staleness::{StaleSample, StalenessMeasure};
pub use traffic::{
    Count, KindTraffic, LostCount, Rate, Steady, TrafficMeasure, TrafficSample, Window,
};

/// What one run of a scenario under one seed yields.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Outcome {
    /// The scenario's name.
    pub scenario: String,
    /// The seed: with the scenario it fixes everything below.
    pub seed: u64,
    /// What was set: nodes, fanout, interval, loss and whatever else matters to a reader.
    pub parameters: Parameters,
    /// How many hosts there were in all, late joiners included.
    pub hosts: u32,
    /// How long the run lasted, in virtual time.
    #[serde(rename = "duration-us")]
    pub duration: Time,
    /// What was done to the cluster, in the order of time.
    pub incidents: Vec<Incident>,
    /// How each tracked update spread, in the order in which they were written.
    pub coverage: Vec<Coverage>,
    /// When everybody knew everybody and everything.
    pub membership: MembershipMeasure,
    /// How each crash was found, in the order of the crashes.
    pub detection: Vec<Detection>,
    /// Whom hosts held for dead.
    pub beliefs: Beliefs,
    /// How often some host declared another dead that was running and connected to it.
    pub false_deaths: u32,
    /// How often some host declared another dead that was running, but paused, cut off or just back.
    pub unreachable_deaths: u32,
    /// What was sent.
    pub traffic: TrafficMeasure,
    /// How full each bounded table got.
    pub tables: Vec<TablePeak>,
    /// How far replicas lagged behind.
    pub staleness: StalenessMeasure,
    /// The epidemic of each tracked update.
    pub epidemic: Vec<Epidemic>,
    /// What must never happen, and did.
    pub violations: Vec<Violation>,
    /// How many events the simulator worked off.
    pub events: u64,
}

/// How full a bounded table of the nodes got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TablePeak {
    /// The table's name: `members`, `entries`, `news` ...
    pub table: String,
    /// The most rows that any host held at once.
    pub peak: u32,
    /// The first host that held so many.
    #[serde(rename = "node", serialize_with = "by_id")]
    pub host: Index,
    /// How many rows the table has room for.
    pub capacity: u32,
    /// How often something was refused or pushed out because the table was full, over all hosts.
    pub refused: u64,
}

/// The course of one update's epidemic: the counts of hosts by what they do with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Epidemic {
    /// The update's name.
    pub update: String,
    /// The counts over time, in the order of time.
    pub counts: Vec<Sir>,
}

/// How many hosts lack an update, spread it, and hold it without spreading it (Demers et al. 1987,
/// section 1.4: susceptible, infective, removed).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Sir {
    /// When.
    #[serde(rename = "at-us")]
    pub at: Time,
    /// Hosts that have not heard of it.
    pub susceptible: u32,
    /// Hosts that hold it and tell it.
    pub infective: u32,
    /// Hosts that hold it and no longer tell it.
    pub removed: u32,
}

/// Something that must never happen, and did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Violation {
    /// The rule that was broken.
    pub rule: String,
    /// When it was noticed.
    #[serde(rename = "at-us")]
    pub at: Time,
    /// On which host, if on one.
    #[serde(rename = "node", serialize_with = "by_id")]
    pub host: Option<Index>,
    /// What was seen, and what would have been right.
    pub what: String,
}

/// `part / whole`, and 0 where there is no whole.
fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// The mean, rounded to the microsecond.
fn mean(spans: &[Span]) -> Option<Span> {
    let total: u128 = spans.iter().map(|span| u128::from(span.as_micros())).sum();
    let count = spans.len() as u128;
    let mean = (total + count / 2).checked_div(count)?;
    Some(Span::from_micros(
        u64::try_from(mean).expect("a mean is below its greatest value"),
    ))
}
