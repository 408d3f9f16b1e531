//! A node that takes long for each datagram is slow, and not dead: nobody declares it so, and the cluster
//! becomes quiet again, since all back off. A real crash is still found.

mod support;

use gossip_core::{Duration, Event, NodeId, Status};
use support::{Large, Net, Weather, config, id};

/// The slow take so long for a datagram: five a second, where a quiet cluster sends them two.
const EACH: u64 = 200;

fn is_slow(address: u16) -> bool {
    address.is_multiple_of(8)
}

/// A cluster of which one in eight is slow, from the boot or once it has settled.
fn cluster(nodes: u16, seed: u64, from_boot: bool) -> Net<Large> {
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
            net.node(address).join(address / 2).unwrap();
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

#[test]
fn slow_is_not_dead_and_the_cluster_becomes_quiet() {
    for from_boot in [false, true] {
        for nodes in [2u16, 3, 4, 8, 16, 33, 64] {
            // More than these at once bury the slow before they can know that they are.
            if from_boot && nodes > 16 {
                continue;
            }
            let seed = u64::from(nodes) + 100;
            let mut net = cluster(nodes, seed, from_boot);
            let mut deaths = wrong_deaths(&mut net, None);
            net.run(60_000);
            deaths += wrong_deaths(&mut net, None);
            let before = net.bytes_sent;
            let minutes: Vec<u64> = (0..4)
                .map(|_| {
                    let before = net.bytes_sent;
                    net.run(60_000);
                    (net.bytes_sent - before) / 60 / u64::from(nodes)
                })
                .collect();
            deaths += wrong_deaths(&mut net, None);
            let bytes = (net.bytes_sent - before) / 240 / u64::from(nodes);
            let slow = net.node(1).members().filter(|row| row.is_slow()).count();
            let agree = net.agree();
            println!(
                "{nodes} nodes, slow from the boot {from_boot}: {deaths} wrong deaths, {bytes} B/node/s after a minute ({minutes:?}), {slow} called slow, agree {agree}"
            );
            assert_eq!(deaths, 0, "{nodes} nodes, from the boot {from_boot}");
            let last = minutes.last().copied().unwrap_or(u64::MAX);
            assert!(
                last <= 60,
                "{nodes} nodes, from the boot {from_boot}: {minutes:?} B/node/s"
            );
        }
    }
}

#[test]
fn a_crash_of_a_slow_member_is_found() {
    for nodes in [3u16, 8, 32] {
        let mut net = cluster(nodes, 5, false);
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
