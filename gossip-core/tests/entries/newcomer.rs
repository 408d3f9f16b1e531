//! A newcomer reads what small owners wrote long before it has read all that large ones wrote, in every
//! order and at every MTU.

use crate::support;

use gossip_core::{Reconciliation, inline};
use support::{Net, Weather, config, id};

inline! {
    struct Wide {
        members: 12, entries: 1600, key: 8, value: 16, news: 32, duties: 32,
        relays: 8, seeds: 4, exchanges: 8, ranges: 32, wants: 64,
    }
}

const OWNERS: u16 = 8;
const EACH: usize = 200;
const SMALL: u16 = 5;
const ALL: usize = EACH * (OWNERS as usize - 1) + 1;

/// How long a newcomer waits for the small owner's only entry, which was written `writes` times, and how long
/// for everything.
fn waits(mtu: usize, order: Reconciliation, seed: u64, writes: usize) -> (u64, u64) {
    let weather = Weather {
        latency_min: 10,
        latency_max: 20,
        ..Weather::FAIR
    };
    let mut net = Net::<Wide>::new(seed, mtu, weather);
    for address in 0..OWNERS {
        let config = config(address, mtu).reconciliation(order);
        net.add(config.check().unwrap(), Wide::tables());
        if address > 0 {
            net.node(address).join(0).unwrap();
        }
        if address == SMALL {
            for _ in 0..writes {
                net.node(address).set("one", b"1").unwrap();
            }
            continue;
        }
        for number in 0..EACH {
            net.node(address)
                .set(&format!("e{number}"), &[address as u8; 8])
                .unwrap();
        }
    }
    let end = net.now + 600_000;
    let whole =
        |net: &Net<Wide>| net.agree() && net.live().all(|node| node.entries().count() == ALL);
    assert!(net.run_until(end, whole), "{order:?} at {mtu}");
    let late = net.add(
        config(OWNERS, mtu).reconciliation(order).check().unwrap(),
        Wide::tables(),
    );
    net.node(late).join(0).unwrap();
    let start = net.now;
    let newcomer = |net: &Net<Wide>| net.nodes[usize::from(late)].clone().unwrap();
    assert!(net.run_until(start + 600_000, |net| {
        net.nodes[usize::from(OWNERS)]
            .as_ref()
            .unwrap()
            .get(id(SMALL + 1), "one")
            .is_some()
    }));
    let small = net.now - start;
    assert!(
        net.run_until(start + 600_000, |net| newcomer(net).entries().count()
            == ALL)
    );
    (small, net.now - start)
}

#[test]
fn an_owner_with_one_entry_does_not_wait_for_those_with_many() {
    for mtu in [64, 300, 1400] {
        for order in [
            Reconciliation::ScuttleDepth,
            Reconciliation::ScuttleBreadth,
            Reconciliation::PreciseOldest,
            Reconciliation::PreciseNewest,
            Reconciliation::PreciseRandom,
        ] {
            // Written once, or so often that as much seems to be missing as of the others.
            for writes in [1, EACH + 50] {
                if writes > 1 && order == Reconciliation::PreciseRandom {
                    // Where chance decides, it may decide so.
                    continue;
                }
                let (small, all) = waits(mtu, order, 1, writes);
                println!("MTU {mtu} {order:?} {writes} writes: {small} of {all} ms");
                assert!(
                    small * 3 < all || small <= 300,
                    "MTU {mtu} {order:?}: {small} of {all} ms"
                );
            }
        }
    }
}
