//! What peers still show of a node comes back to it, however often it restarts, and whoever it asks first
//! (`author/life.rs`, `author/former.rs`).

use crate::support;

use gossip_core::persist::Age;
use gossip_core::{Config, Duration, Event, Node, Reconciliation};
use support::{Large, Net, Weather, config, id, pages};

fn settings(address: u16, mtu: usize) -> Config<u16> {
    config(address, mtu)
        .tombstone_grace(Duration::from_secs(10))
        .fresh(false)
}

/// A node that takes back starts at this address, with or without a seed.
fn boot(net: &mut Net<Large>, settings: Config<u16>, seed: Option<u16>) {
    let address = settings.check().unwrap().address().unwrap();
    let mut node = Node::new(settings.check().unwrap(), Large::tables());
    if let Some(seed) = seed {
        node.join(seed).unwrap();
    }
    if net.nodes.len() <= usize::from(address) {
        net.nodes.resize_with(usize::from(address) + 1, || None);
    }
    net.put(address, node);
}

fn started(nodes: u16, seed: u64, mtu: usize, weather: Weather) -> Net<Large> {
    let mut net = Net::new(seed, mtu, weather);
    for address in 0..nodes {
        boot(&mut net, settings(address, mtu), (address > 0).then_some(0));
    }
    let (end, all) = (net.now + 60_000, usize::from(nodes));
    assert!(net.run_until(end, |net| net.agree()
        && net.live().all(|node| node.live() == all)));
    net
}

fn fill(net: &mut Net<Large>, address: u16, keys: u32) {
    for key in 0..keys {
        let name = format!("k{key:03}");
        net.node(address).set(&name, &key.to_le_bytes()).unwrap();
    }
    let end = net.now + 300_000;
    assert!(
        net.run_until(end, |net| whole(net, address + 1, keys as usize)),
        "filled"
    );
}

/// The fewest values that a live node shows of an owner.
fn fewest(net: &Net<Large>, owner: u16) -> usize {
    let shown = net
        .live()
        .filter(|node| node.id() != id(owner))
        .map(|node| node.entries_of(id(owner)).count());
    shown.min().unwrap_or(0)
}

fn whole(net: &Net<Large>, owner: u16, keys: usize) -> bool {
    let shown = |node: &Node<u16, Large>| node.entries_of(id(owner)).count();
    net.agree() && net.live().all(|node| shown(node) == keys)
}

/// Up for a twentieth of a second to six seconds at a time: before it was answered, before it was covered,
/// while it is covered, and after.
#[test]
fn a_crash_loop_loses_nothing_that_peers_show() {
    let clusters = [(5, 50, 1400), (3, 200, 300), (8, 20, 64), (4, 120, 127)];
    let ups = [50, 300, 1_000, 2_500, 6_000];
    for ((nodes, keys, mtu), up) in clusters.into_iter().flat_map(|c| ups.map(|up| (c, up))) {
        for seed in 0..10 {
            let weather = [Weather::FAIR, Weather::FAIR, Weather::LOSSY, Weather::WILD];
            let mut net = started(nodes, seed, mtu, weather[seed as usize % 4]);
            fill(&mut net, 2, keys);
            let all = format!("{nodes} nodes, {keys} keys, {mtu} bytes, up {up} ms, seed {seed}");
            for _ in 0..6 {
                net.nodes[2] = None;
                net.run(500);
                boot(&mut net, settings(2, mtu), Some(0));
                for _ in 0..(up + net.random(200)) / 50 {
                    net.run(50);
                    assert_eq!(fewest(&net, 3), keys as usize, "{all}");
                }
            }
            let end = net.now + 60_000;
            let back = net.run_until(end, |net| {
                assert_eq!(fewest(net, 3), keys as usize, "{all}");
                whole(net, 3, keys as usize)
            });
            assert!(
                back,
                "{all}: {} back",
                net.node(2).entries_of(id(3)).count()
            );
        }
    }
}

/// Peers speak to it first: while it is alive in their eyes, or suspect, or dead for minutes.
#[test]
fn the_first_node_has_no_seed_and_takes_back_what_it_had_written() {
    for (nodes, mtu) in [(2, 1400), (3, 300), (5, 64), (16, 1400)] {
        for gap in [0, 300, 1_000, 8_000, 60_000, 250_000] {
            let mut net = started(nodes, gap + u64::from(nodes), mtu, Weather::FAIR);
            fill(&mut net, 0, 30);
            net.node(0).delete("k003").unwrap();
            net.run(5_000);
            net.nodes[0] = None;
            net.run(gap);
            boot(&mut net, settings(0, mtu), None);
            net.node(0).set("k001", b"new").unwrap();
            let all = format!("{nodes} nodes, {mtu} bytes, gone for {gap} ms");
            let end = net.now + 60_000;
            let back = net.run_until(end, |net| {
                assert!(net.live().count() < 2 || fewest(net, 1) >= 29, "{all}");
                let new = |node: &Node<u16, Large>| node.get(id(1), "k001") == Some(b"new");
                whole(net, 1, 29) && net.live().all(new)
            });
            assert!(back, "{all}");
            assert_eq!(net.node(0).live(), usize::from(nodes));
        }
    }
}

