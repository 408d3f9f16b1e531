//! Runs for a person with a browser.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::sim::outcome::Outcome;

use super::about::About;
use super::plots::{Plot, SIZE, dark_rules, plots};
use super::table::{Column, Table};
use super::tables::{tables, title, verdict};

/// One page with the tables and plots of the runs. It needs no script and loads nothing, and
/// follows the reader's choice of light or dark.
#[must_use]
pub fn html(about: &About, runs: &[Outcome]) -> String {
    let (title, plots, tables) = (title(runs), plots(runs), tables(runs));
    let held = runs.iter().all(|run| run.violations.is_empty());
    // What was run and how it went comes first, then the pictures, then the details.
    let (first, rest) = tables.split_at(tables.len().min(2));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (title) }
                style { (PreEscaped(include_str!("page.css"))) (PreEscaped(dark_rules())) }
            }
            body {
                main {
                    h1 { (title) }
                    @if !about.description.is_empty() { p { (about.description) } }
                    @if !about.replay.is_empty() { pre { (about.replay) } }
                    p class=(if held { "held" } else { "broken" }) { (verdict(runs)) }
                    div class="first" { @for table in first { (section(table)) } }
                    @if plots.is_empty() {
                        p class="none" { "Nothing was measured that could be drawn." }
                    }
                    @for plot in &plots { (figure(plot)) }
                    @for table in rest { (section(table)) }
                }
            }
        }
    };
    page.into_string()
}

fn section(table: &Table) -> Markup {
    let class = |column: &Column| column.right.then_some("number");
    html! {
        section {
            h2 { (table.title) }
            div class="tables" {
                table {
                    thead {
                        tr { @for column in &table.columns { th class=[class(column)] { (column.head) } } }
                    }
                    tbody {
                        @for row in &table.rows {
                            tr {
                                @for (cell, column) in row.iter().zip(&table.columns) {
                                    td class=[class(column)] { (cell) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn figure(plot: &Plot) -> Markup {
    let (width, height) = SIZE;
    html! {
        figure {
            svg viewBox=(format_args!("0 0 {width} {height}")) role="img" aria-label=(plot.title) {
                (PreEscaped(&plot.elements))
            }
        }
    }
}
