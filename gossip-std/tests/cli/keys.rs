//! Commands about shared keys and watches.

use std::thread;
use std::time::{Duration, Instant};

use super::pair;
use serde_json::Value;

use super::process::{Agent, PATIENCE};

#[test]
fn two_agents_share_keys() {
    let (mut a, mut b) = pair("shared");
    for (command, answer) in [
        ("share mode night", "share"),
        ("number level -7", "number"),
        ("add hits 40", "add"),
        ("include tags red hat", "include"),
    ] {
        assert_eq!(a.ask(command)["command"], answer);
    }
    assert_eq!(b.ask("add hits 2")["command"], "add");
    let until = Instant::now() + PATIENCE;
    while b.ask("merged hits sum")["number"] != "42"
        || b.ask("merged tags union")["elements"].is_null()
    {
        assert!(Instant::now() < until, "two agents do not count together");
        thread::sleep(Duration::from_millis(20));
    }
    let mode = b.ask("merged mode last");
    assert_eq!(
        (&mode["owner"], &mode["value"]),
        (&"1".into(), &"night".into())
    );
    assert_eq!(b.ask("claim mode day")["claimed"], false);
    assert_eq!(b.ask("merged level max")["number"], "-7");
    assert_eq!(b.ask("merged hits contributors")["contributors"], 2);
    // Nobody is to read how many count for what they counted.
    assert_eq!(b.ask("merged hits count")["type"], "error");
    assert_eq!(
        b.ask("merged tags union")["elements"][0]["value"],
        "red hat"
    );
    assert_eq!(b.ask("exclude tags red hat")["removed"], false);
    assert_eq!(a.ask("exclude tags red hat")["removed"], true);
    assert!(b.ask("merged hits last")["value"].is_null());
    assert_eq!(b.ask("merged hits product")["type"], "error");
    assert_eq!(b.ask("add hits many")["type"], "error");
}

#[test]
fn a_watch_prints_entries_and_their_changes_until_it_is_ended() {
    let (mut a, mut b) = pair("watch");
    a.ask("set light on");
    b.reads("light", "on");
    let change = |agent: &mut Agent, change: &str, key: &str, value: Option<&str>| {
        let told = agent.object("a change", |object| object["type"] == "watch");
        assert_eq!(told["change"], change, "{told}");
        assert_eq!((&told["owner"], &told["key"]), (&"1".into(), &key.into()));
        assert_eq!(told["value"].as_str(), value, "{told}");
    };
    assert_eq!(a.ask("watch")["owner"], Value::Null);
    assert_eq!(b.ask("watch 1 l")["prefix"], "l");
    for agent in [&mut a, &mut b] {
        change(agent, "set", "light", Some("on"));
    }
    a.ask("set temp 21");
    change(&mut a, "set", "temp", Some("21"));
    a.ask("delete light");
    for agent in [&mut a, &mut b] {
        change(agent, "removed", "light", None);
    }
    b.reads("temp", "21");
    // Another watch takes the place of the first.
    b.ask("watch * te");
    change(&mut b, "set", "temp", Some("21"));
    b.ask("watch 7");
    a.ask("set temp 22");
    b.reads("temp", "22");
    assert_eq!(b.ask("unwatch")["watched"], true);
    assert_eq!(b.ask("unwatch")["watched"], false);
    a.ask("set temp 23");
    b.reads("temp", "23");
    let changes = |line: &&String| line.contains("\"type\":\"watch\"");
    assert_eq!(b.waiting.iter().find(changes), None);
}

#[test]
fn a_watch_speaks_plainly_to_people() {
    let flags = ["--bind", "127.0.0.1:0", "--id", "5", "--set", "a=b"];
    let mut agent = Agent::spawn(&flags, false);
    agent.say(b"watch * a");
    for line in [
        "ok: watching all nodes, keys that begin with a",
        "watch: 5 a = \"b\"",
    ] {
        agent.line(line, |told| told == line);
    }
    agent.say(b"delete a");
    agent.line("the removal", |line| line == "watch: 5 a is gone");
    agent.say(b"unwatch");
    agent.line("the end of it", |line| line == "ok: watching nothing");
}

#[test]
fn a_verb_of_another_kind_is_refused_with_what_stands_there() {
    let mut agent = Agent::start(&["--cluster", "kinds"]);
    agent.ask("add n 5");
    agent.ask("add n -2");
    for (command, what) in [
        ("number n 4", "a shared counter"),
        ("set n plain", "a shared counter"),
        ("share n x", "a shared counter"),
        ("include n x", "a shared counter"),
        ("set --ttl 9s n x", "a shared counter"),
    ] {
        let answer = agent.ask(command);
        let message = answer["message"].as_str().expect("an error");
        assert!(
            message.contains(what) && message.contains("counted 3"),
            "{message}"
        );
    }
    assert_eq!(agent.ask("merged n sum")["number"], "3");
    agent.ask("set plain text");
    let message = agent.ask("add plain 1")["message"].to_string();
    assert!(message.contains("a plain value"), "{message}");
    assert_eq!(agent.ask("delete n")["deleted"], true);
    assert_eq!(agent.ask("number n 4")["command"], "number");
}

#[test]
fn contributions_are_shown_decoded() {
    let mut agent = Agent::start(&["--cluster", "decoded", "--id", "5"]);
    for command in [
        "share who me",
        "add n 7",
        "number level -4",
        "include tags b",
        "include tags a",
    ] {
        agent.ask(command);
    }
    let told = agent.ask("entries");
    let entry = |key: &str| {
        let all = told["entries"].as_array().expect("a list");
        let found = all.iter().find(|entry| entry["key"] == key);
        found.expect("it is set").clone()
    };
    assert_eq!(
        (&entry("who")["shared"], &entry("who")["value"]),
        (&"value".into(), &"me".into())
    );
    assert_eq!(
        (&entry("n")["shared"], &entry("n")["counted"]),
        (&"counter".into(), &"7".into())
    );
    assert_eq!(entry("level")["number"], "-4");
    assert_eq!(entry("tags")["elements"][0]["value"], "a");
    assert!(
        entry("n")["raw"]
            .as_str()
            .is_some_and(|raw| raw.starts_with("fb"))
    );
    let flags = [
        "--bind",
        "127.0.0.1:0",
        "--cluster",
        "decoded",
        "--join",
        &agent.address,
    ];
    let mut human = Agent::spawn(&flags, false);
    for event in [
        "node 5 set who: shared \"me\"",
        "node 5 set n: counted 7",
        "node 5 set level: number -4",
        "node 5 set tags: set {\"a\", \"b\"}",
    ] {
        human.line(event, |line| line.ends_with(event));
    }
    human.say(b"get who");
    human.line("the answer", |line| line == "5 who: shared \"me\"");
    human.say(b"watch 5 n");
    human.line("the change", |line| line == "watch: 5 n: counted 7");
}
