//! Who left, or was forgotten, is not brought back by old knowledge: of a node that was asleep or stalled
//! for long, at once or in pieces, of datagrams that waited for it, or of datagrams that are repeated.

use crate::support;

use gossip_core::wire::{Datagram, Kind, Section, Standing};
use gossip_core::{Checked, Duration, Event, Generation, Identity, Node, SplitMix64, Status};
use support::craft::{body, craft, row};
use support::{Large, Net, Record, Weather, config, id};

/// The one that goes.
const GONE: u16 = 1;

fn settings(address: u16, memory: u32) -> Checked<u16> {
    let config = config(address, 300).forget_after(Duration::from_secs(memory));
    config.check().unwrap()
}

fn cluster(nodes: u16, memory: u32, seed: u64) -> Net<Large> {
    cluster_and_words(nodes, memory, seed).0
}

/// The same, and everything that was said until all knew all.
fn cluster_and_words(nodes: u16, memory: u32, seed: u64) -> (Net<Large>, Vec<Record>) {
    let mut net = Net::new(seed, 300, Weather::FAIR);
    net.log = Some(Vec::new());
    for address in 0..nodes {
        net.add(settings(address, memory), Large::tables());
        if address > 0 {
            net.node(address).join(0).unwrap();
        }
        net.node(address).set("k", &[address as u8; 8]).unwrap();
    }
    let end = net.now + 60_000;
    let all = usize::from(nodes);
    assert!(net.run_until(end, |net| net.agree()
        && net.live().all(|node| node.live() == all)));
    let words = net.log.take().unwrap();
    (net, words)
}

/// It says goodbye, or just ends.
fn end(net: &mut Net<Large>, goodbye: bool) {
    if goodbye {
        net.node(GONE).leave();
        net.run(3_000);
    }
    net.nodes[usize::from(GONE)] = None;
}

/// All of `at` have forgotten it; their events up to here are drained.
fn forgotten(net: &mut Net<Large>, at: &[u16]) {
    for &address in at {
        assert!(net.node(address).member(id(GONE + 1)).is_none());
        while net.node(address).poll_event().is_some() {}
    }
}

/// For so long none of `at` shows it, tells of it or has an entry of it to read.
fn stays_gone(net: &mut Net<Large>, at: &[u16], millis: u64, case: &str) {
    let until = net.now + millis;
    while net.now < until {
        net.run(100);
        for &address in at {
            let node = net.node(address);
            let status = node.member(id(GONE + 1)).map(|row| row.status());
            assert_eq!(status, None, "{case}: at {address}");
            assert_eq!(node.get(id(GONE + 1), "k"), None, "{case}: at {address}");
            while let Some(event) = node.poll_event() {
                let of_it = match event {
                    Event::Member { id: who, .. } => who == id(GONE + 1),
                    Event::Set { owner, .. } => owner == id(GONE + 1),
                    _ => false,
                };
                assert!(!of_it, "{case}: {event:?} at {address}");
            }
        }
    }
}

/// All that run are one cluster in the end, the sleeper included, and it has forgotten whoever is gone.
fn settles(net: &mut Net<Large>, memory: u64, case: &str) {
    let end = net.now + 60_000;
    let all = net.live().count();
    let whole = net.run_until(end, |net| net.live().all(|node| node.live() == all));
    assert!(whole, "{case}");
    net.run(2 * memory * 1000);
    assert!(net.agree(), "{case}");
    assert!(net.live().all(|node| node.member(id(GONE + 1)).is_none()));
}

#[test]
fn a_long_sleeper_brings_nobody_back() {
    for (nodes, memory, asleep) in [(6, 60, 300), (6, 60, 75), (12, 30, 3600), (24, 120, 200)] {
        for goodbye in [true, false] {
            for seed in 0..4 {
                let case = format!("{nodes} nodes, {memory} s, {asleep} s, {goodbye}, {seed}");
                let mut net = cluster(nodes, memory, seed);
                let sleeper = net.nodes[4].take();
                end(&mut net, goodbye);
                net.run(asleep * 1000);
                let others: Vec<_> = (0..nodes).filter(|at| ![1, 4].contains(at)).collect();
                forgotten(&mut net, &others);
                net.nodes[4] = sleeper;
                stays_gone(&mut net, &others, u64::from(memory) * 2_000, &case);
                settles(&mut net, u64::from(memory), &case);
            }
        }
    }
}

