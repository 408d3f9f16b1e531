//! What the nodes hold and write: entries at the start, and a steady load.

use serde::{Deserialize, Serialize};

use super::error::{ScenarioError, ensure, ensure_rate, ensure_share, ensure_some};
use crate::sim::Span;

/// The entries that every node sets before the run begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Entries {
    /// How many each node owns. Default 0.
    pub count: u32,
    /// The length of every key in bytes. Default 8.
    pub key_bytes: usize,
    /// The length of every value in bytes. Default 16.
    pub value_bytes: usize,
}

impl Default for Entries {
    fn default() -> Self {
        Self {
            count: 0,
            key_bytes: 8,
            value_bytes: 16,
        }
    }
}

impl Entries {
    /// The key of a node's entry `number` (from 0): `key_bytes` long, the number with zeros before it.
    #[must_use]
    pub fn key(&self, number: u32) -> String {
        format!("{number:0width$}", width = self.key_bytes)
    }

    /// Keys must be long enough to tell `keys` of them apart.
    pub(super) fn check(&self, keys: u32) -> Result<(), ScenarioError> {
        let digits = keys.saturating_sub(1).checked_ilog10().unwrap_or(0) as usize + 1;
        ensure(digits <= self.key_bytes, "entries.key-bytes", || {
            format!(
                "is {}; to tell {keys} keys apart it must be at least {digits}",
                self.key_bytes
            )
        })
    }
}

/// Updates that nodes keep writing: each owner on its own, at random moments (a Poisson process).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Workload {
    /// How many updates each owner writes a second, on average.
    pub updates_per_second: f64,
    /// The share of updates that are deletes, from 0 to 1. Default 0.
    #[serde(default)]
    pub deletes: f64,
    /// How many updates are written at one moment; moments are so much rarer. Default 1.
    #[serde(default = "one")]
    pub burst: u32,
    /// To how many keys of its own an owner writes; a node's first entries are the first of them.
    /// Default: as many as it has entries, at least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<u32>,
    /// When it begins. Default: with the run.
    #[serde(default)]
    pub from: Span,
    /// When it ends. Default: with the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Span>,
}

/// More updates at one moment are no load, but a run that never ends.
const BURST_MAX: u32 = 1_000_000;

impl Workload {
    pub(super) fn check(&self, duration: Span) -> Result<(), ScenarioError> {
        ensure_rate("workload.updates-per-second", self.updates_per_second)?;
        ensure_share("workload.deletes", self.deletes)?;
        ensure_some("workload.burst", self.burst)?;
        ensure(self.burst <= BURST_MAX, "workload.burst", || {
            format!("is {}; it must be at most {BURST_MAX}", self.burst)
        })?;
        ensure_some("workload.keys", self.keys.unwrap_or(1))?;
        let until = self.until.unwrap_or(duration);
        ensure(until <= duration, "workload.until", || {
            format!("is {until}; the run ends at {duration}")
        })?;
        ensure(self.from < until, "workload.from", || {
            format!(
                "is {}; it must be before the end of the load, {until}",
                self.from
            )
        })
    }
}

fn one() -> u32 {
    1
}
