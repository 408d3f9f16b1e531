//! What the short form of claims saves when a replica covers an owner again: real nodes, every datagram
//! counted. The table of `gossip-std/docs/measurements.md`:
//! `cargo test --release -p gossip-core --test entries accelerate -- --include-ignored --nocapture`
//!
//! A replica holds all entries of an owner and sleeps. A few are
//! changed, a third of those deleted, and the owner collects the tombstones; so the replica must cover the owner from zero. Without the short form
//! is the same with pulls that claim to hold nothing, so that every answer is a whole claim.

use crate::support;

use gossip_core::wire::{Datagram, Hint, Kind, PullItem, Section};
use gossip_core::{
    Config, Duration, Generation, Instant, Node, NodeId, SplitMix64, Version, inline,
};
use support::craft::{body, craft};
use support::id;

inline! {
    struct Roomy {
        members: 2, entries: 10_001, key: 6, value: 8, news: 0, duties: 4,
        relays: 0, seeds: 0, exchanges: 1, ranges: 1, wants: 1,
    }
}

type Peer = Box<Node<u16, Roomy>>;

const OWNER: u16 = 0;
const SLEEPER: u16 = 1;
/// How many entries are changed while the replica sleeps; a third of them are deleted.
const CHANGES: [usize; 2] = [3, 30];

/// How the owner wrote its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Past {
    /// Each once: their versions follow each other.
    Once,
    /// Each five times on average, in random order: their versions lie far apart.
    Often,
}

/// Which claims the answers to the sleeper's pulls may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claims {
    Whole,
    /// In the short form.
    Short,
}

/// What one re-cover took.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    /// Datagrams with claims.
    answers: usize,
    answer_bytes: usize,
    pulls: usize,
    pull_bytes: usize,
}

fn start(address: u16, mtu: usize) -> Peer {
    const NEVER: Duration = Duration::from_millis(u32::MAX);
    let config = Config::new(id(address + 1))
        .address(address)
        .mtu_floor(mtu)
        .largest_id(NodeId::from(16_383))
        .probe_interval(NEVER)
        .reconnect_interval(NEVER)
        .forget_after(NEVER)
        .tombstone_grace(Duration::from_millis(2))
        .fresh(true);
    let mut node = Box::new(Node::new(config.check().unwrap(), Roomy::tables()));
    node.handle_timeout(Instant::ZERO, &mut SplitMix64::new(5));
    node
}

fn key(number: usize) -> String {
    format!("k{number}")
}

fn set(owner: &mut Peer, number: usize, value: u64) {
    owner.set(&key(number), &value.to_le_bytes()).unwrap();
}

/// An owner and a sleeper that holds all of its entries.
fn synced(entries: usize, past: Past, mtu: usize) -> (Peer, Peer) {
    let (mut owner, mut sleeper) = (start(OWNER, mtu), start(SLEEPER, mtu));
    (0..entries).for_each(|number| set(&mut owner, number, 0));
    let mut rng = SplitMix64::new(11);
    if past == Past::Often {
        for round in 0..4 * entries {
            set(&mut owner, rng.next() as usize % entries, round as u64);
        }
    }
    let standing = gossip_core::wire::Standing::Alive;
    let row = support::craft::row(1, owner.generation(), 0, standing, Some(OWNER));
    let rows = craft(id(1), owner.generation(), &[(Kind::Rows, body(&[row]))]);
    sleeper
        .handle_datagram(Instant::ZERO, OWNER, &rows)
        .unwrap();
    catch_up(&mut owner, &mut sleeper, 1400, Claims::Whole);
    assert_eq!(sleeper.entries_of(id(1)).count(), entries);
    (owner, sleeper)
}

/// Some values change, some are deleted, and the tombstones are collected.
fn change(owner: &mut Peer, entries: usize, changes: usize) {
    let mut rng = SplitMix64::new(3);
    let mut numbers: Vec<usize> = (0..entries).collect();
    for place in 0..changes {
        numbers.swap(place, place + rng.next() as usize % (entries - place));
    }
    let (deleted, set_again) = numbers[..changes].split_at(changes / 3);
    for number in deleted {
        assert_eq!(owner.delete(&key(*number)), Ok(true));
    }
    for number in set_again {
        set(owner, *number, 1 << 40);
    }
    while owner.poll_event().is_some() {}
    // Later than any page of the catching up.
    for millis in 60_001..60_200 {
        owner.handle_timeout(Instant::from_millis(millis), &mut SplitMix64::new(1));
    }
    let collected = |number: &usize| !owner.is_tombstone(id(1), &key(*number));
    assert!(deleted.iter().all(collected));
}

