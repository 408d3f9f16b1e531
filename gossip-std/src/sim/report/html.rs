//! Runs for a person with a browser.

use crate::sim::outcome::Outcome;

use super::plots::{Plot, SIZE, dark_rules, plots};
use super::table::{Column, Table};
use super::tables::{tables, title, verdict};

/// One page with the tables and plots of the runs. It needs no script and loads nothing, and
/// follows the reader's choice of light or dark.
#[must_use]
pub fn html(runs: &[Outcome]) -> String {
    let title = escape(&title(runs));
    let figures: String = plots(runs).iter().map(figure).collect();
    let figures = if figures.is_empty() {
        "<p class=\"none\">Nothing was measured that could be drawn.</p>\n".to_owned()
    } else {
        figures
    };
    let verdict = verdict(runs);
    let class = if runs.iter().all(|run| run.violations.is_empty()) {
        "held"
    } else {
        "broken"
    };
    let sections: Vec<String> = tables(runs).iter().map(section).collect();
    // What was run and how it went comes first, then the pictures, then the details.
    let (first, rest) = sections.split_at(sections.len().min(2));
    let (first, rest) = (first.concat(), rest.concat());
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <style>\n{}{}\n</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n\
         <p class=\"{class}\">{verdict}</p>\n<div class=\"first\">\n{first}</div>\n\
         {figures}{rest}</main>\n</body>\n</html>\n",
        include_str!("page.css"),
        dark_rules(),
    )
}

fn section(table: &Table) -> String {
    let cells = |tag: &str, cells: &mut dyn Iterator<Item = &str>| -> String {
        let cell = |(text, column): (&str, &Column)| {
            let class = if column.right {
                " class=\"number\""
            } else {
                ""
            };
            format!("<{tag}{class}>{}</{tag}>", escape(text))
        };
        cells.zip(&table.columns).map(cell).collect()
    };
    let head = cells("th", &mut table.columns.iter().map(|column| column.head));
    let row = |row: &Vec<String>| {
        let row = cells("td", &mut row.iter().map(String::as_str));
        format!("<tr>{row}</tr>\n")
    };
    let rows: String = table.rows.iter().map(row).collect();
    let title = escape(&table.title);
    format!(
        "<section>\n<h2>{title}</h2>\n<div class=\"tables\"><table>\n\
         <thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n</section>\n"
    )
}

fn figure(plot: &Plot) -> String {
    let (width, height) = SIZE;
    let title = escape(&plot.title);
    let elements = &plot.elements;
    format!(
        "<figure>\n<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{title}\">\
         {elements}</svg>\n</figure>\n"
    )
}

/// Text that is nothing but text in HTML, in an attribute too.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}