/// The first node of a cluster that is new asks whoever comes, and loses no time by it.
#[test]
fn a_first_node_that_nobody_remembers_is_joined_at_once() {
    let mut net = Net::new(1, 300, Weather::FAIR);
    boot(&mut net, settings(0, 300), None);
    net.node(0).set("k", b"0").unwrap();
    net.run(5_000);
    for address in 1..6 {
        boot(&mut net, settings(address, 300), Some(0));
    }
    let end = net.now + 1_000;
    assert!(net.run_until(end, |net| {
        net.live()
            .all(|node| node.live() == 6 && node.get(id(1), "k").is_some())
    }));
    net.run(30_000);
    assert!(net.agree());
    assert!((0..6).all(|at| !net.node(at).is_reclaiming()));
    assert!((0..6).all(|at| net.node(at).generation().counter == 0));
    // A version was told for nobody's sake.
    assert_eq!(net.node(0).written().get(), 2);
    assert_eq!(net.node(1).written().get(), 1);
}

/// The seed has lost its memory, and takes the new life of the node for its first.
#[test]
fn a_seed_that_has_forgotten_does_not_decide() {
    for (seed, keys) in (0..8).map(|seed| (seed, 10 + 15 * seed as u32)) {
        let mut net = started(5, seed, 300, Weather::FAIR);
        fill(&mut net, 2, keys);
        net.nodes[2] = None;
        net.connected = |from, to| from != 0 && to != 0;
        boot(&mut net, settings(0, 300).fresh(true), None);
        net.connected = |from, to| ((from == 0) == (to == 0)) || from == 2 || to == 2;
        boot(&mut net, settings(2, 300), Some(0));
        net.node(2).set("k000", b"new").unwrap();
        assert!(!net.node(2).delete("k001").unwrap());
        net.run(1_500);
        net.connected = |_, _| true;
        net.node(0).join(1).unwrap();
        let end = net.now + 60_000;
        assert!(
            net.run_until(end, |net| whole(net, 3, keys as usize - 1)),
            "{seed}"
        );
        net.run(10_000);
        for at in 0..5 {
            let node = net.node(at);
            assert_eq!(
                node.get(id(3), "k000"),
                Some(&b"new"[..]),
                "what was written stands"
            );
            assert_eq!(node.get(id(3), "k001"), None, "what was deleted stands");
        }
        let node = net.node(2);
        let events: Vec<_> = core::iter::from_fn(|| node.poll_event()).collect();
        assert!(events.contains(&Event::Reclaimed));
        assert!(!node.is_reclaiming());
    }
}

/// Whatever way entries travel, and where writes wait to go out.
#[test]
fn every_order_and_flow_control_give_back_the_same() {
    let orders = [
        Reconciliation::ScuttleDepth,
        Reconciliation::ScuttleBreadth,
        Reconciliation::PreciseOldest,
        Reconciliation::PreciseNewest,
        Reconciliation::PreciseRandom,
    ];
    for (order, flow) in orders.into_iter().flat_map(|o| [(o, false), (o, true)]) {
        for seed in 0..3 {
            let make = |address| {
                settings(address, 300)
                    .reconciliation(order)
                    .flow_control(flow)
            };
            let mut net = Net::new(seed, 300, Weather::LOSSY);
            for address in 0..4 {
                boot(&mut net, make(address), (address > 0).then_some(0));
            }
            net.run(10_000);
            fill(&mut net, 2, 30);
            for up in [200, 700, 300, 1_500] {
                net.nodes[2] = None;
                net.run(200);
                boot(&mut net, make(2), Some(0));
                net.run(up);
                let all = format!("{order:?} flow {flow} seed {seed}");
                assert_eq!(fewest(&net, 3), 30, "{all}");
            }
            let end = net.now + 120_000;
            let back = net.run_until(end, |net| whole(net, 3, 30));
            assert!(back, "{order:?} flow {flow} seed {seed}");
        }
    }
}

/// A node that begins with nothing on purpose takes nothing, and what it had goes.
#[test]
fn a_fresh_life_ends_what_earlier_ones_left() {
    for seed in 0..4 {
        let mut net = started(5, seed, 300, Weather::FAIR);
        fill(&mut net, 2, 40);
        for up in [100, 300, 200] {
            net.nodes[2] = None;
            boot(&mut net, settings(2, 300), Some(0));
            net.run(up);
        }
        net.nodes[2] = None;
        boot(&mut net, settings(2, 300).fresh(true), Some(0));
        let end = net.now + 60_000;
        assert!(net.run_until(end, |net| whole(net, 3, 0)));
    }
}

/// The disk is lost; the node that starts anew writes a state while its life is silent, asks, pulls or is open,
/// and goes on from that one.
#[test]
fn a_state_of_a_life_that_is_not_whole_yet_does_not_end_the_taking_back() {
    for age in [Age::Unknown, Age::Current] {
        for up in [0, 5, 20, 60, 200, 600, 2_000, 5_000] {
            let mut net = started(4, up, 300, Weather::FAIR);
            fill(&mut net, 2, 80);
            net.nodes[2] = None;
            net.run(100);
            boot(&mut net, settings(2, 300), Some(0));
            net.run(up);
            let now = net.instant();
            let state = pages(net.node(2), now, 64);
            net.nodes[2] = None;
            net.run(50);
            let checked = settings(2, 300).check().unwrap();
            let now = net.instant();
            let node = Node::import(checked, Large::tables(), now, age, &state).unwrap();
            net.put(2, node);
            net.node(2).join(0).unwrap();
            let end = net.now + 300_000;
            let back = net.run_until(end, |net| whole(net, 3, 80));
            let shown = fewest(&net, 3);
            assert!(back, "{age:?} after {up} ms: others show {shown} of 80");
        }
    }
}
