//! What the timeline of a scenario does to its hosts, seen in traces.

use gossip_std::sim::scenario::{LIBRARY, Scenario};
use gossip_std::sim::{Followers, RunOptions, heap_nodes, run, run_with};
use serde_json::Value;

/// Everything that was recorded of a run.
fn records(scenario: &Scenario) -> Vec<Value> {
    let mut trace = Vec::new();
    let nodes = heap_nodes(scenario);
    let followers = Followers {
        trace: Some(&mut trace),
        ..Followers::default()
    };
    run_with(scenario, &RunOptions::default(), &nodes, followers).expect("a run");
    let text = String::from_utf8(trace).expect("JSON is UTF-8");
    let record = |line| serde_json::from_str(line).expect("every line is JSON");
    text.lines().map(record).collect()
}

/// Every crash and restart of a run: when, in milliseconds, of which node, and what.
fn ups_and_downs(scenario: &Scenario) -> Vec<(u64, u64, &'static str)> {
    records(scenario).iter().filter_map(up_or_down).collect()
}

fn up_or_down(record: &Value) -> Option<(u64, u64, &'static str)> {
    let what = match &record["what"] {
        Value::String(what) if what == "crashed" => "down",
        Value::Object(what) if what.contains_key("restarted") => "up",
        _ => return None,
    };
    Some((
        record["us"].as_u64()? / 1000,
        record["node"].as_u64()?,
        what,
    ))
}

fn played(timeline: &str) -> Vec<(u64, u64, &'static str)> {
    let text = format!("name = \"t\"\nnodes = 4\nduration = \"30s\"\n{timeline}");
    ups_and_downs(&Scenario::parse(&text).expect("a scenario"))
}

fn at(time: &str, action: &str) -> String {
    format!("[[at]]\ntime = \"{time}\"\ndo = {{ {action} }}\n")
}

#[test]
fn a_host_that_said_goodbye_in_a_rolling_restart_comes_back() {
    for (down, back) in [("1s", 7000), ("2s", 7000), ("3s", 8000)] {
        let rolling = format!(
            "rolling = {{ hosts = [3], every = \"1s\", down = \"{down}\", leaves = true }}"
        );
        let seen = played(&at("5s", &rolling));
        assert_eq!(seen, [(7000, 3, "down"), (back, 3, "up")], "{down}");
    }
}

#[test]
fn the_end_of_a_goodbye_does_not_take_down_a_later_life() {
    let timeline = at("5s", "leave = { hosts = [3] }")
        + &at("5500ms", "crash = { hosts = [3] }")
        + &at("6s", "restart = {}");
    assert_eq!(played(&timeline), [(5500, 3, "down"), (6000, 3, "up")]);
    let again = timeline + &at("6500ms", "leave = { hosts = [3] }");
    assert_eq!(played(&again).last(), Some(&(8500, 3, "down")));
}

#[test]
fn a_host_that_said_goodbye_starts_again_without_memory_and_is_heard() {
    let timeline =
        at("5s", "leave = { hosts = [3] }") + &at("10s", "restart = { with-memory = true }");
    let text = format!(
        "name = \"t\"\nnodes = 4\nduration = \"60s\"\nexpect = {{ agree-within = \"40s\" }}\n{timeline}"
    );
    let scenario = Scenario::parse(&text).expect("a scenario");
    let outcome = run(&scenario, &RunOptions::default()).expect("a run");
    assert_eq!(outcome.violations, []);
    assert_eq!(outcome.membership.known_at_end, 1.0);
}

#[test]
fn every_host_of_the_library_s_rolling_restart_comes_back() {
    let named = LIBRARY.iter().find(|named| named.name == "rolling");
    let mut scenario = named.expect("it is in the library").scenario();
    scenario.nodes = 6;
    let seen = ups_and_downs(&scenario);
    let count = |wanted| seen.iter().filter(|(.., what)| *what == wanted).count();
    assert_eq!((count("down"), count("up")), (6, 6));
}

#[test]
fn only_what_is_tracked_is_measured_and_not_the_entries_of_the_same_keys() {
    let text = "name = \"t\"\nnodes = 4\nduration = \"30s\"\nentries = { count = 2 }\n\
                [workload]\nupdates-per-second = 1\n"
        .to_owned()
        + &at("5s", "flash = { host = 1, entries = 3, tracked = true }");
    let scenario = Scenario::parse(&text).expect("a scenario");
    let outcome = run(&scenario, &RunOptions::default()).expect("a run");
    let seen: Vec<_> = outcome
        .coverage
        .iter()
        .map(|c| (c.at.as_micros(), c.of))
        .collect();
    assert_eq!(seen, [(5_000_000, 4); 3]);
}

#[test]
fn a_load_changes_its_rate_from_phase_to_phase() {
    let text = "name = \"t\"\nnodes = 4\nduration = \"30s\"\nentries = { count = 8 }\n\
                [workload]\nupdates-per-second = 10\n\
                phase = [{ from = \"10s\", updates-per-second = 40 },\
                         { from = \"20s\", updates-per-second = 0 }]\n";
    let mut writes = [0u32; 3];
    for record in records(&Scenario::parse(text).expect("a scenario")) {
        let at_us = record["us"].as_u64().expect("a time");
        // What is told at the very beginning are the first entries.
        if at_us > 0 && !record["what"]["note"]["wrote"].is_null() {
            writes[(at_us / 10_000_000) as usize] += 1;
        }
    }
    let [usual, more, none] = writes;
    // 400 and 1600 are to be expected; five standard deviations are 100 and 200.
    assert!((300..=500).contains(&usual), "{usual}");
    assert!((1400..=1800).contains(&more), "{more}");
    assert_eq!(none, 0);
}

/// Every change of a machine's speed: when, in milliseconds, of which node, and to what, in microseconds.
fn speeds(timeline: &str) -> Vec<(u64, u64, u64)> {
    let text = format!("name = \"t\"\nnodes = 4\nduration = \"30s\"\n{timeline}");
    let scenario = Scenario::parse(&text).expect("a scenario");
    let speed = |record: &Value| {
        let each = record["what"].get("slowed")?["each"].as_str()?.to_owned();
        let us = each.parse::<gossip_std::sim::Span>().ok()?.as_micros();
        Some((record["us"].as_u64()? / 1000, record["node"].as_u64()?, us))
    };
    records(&scenario).iter().filter_map(speed).collect()
}

#[test]
fn what_becomes_of_a_machine_becomes_of_it_while_its_node_is_down() {
    let slow = "slow = { who = { hosts = \"2-3\" }, per-datagram = \"200ms\" }";
    let fast = "slow = { who = { hosts = \"all\" }, per-datagram = \"0s\" }";
    let timeline = at("5s", "crash = { hosts = [2] }")
        + &at("6s", slow)
        + &at("7s", "restart = {}")
        + &at("8s", "crash = { hosts = [2] }")
        + &at("9s", fast)
        + &at("10s", "restart = {}");
    let seen = speeds(&timeline);
    let slowed = [(6000, 2, 200_000), (6000, 3, 200_000)];
    let quick = [1, 2, 3, 4].map(|node| (9000, node, 0));
    assert_eq!(seen, [&slowed[..], &quick[..]].concat());
}