/// A process that is stopped finds datagrams of before in its socket, and hands them in first.
#[test]
fn datagrams_that_waited_for_a_sleeper_bring_nobody_back() {
    for seed in 0..6 {
        let mut net = cluster(6, 60, seed);
        let mut sleeper = net.nodes[4].take().unwrap();
        // A log of what would have reached it: everything that reaches another.
        net.log = Some(Vec::new());
        net.run(8_000);
        let waiting: Vec<Record> = net.log.take().unwrap();
        end(&mut net, seed % 2 == 0);
        net.run(300_000);
        forgotten(&mut net, &[0, 2, 3, 5]);
        let now = net.instant();
        for record in waiting.iter().filter(|record| record.from != 4) {
            let _ = sleeper.handle_datagram(now, record.from, &record.bytes);
        }
        net.nodes[4] = Some(sleeper);
        // And one that has never heard of it is no more fooled than those who have forgotten it.
        net.add(settings(6, 60), Large::tables());
        net.node(6).join(0).unwrap();
        stays_gone(&mut net, &[0, 2, 3, 5, 6], 120_000, "waiting datagrams");
        settles(&mut net, 60, "waiting datagrams");
    }
}

#[test]
fn many_short_sleeps_are_one_long_one() {
    for (nap, awake) in [(25_000, 50), (25_000, 1_000), (12_000, 0), (29_000, 2_500)] {
        for goodbye in [true, false] {
            let mut net = cluster(6, 60, 3);
            let mut sleeper = net.nodes[4].take();
            end(&mut net, goodbye);
            let case = format!("{nap} ms asleep, {awake} ms awake, {goodbye}");
            // Meanwhile nothing reaches it, or nearly.
            net.connected = |from, to| from != 4 && to != 4;
            for _ in 0..(200_000 / (nap + awake)) {
                net.run(nap);
                net.nodes[4] = sleeper.take();
                net.run(awake);
                sleeper = net.nodes[4].take();
            }
            forgotten(&mut net, &[0, 2, 3, 5]);
            net.connected = |_, _| true;
            net.nodes[4] = sleeper;
            stays_gone(&mut net, &[0, 2, 3, 5], 120_000, &case);
            settles(&mut net, 60, &case);
        }
    }
}

/// Awake, but nobody hears it, in a cluster that is too large for it to have probed everybody by then.
#[test]
fn a_node_that_was_alone_for_long_brings_nobody_back() {
    for seed in 0..3 {
        let mut net = cluster(60, 30, seed);
        net.connected = |from, to| (from == 4) == (to == 4);
        end(&mut net, seed % 2 == 0);
        net.run(100_000);
        let others: Vec<_> = (0..60).filter(|at| ![1, 4].contains(at)).collect();
        forgotten(&mut net, &others);
        net.connected = |_, _| true;
        stays_gone(&mut net, &others, 60_000, "alone");
        settles(&mut net, 30, "alone");
    }
}

#[test]
fn datagrams_that_are_repeated_later_bring_nobody_back() {
    for goodbye in [true, false] {
        let (mut net, mut old) = cluster_and_words(6, 60, 8);
        end(&mut net, goodbye);
        net.run(200_000);
        forgotten(&mut net, &[0, 2, 3, 4, 5]);
        old.sort_by_key(|record| record.from != GONE);
        for record in &old {
            if net.nodes[usize::from(record.to)].is_some() {
                net.deliver(record.from, record.to, &record.bytes);
            }
            net.run(1);
        }
        stays_gone(&mut net, &[0, 2, 3, 4, 5], 120_000, "repeated");
        settles(&mut net, 60, "repeated");
    }
}

/// The one that was asleep is itself forgotten, and comes back in its life with its entries.
#[test]
fn a_sleeper_comes_back_itself() {
    for (nodes, memory, asleep) in [(2, 60, 90), (6, 60, 300), (20, 40, 2000)] {
        let mut net = cluster(nodes, memory, 5);
        let sleeper = net.nodes[usize::from(nodes) - 1].take();
        net.run(asleep * 1000);
        assert_eq!(net.node(0).get(id(nodes), "k"), None);
        let generation = sleeper.as_ref().unwrap().generation();
        net.nodes[usize::from(nodes) - 1] = sleeper;
        let begun = net.now;
        let back = |net: &Net<Large>| {
            let knows = |node: &Node<u16, Large>| {
                let row = node.member(id(nodes));
                row.is_some_and(|row| row.status() == Status::Alive)
                    && node.get(id(nodes), "k").is_some()
            };
            net.agree() && net.live().all(knows)
        };
        assert!(net.run_until(begun + 30_000, back), "{nodes} nodes");
        assert_eq!(net.node(nodes - 1).generation(), generation);
    }
}

/// Somebody at address 999 tells the node at `to` that the one at address 1 lives in this life, somewhere else.
fn tell_of_a_copy(net: &mut Net<Large>, to: u16, copied: Generation) {
    let word = body(&[row(2, copied, 0, Standing::Alive, Some(999))]);
    let word = craft(id(77), Generation::default(), &[(Kind::Rows, word)]);
    net.deliver(999, to, &word);
}

