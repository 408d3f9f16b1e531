//! Runs for a person at a terminal.

use crate::sim::outcome::Outcome;

use super::table::{Table, WIDTH, wrap};
use super::tables::{tables, title, verdict};

/// Aligned tables in lines of at most 100 characters: one run in detail, or a summary of many.
#[must_use]
pub fn text(runs: &[Outcome]) -> String {
    let head = wrap(&title(runs), WIDTH).join("\n") + "\n";
    let tables = tables(runs);
    let parts = tables.iter().map(Table::lay_out);
    std::iter::once(head)
        .chain(parts)
        .chain([verdict(runs) + "\n"])
        .collect::<Vec<_>>()
        .join("\n")
}
