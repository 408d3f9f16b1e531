//! How long updates took to their hosts: a histogram over all updates and runs.

use std::collections::BTreeMap;

use crate::sim::Span;
use crate::sim::outcome::{Delays, Outcome};

use super::super::unit::{Unit, digits};
use super::axis::Axis;
use super::chart::{Chart, Form, Shape};
use super::most;
use super::palette::SERIES;

/// Bins between two ticks of the axis.
const BINS_PER_TICK: f64 = 5.0;

/// The histogram, with bins that meet the ticks.
pub fn chart(runs: &[Outcome]) -> Option<Chart> {
    let all = || {
        runs.iter()
            .flat_map(|run| &run.coverage)
            .map(|one| &one.delays)
    };
    let total: u64 = all().map(Delays::count).sum();
    if total == 0 {
        return None;
    }
    let last = most(all().filter_map(Delays::last).map(Span::as_secs));
    let x = Axis::time("delay", last);
    let width = Span::from_secs_f64(x.step() / BINS_PER_TICK);
    let mut heights: BTreeMap<Span, u64> = BTreeMap::new();
    for bin in all().flat_map(|delays| delays.histogram(width)) {
        *heights.entry(bin.from).or_default() += bin.count;
    }
    let highest = heights.values().max().copied().unwrap_or(0);
    let bar = |(from, count): (&Span, &u64)| Shape {
        form: Form::Bar(from.as_secs(), (*from + width).as_secs(), *count as f64),
        color: SERIES[0].into(),
    };
    Some(Chart {
        title: "Delays until a host had an update".to_owned(),
        y: Axis::counts(
            &format!("hosts per {}", Unit::Seconds.show(width.as_secs())),
            highest as f64,
        ),
        shapes: heights.iter().map(bar).collect(),
        legend: vec![(format!("{} delays", digits(total as f64)), SERIES[0])],
        x,
    })
}