/// A node with a copied id was there, and the sleeper knows its only peer by that life; the peer has bid against others
/// and does so no more for a while. Its acks are none of the member's, but they are answers. Neither waits for ever, nor
/// asks at the speed of the network.
#[test]
fn a_sleeper_knows_its_only_peer_by_the_life_of_a_copy() {
    for (nodes, asleep, twice) in [(2, 45, 0), (3, 45, 20), (4, 600, 0), (9, 3600, 20)] {
        for seed in 0..4 {
            let case = (nodes, asleep, twice, seed);
            let mut net = cluster(nodes, 60, seed);
            let copied = Generation {
                counter: 1000,
                nonce: [1, 2, 3, seed as u8],
            };
            tell_of_a_copy(&mut net, 0, copied);
            let sleeper = net.nodes[0].take();
            for address in 2..nodes {
                net.nodes[usize::from(address)] = None;
            }
            net.run(asleep * 1000);
            for other in 0..6 {
                let counter = net.node(1).generation().counter + 1;
                let nonce = [other, 9, 9, 9];
                tell_of_a_copy(&mut net, 1, Generation { counter, nonce });
                net.run(5_000);
            }
            assert_eq!(net.node(1).identity(), Identity::Yielded, "{case:?}");
            net.nodes[0] = sleeper;
            net.weather.twice = twice;
            net.log = Some(Vec::new());
            let both = |net: &Net<Large>| net.agree() && net.live().all(|node| node.live() == 2);
            let end = net.now + 90_000;
            assert!(net.run_until(end, both), "{case:?}");
            let (took, said) = (net.now + 90_000 - end, net.log.as_ref().unwrap().len());
            assert!(
                took < 60_000 && said < 400,
                "{case:?}: {took} ms, {said} datagrams"
            );
            assert!(net.node(1).generation() > copied, "{case:?}");
        }
    }
}

/// A node that is out of touch asks whoever speaks to it, but not each time: not even a peer whose acks never are what
/// it waits for.
#[test]
fn a_sleeper_asks_a_few_times_a_round() {
    for rounds in [1, 3, 10] {
        let mut net = cluster(6, 60, 1);
        let peer = net.node(3).generation();
        let mut sleeper = net.nodes[4].take().unwrap();
        net.run(300_000);
        let useless = craft(id(4), peer, &[(Kind::Ack, body(&[u16::MAX]))]);
        let before = sleeper.stats().sent.of(Kind::Ping).count;
        for millis in 0..rounds * 1_000 {
            net.now += 1;
            let now = net.instant();
            if sleeper.poll_timeout() <= now {
                let mut chance = SplitMix64::new(millis);
                sleeper.handle_timeout(now, &mut chance);
            }
            sleeper.handle_datagram(now, 3, &useless).unwrap();
            while sleeper.poll_transmit(now, &mut [0; 300]).is_some() {}
        }
        let pings = u64::from(sleeper.stats().sent.of(Kind::Ping).count - before);
        assert!(
            (8..=24 * (rounds + 1)).contains(&pings),
            "{rounds} rounds: {pings} pings"
        );
    }
}

/// A peer began a new life and does not know yet where it is. A sleeper does not listen yet, and does not answer with
/// what it knows of the earlier life: the peer would tell its row again, and so on without end.
#[test]
fn a_sleeper_tells_a_newcomer_nothing_of_its_earlier_life() {
    for asleep in [45, 600] {
        let mut net = cluster(6, 60, 1);
        let mut sleeper = net.nodes[4].take().unwrap();
        net.run(asleep * 1000);
        let now = net.instant();
        let born = Generation {
            counter: 3,
            nonce: [7; 4],
        };
        let word = body(&[row(2, born, 0, Standing::Alive, None)]);
        let word = craft(id(2), born, &[(Kind::Rows, word)]);
        sleeper.handle_datagram(now, 1, &word).unwrap();
        let (mut buf, mut pings) = ([0; 300], 0);
        while let Some(sent) = sleeper.poll_transmit(now, &mut buf) {
            let sent = Datagram::parse::<u16>(&buf[..sent.len], 0, id(1 << 14)).unwrap();
            for section in sent.sections::<u16>() {
                assert!(!matches!(section, Section::Rows(_)), "{section:?}");
                pings += usize::from(matches!(section, Section::Ping(_)));
            }
        }
        assert_eq!(pings, 1, "it asks for an answer");
    }
}

/// A short pause is no reason to doubt anybody.
#[test]
fn a_short_pause_changes_nothing() {
    let mut net = cluster(6, 600, 7);
    let sleeper = net.nodes[4].take().unwrap();
    net.run(5_000);
    let before: Vec<_> = sleeper.members().map(|row| row.status()).collect();
    net.nodes[4] = Some(sleeper);
    net.run(10);
    let after: Vec<_> = net.node(4).members().map(|row| row.status()).collect();
    assert_eq!(before, after);
    assert_eq!(net.node(4).stats().pauses, 1);
    net.run(20_000);
    assert!(net.agree() && net.live().all(|node| node.live() == 6));
}
