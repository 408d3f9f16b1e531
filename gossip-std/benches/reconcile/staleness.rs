//! The experiment of van Renesse, Dumitriu, Gough and Thomas 2008, section 5: how stale replicas get
//! under a load that gossip carries, one that it does not, and again one that it does.

use gossip_std::sim::outcome::{Outcome, StaleSample};
use gossip_std::sim::report::{Lines, Scale};
use gossip_std::sim::scenario::{Named, Reconciliation, Scenario};
use gossip_std::sim::{self, RunOptions, Span, Time};

use super::table::{Table, digits, seconds};

/// The scenario of the library that is played.
const SCENARIO: &str = "efficient-reconciliation";

/// The orders, with the names that the paper gives them.
const ORDERS: [(&str, Reconciliation); 4] = [
    ("scuttle-depth", Reconciliation::ScuttleDepth),
    ("scuttle-breadth", Reconciliation::ScuttleBreadth),
    ("precise-newest", Reconciliation::PreciseNewest),
    ("precise-oldest", Reconciliation::PreciseOldest),
];

/// One order, with flow control or without.
struct Series {
    name: String,
    flow_control: bool,
    run: Outcome,
}

/// A table and pictures. `nodes` is how many there are; the scenario says so if it is `None`.
pub(crate) fn measure(nodes: Option<u32>) -> (Table, Vec<Lines>) {
    let mut scenario = Named::find(SCENARIO).expect("in the library").scenario();
    scenario.nodes = nodes.unwrap_or(scenario.nodes);
    let mut all = Vec::new();
    for flow_control in [false, true] {
        for (name, order) in ORDERS {
            eprintln!("staleness: {name}, flow control {flow_control}");
            all.push(series(&scenario, name, order, flow_control));
        }
    }
    let charts = [false, true].into_iter().flat_map(|flow_control| {
        let some: Vec<&Series> = all
            .iter()
            .filter(|s| s.flow_control == flow_control)
            .collect();
        charts(&some, flow_control)
    });
    let charts = charts.collect();
    (table(&scenario, &all), charts)
}

fn series(scenario: &Scenario, name: &str, order: Reconciliation, flow_control: bool) -> Series {
    let mut scenario = scenario.clone();
    scenario.protocol.exchange.reconciliation = Some(order);
    scenario.protocol.exchange.flow_control = Some(flow_control);
    let run = sim::run(&scenario, &RunOptions::default()).expect("a scenario of the library");
    Series {
        name: name.to_owned(),
        flow_control,
        run,
    }
}

fn charts(some: &[&Series], flow_control: bool) -> [Lines; 2] {
    let with = if flow_control { "with" } else { "without" };
    let chart = |what: &str, y: Scale, of: fn(&StaleSample) -> f64| Lines {
        title: format!("{what}, {with} flow control"),
        x: Scale::Time("time".to_owned()),
        y,
        lines: some
            .iter()
            .map(|series| (series.name.clone(), points(&series.run, of)))
            .collect(),
    };
    let count = Scale::Linear("entries, over all hosts".to_owned());
    let age = Scale::Time("age".to_owned());
    [
        chart("Stale entries", count, |sample| sample.entries as f64),
        chart("Age of the oldest stale entry", age, |sample| {
            sample.max_age.as_secs()
        }),
    ]
}

fn points(run: &Outcome, of: fn(&StaleSample) -> f64) -> Vec<(f64, f64)> {
    let series = run.staleness.series.iter();
    series
        .map(|sample| (sample.at.as_secs(), of(sample)))
        .collect()
}

/// When the load doubles, and when it is back.
fn overload(scenario: &Scenario) -> (Time, Time) {
    let phases = scenario
        .workload
        .as_ref()
        .map(|load| load.phases.as_slice());
    match phases {
        Some([more, less]) => (Time::START + more.from, Time::START + less.from),
        _ => (Time::START, Time::START),
    }
}

fn table(scenario: &Scenario, all: &[Series]) -> Table {
    let (from, until) = overload(scenario);
    let rows = all.iter().map(|series| {
        let of = |value: fn(&StaleSample) -> f64| Course::new(&series.run, from, until, value);
        let entries = of(|sample| sample.entries as f64);
        let age = of(|sample| sample.max_age.as_secs());
        vec![
            series.name.clone(),
            if series.flow_control { "yes" } else { "no" }.to_owned(),
            digits(entries.usual),
            digits(entries.peak),
            seconds(entries.recovered, "not"),
            format!("{} s", digits(age.usual)),
            format!("{} s", digits(age.peak)),
            seconds(age.recovered, "not"),
            format!(
                "{} B/s",
                digits(series.run.traffic.overall.bytes_per_node_second)
            ),
        ]
    });
    let head = [
        "order",
        "flow control",
        "stale entries, usual load",
        "peak",
        "back after",
        "oldest, usual load",
        "peak",
        "back after",
        "sent per node",
    ];
    Table {
        title: "Staleness under a load that is doubled for a while",
        about: format!(
            "`{SCENARIO}` with {} nodes: the mean of the second half of the usual load before the \
             overload, the peak from then on, and how long after the end of the overload half of the \
             way back from the peak to the usual is done for good. With flow control a write counts from \
             when its owner lets it out.",
            scenario.nodes
        ),
        head: head.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

/// A measure before, in and after the overload.
struct Course {
    usual: f64,
    peak: f64,
    /// From the end of the overload until it was halfway back for good.
    recovered: Option<Span>,
}

impl Course {
    fn new(run: &Outcome, from: Time, until: Time, of: fn(&StaleSample) -> f64) -> Self {
        let series = &run.staleness.series;
        let calm_from = Time::START + from.since(Time::START).times(0.5);
        let before = series.iter().filter(|s| (calm_from..from).contains(&s.at));
        let usual = before.clone().map(of).sum::<f64>() / before.count().max(1) as f64;
        let after = series.iter().filter(|sample| sample.at >= from);
        let peak = after.map(of).fold(0.0, f64::max);
        let halfway = usual.midpoint(peak);
        let last = series.iter().rfind(|sample| of(sample) > halfway);
        let ended = series.last().map(|sample| sample.at);
        let recovered = last.filter(|sample| Some(sample.at) != ended);
        Self {
            usual,
            peak,
            recovered: recovered.map(|sample| sample.at.since(until)),
        }
    }
}
