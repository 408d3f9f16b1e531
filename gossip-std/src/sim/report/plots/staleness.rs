//! How many entries were out of date, and for how long, over time.

use crate::sim::outcome::{Outcome, StaleSample};

use super::super::unit::Unit;
use super::axis::Axis;
use super::chart::{Chart, line};
use super::palette::SERIES;
use super::{merged, most};

/// How many stale entries there were.
pub fn entries(run: &Outcome) -> Option<Chart> {
    let points = points(run, |sample| sample.entries as f64)?;
    let peak = Unit::Count.show(highest(&points));
    Some(Chart {
        title: "Stale entries".to_owned(),
        x: time(&points),
        y: Axis::counts("entries, over all hosts", highest(&points)),
        legend: vec![(format!("peak: {peak}"), SERIES[1])],
        shapes: vec![line(points, SERIES[1])],
    })
}

/// How old the oldest of them was, and how old they were in the mean.
pub fn ages(run: &Outcome) -> Option<Chart> {
    let oldest = points(run, |sample| sample.max_age.as_secs())?;
    let mean = points(run, |sample| sample.mean_age.as_secs()).unwrap_or_default();
    let peak = Unit::Seconds.show(highest(&oldest));
    Some(Chart {
        title: "Age of stale entries".to_owned(),
        x: time(&oldest),
        y: Axis::time("age", highest(&oldest)),
        legend: vec![
            (format!("oldest: {peak}"), SERIES[3]),
            ("mean".to_owned(), SERIES[4]),
        ],
        shapes: vec![line(oldest, SERIES[3]), line(mean, SERIES[4])],
    })
}

fn time(points: &[(f64, f64)]) -> Axis {
    Axis::time("time", points.last().map_or(0.0, |(at, _)| *at))
}

/// A measure over time: the greatest value among samples that share a point. `None` where they make
/// no line, or one along the axis.
fn points(run: &Outcome, value: fn(&StaleSample) -> f64) -> Option<Vec<(f64, f64)>> {
    let series = &run.staleness.series;
    let point = |samples: &[StaleSample]| {
        let last = samples.last()?;
        Some((last.at.as_secs(), most(samples.iter().map(value))))
    };
    let points: Vec<_> = series
        .chunks(merged(series.len()))
        .filter_map(point)
        .collect();
    (points.len() > 1 && highest(&points) > 0.0).then_some(points)
}

fn highest(points: &[(f64, f64)]) -> f64 {
    most(points.iter().map(|(_, height)| *height))
}
