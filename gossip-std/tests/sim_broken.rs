//! Nodes that are broken on purpose are caught by the rule that is meant for them, and what caught
//! them shrinks to little.

#[path = "sim_broken/broken.rs"]
mod broken;

use broken::{Flaw, plays};
use gossip_std::sim::RunError;
use gossip_std::sim::outcome::{Outcome, Violation};
use gossip_std::sim::scenario::Scenario;
use gossip_std::sim::soak::{Shrunk, shrink_with, soak_with};

/// Much goes wrong, and a little of it suffices.
const BUSY: &str = r#"
    name = "busy"
    nodes = 7
    duration = "120s"
    protocol = { interval = "500ms", reconnect-interval = "2s", tombstone-grace = "2s" }
    entries = { count = 2 }
    expect = { agree-within = "60s" }
    workload = { updates-per-second = 0.3, deletes = 0.3, keys = 4, until = "40s" }
    network = { link = { duplicate = 0.1, corrupt = 0.02 } }
    at = [
        { time = "5s", do = { crash = { hosts = "6" } } },
        { time = "9s", do = { restart = { hosts = "6" } } },
        { time = "12s", do = { add-rule = { name = "bad", from = "2", to = "4-5", set = { loss = 0.9 } } } },
        { time = "15s", do = { pause = { hosts = "3" } } },
        { time = "20s", do = { lift-rule = "bad" } },
        { time = "25s", do = { leave = { hosts = "7" } } },
        { time = "35s", do = { resume = {} } },
        { time = "38s", do = { set-loss = 0.5 } },
        { time = "40s", do = { crash = { hosts = "5" } } },
        { time = "45s", do = { set-loss = 0.0 } },
        { time = "48s", do = { restart = { with-memory = true, hosts = "5" } } },
    ]
"#;

const SEED: u64 = 3;

fn play(flaw: Option<Flaw>) -> impl Fn(&Scenario, u64) -> Result<Outcome, RunError> {
    move |scenario, seed| plays(scenario, seed, flaw)
}

/// How the busy scenario goes with such nodes.
fn violation(flaw: Option<Flaw>) -> Option<Violation> {
    let scenario = Scenario::parse(BUSY).unwrap();
    let outcome = plays(&scenario, SEED, flaw).unwrap();
    outcome.violations.into_iter().next()
}

fn shrunk(flaw: Flaw) -> Shrunk {
    let scenario = Scenario::parse(BUSY).unwrap();
    let shrunk = shrink_with(&scenario, SEED, play(Some(flaw))).unwrap();
    let again = Scenario::parse(&shrunk.scenario.to_toml()).unwrap();
    let replayed = plays(&again, SEED, Some(flaw)).unwrap();
    assert_eq!(replayed.violations.first(), Some(&shrunk.violation));
    let healthy = plays(&again, SEED, None).unwrap();
    assert_eq!(healthy.violations, [], "{}", again.to_toml());
    shrunk
}

#[test]
fn healthy_nodes_pass() {
    assert_eq!(violation(None), None);
}

#[test]
fn a_node_that_never_refutes_breaks_agreement_and_shrinks_to_one_fault() {
    assert_eq!(
        violation(Some(Flaw::NeverRefutes)).unwrap().rule,
        "agreement"
    );
    let Shrunk {
        scenario,
        violation,
        ..
    } = shrunk(Flaw::NeverRefutes);
    let toml = scenario.to_toml();
    assert_eq!(violation.rule, "agreement");
    // Host 1 and the one that is wrongly held for dead.
    assert!(scenario.nodes <= 3 && scenario.workload.is_none(), "{toml}");
    // One fault and its end.
    assert!(scenario.at.len() <= 2, "{toml}");
}

#[test]
fn a_value_that_was_never_written_is_caught_where_it_is_shown() {
    assert_eq!(
        violation(Some(Flaw::AltersValues)).unwrap().rule,
        "unwritten"
    );
    let Shrunk { scenario, .. } = shrunk(Flaw::AltersValues);
    let toml = scenario.to_toml();
    assert!(scenario.hosts() <= 3 && scenario.at.len() <= 1, "{toml}");
}

