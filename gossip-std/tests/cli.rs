//! The command line, tested by running the real binary. Every deadline is only there to stop
//! waiting.

#[path = "cli/joins.rs"]
mod joins;
#[path = "cli/keys.rs"]
mod keys;
#[cfg(unix)]
#[path = "cli/outputs.rs"]
mod outputs;
#[path = "cli/process.rs"]
mod process;
#[path = "cli/requests.rs"]
mod requests;
#[path = "cli/states.rs"]
mod states;
#[cfg(unix)]
#[path = "cli/twins.rs"]
mod twins;

use std::io::{BufRead, BufReader};
use std::net::UdpSocket;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use process::{Agent, Owned, PATIENCE, gossip, pair, run, signal, text, wait};

/// It ends with this code, says one line that contains `what`, and prints nothing else.
fn refused(args: &[&str], code: i32, what: &str) {
    let output = run(args);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {stderr}");
    assert!(output.stdout.is_empty(), "{args:?}");
    assert_eq!(stderr.lines().count(), 1, "{args:?}: {stderr}");
    assert!(
        stderr.starts_with("error: ") && stderr.contains(what),
        "{args:?}: {stderr}"
    );
}

#[test]
fn help_and_version_are_there() {
    for args in [
        &["--help"][..],
        &["demo", "--help"],
        &["agent", "--help"],
        &["help", "agent"],
    ] {
        let output = run(args);
        assert!(
            output.status.success() && text(&output.stdout).contains("Usage:"),
            "{args:?}"
        );
    }
    let version = run(&["--version"]);
    assert_eq!(
        text(&version.stdout),
        format!("gossip {}\n", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(run(&[]).status.code(), Some(2));
}

#[test]
fn a_wrong_command_line_is_refused_in_one_line() {
    let agent = ["agent", "--bind", "127.0.0.1:0"];
    let with = |flags: &[&'static str]| [&agent[..], flags].concat();
    refused(&["frob"], 2, "frob");
    refused(&["agent"], 2, "--bind");
    refused(&["agent", "--bind", "7000"], 2, "HOST:PORT");
    refused(&with(&["--frob"]), 2, "--frob");
    refused(
        &with(&["--id", "72057594037927936"]),
        2,
        "72057594037927935",
    );
    refused(&with(&["--set", "novalue"]), 2, "KEY=VALUE");
    refused(&with(&["--join", "127.0.0.1"]), 2, "HOST:PORT");
    refused(&with(&["--join", "127.0.0.1:0"]), 2, "port 0");
    refused(&with(&["--advertise", "0.0.0.0:1"]), 2, "--advertise");
    refused(&with(&["--mtu", "10"]), 2, "between");
    refused(&with(&["--interval", "soon"]), 2, "500ms");
    refused(&with(&["--direct-mail", "some"]), 2, "all");
    refused(&["demo", "--nodes", "1"], 2, "2..=128");
    refused(&["demo", "--nodes", "129"], 2, "2..=128");
    refused(&["demo", "--seed", "x"], 2, "--seed");
}

#[test]
fn a_taken_port_is_told_in_one_line() {
    let taken = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it is bound").to_string();
    refused(&["agent", "--bind", &address], 1, &address);
}

#[test]
fn an_unresolvable_name_is_told_in_one_line() {
    let args = [
        "agent",
        "--bind",
        "127.0.0.1:0",
        "--join",
        "nonexistent.invalid:1",
    ];
    refused(&args, 1, "nonexistent.invalid:1");
    refused(
        &["agent", "--bind", "nonexistent.invalid:1"],
        1,
        "nonexistent.invalid:1",
    );
}

#[test]
fn an_entry_beyond_the_limits_is_told_in_one_line() {
    let entry = format!("{}=x", "k".repeat(10_000));
    refused(
        &["agent", "--bind", "127.0.0.1:0", "--set", &entry],
        2,
        "--set",
    );
}

#[test]
fn the_demo_succeeds_and_speaks_json() {
    let output = run(&["demo", "--nodes", "4", "--seed", "1", "--json"]);
    let stdout = text(&output.stdout);
    assert!(output.status.success(), "{stdout}");
    let parse = |line| serde_json::from_str(line).expect("every line is JSON");
    let mut objects: Vec<Value> = stdout.lines().map(parse).collect();
    let summary = &objects.pop().expect("a last line")["summary"];
    assert_eq!(
        (&summary["ok"], &summary["nodes"]),
        (&true.into(), &4.into())
    );
    assert_eq!(summary["seed"], 1);
    assert!(
        summary["bytes_per_node_per_second"]
            .as_f64()
            .is_some_and(|rate| rate > 0.0)
    );
    let names: Vec<&str> = objects
        .iter()
        .filter_map(|step| step["step"].as_str())
        .collect();
    let story = [
        "join", "set", "equal", "change", "steady", "kill", "work", "restart", "delete", "leave",
    ];
    assert_eq!(names, story);
    for step in &objects {
        assert!(step["ok"] == true && step["seconds"].is_number(), "{step}");
        assert_eq!(step["waits_for"], serde_json::json!([]), "{step}");
    }
}

/// Where the system has too few files for all the sockets.
#[cfg(unix)]
#[test]
fn the_demo_fails_if_a_step_fails() {
    let script = "ulimit -n 32; exec \"$0\" demo --nodes 128 --json";
    let mut command = Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_gossip")]);
    let output = command.output().expect("sh runs");
    assert_eq!(output.status.code(), Some(1));
    let lines: Vec<&str> = text(&output.stdout).lines().collect();
    let parse = |line: &str| serde_json::from_str::<Value>(line).expect("every line is JSON");
    let [step, last] = lines[..] else {
        panic!("{lines:?}");
    };
    assert_eq!(parse(step)["ok"], false, "{step}");
    assert!(parse(step)["error"].is_string(), "{step}");
    assert_eq!(parse(last)["summary"]["ok"], false, "{last}");
}

#[test]
fn the_demo_prints_plain_lines_where_there_is_no_terminal() {
    let output = run(&["demo", "--nodes", "2"]);
    let stdout = text(&output.stdout);
    assert!(output.status.success(), "{stdout}");
    assert!(
        !stdout.contains(|c: char| c.is_control() && c != '\n'),
        "{stdout:?}"
    );
    assert_eq!(
        stdout
            .lines()
            .filter(|line| line.starts_with("ok "))
            .count(),
        10,
        "{stdout}"
    );
    assert!(stdout.contains("all 10 steps succeeded"), "{stdout}");
}

#[test]
fn three_agents_share_entries_notice_a_kill_and_a_leave() {
    let (mut a, mut b) = pair("three");
    let join = a.address.clone();
    let mut c = Agent::start(&[
        "--cluster",
        "three",
        "--id",
        "3",
        "--join",
        &join,
        "--set",
        "x=y=z",
    ]);
    a.sees("3", "alive");
    b.sees("3", "alive");
    assert_eq!(a.ask("set greeting hello  world")["command"], "set");
    b.reads("greeting", "hello  world");
    c.reads("greeting", "hello  world");
    a.reads("x", "y=z");
    b.object("the entry's event", |object| {
        object["event"] == "set" && object["owner"] == "1" && object["value"] == "hello  world"
    });
    assert_eq!(a.ask("delete greeting")["deleted"], true);
    assert_eq!(a.ask("delete greeting")["deleted"], false);
    b.object("the deletion's event", |object| {
        object["event"] == "deleted" && object["key"] == "greeting"
    });
    a.ask("set --ttl 3s note soon");
    b.object("the end of the lease", |object| {
        object["event"] == "expired" && object["key"] == "note"
    });
    c.child.0.kill().expect("it runs");
    a.sees("3", "dead");
    b.sees("3", "dead");
    b.say(b"leave");
    a.sees("2", "left");
    b.object("its own goodbye", |object| object["event"] == "left");
    b.ends_well();
}

#[test]
fn wrong_input_gets_one_line_and_changes_nothing() {
    let mut agent = Agent::start(&["--set", "a=b"]);
    let wrong: [&[u8]; 10] = [
        b"frob",
        b"watch 1 a b",
        b"unwatch a",
        b"set",
        b"set a",
        b"get",
        b"get 1 2 3",
        b"delete",
        b"members all",
        b"set a \xff",
    ];
    for line in wrong {
        agent.say(line);
        let answer = agent.object("an error", |object| object["type"] != "event");
        assert_eq!(answer["type"], "error", "{answer}");
    }
    agent.say(b"  ");
    let entries = agent.ask("entries");
    assert_eq!(entries["entries"][0]["value"], "b");
    assert_eq!(entries["entries"].as_array().map(Vec::len), Some(1));
    for command in [
        "help", "members", "stats", "entries", "get a", "watch 9", "unwatch", "leave",
    ] {
        let name = command.split(' ').next().expect("a word");
        assert_eq!(agent.ask(command)["command"], name);
    }
    agent.ends_well();
}

#[test]
fn an_agent_goes_on_when_standard_input_is_closed() {
    let (mut a, mut b) = pair("closed");
    drop(b.stdin.take());
    a.ask("set after closing");
    b.object("an entry set after that", |object| object["key"] == "after");
    assert!(b.child.0.try_wait().expect("the child is ours").is_none());
}

#[cfg(unix)]
#[test]
fn signals_make_an_agent_leave() {
    for (cluster, name) in [("term", "-TERM"), ("int", "-INT")] {
        let (mut a, mut b) = pair(cluster);
        signal(&b.child.0, name);
        a.sees("2", "left");
        b.object("its own goodbye", |object| object["event"] == "left");
        b.ends_well();
    }
}

#[cfg(unix)]
#[test]
fn a_second_signal_ends_an_agent_at_once() {
    let (_a, mut b) = pair("twice");
    // In one go: the goodbye takes several tellings, and the second signal comes in between.
    let signals = format!("kill -INT {0}; kill -TERM {0}", b.child.0.id());
    let shell = Command::new("sh").args(["-c", &signals]).status();
    assert!(shell.expect("sh runs").success());
    let code = b.end().0.code();
    assert!(matches!(code, Some(130 | 143)), "{code:?}");
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_demo_early() {
    let mut command = gossip(&["demo", "--nodes", "3", "--json"]);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map(Owned)
        .expect("the binary runs");
    let mut lines = BufReader::new(child.0.stdout.take().expect("stdout is piped")).lines();
    assert!(lines.next().expect("a first step").is_ok());
    signal(&child.0, "-INT");
    let last = lines.map_while(Result::ok).last().expect("a summary");
    let last: Value = serde_json::from_str(&last).expect("every line is JSON");
    assert_eq!(last["summary"]["interrupted"], true);
    assert_eq!(wait(&mut child.0).code(), Some(130));
}

#[test]
fn a_hostile_peer_cannot_control_the_terminal() {
    let mut villain = Agent::start(&["--cluster", "hostile", "--id", "1"]);
    let join = villain.address.clone();
    let flags = [
        "--bind",
        "127.0.0.1:0",
        "--cluster",
        "hostile",
        "--join",
        &join,
    ];
    let mut human = Agent::spawn(&flags, false);
    villain.say(b"set screen \x1b[2J\x1b]0;owned\x07");
    villain.say(b"set \x1b[31mkey value");
    villain.say("set right \u{202e}left".as_bytes());
    let mut lines = vec![
        human.line("the value in hexadecimal", |line| {
            line.contains("screen = 0x1b5b324a")
        }),
        human.line("the key with escapes", |line| {
            line.contains(r#""\u{1b}[31mkey" = "value""#)
        }),
        human.line("the override in hexadecimal", |line| {
            line.contains("right = 0xe280ae")
        }),
    ];
    human.say(b"entries");
    lines.push(human.line("the answer", |line| line.starts_with("1 screen = 0x1b")));
    human.say(b"set done x");
    human.line("the last answer", |line| line == "ok: set done");
    lines.extend(human.waiting.iter().cloned());
    for line in &lines {
        assert!(
            !line.contains(|c: char| c.is_control() || c == '\u{202e}'),
            "{line:?}"
        );
    }
}

#[test]
fn a_node_on_a_wildcard_address_learns_its_address() {
    let mut a = Agent::start(&["--cluster", "wildcard", "--id", "1"]);
    let join = a.address.clone();
    let flags = [
        "--bind",
        "0.0.0.0:0",
        "--cluster",
        "wildcard",
        "--id",
        "2",
        "--join",
        &join,
    ];
    let mut b = Agent::spawn(&flags, true);
    a.sees("2", "alive");
    let port = b.address.rsplit(':').next().expect("a port").to_owned();
    let until = Instant::now() + PATIENCE;
    let learnt = format!("127.0.0.1:{port}");
    while !b.ask("members")["members"].to_string().contains(&learnt) {
        assert!(
            Instant::now() < until,
            "no {learnt} in {}",
            b.ask("members")
        );
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_killed_agent_goes_on_from_its_state() {
    let folder = std::env::temp_dir().join(format!("gossip-cli-state-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("b.state").to_str().expect("a path").to_owned();
    let flags = ["--cluster", "state", "--state", &file];
    let mut a = Agent::start(&["--cluster", "state", "--id", "1"]);
    let mut b = Agent::start(&[&flags[..], &["--id", "2", "--join", &a.address]].concat());
    b.ask("set color green");
    a.ask("set shape round");
    a.reads("color", "green");
    b.reads("shape", "round");
    let written = Instant::now() + PATIENCE;
    let holds = |word: &[u8]| {
        let bytes = std::fs::read(&file).expect("a state");
        bytes.windows(word.len()).any(|part| part == word)
    };
    while !(holds(b"green") && holds(b"round")) {
        assert!(Instant::now() < written, "the state is not written");
        thread::sleep(Duration::from_millis(50));
    }
    signal(&b.child.0, "-KILL");
    wait(&mut b.child.0);
    // Neither an identity nor a seed is given: both are in the state.
    let mut again = Agent::start(&flags);
    assert_eq!(again.id, "2");
    again.reads("color", "green");
    again.reads("shape", "round");
    again.ask("set size large");
    a.reads("size", "large");
    a.reads("color", "green");
    again.say(b"leave");
    again.ends_well();
    std::fs::write(&file, b"gsip\x01 and no more").expect("it is ours");
    let bind = ["agent", "--bind", "127.0.0.1:0"];
    refused(&[&bind[..], &["--state", &file]].concat(), 1, "damaged");
    std::fs::remove_dir_all(&folder).expect("it is ours");
}
