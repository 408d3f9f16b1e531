//! What the nodes hold and write: entries at the start, and a steady load.

use gossip_core::Duration;
use gossip_core::wire::limits::{self, LEASE_STEP};
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
    /// The share of the other updates that set a key for a time, from 0 to 1. Default 0.
    #[serde(default)]
    pub leases: f64,
    /// For how long those hold: 0.1 s to 49 days. Default 10 s.
    #[serde(default = "ten_seconds")]
    pub ttl: Span,
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
    /// When the rate changes, in the order of time: `[[workload.phase]]`. Default: never.
    #[serde(default, rename = "phase", skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<Phase>,
}

/// From a moment on owners write at another rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Phase {
    /// When, counted from the beginning of the run.
    pub from: Span,
    /// How many updates each owner writes a second, on average.
    pub updates_per_second: f64,
}

/// More updates at one moment are no load, but a run that never ends.
const BURST_MAX: u32 = 1_000_000;

impl Workload {
    /// How many updates each owner writes a second at this moment of the run, and from when on that
    /// changes, if it does.
    #[must_use]
    pub fn rate(&self, at: Span) -> (f64, Option<Span>) {
        let begun = self.phases.partition_point(|phase| phase.from <= at);
        let present = begun.checked_sub(1).map(|last| self.phases[last]);
        let rate = present.map_or(self.updates_per_second, |phase| phase.updates_per_second);
        (rate, self.phases.get(begun).map(|next| next.from))
    }

    fn check_phases(&self) -> Result<(), ScenarioError> {
        let mut earlier = Span::ZERO;
        for phase in &self.phases {
            ensure_rate(
                "workload.phase.updates-per-second",
                phase.updates_per_second,
            )?;
            ensure(phase.from > earlier, "workload.phase.from", || {
                let from = phase.from;
                format!("is {from}; it must be after {earlier}, where the phase before begins")
            })?;
            earlier = phase.from;
        }
        Ok(())
    }

    pub(super) fn check(&self, duration: Span) -> Result<(), ScenarioError> {
        ensure_rate("workload.updates-per-second", self.updates_per_second)?;
        ensure_share("workload.deletes", self.deletes)?;
        ensure_share("workload.leases", self.leases)?;
        check_ttl("workload.ttl", self.ttl)?;
        ensure_some("workload.burst", self.burst)?;
        ensure(self.burst <= BURST_MAX, "workload.burst", || {
            format!("is {}; it must be at most {BURST_MAX}", self.burst)
        })?;
        ensure_some("workload.keys", self.keys.unwrap_or(1))?;
        self.check_phases()?;
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

/// How many bytes more an entry takes that holds for a time.
pub(super) fn lease_room(ttl: Option<Span>) -> usize {
    let millis = ttl.map(|ttl| u32::try_from(ttl.as_millis()).unwrap_or(u32::MAX));
    millis.map_or(0, |millis| limits::lease(Duration::from_millis(millis)))
}

/// A lease must be one that a node grants.
pub(super) fn check_ttl(field: &'static str, ttl: Span) -> Result<(), ScenarioError> {
    let least = u64::from(LEASE_STEP.as_millis());
    let most = u64::from(Duration::MAX.as_millis());
    ensure((least..=most).contains(&ttl.as_millis()), field, || {
        format!("is {ttl}; a lease has {least} to {most} ms")
    })
}

fn one() -> u32 {
    1
}

fn ten_seconds() -> Span {
    Span::from_secs(10)
}