/// Pull and answer, page after page, until the sleeper holds what the owner does.
fn catch_up(owner: &mut Peer, sleeper: &mut Peer, mtu: usize, claims: Claims) -> Cost {
    let mut cost = Cost::default();
    let held = owner.member(id(1)).unwrap().held();
    let hint = Hint { id: id(1), held };
    let hints = craft(
        id(1),
        Generation::default(),
        &[(Kind::Hints, body(&[hint]))],
    );
    let now = Instant::from_millis(200);
    sleeper.handle_datagram(now, OWNER, &hints).unwrap();
    while sleeper.member(id(1)).unwrap().held() < held {
        let pull = next(sleeper, now, mtu).expect("a pull");
        cost.pulls += 1;
        cost.pull_bytes += pull.len();
        let pull = if claims == Claims::Whole {
            of_nothing(&pull)
        } else {
            pull
        };
        owner.handle_datagram(now, SLEEPER, &pull).unwrap();
        let answer = next(owner, now, mtu).expect("an answer");
        cost.answers += 1;
        cost.answer_bytes += answer.len();
        sleeper.handle_datagram(now, OWNER, &answer).unwrap();
    }
    cost
}

fn next(node: &mut Peer, now: Instant, mtu: usize) -> Option<Vec<u8>> {
    let mut buf = vec![0; mtu];
    let transmit = node.poll_transmit(now, &mut buf)?;
    Some(buf[..transmit.len].to_vec())
}

fn parse(bytes: &[u8]) -> Datagram<'_> {
    Datagram::parse::<u16>(bytes, 0, NodeId::MAX).expect("a node wrote it")
}

/// The same pull by one who holds nothing.
fn of_nothing(pull: &[u8]) -> Vec<u8> {
    let parsed = parse(pull);
    let Some(Section::Pull(token, items)) = parsed.sections::<u16>().next() else {
        panic!("no pull");
    };
    let held = Version::NONE;
    let items: Vec<_> = items.iter().map(|item| PullItem { held, ..item }).collect();
    let section = [vec![token], body(&items)].concat();
    craft(
        parsed.header.sender,
        parsed.header.generation,
        &[(Kind::Pull, section)],
    )
}

/// Runs `work` where large nodes fit the stack.
fn with_room(work: impl FnOnce() + Send + 'static) {
    const STACK: usize = 256 << 20;
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(work);
    thread.unwrap().join().unwrap();
}

fn costs(entries: usize, past: Past, changes: usize, mtu: usize) -> [Cost; 2] {
    let (mut owner, sleeper) = synced(entries, past, mtu);
    change(&mut owner, entries, changes);
    [Claims::Whole, Claims::Short].map(|claims| {
        let (mut owner, mut sleeper) = (owner.clone(), sleeper.clone());
        let cost = catch_up(&mut owner, &mut sleeper, mtu, claims);
        let all = |node: &Peer| -> Vec<_> {
            node.entries_of(id(1))
                .map(|e| (e.key.to_string(), e.value.to_vec(), e.version))
                .collect()
        };
        assert_eq!(all(&owner), all(&sleeper));
        cost
    })
}

fn row(case: &str, costs: &[Cost; 2]) {
    let bytes = |cost: &Cost| cost.answer_bytes + cost.pull_bytes;
    let cells = costs
        .iter()
        .map(|cost| format!("{} | {}", cost.answers, bytes(cost)));
    println!("| {case} | {} |", cells.collect::<Vec<_>>().join(" | "));
}

fn measure(sizes: &'static [usize], mtus: &'static [usize]) {
    let pasts = [Past::Once, Past::Often];
    let pairs = pasts.map(|past| CHANGES.map(|changes| (past, changes)));
    with_room(move || {
        for &entries in sizes {
            for (past, changes) in pairs.concat() {
                for &mtu in mtus {
                    let costs = costs(entries, past, changes, mtu);
                    row(&format!("{entries} | {past:?} | {changes} | {mtu}"), &costs);
                    let [whole, short] = costs.map(|cost| cost.answers);
                    assert!(short * 2 < whole, "{short} instead of {whole}");
                }
            }
        }
    });
}

#[test]
fn the_short_form_saves_most_of_a_re_cover() {
    measure(&[200], &[64, 127, 1400]);
}

#[test]
#[ignore = "takes a minute"]
fn the_short_form_saves_most_of_a_large_re_cover() {
    measure(&[1000, 10_000], &[64, 127, 1400]);
}
