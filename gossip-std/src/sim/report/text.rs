//! Runs for a person at a terminal.

use crate::sim::outcome::Outcome;

use super::about::About;
use super::table::{Table, wrapped};
use super::tables::{tables, title, verdict};

/// Aligned tables in lines of at most 100 characters: one run in detail, or a summary of many.
#[must_use]
pub fn text(about: &About, runs: &[Outcome]) -> String {
    let head = [&title(runs), &about.description, &about.replay];
    let head = head.into_iter().filter(|line| !line.is_empty());
    let head: Vec<String> = head.map(|line| wrapped(line) + "\n").collect();
    let tables = tables(runs);
    let tables = tables.iter().map(Table::lay_out);
    let parts = std::iter::once(head.concat()).chain(tables);
    parts
        .chain([verdict(runs) + "\n"])
        .collect::<Vec<_>>()
        .join("\n")
}
