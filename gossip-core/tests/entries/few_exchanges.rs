//! A node with room for a single exchange at a time still serves many partners.

use crate::support;

use gossip_core::inline;
use support::{Net, Weather, config, id};

inline! {
    /// One exchange, and one of everything that belongs to it.
    struct Single {
        members: 8, entries: 16, key: 8, value: 16, news: 6, duties: 8,
        relays: 2, seeds: 2, exchanges: 1, ranges: 1, wants: 1,
    }
}

#[test]
fn one_place_for_exchanges_serves_all_partners_in_turn() {
    let mut slowest = 0;
    for seed in 0..30 {
        let mut net = Net::<Single>::new(seed, 64, Weather::FAIR);
        for address in 0..5 {
            net.add(config(address, 64).check().unwrap(), Single::tables());
            net.node(address).set("temp", b"21.5").unwrap();
            if address > 0 {
                net.node(address).join(0).unwrap();
            }
        }
        let start = net.now;
        let done = net.run_until(start + 60_000, |net| {
            let all = |node: &gossip_core::Node<_, _>| {
                (1..=5).all(|owner| node.get(id(owner), "temp") == Some(b"21.5"))
            };
            net.live().all(all)
        });
        assert!(done, "not shared in a minute of fair weather, seed {seed}");
        slowest = slowest.max(net.now - start);
    }
    println!("slowest of 30: {slowest} ms");
}
