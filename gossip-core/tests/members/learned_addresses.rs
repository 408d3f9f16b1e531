//! A node that is not told its address learns it from its peers, and learns it anew when it changes; one
//! wrong word does no lasting harm.

use crate::support;

use gossip_core::wire::{Kind, Standing};
use gossip_core::{Config, Duration, Generation, Incarnation, NodeId, Status};
use support::alone::{Alone, first, says};
use support::craft::{body, craft, row, status};
use support::{Large, Net, Weather, config, id};

/// A cluster in which the node at `address` learns where it is; the others are told.
fn cluster(nodes: u16, learns: u16, seed: u64, weather: Weather) -> Net<Large> {
    let mut net = Net::new(seed, 300, weather);
    for address in 0..nodes {
        let own = if address == learns {
            plain(address)
        } else {
            config(address, 300)
        };
        net.add(own.check().unwrap(), Large::tables());
        if address > 0 {
            net.node(address).join(0).unwrap();
        }
    }
    let end = net.now + 60_000;
    let all = usize::from(nodes);
    assert!(net.run_until(end, |net| net.agree()
        && net.live().all(|n| n.live() == all)));
    net.run(5_000);
    assert_eq!(net.node(learns).address(), Some(learns));
    net
}

fn plain(address: u16) -> Config<u16> {
    Config::new(id(address + 1))
        .mtu_floor(300)
        .largest_id(NodeId::truncated(1 << 14))
        .tombstone_grace(Duration::from_secs(10))
        .fresh(true)
}

/// Moves the node to another address.
fn rehouse(net: &mut Net<Large>, from: u16, to: u16) {
    while net.nodes.len() <= usize::from(to) {
        net.nodes.push(None);
    }
    net.nodes[usize::from(to)] = net.nodes[usize::from(from)].take();
}

/// Everybody knows the node at its address.
fn found(net: &Net<Large>, at: u16) -> bool {
    let wanted = net.nodes[usize::from(at)].as_ref().unwrap().id();
    net.live().all(|node| {
        let row = node.member(wanted);
        row.is_some_and(|row| row.status() == Status::Alive && row.address() == Some(at))
    })
}

#[test]
fn a_changed_address_is_taken_within_half_a_minute() {
    let cases = [
        (2, Weather::FAIR),
        (3, Weather::FAIR),
        (4, Weather::FAIR),
        (9, Weather::LOSSY),
        (24, Weather::FAIR),
        (40, Weather::FAIR),
    ];
    for (nodes, weather) in cases {
        for seed in 0..5 {
            let mut net = cluster(nodes, nodes - 1, seed, weather);
            let mut at = nodes - 1;
            // Twice: what was learned anew is no more fixed than what was learned first.
            for to in [nodes + 3, nodes + 7] {
                rehouse(&mut net, at, to);
                at = to;
                let begun = net.now;
                let taken = net.run_until(begun + 30_000, |net| found(net, at));
                assert!(taken, "{nodes} nodes, seed {seed}: not taken in 30 s");
                // Suspicions of before may still be under way.
                net.run(30_000);
                let refuted = net.node(at).stats().refutations;
                net.run(120_000);
                let calm = weather.loss > 0 || net.node(at).stats().refutations == refuted;
                assert!(calm, "{nodes} nodes, seed {seed}: still refutes");
                let end = net.now + 10_000;
                assert!(
                    net.run_until(end, |net| found(net, at)),
                    "{nodes} nodes, seed {seed}"
                );
            }
        }
    }
}

/// The datagram of somebody who says where the receiver is seen.
fn you(from: u16, address: u16) -> Vec<u8> {
    let word = body(&[address]);
    craft(id(from + 1), Generation::default(), &[(Kind::You, word)])
}

