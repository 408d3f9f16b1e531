//! Which tables a report has, and what stands in them.

use crate::sim::outcome::{Outcome, Parameters};
use crate::sim::{Span, id_of};

use super::measures::{Measure, measures};
use super::summary::{Statistics, summary};
use super::table::{Table, numbers, words};
use super::unit::{Unit, digits};

/// A list that grows with the run is cut after so many rows.
const MOST_ROWS: usize = 20;

/// What the report is about: the scenario, and the seed or the number of runs.
pub(super) fn title(runs: &[Outcome]) -> String {
    match runs {
        [] => "No runs".to_owned(),
        [run] => format!("{}, seed {}", run.scenario, run.seed),
        [first, ..] => format!("{}, {} runs", first.scenario, runs.len()),
    }
}

/// Whether every rule held.
pub(super) fn verdict(runs: &[Outcome]) -> String {
    let broken: usize = runs.iter().map(|run| run.violations.len()).sum();
    let bad = runs.iter().filter(|run| !run.violations.is_empty()).count();
    match (broken, runs.len()) {
        (0, _) => "No rule was broken.".to_owned(),
        (broken, 1) => format!("Rules broken: {broken}."),
        (broken, all) => format!("Rules broken: {broken}, in {bad} of {all} runs."),
    }
}

/// The tables for these runs, without empty ones: all details of one run, or a summary of many.
pub(super) fn tables(runs: &[Outcome]) -> Vec<Table> {
    let mut tables = vec![parameters(runs)];
    match runs {
        [] => {}
        [run] => tables.extend(details(run)),
        _ => tables.push(statistics(runs)),
    }
    tables.push(violations(runs));
    tables.retain(|table| !table.rows.is_empty());
    tables
}

fn details(run: &Outcome) -> [Table; 7] {
    [
        measured(run),
        coverage(run),
        detection(run),
        beliefs(run),
        kinds(run),
        lost(run),
        peaks(run),
    ]
}

/// The parameters of the runs; where runs differ, every setting.
fn parameters(runs: &[Outcome]) -> Table {
    let first = runs.first().map(|run| &run.parameters);
    let none = Parameters::default();
    let row = |(name, _): (&str, _)| {
        let mut values: Vec<String> = Vec::new();
        for run in runs {
            let value = run.parameters.get(name).map(ToString::to_string);
            let value = value.unwrap_or_else(|| "-".to_owned());
            if !values.contains(&value) {
                values.push(value);
            }
        }
        vec![name.to_owned(), values.join(", ")]
    };
    let mut rows: Vec<_> = first.unwrap_or(&none).iter().map(row).collect();
    if let [run] = runs {
        let count = |name: &str, value: f64| vec![name.to_owned(), digits(value)];
        rows.push(count("hosts in all", run.hosts.into()));
        let seconds = run.duration.as_secs();
        rows.push(vec!["virtual time".to_owned(), Unit::Seconds.show(seconds)]);
        rows.push(count("events", run.events as f64));
    }
    Table::new("Parameters", &[words("parameter"), words("value")], rows)
}

fn measured(run: &Outcome) -> Table {
    let row = |measure: Measure| {
        let value = measure.value.filter(|value| *value != 0.0)?;
        Some(vec![measure.label.to_owned(), measure.unit.show(value)])
    };
    let rows = measures(run).into_iter().filter_map(row).collect();
    Table::new("Measures", &[words("measure"), numbers("value")], rows)
}

fn statistics(runs: &[Outcome]) -> Table {
    let row = |line: &Statistics| {
        let show = |value: Option<f64>| {
            value.map_or_else(|| "-".to_owned(), |value| line.unit.number(value))
        };
        vec![
            line.label.to_owned(),
            line.unit.symbol().to_owned(),
            line.runs.to_string(),
            show(line.mean),
            show(line.ci95),
            show(line.p5),
            show(line.p50),
            show(line.p95),
        ]
    };
    let columns = [
        words("measure"),
        words("unit"),
        numbers("runs"),
        numbers("mean"),
        numbers("± (95 %)"),
        numbers("5 %"),
        numbers("median"),
        numbers("95 %"),
    ];
    // Where both ends are zero, so is all between them.
    let says = |line: &&Statistics| {
        [line.mean, line.p95]
            .into_iter()
            .flatten()
            .any(|value| value != 0.0)
    };
    let rows = summary(runs).iter().filter(says).map(row).collect();
    Table::new("Measures over all runs", &columns, rows)
}

