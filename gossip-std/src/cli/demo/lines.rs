//! The story in lines: plain ones for people, JSON for machines.

use std::io::{self, Write};

use serde::Serialize;

use super::cluster::Cluster;
use super::show::{Ending, Report, Show, Summary};
use super::steady::Steady;
use super::steps::STEPS;
use super::timeline;
use crate::cli::text;

/// Plain lines, without a single escape code.
pub(super) struct Plain;

/// One JSON object for each step, and a last one for the whole.
pub(super) struct Json;

impl Show for Plain {
    fn open(&mut self, cluster: &Cluster) -> io::Result<()> {
        print(&timeline::opening(cluster))
    }

    fn frame(&mut self, _: &Cluster, _: Option<&Report>) -> io::Result<()> {
        Ok(())
    }

    fn end(&mut self, report: Report) -> io::Result<()> {
        let mark = if report.ok { "ok    " } else { "FAILED" };
        print(&timeline::ended(&report, mark).plain())
    }

    fn close(&mut self, summary: &Summary) -> io::Result<()> {
        timeline::closing(summary)
            .iter()
            .try_for_each(|line| print(&line.plain()))
    }
}

impl Show for Json {
    fn open(&mut self, _: &Cluster) -> io::Result<()> {
        Ok(())
    }

    fn frame(&mut self, _: &Cluster, _: Option<&Report>) -> io::Result<()> {
        Ok(())
    }

    fn end(&mut self, report: Report) -> io::Result<()> {
        let waits_for = report
            .progress
            .waits_for
            .iter()
            .map(|id| id.get())
            .collect();
        print(&text::json(&StepLine {
            step: report.step.name,
            ok: report.ok,
            seconds: seconds(report.took),
            done: report.progress.done,
            of: report.progress.of,
            unit: report.progress.unit,
            did: &report.did,
            waits_for,
            error: report.error.as_deref(),
            steady: report.steady.map(Figures::from),
        })?)
    }

    fn close(&mut self, summary: &Summary) -> io::Result<()> {
        print(&text::json(&SummaryLine {
            summary: Whole {
                ok: summary.ending == Ending::Success,
                interrupted: summary.ending == Ending::Interrupted,
                nodes: summary.nodes,
                seed: summary.seed,
                steps: STEPS.len(),
                steps_ok: summary.steps_ok,
                seconds: seconds(summary.took),
                steady: summary.steady.map(Figures::from),
            },
        })?)
    }
}

#[derive(Serialize)]
struct StepLine<'a> {
    step: &'static str,
    ok: bool,
    seconds: f64,
    done: usize,
    of: usize,
    unit: &'static str,
    did: &'a str,
    waits_for: Vec<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(flatten)]
    steady: Option<Figures>,
}

#[derive(Serialize)]
struct SummaryLine {
    summary: Whole,
}

#[derive(Serialize)]
struct Whole {
    ok: bool,
    interrupted: bool,
    nodes: usize,
    seed: u64,
    steps: usize,
    steps_ok: usize,
    seconds: f64,
    #[serde(flatten)]
    steady: Option<Figures>,
}

/// UDP payload sent, and what IPv4 and UDP add to it.
#[derive(Serialize)]
struct Figures {
    bytes_per_node_per_second: f64,
    datagrams_per_node_per_second: f64,
    bytes_per_node_per_second_with_ip_and_udp_headers: f64,
}

impl From<Steady> for Figures {
    fn from(steady: Steady) -> Self {
        Self {
            bytes_per_node_per_second: rounded(steady.bytes_per_node_s),
            datagrams_per_node_per_second: rounded(steady.datagrams_per_node_s),
            bytes_per_node_per_second_with_ip_and_udp_headers: rounded(steady.with_headers()),
        }
    }
}

fn seconds(took: std::time::Duration) -> f64 {
    took.as_millis() as f64 / 1000.0
}

fn rounded(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

fn print(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