#[test]
fn one_forged_word_sets_no_address() {
    for from in [500, 0] {
        for seed in 0..10 {
            let mut net = Net::<Large>::new(seed, 300, Weather::FAIR);
            for address in 0..4 {
                net.add(config(address, 300).check().unwrap(), Large::tables());
                if address > 0 {
                    net.node(address).join(0).unwrap();
                }
            }
            net.run(10_000);
            net.add(plain(4).check().unwrap(), Large::tables());
            net.node(4).join(0).unwrap();
            // Before any true word, by a stranger and in the seed's own name.
            net.deliver(from, 4, &you(from, 999));
            let begun = net.now;
            let taken = net.run_until(begun + 30_000, |net| found(net, 4));
            assert!(taken, "from {from}, seed {seed}");
            // And when it is long known.
            for _ in 0..20 {
                net.deliver(from, 4, &you(from, 998));
                net.run(500);
                assert_eq!(net.node(4).address(), Some(4));
            }
            net.run(60_000);
            assert!(found(&net, 4));
        }
    }
}

#[test]
fn a_configured_address_is_never_replaced() {
    let mut net = cluster(5, 0, 3, Weather::FAIR);
    rehouse(&mut net, 4, 9);
    net.run(60_000);
    assert_eq!(net.node(9).address(), Some(4));
    // It is found again where it says it is.
    rehouse(&mut net, 9, 4);
    let end = net.now + 60_000;
    assert!(net.run_until(end, |net| found(net, 4)));
    assert_eq!(status(&mut net, 0, 5), Some(Status::Alive));
}

/// Words that nobody asked for count for nothing, however many say the same.
#[test]
fn unasked_words_are_not_believed() {
    let net = cluster(5, 4, 1, Weather::FAIR);
    let mut node = net.nodes[4].clone().unwrap();
    let before = node.member(id(5)).unwrap().clone();
    for round in 0..100 {
        let from = round % 4;
        let word = craft(
            id(from + 1),
            before.generation(),
            &[(Kind::You, body(&[77u16]))],
        );
        node.handle_datagram(net.instant(), from, &word).unwrap();
    }
    assert_eq!(node.member(id(5)), Some(&before));
}

#[test]
fn a_newcomer_is_where_its_first_word_comes_from() {
    // Whoever hears it knows at once, tells it so, and tells it on.
    let mut alone = Alone::new(300);
    let new = row(2, first(2), 0, Standing::Alive, None);
    alone.hear(says(2, &[(Kind::Rows, body(&[new]))]));
    assert_eq!(alone.node.member(id(2)).unwrap().address(), Some(1));
    let told: Vec<_> = alone.sent().iter().flat_map(|sent| sent.rows()).collect();
    assert!(
        told.iter()
            .any(|row| row.id == id(2) && row.address == Some(1))
    );
    // Not by the word of others.
    let new = row(4, first(4), 0, Standing::Alive, None);
    alone.hear(says(3, &[(Kind::Rows, body(&[new]))]));
    assert_eq!(alone.node.member(id(4)).unwrap().address(), None);
}

#[test]
fn a_newcomer_takes_its_place_from_a_seed_alone() {
    for (teller, taken) in [(2, true), (3, false)] {
        let mut alone = Alone::with(plain(0).check().unwrap(), 300);
        alone.node.join(1).unwrap();
        let me = row(1, alone.node.generation(), 0, Standing::Alive, Some(77));
        alone.hear(says(teller, &[(Kind::Rows, body(&[me]))]));
        assert_eq!(alone.node.address() == Some(77), taken, "told by {teller}");
        // What is not believed is not outbid either, since the seed is about to answer.
        let incarnation = alone.node.member(id(1)).unwrap().incarnation();
        assert_eq!(incarnation, Incarnation::default(), "told by {teller}");
    }
}

#[test]
fn a_cluster_of_newcomers_announces_each_once() {
    let mut net: Net<Large> = Net::new(3, 300, Weather::FAIR);
    for address in 0..32 {
        net.add(plain(address).check().unwrap(), Large::tables());
        if address > 0 {
            net.node(address).join(0).unwrap();
        }
    }
    let end = net.now + 10_000;
    assert!(net.run_until(end, |net| (0..32).all(|address| found(net, address))));
    let again = |address: &u16| {
        let node = net.nodes[usize::from(*address)].as_ref().unwrap();
        let row = node.member(node.id()).unwrap();
        row.incarnation() > Incarnation::default()
    };
    // The seed itself is told by those who join.
    let again: Vec<u16> = (0..32).filter(again).collect();
    assert!(again.len() <= 2, "{again:?}");
}
