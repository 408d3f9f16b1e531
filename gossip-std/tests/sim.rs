//! `gossip sim`, tested by running the real binary.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

/// `gossip sim` with these words.
fn sim(line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gossip"));
    command.arg("sim").args(line.split_whitespace());
    command.output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("output is UTF-8")
}

/// What it prints when all goes well.
fn printed(line: &str) -> String {
    let output = sim(line);
    let errors = text(&output.stderr);
    assert!(output.status.success(), "{line}: {errors}");
    text(&output.stdout).to_owned()
}

/// It ends with this code, says one line that contains `what`, and prints nothing else.
fn refused(line: &str, what: &str) {
    let output = sim(line);
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{line}: {errors}");
    assert!(output.stdout.is_empty(), "{line}");
    assert_eq!(errors.lines().count(), 1, "{line}: {errors}");
    assert!(
        errors.starts_with("error: ") && errors.contains(what),
        "{line}: {errors}"
    );
}

/// A file of this test alone, with this content.
fn file(name: &str, content: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, content).expect("the target folder can be written");
    path
}

const SMALL: &str = "name = \"small\"\nnodes = 3\nduration = \"5s\"\n";

/// For the end of [`SMALL`]: a cluster whose network breaks for good cannot agree.
const BROKEN: &str = "expect = { agree-within = \"1s\" }\n[[at]]\ntime = \"1s\"\n\
    do = { set-loss = 1.0 }\n[[at]]\ntime = \"2s\"\ndo = { set = { host = 1, key = \"k\" } }";

#[test]
fn the_library_is_listed_and_shown() {
    let list = printed("list");
    assert!(list.lines().count() > 10);
    for line in list.lines() {
        let (name, description) = line.split_once(' ').expect("a name and a description");
        assert!(!description.trim().is_empty());
        assert!(printed(&format!("show {name}")).starts_with("# "));
    }
}

#[test]
fn a_changed_scenario_is_shown_as_it_would_be_played() {
    let changed = printed("show crash --nodes 9 --loss 0.5 --mtu 600 --latency 2ms..3ms");
    let path = file("changed.toml", &changed);
    let again = printed(&format!("show {}", path.display()));
    assert_eq!(again, changed);
    assert!(changed.contains("nodes = 9"), "{changed}");
    assert!(changed.contains("mtu = 600"), "{changed}");
}

#[test]
fn a_wrong_command_line_is_refused_in_one_line() {
    for (line, what) in [
        ("", "name a scenario: steady"),
        ("nope", "known are steady"),
        ("steady --frob", "--frob"),
        ("steady --nodes x", "--nodes"),
        ("steady --fanout 256", "--fanout"),
        ("steady --interval 5", "1.5s"),
        ("steady --runs 0", "--runs"),
        ("steady --runs 2 --trace x", "--trace"),
        ("steady --runs 2 --seed 18446744073709551615", "--seed"),
        ("steady --seed -1", "--seed is -1; it must not be negative"),
        (
            "steady --duration -1s",
            "--duration is -1s; it must not be negative",
        ),
        ("soak --seeds -1", "--seeds is -1; it must not be negative"),
        ("steady --html /nonexistent/x.html", "/nonexistent/x.html"),
        ("steady --svg /nonexistent/x.svg", "/nonexistent/x.svg"),
        ("steady --trace /nonexistent/x", "/nonexistent/x"),
        (
            "steady --html x.html --svg ./x.html",
            "--svg ./x.html: that is the file of --html too",
        ),
        (
            "steady --html x.html --trace x.html",
            "--trace x.html: that is the file of --html too",
        ),
        ("show", "NAME|FILE.toml"),
        ("show nope", "known are steady"),
        ("list more", "more"),
    ] {
        refused(line, what);
    }
}

#[test]
fn a_change_that_makes_no_scenario_is_refused_by_its_flag_or_with_what_it_breaks() {
    for (line, what) in [
        (
            "steady --nodes 0",
            "error: --nodes is 0; it must be at least 1",
        ),
        (
            "steady --loss 2",
            "error: --loss is 2; it must be from 0 to 1",
        ),
        (
            "steady --interval 0s",
            "error: --interval is 0s; it must be at least 8ms",
        ),
        (
            "steady --interval 1ms",
            "error: --interval is 1ms; it must be at least 8ms",
        ),
        (
            "steady --gossip-interval 1us",
            "error: --gossip-interval is 1us; it must be",
        ),
        (
            "steady --mtu 10",
            "error: --mtu must be between 64 and 65507 bytes",
        ),
        (
            "crash --duration 10s",
            "crash with these flags: at[1].time is 20s; the run ends at 10s",
        ),
        (
            "partition --nodes 20",
            "partition.sides is 25-; hosts are then numbered from 1 to 20",
        ),
        (
            "partition --nodes 20",
            "name some of these, or make nodes at least 25",
        ),
        ("wan --nodes 8", "make nodes at least 16"),
    ] {
        refused(line, what);
    }
}

#[test]
fn a_wrong_file_is_refused_in_one_line_that_names_the_place() {
    refused("missing.toml", "cannot read missing.toml: ");
    for (name, more, what) in [
        ("key.toml", "nodse = 3", "line 4: unknown field `nodse`"),
        ("unit.toml", "protocol.interval = \"1\"", "line 4: "),
        ("toml.toml", "[[at]", "line 4: "),
        (
            "action.toml",
            "[[at]]\ntime = \"1s\"\ndo = { crush = 1 }",
            "line 6: ",
        ),
        (
            "value.toml",
            "network.link.corrupt = 2.0",
            "network.link.corrupt is 2;",
        ),
    ] {
        let path = file(name, &(SMALL.to_owned() + more));
        refused(&path.display().to_string(), what);
    }
}

