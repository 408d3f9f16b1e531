//! Which share of the hosts an update has reached, over time.

use plotters::style::Color;

use crate::sim::Span;
use crate::sim::outcome::{Coverage, Outcome};

use super::axis::Axis;
use super::chart::{Chart, Shape, steps};
use super::most;
use super::palette::SERIES;

/// Of more curves than there are colours, at most so many are drawn.
const MOST_CURVES: usize = 100;

/// A curve for each tracked update of each run.
pub fn chart(runs: &[Outcome]) -> Option<Chart> {
    let all: Vec<(&Coverage, u64)> = runs
        .iter()
        .flat_map(|run| run.coverage.iter().map(|one| (one, run.seed)))
        .filter(|(one, _)| !one.curve.is_empty())
        .collect();
    let ends = all.iter().filter_map(|(one, _)| one.curve.last());
    let x = Axis::time(
        "time since it was written",
        most(ends.map(|end| end.after.as_secs())),
    );
    if all.is_empty() {
        return None;
    }
    let (shapes, legend) = if all.len() <= SERIES.len() {
        apart(&all, runs.len() > 1, &x)
    } else {
        together(&all, &x)
    };
    Some(Chart {
        title: "Hosts reached by an update".to_owned(),
        x,
        y: Axis::percent("hosts reached"),
        shapes,
        legend,
    })
}

type Curves = (Vec<Shape>, Vec<(String, plotters::style::RGBColor)>);

/// Each curve in a colour of its own.
fn apart(all: &[(&Coverage, u64)], many: bool, x: &Axis) -> Curves {
    let curve = |((one, seed), color): (&(&Coverage, u64), _)| {
        let name = if many {
            format!("{}, seed {seed}", one.update)
        } else {
            one.update.clone()
        };
        (steps(&points(one, x), color), (name, color))
    };
    all.iter().zip(SERIES).map(curve).unzip()
}

/// All curves in one faint colour, so that where many run it is strong.
fn together(all: &[(&Coverage, u64)], x: &Axis) -> Curves {
    let every = all.len().div_ceil(MOST_CURVES);
    let shown = all.iter().step_by(every);
    let faint = SERIES[0].mix(0.3);
    let shapes: Vec<Shape> = shown
        .map(|(one, _)| steps(&points(one, x), faint))
        .collect();
    let name = if every == 1 {
        format!("{} updates", all.len())
    } else {
        format!("{} of {} updates", shapes.len(), all.len())
    };
    (shapes, vec![(name, SERIES[0])])
}

/// The curve, held to the end of the axis.
fn points(one: &Coverage, x: &Axis) -> Vec<(f64, f64)> {
    let point = |after: Span, share| (after.as_secs(), share);
    let curve = one.curve.iter().map(|at| point(at.after, at.share));
    let last = one.curve.last().map(|at| (x.end(), at.share));
    curve.chain(last).collect()
}
