//! Membership alone: storages without exchanges or entries join in seconds, end complete, and are
//! quiet then.

use crate::support;

use gossip_core::{Storage, Tables, inline};
use support::{Net, Weather, config};

inline! {
    /// Members and nothing else, with little room for news and messages.
    struct Bare {
        members: 70, entries: 0, key: 0, value: 0, news: 8, duties: 8,
        relays: 2, seeds: 1, exchanges: 0, ranges: 0, wants: 0,
    }
}

inline! {
    /// The same with next to no room.
    struct Barest {
        members: 70, entries: 0, key: 0, value: 0, news: 1, duties: 2,
        relays: 0, seeds: 1, exchanges: 0, ranges: 0, wants: 0,
    }
}

inline! {
    /// Tables of exchanges that nothing needs.
    struct Spare {
        members: 70, entries: 0, key: 0, value: 0, news: 8, duties: 8,
        relays: 2, seeds: 1, exchanges: 2, ranges: 4, wants: 4,
    }
}

/// Nodes that join through the first, and after how many ms all know all.
fn joined<S: Storage<u16>>(
    tables: fn() -> Tables<u16, S>,
    nodes: u16,
    mtu: usize,
    weather: Weather,
    seed: u64,
) -> (Net<S>, u64) {
    let mut net = Net::<S>::new(seed, mtu, weather);
    for address in 0..nodes {
        net.add(config(address, mtu).check().unwrap(), tables());
        if address > 0 {
            net.node(address).join(0).unwrap();
        }
    }
    let (start, whole) = (net.now, usize::from(nodes));
    let done = net.run_until(start + 600_000, |net| {
        net.agree() && net.live().all(|node| node.live() == whole)
    });
    assert!(
        done,
        "{nodes} nodes at {mtu} bytes, seed {seed}: never complete"
    );
    let took = net.now - start;
    (net, took)
}

#[test]
fn all_know_all_within_seconds() {
    for (nodes, mtu, seed) in [
        (2, 64, 1),
        (3, 64, 2),
        (13, 64, 3),
        (32, 64, 4),
        (32, 300, 5),
        (64, 64, 6),
        (64, 127, 7),
        (64, 1400, 8),
    ] {
        let (net, bare) = joined(Bare::tables, nodes, mtu, Weather::FAIR, seed);
        let bytes = net.bytes_sent / u64::from(nodes);
        let (_, spare) = joined(Spare::tables, nodes, mtu, Weather::FAIR, seed);
        let (_, barest) = joined(Barest::tables, nodes, mtu, Weather::FAIR, seed);
        println!(
            "{nodes} at {mtu}: {bare} ms, {bytes} B a node; spare {spare} ms; barest {barest} ms"
        );
    }
}
