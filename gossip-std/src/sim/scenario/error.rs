//! What is wrong with a scenario: where, and what would be right.

use std::fmt;

use crate::sim::network::Invalid;

/// Why a scenario cannot be played. Its text is one line that begins with the field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ScenarioError(String);

impl ScenarioError {
    /// `field` as it is written in the file (`network.link.loss`), and what is wrong with it as the
    /// rest of a sentence (`is 2; it must be from 0 to 1`).
    #[must_use]
    pub fn new(field: &str, problem: impl fmt::Display) -> Self {
        Self(format!("{field} {problem}"))
    }

    /// The same problem, seen from the table `outer` that the field lies in.
    #[must_use]
    pub(super) fn inside(self, outer: &str) -> Self {
        Self(format!("{outer}.{}", self.0))
    }

    /// A text that is no TOML, or not the TOML of a scenario.
    pub(super) fn from_toml(error: &toml::de::Error, text: &str) -> Self {
        let problem = error.message().lines().collect::<Vec<_>>().join(", ");
        let start = error.span().map_or(0, |span| span.start.min(text.len()));
        let before = &text.as_bytes()[..start];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        Self(format!("line {line}: {problem}"))
    }
}

/// Holds if `right`; else `problem` says what is wrong with `field`.
pub(super) fn ensure(
    right: bool,
    field: &str,
    problem: impl FnOnce() -> String,
) -> Result<(), ScenarioError> {
    if right {
        return Ok(());
    }
    Err(ScenarioError::new(field, problem()))
}

/// Holds if `number` is not 0.
pub(super) fn ensure_some(field: &str, number: u32) -> Result<(), ScenarioError> {
    ensure(number > 0, field, || {
        "is 0; it must be at least 1".to_owned()
    })
}

/// A share or a probability: from 0 to 1.
pub(super) fn ensure_share(field: &str, share: f64) -> Result<(), ScenarioError> {
    ensure((0.0..=1.0).contains(&share), field, || {
        format!("is {share}; it must be from 0 to 1")
    })
}

/// One a microsecond: what happens more often would all happen at one moment, and never end.
const RATE_MAX_PER_SECOND: f64 = 1e6;

/// A number of events a second, of which the clock can tell one from the next.
pub(super) fn ensure_rate(field: &str, per_second: f64) -> Result<(), ScenarioError> {
    ensure(
        (0.0..=RATE_MAX_PER_SECOND).contains(&per_second),
        field,
        || format!("is {per_second}; it must be a number per second, from 0 to 1000000"),
    )
}

/// What is wrong with a setting of the network, as seen from the scenario.
pub(super) fn within(field: &str, checked: Result<(), Invalid>) -> Result<(), ScenarioError> {
    checked.map_err(|error| ScenarioError(error.to_string()).inside(field))
}
