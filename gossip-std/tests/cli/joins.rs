//! Joining: at run time, by name, and with whom it does not work.

use std::time::Instant;

use super::process::{Agent, PATIENCE};

#[test]
fn a_running_node_joins_through_whom_it_is_told() {
    let mut a = Agent::start(&["--cluster", "late join", "--id", "1"]);
    let mut b = Agent::start(&["--cluster", "late join", "--id", "2"]);
    let port = a.address.rsplit(':').next().expect("a port");
    for host in [a.address.clone(), format!("localhost:{port}")] {
        let answer = b.ask(&format!("join {host}"));
        assert_eq!(
            (&answer["command"], &answer["host"]),
            (&"join".into(), &host.into())
        );
    }
    b.sees("1", "alive");
    a.sees("2", "alive");
    for wrong in [
        "join",
        "join 127.0.0.1",
        "join 127.0.0.1:0",
        "join [::1]:7000",
        "join :1",
    ] {
        assert_eq!(b.ask(wrong)["type"], "error", "{wrong}");
    }
}

#[test]
fn a_name_alone_is_enough() {
    let a = Agent::start(&["--cluster", "named", "--id", "1"]);
    let port = a.address.rsplit(':').next().expect("a port");
    let host = format!("localhost:{port}");
    let mut b = Agent::start(&["--cluster", "named", "--id", "2", "--join", &host]);
    b.sees("1", "alive");
}

#[test]
fn a_name_that_does_not_resolve_is_a_warning_while_another_seed_is_usable() {
    let mut a = Agent::start(&["--cluster", "unresolved", "--id", "1"]);
    let flags = [
        "--cluster",
        "unresolved",
        "--id",
        "2",
        "--join",
        "nowhere.invalid:7000",
    ];
    let mut b = Agent::start(&[&flags[..], &["--join", &a.address]].concat());
    b.sees("1", "alive");
    a.sees("2", "alive");
    let warning = b.object("a warning", |object| object["event"] == "unresolved");
    let message = warning["message"].as_str().expect("words");
    assert!(message.contains("nowhere.invalid:7000"), "{message}");
    b.say(b"leave");
    b.ends_well();
}

#[test]
fn a_name_is_looked_up_again_at_a_decaying_rate_while_nobody_answers() {
    let mut agent = Agent::start(&["--cluster", "again", "--join", "127.0.0.1:9"]);
    agent.ask("join nowhere.invalid:7000");
    for tries in 1..=3 {
        let warning = agent.object("a warning", |object| object["event"] == "unresolved");
        let message = warning["message"].as_str().expect("words");
        assert!(message.contains(&format!("({tries} tries")), "{message}");
    }
}

#[test]
fn a_node_of_no_named_cluster_says_so() {
    let mut named = Agent::start(&["--cluster", "a name"]);
    named.ask("stats");
    assert!(!named.waiting.iter().any(|line| line.contains("unnamed")));
    let mut unnamed = Agent::start(&[]);
    let warning = unnamed.object("a warning", |object| object["event"] == "unnamed");
    assert!(
        warning["message"].to_string().contains("--cluster"),
        "{warning}"
    );
}

/// What is said of a seed that nobody answers at, until so many tries.
fn unanswered(agent: &mut Agent, tries: u64) -> Vec<u64> {
    let until = Instant::now() + PATIENCE;
    let mut told = Vec::new();
    while told.last().is_none_or(|last| *last < tries) {
        assert!(Instant::now() < until, "{told:?}");
        let event = agent.object("no answer", |object| object["event"] == "no_answer");
        assert_eq!(event["address"], "127.0.0.1:9");
        assert!(
            event["next"].as_f64().is_some_and(|next| next > 0.0),
            "{event}"
        );
        told.push(event["tries"].as_u64().expect("a number"));
    }
    told
}

#[test]
fn a_join_that_nobody_answers_is_told_ever_more_seldom() {
    let mut agent = Agent::start(&["--cluster", "alone", "--join", "127.0.0.1:9"]);
    let told = unanswered(&mut agent, 5);
    assert!(told.is_sorted() && told.len() <= 5, "{told:?}");
}

#[test]
fn both_sides_tell_another_cluster_from_silence() {
    let mut red = Agent::start(&["--cluster", "red", "--id", "1"]);
    let mut blue = Agent::start(&["--cluster", "blue", "--id", "2", "--join", &red.address]);
    for (agent, other) in [(&mut blue, red.address.clone()), (&mut red, String::new())] {
        let event = agent.object("a mismatch", |object| object["event"] == "mismatch");
        assert_eq!(event["differs"], "cluster", "{event}");
        assert!(other.is_empty() || event["address"] == other, "{event}");
        let stats = agent.ask("stats");
        assert!(stats["drop_other_cluster"].as_u64() > Some(0), "{stats}");
    }
}
