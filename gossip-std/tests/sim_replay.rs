//! One seed fixes everything: traces are the same, byte for byte, whenever a scenario is played
//! again, on however many cores, and with whichever storage.

use gossip_core::inline;
use gossip_std::sim::scenario::Scenario;
use gossip_std::sim::{Build, Followers, Index, Nodes, RunOptions, run_with};
use gossip_std::{Heap, Limits};

inline! {
    /// Room for the scenario, and tight where it hurts.
    struct Inline {
        members: 16, entries: 64, key: 4, value: 8, news: 6, duties: 6,
        relays: 2, seeds: 2, exchanges: 3, ranges: 4, wants: 4, leases: 8,
    }
}

/// The same bounds on the heap.
const LIMITS: Limits = Limits {
    members: 16,
    entries: 64,
    key: 4,
    value: 8,
    news: 6,
    duties: 6,
    relays: 2,
    bygones: 16,
    seeds: 2,
    exchanges: 3,
    ranges: 4,
    wants: 4,
    leases: 8,
    mails: 0,
    syncs: 0,
    reads: 0,
};

/// A little of everything.
const SCENARIO: &str = r#"
    name = "replay"
    nodes = 12
    duration = "60s"
    boot = "join"
    protocol = { mtu = 64, largest-id = 127, tombstone-grace = "5s", forget-after = "20s" }
    entries = { count = 2, key-bytes = 4, value-bytes = 8 }
    workload = { updates-per-second = 0.2, deletes = 0.3, leases = 0.5, ttl = "6s", keys = 4, until = "40s" }
    clocks = { max-offset = "1s", max-drift-ppm = 500 }

    [network.link]
    latency = { uniform = { min = "2ms", max = "40ms" } }
    loss = 0.1
    duplicate = 0.05
    corrupt = 0.01

    [[at]]
    time = "10s"
    do = { partition = { sides = ["1-4"] } }
    [[at]]
    time = "15s"
    do = { crash = { random = 2 } }
    [[at]]
    time = "20s"
    do = { pause = { random = 1 } }
    [[at]]
    time = "25s"
    do = "heal-all"
    [[at]]
    time = "26s"
    do = { resume = {} }
    [[at]]
    time = "30s"
    do = { restart = {} }
"#;

fn trace(seed: u64, cores: usize, build: &impl Build) -> String {
    let scenario = Scenario::parse(SCENARIO).expect("a scenario");
    let mut trace = Vec::new();
    let options = RunOptions { seed, cores };
    let followers = Followers {
        trace: Some(&mut trace),
        ..Followers::default()
    };
    let outcome = run_with(&scenario, &options, build, followers).expect("it can be played");
    assert_eq!(outcome.violations, []);
    String::from_utf8(trace).expect("JSON is text")
}

fn heap() -> impl Build {
    Nodes {
        tables: || Heap::tables::<Index>(LIMITS),
    }
}

fn inline() -> impl Build {
    Nodes {
        tables: Inline::tables::<Index>,
    }
}

/// The first line in which two traces differ says more than two traces of megabytes.
fn same(one: &str, other: &str) {
    for (number, pair) in one.lines().zip(other.lines()).enumerate() {
        assert_eq!(pair.0, pair.1, "line {number}");
    }
    assert_eq!(one.len(), other.len());
}

#[test]
fn a_trace_repeats_byte_for_byte_on_any_number_of_cores() {
    let first = trace(1, 1, &heap());
    assert!(first.lines().count() > 5000, "{}", first.lines().count());
    for told in [
        "\"sent\"",
        "\"lost\"",
        "\"received\"",
        "\"crashed\"",
        "\"partitioned\"",
        "\"wrote\"",
        "\"deleted\"",
    ] {
        assert!(first.contains(told), "{told}");
    }
    same(&first, &trace(1, 1, &heap()));
    same(&first, &trace(1, 2, &heap()));
    assert_ne!(first, trace(2, 1, &heap()), "the seed matters");
}

#[test]
fn a_trace_is_the_same_whether_tables_are_inline_or_on_the_heap() {
    for seed in [1, 2, 3] {
        same(&trace(seed, 1, &inline()), &trace(seed, 1, &heap()));
    }
}
