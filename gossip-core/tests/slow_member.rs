//! A node that takes long for each datagram is slow, and not dead: nobody declares it so, and the cluster
//! becomes quiet again, since all back off. A real crash is still found.

mod support;

use gossip_core::wire::{Kind, Section, Standing};
use gossip_core::{Duration, Event, NodeId, Status};
use support::alone::{Alone, Sent, Word, acks, alive, first, says};
use support::craft::{body, row};
use support::{Large, Net, Weather, config, id};

/// The slow take so long for a datagram: five a second, where a quiet cluster sends them two.
const EACH: u64 = 200;

fn is_slow(address: u16) -> bool {
    address.is_multiple_of(8)
}

/// When the slow ones become slow, and through whom all join in the same instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slowed {
    /// Once the cluster has settled.
    Later,
    /// From the boot; each joins through one of those before it.
    AtBoot,
    /// From the boot; all join through one of them.
    WithTheSeed,
}

/// A cluster of which one in eight is slow.
fn cluster(nodes: u16, seed: u64, slowed_when: Slowed) -> Net<Large> {
    let from_boot = slowed_when != Slowed::Later;
    let mut net = Net::new(seed, 1400, Weather::FAIR);
    let slow: Vec<u16> = (0..nodes).filter(|address| is_slow(*address)).collect();
    let slowed = |net: &mut Net<Large>| {
        slow.iter().for_each(|address| {
            net.slow.insert(*address, (EACH, 0));
        });
    };
    if from_boot {
        slowed(&mut net);
    }
    for address in 0..nodes {
        let made = config(address, 1400).forget_after(Duration::from_secs(600));
        net.add(made.check().unwrap(), Large::tables());
        if address > 0 {
            let through = match slowed_when {
                Slowed::WithTheSeed => 0,
                _ => address / 2,
            };
            net.node(address).join(through).unwrap();
        }
        net.node(address).set("k", &[address as u8; 8]).unwrap();
    }
    net.run(10_000);
    slowed(&mut net);
    net
}

/// Events that tell of the death of somebody that runs.
fn wrong_deaths(net: &mut Net<Large>, gone: Option<NodeId>) -> usize {
    let mut deaths = 0;
    for address in 0..net.nodes.len() as u16 {
        if net.nodes[usize::from(address)].is_none() {
            continue;
        }
        while let Some(event) = net.node(address).poll_event() {
            if let Event::Member {
                id,
                status: Status::Dead,
            } = event
            {
                deaths += usize::from(Some(id) != gone);
            }
        }
    }
    deaths
}

/// How many wrong deaths there are in five minutes, how many bytes a node sends each second in each of the last
/// four, and how many call themselves slow then.
fn outcome(nodes: u16, seed: u64, when: Slowed) -> (usize, Vec<u64>, usize) {
    let mut net = cluster(nodes, seed, when);
    let mut deaths = wrong_deaths(&mut net, None);
    net.run(60_000);
    deaths += wrong_deaths(&mut net, None);
    let minutes: Vec<u64> = (0..4)
        .map(|_| {
            let before = net.bytes_sent;
            net.run(60_000);
            (net.bytes_sent - before) / 60 / u64::from(nodes)
        })
        .collect();
    deaths += wrong_deaths(&mut net, None);
    let slow = net.node(1).members().filter(|row| row.is_slow()).count();
    println!(
        "{nodes} nodes, seed {seed}, {when:?}: {deaths} wrong deaths, B/node/s {minutes:?}, {slow} called slow, agree {}",
        net.agree()
    );
    (deaths, minutes, slow)
}

#[test]
fn slow_is_not_dead_and_the_cluster_becomes_quiet() {
    for when in [Slowed::Later, Slowed::AtBoot, Slowed::WithTheSeed] {
        for nodes in [2u16, 3, 4, 8, 16, 33, 64] {
            let seed = u64::from(nodes) + 100;
            let (deaths, minutes, _) = outcome(nodes, seed, when);
            assert_eq!(deaths, 0, "{nodes} nodes, {when:?}");
            let last = minutes.last().copied().unwrap_or(u64::MAX);
            assert!(last <= 60, "{nodes} nodes, {when:?}: {minutes:?} B/node/s");
        }
    }
}

