//! What is said of each step and of the whole.

use std::time::Duration;

use gossip_core::NodeId;

use super::cluster::Cluster;
use super::show::{Ending, Report, Summary};
use super::steady::Steady;
use super::steps::{STEPS, Step};
use super::story::Progress;
use super::styled::{Line, Tone};

/// How many awaited nodes are named.
const NAMED: usize = 8;

/// Columns of a progress bar.
const BAR: usize = 10;

/// What there is to see.
pub(super) fn opening(cluster: &Cluster) -> String {
    format!(
        "gossip demo: {} nodes on 127.0.0.1, seed {}",
        cluster.size, cluster.seed
    )
}

/// A step that has ended, well or not.
pub(super) fn ended(report: &Report, mark: &str) -> Line {
    let tone = if report.ok { Tone::Good } else { Tone::Bad };
    let line = Line::default()
        .with(tone, mark)
        .with(Tone::Strong, name(report.step));
    line.with(Tone::Normal, time(report.took))
        .with(Tone::Normal, outcome(report))
}

/// A step that is being played.
pub(super) fn running(report: &Report, mark: &str) -> Line {
    let (full, empty) = bar(&report.progress);
    let Progress { done, of, unit, .. } = report.progress;
    Line::default()
        .with(Tone::Accent, mark)
        .with(Tone::Strong, name(report.step))
        .with(Tone::Normal, time(report.took))
        .with(Tone::Accent, full)
        .with(Tone::Faint, empty)
        .with(
            Tone::Normal,
            format!(" {done}/{of} {unit}  {}", said(report)),
        )
}

/// A step that is still to come.
pub(super) fn pending(step: &Step, mark: &str) -> Line {
    let head = Line::default()
        .with(Tone::Faint, mark)
        .with(Tone::Faint, name(step));
    head.with(Tone::Faint, format!("{:9}  {}", "", step.title))
}

/// How it all went, in one line or two.
pub(super) fn closing(summary: &Summary) -> Vec<Line> {
    let (ok, all) = (summary.steps_ok, STEPS.len());
    let (tone, how) = match summary.ending {
        Ending::Success => (Tone::Good, format!("all {all} steps succeeded")),
        Ending::Failure => (Tone::Bad, format!("failed after {ok} of {all} steps")),
        Ending::Interrupted => (Tone::Warn, format!("interrupted after {ok} of {all} steps")),
    };
    let took = format!(" in {:.1} s", summary.took.as_secs_f64());
    let mut lines = vec![Line::default().with(tone, how).with(Tone::Normal, took)];
    if let Some(steady) = &summary.steady {
        let figures = format!(
            "steady traffic per node: {:.1} B/s UDP payload, {:.0} B/s with IP and UDP headers",
            steady.bytes_per_node_s,
            steady.with_headers(),
        );
        lines.push(Line::default().with(Tone::Normal, figures));
    }
    lines
}

/// Ids in a row, the first few of them by name.
pub(super) fn names(ids: &[NodeId]) -> String {
    let named: Vec<String> = ids.iter().take(NAMED).map(NodeId::to_string).collect();
    let noun = if ids.len() == 1 { "node" } else { "nodes" };
    let more = match ids.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{noun} {}{more}", named.join(", "))
}

/// What was done, or where nothing was, what is waited for.
fn said(report: &Report) -> &str {
    if report.did.is_empty() {
        return report.step.title;
    }
    &report.did
}

fn outcome(report: &Report) -> String {
    if let Some(error) = &report.error {
        return format!("{}: {error}", report.step.title);
    }
    if !report.ok {
        let awaited = names(&report.progress.waits_for);
        return format!("{}: waits for {awaited}", said(report));
    }
    let steady = report.steady.as_ref();
    steady.map_or_else(|| said(report).to_owned(), figures)
}

fn figures(steady: &Steady) -> String {
    let Steady {
        bytes_per_node_s,
        datagrams_per_node_s,
    } = steady;
    format!("each node sends {bytes_per_node_s:.1} B/s in {datagrams_per_node_s:.1} datagrams/s")
}

fn name(step: &Step) -> String {
    format!(" {:8}", step.name)
}

fn time(took: Duration) -> String {
    format!("{:7.2} s  ", took.as_secs_f64())
}

/// The full part and the empty part.
fn bar(progress: &Progress) -> (String, String) {
    let full = (progress.done * BAR)
        .checked_div(progress.of)
        .unwrap_or(0)
        .min(BAR);
    ("█".repeat(full), "░".repeat(BAR - full))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(done: usize, of: usize) -> Progress {
        Progress {
            done,
            of,
            unit: "nodes",
            waits_for: (1..=9).map(NodeId::from).collect(),
        }
    }

    #[test]
    fn a_bar_has_one_width() {
        for (done, of, full) in [(0, 0, 0), (0, 8, 0), (4, 8, 5), (8, 8, 10), (9, 8, 10)] {
            let (filled, empty) = bar(&progress(done, of));
            assert_eq!(
                (filled.chars().count(), empty.chars().count()),
                (full, BAR - full)
            );
        }
    }

    #[test]
    fn a_failed_step_names_whom_it_waits_for() {
        let report = Report {
            step: &STEPS[0],
            ok: false,
            took: Duration::from_secs(20),
            did: "started".to_owned(),
            progress: progress(0, 9),
            error: None,
            steady: None,
        };
        let line = ended(&report, "FAILED").plain();
        assert!(
            line.contains("waits for nodes 1, 2, 3, 4, 5, 6, 7, 8 and 1 more"),
            "{line}"
        );
        assert!(
            line.starts_with("FAILED join") && line.contains("20.00 s"),
            "{line}"
        );
    }
}
