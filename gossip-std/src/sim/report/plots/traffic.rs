//! What a node sends in a second, by kind of section, over time: bands one upon the other.

use plotters::style::RGBColor;

use crate::sim::outcome::{Outcome, TrafficMeasure, TrafficSample};

use super::super::unit::digits;
use super::axis::Axis;
use super::chart::{Chart, Form, Shape};
use super::palette::{OTHER, SERIES};
use super::{merged, most};

/// A peak more than so many times the 95th percentile is cut off: what follows it is what one wants
/// to see.
const CUT: f64 = 4.0;

/// One band: what it is called, its colour, and the kinds in it by number.
struct Band {
    name: String,
    color: RGBColor,
    kinds: Vec<usize>,
}

/// Bands for the kinds with the most bytes, and one for all others.
pub fn chart(run: &Outcome) -> Option<Chart> {
    let traffic = &run.traffic;
    let bands = bands(traffic);
    if traffic.series.is_empty() || bands.is_empty() {
        return None;
    }
    let size = merged(traffic.series.len());
    let chunks: Vec<&[TrafficSample]> = traffic.series.chunks(size).collect();
    // For each chunk the bands' upper edges, from the lowest band to the highest.
    let edges: Vec<Vec<f64>> = chunks.iter().map(|chunk| edges(chunk, &bands)).collect();
    let totals: Vec<f64> = edges.iter().filter_map(|e| e.last().copied()).collect();
    let (top, peak) = cut(&totals);
    let end = run.duration.as_secs().max(chunks.last()?[0].from.as_secs());
    let mut times: Vec<f64> = chunks.iter().map(|chunk| chunk[0].from.as_secs()).collect();
    times.push(end);
    let shape = |at: usize| Shape {
        form: Form::Filled(outline(&times, &edges, at)),
        color: bands[at].color.into(),
    };
    let note = peak.map_or(String::new(), |peak| {
        format!("; its peak of {} B is cut off", digits(peak))
    });
    Some(Chart {
        title: format!("Traffic by kind of section{note}"),
        x: Axis::time("time", end),
        y: Axis::new("bytes per node and second", top),
        shapes: (0..bands.len()).map(shape).collect(),
        // In the order in which the bands lie.
        legend: bands
            .into_iter()
            .rev()
            .map(|band| (band.name, band.color))
            .collect(),
    })
}

/// The kinds that were sent, the greatest first.
fn bands(traffic: &TrafficMeasure) -> Vec<Band> {
    let kinds = traffic.kinds.iter().enumerate();
    let mut sent: Vec<_> = kinds.filter(|(_, kind)| kind.total.bytes > 0).collect();
    sent.sort_by_key(|(at, kind)| (std::cmp::Reverse(kind.total.bytes), *at));
    let own = sent.len().min(SERIES.len());
    let named = sent[..own].iter().zip(SERIES);
    let mut bands: Vec<Band> = named
        .map(|((at, kind), color)| Band {
            name: kind.kind.clone(),
            color,
            kinds: vec![*at],
        })
        .collect();
    if own < sent.len() {
        bands.push(Band {
            name: format!("{} others", sent.len() - own),
            color: OTHER,
            kinds: sent[own..].iter().map(|(at, _)| *at).collect(),
        });
    }
    bands
}

/// The upper edges of the bands in these samples, in bytes per node and second.
fn edges(samples: &[TrafficSample], bands: &[Band]) -> Vec<f64> {
    let host_seconds: f64 = samples.iter().map(|sample| sample.host_seconds).sum();
    let rate = |band: &Band| {
        let counts = samples.iter().flat_map(|sample| {
            let kinds = band.kinds.iter();
            kinds.filter_map(|kind| sample.kinds.get(*kind))
        });
        let bytes: u64 = counts.map(|count| count.bytes).sum();
        if host_seconds > 0.0 {
            bytes as f64 / host_seconds
        } else {
            0.0
        }
    };
    bands
        .iter()
        .scan(0.0, |edge, band| {
            *edge += rate(band);
            Some(*edge)
        })
        .collect()
}

/// How high the axis must be, and the greatest value if it is higher.
fn cut(totals: &[f64]) -> (f64, Option<f64>) {
    let mut sorted = totals.to_vec();
    sorted.sort_by(f64::total_cmp);
    let usual = sorted.get(sorted.len().saturating_sub(1) * 95 / 100);
    let usual = usual.copied().unwrap_or(0.0);
    let peak = most(sorted.into_iter());
    if usual > 0.0 && peak > CUT * usual {
        (1.5 * usual, Some(peak))
    } else {
        (peak, None)
    }
}

/// Around a band: along its upper edge, and back along that of the band below.
fn outline(times: &[f64], edges: &[Vec<f64>], band: usize) -> Vec<(f64, f64)> {
    let along = |height: &dyn Fn(&[f64]) -> f64| -> Vec<(f64, f64)> {
        let steps = times.windows(2).zip(edges);
        let flat = steps.flat_map(|(pair, edges)| {
            let height = height(edges);
            [(pair[0], height), (pair[1], height)]
        });
        flat.collect()
    };
    let upper = along(&|edges| edges[band]);
    let lower = along(&|edges| if band == 0 { 0.0 } else { edges[band - 1] });
    upper.into_iter().chain(lower.into_iter().rev()).collect()
}
