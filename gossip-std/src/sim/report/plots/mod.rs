//! Plots of runs as SVG. What many runs have in common is drawn together; what belongs to one run
//! is drawn for the first.

mod axis;
mod beliefs;
mod chart;
mod coverage;
mod delays;
mod epidemic;
mod incidents;
mod lines;
mod palette;
mod staleness;
mod traffic;

use crate::sim::outcome::Outcome;

use chart::Chart;

pub(super) use chart::SIZE;
pub use lines::{Lines, Scale};
pub(super) use palette::dark_rules;

/// At most so many points of a series are drawn: more would not be seen.
const MOST_POINTS: usize = 300;

/// A plot, drawn.
pub(super) struct Plot {
    /// What it shows.
    pub title: String,
    /// Its SVG elements, for a view of [`SIZE`].
    pub elements: String,
}

/// All plots for which there is something to draw.
pub(super) fn plots(runs: &[Outcome]) -> Vec<Plot> {
    let shared = [coverage::chart(runs), delays::chart(runs)];
    let single = runs.first().map(|first| {
        let timed = [
            beliefs::course(first),
            traffic::chart(first),
            staleness::entries(first),
            staleness::ages(first),
        ];
        let [course, rest @ ..] =
            timed.map(|chart| chart.map(|chart| incidents::marked(chart, first)));
        let charts = [course, beliefs::matrix(first), epidemic::chart(first)];
        let charts = charts.into_iter().chain(rest);
        charts
            .map(|chart| chart.map(|chart| with_seed(chart, runs)))
            .collect::<Vec<_>>()
    });
    let charts = shared.into_iter().chain(single.into_iter().flatten());
    charts.flatten().map(drawn).collect()
}

/// Says which run is shown, where there are several.
fn with_seed(mut chart: Chart, runs: &[Outcome]) -> Chart {
    if let [first, _, ..] = runs {
        chart.title = format!("{} (seed {})", chart.title, first.seed);
    }
    chart
}

fn drawn(chart: Chart) -> Plot {
    Plot {
        elements: chart.draw(),
        title: chart.title,
    }
}

/// How many neighbours in a series become one point.
fn merged(points: usize) -> usize {
    points.div_ceil(MOST_POINTS).max(1)
}

/// The greatest of the values, and 0 without any.
fn most(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, f64::max)
}
