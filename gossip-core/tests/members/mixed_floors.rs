//! One node with a larger `mtu_floor` than its peers, by mistake: what it writes that they could not tell
//! each other is refused by all of them alike, and they stay one.

use crate::support;

use gossip_core::{Mail, Node, Reconciliation, inline};
use support::{Net, Weather, config, id};

inline! {
    struct Roomy {
        members: 8, entries: 24, key: 8, value: 3800, news: 16, duties: 16,
        relays: 8, seeds: 4, exchanges: 8, ranges: 16, wants: 16, mails: 8,
    }
}

const FLOORS: [(usize, usize); 5] = [(64, 127), (64, 1400), (127, 300), (300, 4000), (1400, 4000)];

/// Node 0 has the larger floor, and nodes 1 to 3 the other.
fn cluster(floor: usize, larger: usize, order: Reconciliation, mail: Mail) -> Net<Roomy> {
    let mut net = Net::<Roomy>::new(larger as u64, floor, Weather::FAIR);
    net.larger = Some((0, larger));
    for address in 0..4 {
        let floor = if address == 0 { larger } else { floor };
        let config = config(address, floor)
            .reconciliation(order)
            .direct_mail(mail);
        net.add(config.check().unwrap(), Roomy::tables());
    }
    for address in [0, 2, 3] {
        net.node(address).join(1).unwrap();
    }
    net.run(10_000);
    assert!(net.live().all(|node| node.live() == 4));
    net
}

fn peers_agree(net: &Net<Roomy>) -> bool {
    let mut prints = net.live().skip(1).map(Node::fingerprint);
    let first = prints.next();
    prints.all(|print| Some(print) == first)
}

/// What `at` shows of node 0.
fn shown(net: &mut Net<Roomy>, at: u16) -> Vec<String> {
    let node = net.node(at);
    node.entries_of(id(1))
        .map(|entry| entry.key.to_string())
        .collect()
}

#[test]
fn what_only_one_peer_was_told_does_not_divide_the_others() {
    for (floor, larger) in FLOORS {
        for order in [
            Reconciliation::ScuttleDepth,
            Reconciliation::ScuttleBreadth,
            Reconciliation::PreciseNewest,
        ] {
            for mail in [Mail::Off, Mail::All] {
                let case = format!("{floor} and {larger}, {order:?}, {mail:?}");
                let mut net = cluster(floor, larger, order, mail);
                net.connected = |from, to| !(from == 0 && to >= 2 || from >= 2 && to == 0);
                net.node(0).set("a", b"1").unwrap();
                net.node(0).set("big", &vec![7; floor]).unwrap();
                net.node(0).set("b", b"2").unwrap();
                net.run(3_000);
                assert!(net.node(1).stats().entries_too_large > 0, "{case}");
                net.nodes[0] = None;
                net.connected = |_, _| true;
                net.run(30_000);
                assert!(net.agree(), "{case}");
                for at in 1..4 {
                    let shown = shown(&mut net, at);
                    assert!(shown.iter().all(|key| key != "big"), "{case}: {shown:?}");
                    assert!(shown.iter().any(|key| key == "a"), "{case}: {shown:?}");
                }
            }
        }
    }
}

#[test]
fn an_entry_that_none_can_tell_on_costs_little_and_holds_nobody_back_once_it_is_gone() {
    for (floor, larger) in FLOORS {
        let case = format!("{floor} and {larger}");
        let mut net = cluster(floor, larger, Reconciliation::default(), Mail::Off);
        net.node(0).set("a", b"1").unwrap();
        net.node(0).set("big", &vec![7; floor]).unwrap();
        net.node(0).set("b", b"2").unwrap();
        net.run(30_000);
        assert!(peers_agree(&net), "{case}");
        let refused = |net: &mut Net<Roomy>| -> u32 {
            (1..4)
                .map(|at| net.node(at).stats().entries_too_large)
                .sum()
        };
        let before = refused(&mut net);
        net.run(300_000);
        let asked = refused(&mut net) - before;
        assert!(peers_agree(&net), "{case}");
        assert!(
            (1..100).contains(&asked),
            "{case}: {asked} times in 300 rounds of 3 nodes"
        );
        for at in 1..4 {
            assert_eq!(shown(&mut net, at), ["a"], "{case}");
            assert_eq!(net.node(at).stats().vain_answers, 0, "{case}");
        }
        net.node(0).delete("big").unwrap();
        let end = net.now + 60_000;
        assert!(net.run_until(end, Net::agree), "{case}");
        for at in 1..4 {
            assert_eq!(shown(&mut net, at), ["a", "b"], "{case}");
        }
    }
}

/// The other way round: whoever has room for less than its peers refuses what it could not tell on.
#[test]
fn a_node_with_a_smaller_floor_refuses_and_counts() {
    let mut net = Net::<Roomy>::new(1, 300, Weather::FAIR);
    for address in 0..4 {
        let floor = if address == 3 { 64 } else { 300 };
        net.add(config(address, floor).check().unwrap(), Roomy::tables());
        if address > 0 {
            net.node(address).join(0).unwrap();
        }
    }
    net.run(10_000);
    net.node(0).set("a", b"1").unwrap();
    net.node(0).set("big", &[7; 100]).unwrap();
    net.run(20_000);
    assert_eq!(shown(&mut net, 1), ["a", "big"]);
    assert_eq!(net.contents(1), net.contents(2));
    assert_eq!(shown(&mut net, 3), ["a"]);
    assert!(net.node(3).stats().entries_too_large > 0);
}
