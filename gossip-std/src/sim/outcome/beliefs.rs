//! Who held whom for dead.

use serde::Serialize;

use crate::sim::Time;
use crate::sim::network::HostSet;

/// Whom running hosts held for dead, over time. A belief is a pair of hosts: the one that holds it, and the
/// one that it holds for dead.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Beliefs {
    /// The samples in the order of time; none where there are too many hosts to look at every pair.
    pub series: Vec<BeliefSample>,
    /// The first of the samples with the most beliefs, in full; `None` if nobody was ever held for dead.
    pub peak: Option<BeliefPeak>,
}

/// How many beliefs there were at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct BeliefSample {
    /// When.
    #[serde(rename = "at-us")]
    pub at: Time,
    /// Beliefs in the death of a host that was down.
    pub right: u64,
    /// Beliefs in the death of a host that was up, paused ones included.
    pub wrong: u64,
}

/// All beliefs of a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct BeliefPeak {
    /// When.
    #[serde(rename = "at-us")]
    pub at: Time,
    /// Hosts that held the same ones for dead, together; in the order of those that they held for dead.
    pub groups: Vec<BeliefGroup>,
}

/// Hosts that held the same ones for dead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct BeliefGroup {
    /// These hosts
    pub hosts: HostSet,
    /// held these for dead, which were down,
    pub right: HostSet,
    /// and these, which were up.
    pub wrong: HostSet,
}