fn coverage(run: &Outcome) -> Table {
    let rows = run.coverage.iter().map(|one| {
        vec![
            one.update.clone(),
            id_of(one.origin).to_string(),
            format!("{} of {}", one.reached, one.of),
            Unit::Share.show(one.residue),
            digits(one.traffic),
            span(one.t_ave),
            span(one.t_last),
            span(one.to_9999),
        ]
    });
    let columns = [
        words("update"),
        numbers("origin"),
        numbers("reached"),
        numbers("residue"),
        numbers("traffic m"),
        numbers("t_ave"),
        numbers("t_last"),
        numbers("to 99.99 %"),
    ];
    Table::new("Updates", &columns, cut(rows.collect()))
}

fn detection(run: &Outcome) -> Table {
    let rows = run.detection.iter().map(|one| {
        vec![
            id_of(one.host).to_string(),
            Unit::Seconds.show(one.at.as_secs()),
            format!("{} of {}", one.observers, one.of),
            span(one.first),
            span(one.median),
            span(one.last),
        ]
    });
    let columns = [
        numbers("node"),
        numbers("crashed at"),
        numbers("found by"),
        numbers("first after"),
        numbers("half after"),
        numbers("all after"),
    ];
    Table::new("Crashes", &columns, cut(rows.collect()))
}

/// The beliefs of the moment with the most.
fn beliefs(run: &Outcome) -> Table {
    let groups = run.beliefs.peak.iter().flat_map(|peak| &peak.groups);
    let rows = groups.map(|one| {
        [&one.hosts, &one.right, &one.wrong]
            .map(ToString::to_string)
            .to_vec()
    });
    let rows = cut(rows.collect());
    let columns = [
        words("nodes"),
        words("hold for dead, rightly"),
        words("and wrongly"),
    ];
    let at = run
        .beliefs
        .peak
        .as_ref()
        .map_or(0.0, |peak| peak.at.as_secs());
    let title = format!("Who holds whom for dead at {}", Unit::Seconds.show(at));
    Table::new(&title, &columns, rows)
}

fn kinds(run: &Outcome) -> Table {
    let all = run.traffic.total.bytes as f64;
    let sent = run.traffic.kinds.iter().filter(|one| one.total.count > 0);
    let rows = sent.map(|one| {
        let bytes = one.total.bytes as f64;
        let share = (all > 0.0).then(|| bytes / all);
        vec![
            one.kind.clone(),
            digits(one.total.count as f64),
            digits(bytes),
            Unit::Share.show_if(share),
            digits(one.bytes_per_node_second),
        ]
    });
    let columns = [
        words("kind"),
        numbers("sections"),
        numbers("bytes"),
        numbers("share of bytes"),
        numbers("B/node/s"),
    ];
    Table::new("Traffic by kind of section", &columns, rows.collect())
}

fn lost(run: &Outcome) -> Table {
    let rows = run
        .traffic
        .lost
        .iter()
        .map(|one| vec![one.cause.clone(), digits(one.datagrams as f64)]);
    let columns = [words("cause"), numbers("datagrams")];
    Table::new("Lost on the way", &columns, rows.collect())
}

fn peaks(run: &Outcome) -> Table {
    let used = run
        .tables
        .iter()
        .filter(|one| one.peak > 0 || one.refused > 0);
    let rows = used.map(|one| {
        vec![
            one.table.clone(),
            digits(one.peak.into()),
            id_of(one.host).to_string(),
            digits(one.capacity.into()),
            digits(one.refused as f64),
        ]
    });
    let columns = [
        words("table"),
        numbers("most rows"),
        numbers("on node"),
        numbers("room for"),
        numbers("refused"),
    ];
    Table::new("Bounded tables", &columns, rows.collect())
}

fn violations(runs: &[Outcome]) -> Table {
    let rows = runs.iter().flat_map(|run| {
        run.violations.iter().map(|one| {
            vec![
                run.seed.to_string(),
                one.rule.clone(),
                Unit::Seconds.show(one.at.as_secs()),
                one.host
                    .map_or_else(|| "-".to_owned(), |host| id_of(host).to_string()),
                one.what.clone(),
            ]
        })
    });
    let columns = [
        numbers("seed"),
        words("rule"),
        numbers("at"),
        numbers("node"),
        words("what was seen"),
    ];
    Table::new("Broken rules", &columns, cut(rows.collect()))
}

fn span(span: Option<Span>) -> String {
    Unit::Seconds.show_if(span.map(Span::as_secs))
}

/// The first rows, and how many more there are.
fn cut(mut rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    let more = rows.len().saturating_sub(MOST_ROWS);
    if more > 0 {
        let width = rows[0].len();
        rows.truncate(MOST_ROWS);
        let mut last = vec![String::new(); width];
        last[0] = format!("{more} more");
        rows.push(last);
    }
    rows
}
