//! Runs for machines.

use serde::Serialize;

use crate::sim::outcome::Outcome;

use super::summary::{Statistics, summary};

/// What [`json`] writes.
#[derive(Serialize)]
struct Document<'a> {
    runs: &'a [Outcome],
    summary: Vec<Statistics>,
}

/// One JSON object: `runs` with all that each run yields, and `summary` with a line of statistics
/// for each measure. Numbers are finite; what was not measured is `null`.
#[must_use]
pub fn json(runs: &[Outcome]) -> String {
    let summary = summary(runs);
    serde_json::to_string_pretty(&Document { runs, summary })
        .expect("every key is a string and nothing refuses to be written")
}
