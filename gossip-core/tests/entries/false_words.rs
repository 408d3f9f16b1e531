//! One word that is false, from a member: what it spoils is whole again.

use crate::support;

use gossip_core::entries::delta::Claim;
use gossip_core::wire::{ClaimHead, Kind};
use gossip_core::{Duration, Reconciliation, Version};
use support::craft::{craft, life};
use support::{Large, Net, Weather, config, id};

const OWNER: u16 = 3;
const SLEEPER: u16 = 1;

fn cluster(seed: u64, order: Reconciliation) -> Net<Large> {
    let mut net = Net::new(seed, 300, Weather::FAIR);
    for address in 0..5 {
        let config = config(address, 300)
            .reconciliation(order)
            .tombstone_grace(Duration::from_secs(10));
        net.add(config.check().unwrap(), Large::tables());
        if address > 0 {
            net.node(address).join(0).unwrap();
        }
    }
    net.run(10_000);
    net
}

/// A claim of the owner's that covers one write more with nothing, and says that what it knows depends on writes that
/// far beyond it.
fn lie(net: &mut Net<Large>, beyond: u32) -> Vec<u8> {
    let owner = net.node(OWNER).generation();
    let held = net.node(0).member(id(OWNER + 1)).unwrap().held();
    let next = held.next().unwrap();
    let claim = Claim {
        a: held,
        b: next,
        held: next,
        gc: Version::NONE,
        as_of: next.plus(beyond).unwrap_or(Version::MAX),
    };
    let head = ClaimHead::new(1, id(OWNER + 1), life(owner), &claim);
    let mut buf = [0; 64];
    let bytes = postcard::to_slice(&head, &mut buf).unwrap().to_vec();
    let teller = net.node(2).generation();
    craft(id(3), teller, &[(Kind::Claim, bytes)])
}

/// What was covered with nothing may be missing until it is written again; nothing else is.
fn is_whole(net: &Net<Large>) -> bool {
    let owner = id(OWNER + 1);
    let shown = |node: &gossip_core::Node<u16, Large>, key| node.get(owner, key).is_some();
    net.agree()
        && net
            .live()
            .all(|node| !shown(node, "gone") && shown(node, "keep"))
}

#[test]
fn a_version_that_was_never_written_keeps_nothing_deleted_for_ever() {
    let orders = [
        Reconciliation::ScuttleDepth,
        Reconciliation::ScuttleBreadth,
        Reconciliation::PreciseOldest,
        Reconciliation::PreciseNewest,
    ];
    for beyond in [1, 2, 3, 1000, u32::MAX] {
        let mut longest = 0;
        for (order, seed) in orders
            .into_iter()
            .flat_map(|order| (0..4).map(move |seed| (order, seed)))
        {
            let time = time_to_be_whole(seed, order, beyond);
            let time = time.unwrap_or_else(|| panic!("{order:?}, seed {seed}, {beyond} beyond"));
            longest = longest.max(time);
        }
        println!("{beyond} versions beyond: whole again after {longest} ms at most");
    }
}

/// One replica is lied to, and another sleeps over a delete whose tombstone is collected meanwhile: how long it takes
/// from its return until nobody shows what was deleted.
fn time_to_be_whole(seed: u64, order: Reconciliation, beyond: u32) -> Option<u64> {
    let mut net = cluster(seed, order);
    net.node(OWNER).set("keep", b"1").unwrap();
    net.node(OWNER).set("gone", b"1").unwrap();
    net.run(10_000);
    let lie = lie(&mut net, beyond);
    net.node(OWNER).set("more", b"1").unwrap();
    net.deliver(2, 0, &lie);
    net.run(30_000);
    let sleeper = net.nodes[usize::from(SLEEPER)].take();
    net.run(1000);
    net.node(OWNER).delete("gone").unwrap();
    net.run(60_000);
    net.nodes[usize::from(SLEEPER)] = sleeper;
    let begun = net.now;
    let whole = net.run_until(begun + 300_000, is_whole);
    whole.then(|| net.now - begun)
}
