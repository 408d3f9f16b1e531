//! What was done to the cluster, for the axes of time.

use serde::Serialize;

use crate::sim::Time;

/// What was done to the cluster at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Incident {
    /// When.
    #[serde(rename = "at-us")]
    pub at: Time,
    /// What.
    pub kind: IncidentKind,
    /// How many at that moment: crashed hosts, or partitions; at least 1.
    pub count: u32,
}

/// What can be done to a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum IncidentKind {
    /// Hosts stopped without a word.
    Crash,
    /// The network was cut.
    Partition,
    /// A cut was healed.
    Heal,
}
