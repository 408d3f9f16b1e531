//! How many hosts lack an update, tell it, and hold it in silence, over time.

use crate::sim::outcome::{Outcome, Sir};

use super::axis::Axis;
use super::chart::{Chart, steps};
use super::palette::SERIES;
use super::{merged, most};

/// A way to read one count.
type Read = fn(&Sir) -> u32;

/// The counts, each with its colour.
const CURVES: [(&str, Read, usize); 3] = [
    ("susceptible", |sir| sir.susceptible, 0),
    ("infective", |sir| sir.infective, 5),
    ("removed", |sir| sir.removed, 2),
];

/// The epidemic of the first update that has a course: one moment makes no line.
pub fn chart(run: &Outcome) -> Option<Chart> {
    let epidemic = run.epidemic.iter().find(|one| one.counts.len() > 1)?;
    let counts = &epidemic.counts;
    let (first, last) = (counts.first()?, counts.last()?);
    let after = |sir: &Sir| sir.at.since(first.at).as_secs();
    let every = merged(counts.len());
    let curve = |(_, read, color): &(&str, Read, usize)| {
        let shown = counts.iter().step_by(every).chain([last]);
        let points: Vec<(f64, f64)> = shown.map(|sir| (after(sir), read(sir).into())).collect();
        steps(&points, SERIES[*color])
    };
    let heights = counts.iter().flat_map(|sir| {
        let values = CURVES.iter().map(|(_, read, _)| f64::from(read(sir)));
        values.collect::<Vec<_>>()
    });
    Some(Chart {
        title: format!("Epidemic of {}", epidemic.update),
        x: Axis::time("time since it began", after(last)),
        y: Axis::counts("hosts", most(heights)),
        shapes: CURVES.iter().map(curve).collect(),
        legend: CURVES
            .iter()
            .map(|(name, _, color)| ((*name).to_owned(), SERIES[*color]))
            .collect(),
    })
}
