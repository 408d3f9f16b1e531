//! How a run begins: what nodes know of each other, and how wrong their clocks are.

use serde::{Deserialize, Serialize};

use super::error::{ScenarioError, ensure};
use crate::sim::Span;

/// What the nodes know of each other when the run begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Boot {
    /// Every node holds every other for alive, and all their first entries: a settled cluster.
    #[default]
    AllKnown,
    /// Every node but host 1 joins through host 1 as the run begins.
    Join,
    /// The same, one node after the other, evenly.
    Staggered {
        /// From the first start to the last.
        over: Span,
    },
}

impl Boot {
    pub(super) fn check(self, duration: Span) -> Result<(), ScenarioError> {
        match self {
            Self::Staggered { over } => ensure(over < duration, "boot.staggered.over", || {
                format!("is {over}; it must be shorter than the run, {duration}")
            }),
            Self::AllKnown | Self::Join => Ok(()),
        }
    }
}

/// How wrong clocks are: each host's offset and drift are drawn evenly from minus to plus these.
/// Nothing in the protocol compares two hosts' clocks, so an offset should change nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Clocks {
    /// The largest offset from true time. Default 0.
    pub max_offset: Span,
    /// The largest drift, in parts per million of true time. Default 0; a quartz has 20 to 100, an
    /// RC oscillator 10,000.
    pub max_drift_ppm: u32,
}

/// Beyond this, rounds are so uneven that the run says nothing.
const DRIFT_PPM_MAX: u32 = 500_000;

impl Clocks {
    pub(super) fn check(self) -> Result<(), ScenarioError> {
        ensure(
            self.max_drift_ppm <= DRIFT_PPM_MAX,
            "clocks.max-drift-ppm",
            || {
                format!(
                    "is {}; it must be at most {DRIFT_PPM_MAX}",
                    self.max_drift_ppm
                )
            },
        )
    }
}
