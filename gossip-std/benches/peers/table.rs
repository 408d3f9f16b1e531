//! Tables in Markdown, and numbers in cells.

use std::fmt;

use gossip_std::sim::Span;

/// A table with what must be said about it.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub title: &'static str,
    pub about: String,
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "## {}\n\n{}\n", self.title, self.about)?;
        row(f, &self.head)?;
        let rule = (0..self.head.len()).map(|column| if column == 0 { "---" } else { "--:" });
        row(f, &rule.map(str::to_owned).collect::<Vec<_>>())?;
        for cells in &self.rows {
            row(f, cells)?;
        }
        Ok(())
    }
}

fn row(f: &mut fmt::Formatter<'_>, cells: &[String]) -> fmt::Result {
    writeln!(f, "| {} |", cells.join(" | "))
}

/// The middle one of several runs; of two in the middle the greater. Not a number if there is none.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The median of spans of which some may have no end.
pub(crate) fn median_span(spans: impl Iterator<Item = Option<Span>>) -> Option<Span> {
    let mut spans: Vec<Span> = spans.map(|span| span.unwrap_or(Span::MAX)).collect();
    spans.sort_unstable();
    let middle = spans.get(spans.len() / 2).copied();
    middle.filter(|span| *span < Span::MAX)
}

/// Seconds, with what to say when it took too long.
pub(crate) fn seconds(span: Option<Span>, never: &str) -> String {
    span.map_or_else(
        || never.to_owned(),
        |span| format!("{} s", digits(span.as_secs())),
    )
}

/// Thousands of bytes.
pub(crate) fn kilobytes(bytes: f64) -> String {
    format!("{} kB", digits(bytes / 1000.0))
}

/// A number with three digits, or all of its digits before the point.
pub(crate) fn digits(number: f64) -> String {
    let places = match number.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    let plain = format!("{number:.places$}");
    let (whole, rest) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if rest.is_empty() {
        grouped
    } else {
        format!("{grouped}.{rest}")
    }
}
