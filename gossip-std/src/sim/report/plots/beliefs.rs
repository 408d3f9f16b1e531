//! Who holds whom for dead: how many over time, and all at the moment with the most.

use plotters::style::RGBColor;

use crate::sim::outcome::{BeliefSample, Outcome};

use super::super::unit::Unit;
use super::axis::Axis;
use super::chart::{Chart, Form, Shape, line};
use super::palette::SERIES;
use super::{merged, most};

/// The colours of beliefs that are right, and of those that are wrong.
const RIGHT: RGBColor = SERIES[0];
const WRONG: RGBColor = SERIES[5];

/// How many such beliefs there were.
pub fn course(run: &Outcome) -> Option<Chart> {
    let series = Some(&run.beliefs.series).filter(|series| series.len() > 1)?;
    run.beliefs.peak.as_ref()?;
    let points = |value: fn(&BeliefSample) -> u64| -> Vec<(f64, f64)> {
        let samples = series.chunks(merged(series.len()));
        let point = |samples: &[BeliefSample]| {
            let last = samples.last()?;
            Some((
                last.at.as_secs(),
                most(samples.iter().map(|one| value(one) as f64)),
            ))
        };
        samples.filter_map(point).collect()
    };
    let (right, wrong) = (points(|sample| sample.right), points(|sample| sample.wrong));
    let highest = most(right.iter().chain(&wrong).map(|(_, height)| *height));
    Some(Chart {
        title: "How many hold how many for dead".to_owned(),
        x: Axis::time("time", series.last()?.at.as_secs()),
        y: Axis::counts("pairs of hosts", highest),
        legend: legend(),
        shapes: vec![line(right, RIGHT), line(wrong, WRONG)],
    })
}

/// A block for each run of hosts that hold a run of others for dead.
pub fn matrix(run: &Outcome) -> Option<Chart> {
    let peak = run.beliefs.peak.as_ref()?;
    let groups = peak.groups.iter();
    let sides = groups.flat_map(|group| {
        let sides = [(&group.right, RIGHT), (&group.wrong, WRONG)];
        sides.map(|(dead, color)| (&group.hosts, dead, color))
    });
    let blocks = sides.flat_map(|(hosts, dead, color)| {
        let pairs = dead
            .runs()
            .flat_map(|dead| hosts.runs().map(move |by| (dead, by)));
        // A host's square has the number of its node in its middle.
        pairs.map(move |((left, right), (low, high))| Shape {
            form: Form::Block(
                (f64::from(left) + 0.5, f64::from(low) + 0.5),
                (f64::from(right) + 1.5, f64::from(high) + 1.5),
            ),
            color: color.into(),
        })
    });
    let hosts = f64::from(run.hosts) + 0.5;
    let at = Unit::Seconds.show(peak.at.as_secs());
    Some(Chart {
        title: format!("Who holds whom for dead at {at}"),
        x: Axis::counts("node held for dead", hosts),
        y: Axis::counts("by node", hosts),
        shapes: blocks.collect(),
        legend: legend(),
    })
}

fn legend() -> Vec<(String, RGBColor)> {
    vec![("rightly".to_owned(), RIGHT), ("wrongly".to_owned(), WRONG)]
}