#[test]
fn a_crash_of_a_slow_member_is_found() {
    for nodes in [3u16, 8, 32] {
        let mut net = cluster(nodes, 5, Slowed::Later);
        net.run(60_000);
        let gone = 0;
        net.nodes[gone] = None;
        let begun = net.now;
        let found = net.run_until(begun + 120_000, |net| {
            net.live().all(|node| {
                node.member(id(1))
                    .is_none_or(|row| row.status() == Status::Dead)
            })
        });
        println!(
            "{nodes} nodes: a slow one is dead for all after {} ms",
            net.now - begun
        );
        assert!(found, "{nodes} nodes");
        assert_eq!(wrong_deaths(&mut net, Some(id(1))), 0, "{nodes} nodes");
    }
}

/// A node among 20 peers, the last of which is slow.
fn beside_a_slow_one() -> Alone {
    let mut alone = Alone::new(1400);
    let mut rows: Vec<_> = (2..=20).map(|peer| alive(peer, first(peer))).collect();
    rows.push(row(21, first(21), 1, Standing::Slow, Some(20)));
    alone.hear(says(21, &[(Kind::Rows, body(&rows))]));
    alone.sent();
    alone
}

/// The acks of all but the slow one.
fn acks_of_the_quick(sent: &Sent) -> Vec<Word> {
    let quick = sent.to != 20;
    let pings = sent.pings().into_iter().filter(|_| quick);
    pings.map(|token| acks(sent.to + 1, token)).collect()
}

#[test]
fn a_slow_member_is_pinged_once_more_before_it_is_suspected() {
    let mut alone = beside_a_slow_one();
    let (mut pings, mut suspected) = (Vec::new(), None);
    for _ in 0..400 {
        let now = alone.now;
        alone.pass(100, |sent| {
            if sent.to == 20 {
                pings.extend(sent.pings().into_iter().map(|token| (now, token)));
            }
            acks_of_the_quick(sent)
        });
        if alone.status(21) == Some(Status::Suspect) {
            suspected = suspected.or(Some(alone.now));
            break;
        }
    }
    let [(first, token), (second, again)] = pings[..] else {
        panic!("{pings:?}");
    };
    assert_eq!(token, again);
    assert!((6_000..=8_000).contains(&(second - first)), "{pings:?}");
    let suspected = suspected.unwrap() - first;
    assert!((12_000..=14_000).contains(&suspected), "{suspected}");
}

#[test]
fn a_slow_suspect_is_told_so_by_the_pings_alone() {
    let mut alone = beside_a_slow_one();
    let mut words = Vec::new();
    alone.pass(40_000, |sent| {
        if sent.to == 20 {
            let accused = |section| matches!(section, Section::Suspects(_));
            let accuses = sent.sections().into_iter().any(accused);
            words.push((accuses, sent.pings().is_empty()));
        }
        acks_of_the_quick(sent)
    });
    assert_eq!(alone.status(21), Some(Status::Suspect));
    let alone_in_it = words.iter().filter(|word| **word == (true, true)).count();
    assert_eq!(alone_in_it, 1, "the first word: {words:?}");
}

#[test]
fn a_slow_suspect_that_speaks_is_spared_four_times() {
    let mut deaths = Vec::new();
    for speaks in [false, true] {
        let mut alone = beside_a_slow_one();
        let begun = alone.now;
        let mut dead = None;
        while dead.is_none() && alone.now < begun + 300_000 {
            alone.pass(1_000, acks_of_the_quick);
            if speaks {
                alone.hear(says(21, &[]));
            }
            if alone.status(21) == Some(Status::Dead) {
                dead = Some(alone.now - begun);
            }
        }
        deaths.push(dead.unwrap());
    }
    println!("a slow one is dead after {deaths:?} ms if it is silent, or speaks");
    let [silent, speaks] = deaths[..] else {
        panic!()
    };
    assert!(silent <= 60_000, "{silent}");
    let time = speaks - silent;
    assert!((55_000..=72_000).contains(&time), "{time}");
}
