//! One member that hears, or is heard by, only a few of the others poisons nobody's view of the healthy
//! (reported of Consul as 5928 and 5567, of Serf as 269), and two groups that meet in one hub stay one
//! cluster.

use crate::support;

use gossip_core::{Duration, Event, Status};
use support::{Large, Net, Weather, config, id};

/// What the healthy were told in a while, and what it cost.
#[derive(Debug, Default)]
struct Toll {
    /// Deaths of healthy members, told to healthy members.
    healthy: u32,
    /// Suspicions of healthy members, told to healthy members.
    suspicions: u32,
    /// Deaths of the sick member, told to healthy members.
    sick: u32,
    /// Bytes a node and second.
    bytes: u64,
}

fn cluster(nodes: u16, seed: u64, weather: Weather) -> Net<Large> {
    let mut net = Net::new(seed, 300, weather);
    let memory = Duration::from_secs(600);
    for address in 0..nodes {
        let made = config(address, 300).forget_after(memory).check().unwrap();
        net.add(made, Large::tables());
        if address > 0 {
            net.node(address).join(0).unwrap();
        }
        net.node(address).set("k", &[address as u8; 8]).unwrap();
    }
    let all = usize::from(nodes);
    let end = net.now + 60_000;
    assert!(net.run_until(end, |net| net.agree()
        && net.live().all(|n| n.live() == all)));
    net
}

/// Lets the cluster run for `secs` seconds with these connections and counts what the healthy are told.
fn toll(net: &mut Net<Large>, sick: u16, connected: fn(u16, u16) -> bool, secs: u64) -> Toll {
    let nodes = net.nodes.len() as u16;
    net.connected = connected;
    for address in 0..nodes {
        while net.node(address).poll_event().is_some() {}
    }
    let (mut toll, before) = (Toll::default(), net.bytes_sent);
    for _ in 0..secs * 10 {
        net.run(100);
        for address in (0..nodes).filter(|address| *address != sick) {
            while let Some(event) = net.node(address).poll_event() {
                let Event::Member { id: who, status } = event else {
                    continue;
                };
                match (status, who == id(sick + 1)) {
                    (Status::Dead, true) => toll.sick += 1,
                    (Status::Dead, false) => toll.healthy += 1,
                    (Status::Suspect, false) => toll.suspicions += 1,
                    _ => {}
                }
            }
        }
    }
    toll.bytes = (net.bytes_sent - before) / secs / u64::from(nodes);
    toll
}

const FEW: Weather = Weather {
    loss: 1,
    ..Weather::FAIR
};

#[test]
fn a_half_cut_member_kills_no_healthy_one() {
    type Connected = fn(u16, u16) -> bool;
    let ways: [(&str, Connected); 5] = [
        ("reaches 2, both ways", |a, b| {
            !(a == 9 && b > 2 || b == 9 && a > 2)
        }),
        ("hears all, is heard by 2", |a, b| !(a == 9 && b > 2)),
        ("is heard by all, hears 2", |a, b| !(b == 9 && a > 2)),
        ("is heard by all, hears none", |_, b| b != 9),
        ("hears all, is heard by none", |a, _| a != 9),
    ];
    for (name, connected) in ways {
        for (nodes, seed) in [(32, 1), (12, 2)] {
            let mut net = cluster(nodes, seed, FEW);
            let toll = toll(&mut net, 9, connected, 300);
            println!("{nodes} nodes, one {name}: {toll:?}");
            assert_eq!(toll.healthy, 0, "{nodes} nodes, one {name}");
        }
    }
}

#[test]
fn a_member_that_few_hear_kills_no_healthy_one() {
    type Connected = fn(u16, u16) -> bool;
    let hearers: [(u16, Connected); 7] = [
        (0, |a, _| a != 32),
        (1, |a, b| a != 32 || b < 1),
        (2, |a, b| a != 32 || b < 2),
        (3, |a, b| a != 32 || b < 3),
        (4, |a, b| a != 32 || b < 4),
        (6, |a, b| a != 32 || b < 6),
        (8, |a, b| a != 32 || b < 8),
    ];
    for (hearers, connected) in hearers {
        let mut net = cluster(33, 3, Weather::FAIR);
        let toll = toll(&mut net, 32, connected, 300);
        println!("33 nodes, one is heard by {hearers}: {toll:?}");
        assert_eq!(toll.healthy, 0, "heard by {hearers}");
    }
}

#[test]
fn two_groups_that_meet_in_one_hub_stay_one_cluster() {
    for seed in 1..4 {
        let mut net = cluster(31, seed, FEW);
        // Addresses 0 to 14 and 16 to 30; the hub is 15.
        let toll = toll(
            &mut net,
            99,
            |a, b| a == 15 || b == 15 || (a < 15) == (b < 15),
            300,
        );
        println!("two groups of 15 and a hub, seed {seed}: {toll:?}");
        assert!(toll.healthy <= 1, "seed {seed}: {toll:?}");
    }
}

#[test]
fn a_member_that_hears_nobody_is_dead_in_the_end_though_it_speaks() {
    for nodes in [3u16, 8, 32] {
        let mut net = cluster(nodes, 21, Weather::FAIR);
        let deaf = 2;
        net.connected = |_, to| to != 2;
        let begun = net.now;
        let gone = |net: &Net<Large>| {
            let dead = |node: &gossip_core::Node<u16, Large>| {
                node.member(id(deaf + 1))
                    .is_none_or(|row| row.status() == Status::Dead)
            };
            net.live()
                .filter(|node| node.id() != id(deaf + 1))
                .all(dead)
        };
        let found = net.run_until(begun + 90_000, gone);
        println!(
            "{nodes} nodes: one that hears nobody is dead for all after {} ms",
            net.now - begun
        );
        assert!(found, "{nodes} nodes");
    }
}
