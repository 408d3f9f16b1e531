//! News is told once in a datagram, and not twice to the same member in one instant.

use crate::support;

use gossip_core::wire::{Datagram, Section};
use gossip_core::{Instant, Node, NodeId, SplitMix64};
use support::{Large, Net, Weather, config};

/// How often a datagram hints at what node 1 holds.
fn hints(bytes: &[u8]) -> usize {
    let datagram = Datagram::parse::<u16>(bytes, 0, NodeId::MAX).expect("a valid datagram");
    let of_section = |section| match section {
        Section::<u16>::Hints(items) => items.iter().filter(|hint| hint.id.get() == 1).count(),
        _ => 0,
    };
    datagram.sections().map(of_section).sum()
}

/// Handles what is due and returns where each datagram goes, with its hints.
fn told(node: &mut Node<u16, Large>, at: Instant, rng: &mut SplitMix64) -> Vec<(u16, usize)> {
    let mut buf = [0; 1400];
    node.handle_timeout(at, rng);
    std::iter::from_fn(|| {
        let transmit = node.poll_transmit(at, &mut buf)?;
        Some((transmit.to.one()?, hints(&buf[..transmit.len])))
    })
    .collect()
}

#[test]
fn a_fresh_piece_among_older_ones_is_told_once_to_each() {
    let mut net = Net::<Large>::new(1, 1400, Weather::FAIR);
    for address in 0..6 {
        net.add(config(address, 1400).check().unwrap(), Large::tables());
        if address > 0 {
            net.node(address).join(0).unwrap();
        }
    }
    net.run(5_000);
    // Somebody joins: its facts are being told, and an exchange is open, when node 1 writes.
    net.add(config(6, 1400).check().unwrap(), Large::tables());
    net.node(6).join(0).unwrap();
    net.run(8);
    let start = net.now;
    let node = net.node(0);
    node.set("k", b"v").unwrap();
    let mut rng = SplitMix64::new(1);
    let mut tellings = 0;
    for step in 0..200 {
        let at = Instant::from_millis(start + step * 10);
        let mut hinted: Vec<u16> = Vec::new();
        for (to, count) in told(node, at, &mut rng) {
            assert!(count <= 1, "{count} times in one datagram");
            hinted.extend(std::iter::repeat_n(to, count));
        }
        tellings += hinted.len();
        let all = hinted.len();
        hinted.sort_unstable();
        hinted.dedup();
        assert_eq!(hinted.len(), all, "twice to the same member in one instant");
    }
    assert!(tellings >= 4, "told {tellings} times in all");
}
