//! Precise reconciliation between real nodes: single entries first, and then what they fill is closed.

use crate::support;

use gossip_core::wire::Kind;
use gossip_core::{Node, Reconciliation};
use support::{Large, Net, Weather, config, id};

const ORDERS: [Reconciliation; 3] = [
    Reconciliation::PreciseOldest,
    Reconciliation::PreciseNewest,
    Reconciliation::PreciseRandom,
];

fn pair(order: Reconciliation, mtu: usize, keys: u32) -> Net<Large> {
    let mut net = Net::<Large>::new(4, mtu, Weather::FAIR);
    for address in 0..2 {
        let config = config(address, mtu).reconciliation(order);
        net.add(config.check().unwrap(), Large::tables());
    }
    for key in 0..keys {
        let name = format!("k{key:03}");
        net.node(0).set(&name, &key.to_be_bytes()).unwrap();
    }
    net.node(1).join(0).unwrap();
    net
}

/// The numbers of the keys that the second node reads, in the order in which they came.
fn arrivals(net: &mut Net<Large>, keys: usize) -> Vec<usize> {
    let mut came: Vec<usize> = Vec::new();
    for _ in 0..60_000 {
        net.run(1);
        for key in 0..keys {
            let name = format!("k{key:03}");
            if net.node(1).get(id(1), &name).is_some() && !came.contains(&key) {
                came.push(key);
            }
        }
        if came.len() == keys {
            return came;
        }
    }
    panic!("only {} of {keys} came", came.len());
}

#[test]
fn entries_come_in_the_order_that_was_chosen() {
    for order in ORDERS {
        let mut net = pair(order, 127, 40);
        let came = arrivals(&mut net, 40);
        let rising = came
            .iter()
            .zip(0..40)
            .filter(|(key, place)| **key == *place);
        let rising = rising.count();
        let first_page = &came[..4];
        match order {
            Reconciliation::PreciseOldest => assert_eq!(rising, 40, "{came:?}"),
            Reconciliation::PreciseNewest => {
                assert!(first_page.iter().all(|key| *key >= 30), "{came:?}");
            }
            _ => assert!(rising < 20, "{came:?}"),
        }
    }
}

#[test]
fn what_single_entries_fill_is_closed_without_telling_them_again() {
    for order in ORDERS {
        let mut net = pair(order, 127, 40);
        let done = net.run_until(60_000, |net| net.agree() && net.live().count() == 2);
        assert!(done, "{order:?}: the replicas stay apart");
        let told = net.node(1).stats().received.of(Kind::Singles).count;
        let known = net.node(1).stats().received.of(Kind::Known).count;
        let claims = net.node(1).stats().received.of(Kind::Claim).bytes;
        assert!(told > 0 && known > 0, "{order:?}: {told} {known}");
        assert_eq!(claims, 0, "{order:?}: entries were told twice");
    }
}

#[test]
fn deletes_and_overwritten_keys_are_closed_too() {
    for order in ORDERS {
        for mtu in [64, 127, 1400] {
            let mut net = pair(order, mtu, 30);
            for key in (0..30).step_by(3) {
                net.node(0).delete(&format!("k{key:03}")).unwrap();
            }
            net.run(300);
            for key in (0..30).step_by(2) {
                let name = format!("k{key:03}");
                net.node(0).set(&name, b"new").unwrap();
            }
            let done = net.run_until(120_000, |net| {
                let all: Vec<&Node<u16, Large>> = net.live().collect();
                net.agree() && all.iter().all(|node| node.entries_of(id(1)).count() == 25)
            });
            assert!(done, "{order:?} at {mtu}");
            assert_eq!(net.contents(0), net.contents(1));
        }
    }
}

#[test]
fn many_owners_on_a_lossy_network_agree_at_every_floor() {
    for order in ORDERS {
        for mtu in [64, 1400] {
            let mut net = Net::<Large>::new(9, mtu, Weather::WILD);
            for address in 0..12 {
                let config = config(address, mtu).reconciliation(order);
                net.add(config.check().unwrap(), Large::tables());
                for key in 0..12u32 {
                    let (key, value) = (format!("k{key:02}"), [address as u8; 4]);
                    net.node(address).set(&key, &value).unwrap();
                }
                if address > 0 {
                    net.node(address).join(0).unwrap();
                }
            }
            let start = net.now;
            let done = net.run_until(start + 300_000, |net| {
                net.agree() && net.live().all(|node| node.entries().count() == 144)
            });
            assert!(done, "{order:?} at {mtu}");
            println!("{order:?} at MTU {mtu}: {} ms", net.now - start);
        }
    }
}

/// An answer that leaves no room for its token was told again and again.
#[test]
fn answers_that_fill_the_datagram_end_the_pull() {
    for (order, len) in ORDERS
        .iter()
        .flat_map(|order| (0..15).map(move |len| (*order, len)))
    {
        let mut net = pair(order, 64, 0);
        for key in 0..8 {
            net.node(0)
                .set(&format!("k{key}"), &vec![key; len])
                .unwrap();
        }
        net.log = Some(Vec::new());
        net.run(10_000);
        assert!(net.agree(), "{order:?}, {len} bytes");
        let count = net.log.take().unwrap().len();
        assert!(count < 150, "{order:?}, {len} bytes: {count} datagrams");
    }
}
