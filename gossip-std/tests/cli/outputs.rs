//! Standard output that is closed, full, or read by nobody: the node goes on, and ends when it is told to.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::process::{Agent, Owned, PATIENCE, gossip, signal, wait};

/// An agent of a cluster, with this standard output, that joins `peer`.
fn agent(peer: &Agent, cluster: &str, stdout: Stdio) -> Owned {
    let flags = ["agent", "--bind", "127.0.0.1:0", "--cluster", cluster];
    let mut command = gossip(&flags);
    command.args(["--id", "2", "--join", &peer.address]);
    let command = command.stdin(Stdio::piped()).stdout(stdout);
    let child = command.stderr(Stdio::piped()).spawn();
    Owned(child.expect("the binary runs"))
}

fn peer(cluster: &str) -> Agent {
    Agent::start(&["--cluster", cluster, "--id", "1"])
}

fn say(stdin: &mut ChildStdin, line: &str) {
    stdin.write_all(line.as_bytes()).expect("the node reads");
    stdin.write_all(b"\n").expect("the node reads");
}

fn stderr(child: &mut Child) -> String {
    let (mut text, mut pipe) = (String::new(), child.stderr.take().expect("it is piped"));
    pipe.read_to_string(&mut text).expect("UTF-8");
    text
}

/// It writes entries and leaves as if somebody read what it prints.
fn lives_on(mut peer: Agent, mut child: Owned) -> String {
    let mut stdin = child.0.stdin.take().expect("it is piped");
    for number in 0..3 {
        say(&mut stdin, &format!("set key {number}"));
        peer.reads("key", &number.to_string());
    }
    // Longer than the pause after a write that failed.
    thread::sleep(Duration::from_millis(1_500));
    say(&mut stdin, "set key last");
    peer.reads("key", "last");
    signal(&child.0, "-TERM");
    assert_eq!(wait(&mut child.0).code(), Some(0));
    peer.sees("2", "left");
    stderr(&mut child.0)
}

#[test]
fn a_node_goes_on_when_its_reader_goes_away() {
    let peer = peer("reader");
    let mut child = agent(&peer, "reader", Stdio::piped());
    let mut lines = BufReader::new(child.0.stdout.take().expect("it is piped")).lines();
    assert!(lines.next().expect("a ready line").is_ok());
    drop(lines);
    assert_eq!(lives_on(peer, child), "");
}

#[test]
fn a_node_goes_on_when_nothing_can_be_written() {
    let Ok(full) = File::options().write(true).open("/dev/full") else {
        return eprintln!("skipped: no /dev/full");
    };
    let peer = peer("full");
    let child = agent(&peer, "full", full.into());
    let said = lives_on(peer, child);
    assert!(said.contains("cannot write to standard output"), "{said}");
    assert_eq!(said.lines().count(), 1, "told once: {said}");
}

/// Fills the pipe and every queue behind it: nobody reads.
fn stuck(peer: &mut Agent, cluster: &str) -> (Owned, ChildStdin) {
    let mut child = agent(peer, cluster, Stdio::piped());
    let mut stdin = child.0.stdin.take().expect("it is piped");
    peer.sees("2", "alive");
    let long = "x".repeat(1_000);
    for number in 0..2_000 {
        // What is not read any more would block us as well.
        say(&mut stdin, &format!("get {long}{number}"));
    }
    say(&mut stdin, "set done yes");
    peer.reads("done", "yes");
    (child, stdin)
}

#[test]
fn commands_and_signals_reach_a_node_whose_output_nobody_reads() {
    for (cluster, name) in [("stuck int", "-INT"), ("stuck term", "-TERM")] {
        let mut peer = peer(cluster);
        let (mut child, _stdin) = stuck(&mut peer, cluster);
        let begun = Instant::now();
        signal(&child.0, name);
        assert_eq!(wait(&mut child.0).code(), Some(0));
        assert!(begun.elapsed() < PATIENCE / 2, "{:?}", begun.elapsed());
        peer.sees("2", "left");
    }
}

#[test]
fn leave_reaches_a_node_whose_output_nobody_reads() {
    let mut peer = peer("stuck leave");
    let (mut child, mut stdin) = stuck(&mut peer, "stuck leave");
    say(&mut stdin, "leave");
    assert_eq!(wait(&mut child.0).code(), Some(0));
    peer.sees("2", "left");
}

#[test]
fn a_late_reader_is_told_how_much_it_missed() {
    let mut peer = peer("late");
    let (mut child, mut stdin) = stuck(&mut peer, "late");
    let mut lines = BufReader::new(child.0.stdout.take().expect("it is piped")).lines();
    let missed = lines.find(|line| {
        let line = line.as_ref().expect("UTF-8");
        line.contains("lines were not printed")
    });
    assert!(missed.is_some());
    say(&mut stdin, "set after that");
    assert!(lines.any(|line| line.is_ok_and(|line| line == "ok: set after")));
    signal(&child.0, "-TERM");
    assert_eq!(wait(&mut child.0).code(), Some(0));
}