#[test]
fn runs_differ_by_seed_alone_and_the_same_seed_gives_the_same_bytes() {
    let path = file("small.toml", SMALL);
    let play = |flags: &str| printed(&format!("{} --json {flags}", path.display()));
    let one = play("--runs 3 --seed 7 --jobs 1");
    assert_eq!(one, play("--runs 3 --seed 7 --jobs 3 --cores 2"));
    let report: Value = serde_json::from_str(&one).expect("JSON");
    let runs = report["runs"].as_array().expect("runs");
    let seeds: Vec<_> = runs.iter().map(|run| run["seed"].as_u64()).collect();
    assert_eq!(seeds, [Some(7), Some(8), Some(9)]);
    let other = play("--runs 3 --seed 17");
    assert_ne!(one, other);
}

#[test]
fn every_change_shows_in_the_parameters() {
    let path = file("parameters.toml", SMALL);
    let flags = "--nodes 4 --fanout 2 --interval 600ms --gossip-interval 150ms --loss 0.125 \
                 --mtu 500 --duration 4s --entries 3 --latency 1ms..20ms";
    let json = printed(&format!("{} --json {flags}", path.display()));
    let report: Value = serde_json::from_str(&json).expect("JSON");
    let set = report["runs"][0]["parameters"].to_string();
    for value in [
        "\"nodes\":4",
        "\"fanout\":2",
        "\"interval\":\"600ms\"",
        "\"gossip-interval\":\"150ms\"",
        "\"loss\":0.125",
        "\"mtu\":500",
        "\"duration\":\"4s\"",
        "\"entries\":3",
        "20ms",
    ] {
        assert!(set.contains(value), "{value} in {set}");
    }
    assert_eq!(report["runs"][0]["parameters"]["topology"], "full-mesh");
}

#[test]
fn what_would_take_hours_is_warned_of_in_one_line() {
    let path = file("hours.toml", &(SMALL.to_owned() + BROKEN));
    let path = path.display();
    // The broken rule ends it early.
    let output = sim(&format!("{path} --nodes 4 --duration 100000h"));
    let errors = text(&output.stderr);
    let warning = "warning: this may take some 0.0 GB of memory and 8 hours\n";
    assert!(errors.starts_with(warning), "{errors}");
    assert_eq!(errors.matches("warning").count(), 1, "{errors}");
    let output = sim(&format!("{path} --nodes 4 --duration 100000h --quiet"));
    assert!(!text(&output.stderr).contains("warning"));
}

#[test]
fn a_file_is_not_written_over_the_scenario_that_it_reports_on() {
    let path = file("kept.toml", SMALL);
    let path = path.display();
    refused(
        &format!("{path} --html {path}"),
        "that is the file of the scenario too",
    );
    assert_eq!(
        fs::read_to_string(path.to_string()).expect("it is still there"),
        SMALL
    );
}

#[test]
fn a_broken_rule_fails_and_names_the_command_that_replays_it() {
    let path = file("broken.toml", &(SMALL.to_owned() + BROKEN));
    let output = sim(&format!("{} --nodes 4 --seed 5 --quiet", path.display()));
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    let (_, command) = errors
        .split_once("replay it with: gossip sim ")
        .expect("a command");
    assert!(command.contains("--seed 5 --nodes 4"), "{command}");
    let again = sim(&format!("{} --quiet", command.trim()));
    assert_eq!(text(&again.stderr), errors);
}

#[test]
fn quiet_prints_nothing_and_files_are_written() {
    let path = file("files.toml", SMALL);
    let out = |name: &str| file(name, "").display().to_string();
    let (html, svg, trace) = (out("a.html"), out("a.svg"), out("a.trace"));
    let line = format!(
        "{} --quiet --html {html} --svg {svg} --trace {trace}",
        path.display()
    );
    assert_eq!(printed(&line), "");
    let read = |path: &str| fs::read_to_string(path).expect("it was written");
    assert!(read(&html).contains("<html"));
    assert!(read(&svg).contains("<svg"));
    let trace = read(&trace);
    assert!(trace.lines().count() > 10);
    for line in trace.lines() {
        let event: Value = serde_json::from_str(line).expect("one JSON object a line");
        assert!(event.is_object());
    }
}

/// All seeds are gone, the two sides have forgotten each other, and still they become one cluster within the
/// time that protocol.md states: `3 * 8` tries and a minute.
fn apart(name: &str, nodes: u32, time: &str, end: &str) {
    let half = nodes / 2 + 1;
    let scenario = format!(
        "name = \"{name}\"\nnodes = {nodes}\nduration = \"{end}\"\nboot = \"join\"\n\
         expect = {{ agree-within = \"9min\" }}\n\
         [[at]]\ntime = \"30s\"\ndo = {{ crash = {{ hosts = \"1\" }} }}\n\
         [[at]]\ntime = \"60s\"\ndo = {{ partition = {{ sides = [\"2-{half}\", \"{}-\"] }} }}\n\
         [[at]]\ntime = \"{time}\"\ndo = \"heal-all\"\n",
        half + 1
    );
    let path = file(&format!("{name}.toml"), &scenario);
    printed(&path.display().to_string());
}

#[test]
fn a_minute_apart_heals_in_the_stated_time() {
    apart("apart-minute", 17, "2min", "12min");
}

#[test]
fn an_hour_apart_heals_in_the_stated_time() {
    apart("apart-hour", 17, "61min", "72min");
}

#[test]
fn a_day_apart_heals_in_the_stated_time() {
    apart("apart-day", 17, "1441min", "1452min");
}