#[test]
fn a_deleted_entry_that_is_shown_again_is_caught() {
    assert_eq!(
        violation(Some(Flaw::ShowsDeleted)).unwrap().rule,
        "resurrection"
    );
    let Shrunk { scenario, .. } = shrunk(Flaw::ShowsDeleted);
    let toml = scenario.to_toml();
    assert!(scenario.hosts() <= 3 && scenario.at.len() <= 1, "{toml}");
}

/// What is wrong in the first `seeds` runs of a scenario whose nodes have this flaw.
fn rules(scenario: &str, flaw: Option<Flaw>, seeds: u64) -> Vec<String> {
    let scenario = Scenario::parse(scenario).unwrap();
    let outcomes = (1..=seeds).map(|seed| plays(&scenario, seed, flaw).unwrap());
    outcomes
        .map(|outcome| {
            let first = outcome.violations.into_iter().next();
            first.map_or_else(String::new, |violation| violation.rule)
        })
        .collect()
}

/// From a certain moment on 11 of 25 nodes do not hear the last one, which does not hear them either. Whoever asks
/// one of the others of them about it learns that there was no answer, and suspects it.
const HALF_HEARD: &str = r#"
    name = "half-heard"
    nodes = 25
    duration = "60s"
    protocol = { indirect-probes = 1 }
    expect = { invariants = { reachable = true } }
    at = [ { time = "20s", do = { add-rule = { name = "deaf", from = "25", to = "14-24", both-ways = true, set = { loss = 1.0 } } } } ]
"#;

#[test]
fn a_node_that_believes_every_suspicion_tells_reachable_hosts_dead() {
    assert_eq!(rules(HALF_HEARD, None, 3), [""; 3]);
    let told = rules(HALF_HEARD, Some(Flaw::BelievesSuspicions), 3);
    assert_eq!(told, ["reachable"; 3]);
    // Where all are heard nobody is suspected.
    let heard = HALF_HEARD.replace("loss = 1.0", "loss = 0.0");
    assert_eq!(rules(&heard, Some(Flaw::BelievesSuspicions), 3), [""; 3]);
}

/// Nodes write for a while, and nothing goes wrong.
const WRITING: &str = r#"
    name = "writing"
    nodes = 5
    duration = "120s"
    workload = { updates-per-second = 0.2, deletes = 0.2, keys = 3, until = "60s" }
    protocol = { interval = "500ms" }
"#;

#[test]
fn a_node_that_hides_what_others_write_is_caught() {
    assert_eq!(rules(WRITING, None, 3), [""; 3]);
    assert_eq!(rules(WRITING, Some(Flaw::HidesWrites), 3), ["visible"; 3]);
}

/// Nodes crash and start again one after the other when they have written for a while.
const RESTARTING: &str = r#"
    name = "restarting"
    nodes = 6
    duration = "150s"
    workload = { updates-per-second = 0.5, keys = 5, until = "20s" }
    at = [ { time = "60s", do = { rolling = { hosts = "2-", every = "10s", down = "3s" } } } ]
"#;

#[test]
fn a_node_that_does_not_take_back_what_it_had_written_is_caught_unless_it_need_not() {
    assert_eq!(rules(RESTARTING, None, 3), [""; 3]);
    assert_eq!(
        rules(RESTARTING, Some(Flaw::StartsAfresh), 3),
        ["vanished"; 3]
    );
    let afresh = format!("protocol = {{ fresh = true }}\n{RESTARTING}");
    assert_eq!(rules(&afresh, Some(Flaw::StartsAfresh), 3), [""; 3]);
}

#[test]
fn a_soak_finds_a_broken_node_whatever_the_number_of_jobs() {
    let find = |jobs| soak_with(0..20, jobs, || (), play(Some(Flaw::AltersValues))).unwrap();
    let report = find(1);
    assert_eq!(report.finding.as_ref().unwrap().violation.rule, "unwritten");
    assert!(report.seeds < 20, "{}", report.seeds);
    assert_eq!(find(3), report);
}
