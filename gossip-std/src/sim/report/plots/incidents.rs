//! What was done to the cluster, on the axis of a run's time.

use plotters::style::Color;

use crate::sim::outcome::{Incident, IncidentKind, Outcome};

use super::chart::{Chart, Form, Shape};
use super::palette::OTHER;

/// Marks closer than this share of the axis are one.
const LEAST_GAP: f64 = 0.005;
/// A letter of a word needs at most this share of the axis.
const LETTER: f64 = 0.012;

/// The chart, whose axis is the run's time, with a mark for each crash, partition and heal.
pub fn marked(mut chart: Chart, run: &Outcome) -> Chart {
    let end = chart.x.end();
    let (mut free, mut free_for_words) = (0.0, 0.0);
    for incident in &run.incidents {
        let at = incident.at.as_secs();
        if at < free {
            continue;
        }
        free = at + LEAST_GAP * end;
        let mut word = word(incident);
        if at < free_for_words {
            word.clear();
        } else {
            free_for_words = at + (word.len() + 1) as f64 * LETTER * end;
        }
        chart.shapes.push(Shape {
            form: Form::Mark(at, word),
            color: OTHER.to_rgba(),
        });
    }
    chart
}

fn word(incident: &Incident) -> String {
    match (incident.kind, incident.count) {
        (IncidentKind::Crash, 1) => "crash".to_owned(),
        (IncidentKind::Crash, count) => format!("{count} crashes"),
        (IncidentKind::Partition, _) => "partition".to_owned(),
        (IncidentKind::Heal, _) => "heal".to_owned(),
    }
}
