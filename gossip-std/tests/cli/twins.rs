//! An id that was copied: whoever is left has it, and what it writes is read by everybody soon.

use std::thread;
use std::time::{Duration, Instant};

use super::process::{Agent, signal};

/// In so many seconds after one of the two has ended.
const HEALED: Duration = Duration::from_secs(30);

/// Plays one story: an impostor with the id 4 lives for a while beside the node with that id, and ends. How
/// long it takes until all others read what is written then.
fn story(number: u64) -> Duration {
    let cluster = format!("twins {number}");
    let start = |id: &str, join: &str| {
        let flags = ["--cluster", &cluster, "--id", id, "--join", join];
        Agent::start(if join.is_empty() { &flags[..4] } else { &flags })
    };
    let mut agents = vec![start("1", "")];
    let seed = agents[0].address.clone();
    agents.extend(["2", "3", "4"].map(|id| start(id, &seed)));
    let (others, original) = agents.split_at_mut(3);
    let original = &mut original[0];
    for other in others.iter_mut() {
        other.sees("4", "alive");
    }
    original.ask("set before 1");
    others
        .iter_mut()
        .for_each(|other| other.reads("before", "1"));
    let mut impostor = start("4", &seed);
    impostor.ask("set other 1");
    let stay = Duration::from_millis(300 + 1700 * (number % 10));
    thread::sleep(stay);
    // It leaves the cluster, or is gone.
    signal(
        &impostor.child.0,
        if number.is_multiple_of(2) {
            "-TERM"
        } else {
            "-KILL"
        },
    );
    impostor.end();
    let ended = Instant::now();
    let answer = original.ask(&format!("set after {number}"));
    assert_eq!(answer["type"], "answer", "{answer}");
    for other in others.iter_mut() {
        other.reads("after", &number.to_string());
    }
    let healed = ended.elapsed();
    // One that was there for a moment has not lived: it still asked for what the others remember.
    if stay >= Duration::from_secs(3) {
        original.object("the clash", |object| object["event"] == "conflict");
    }
    healed
}

fn stories(numbers: std::ops::Range<u64>) {
    let played = numbers.map(|number| thread::spawn(move || (number, story(number))));
    let played: Vec<_> = played.collect();
    // All end before any fails, or agents would be left.
    let ended: Vec<_> = played.into_iter().map(thread::JoinHandle::join).collect();
    for story in ended {
        let (number, healed) = story.expect("a story that ends");
        println!("story {number}: read by all {healed:.1?} after the impostor's end");
        assert!(healed <= HEALED, "story {number}: {healed:?}");
    }
}

#[test]
fn what_the_survivor_of_two_with_one_id_writes_is_read() {
    stories(0..4);
}

#[test]
#[ignore = "a minute of a hundred processes: cargo test -p gossip-std --test cli twenty -- --ignored"]
fn twenty_survivors_are_read() {
    stories(4..24);
}
