//! Answers that change nothing: partner and asker see differently what is missing, and no such view may
//! stop a replica. Single entries that were superseded are what makes them differ.

use crate::support;

use gossip_core::entries::delta::Listed;
use gossip_core::wire::{ClaimItem, Kind, Row, SinglesHead, Standing};
use gossip_core::{Duration, Generation, Incarnation, Instant, Reconciliation, Version, inline};
use serde::Serialize;
use support::craft::{body, craft, life};
use support::{Large, Net, Weather, config, id};

const ORDERS: [Reconciliation; 5] = [
    Reconciliation::ScuttleDepth,
    Reconciliation::ScuttleBreadth,
    Reconciliation::PreciseOldest,
    Reconciliation::PreciseNewest,
    Reconciliation::PreciseRandom,
];

fn put<T: Serialize>(out: &mut Vec<u8>, value: &T) {
    out.extend(postcard::to_slice(value, &mut [0; 512]).unwrap().iter());
}

fn generation(net: &mut Net<Large>, at: u16) -> Generation {
    net.node(at).member(id(at + 1)).unwrap().generation()
}

fn start(net: &mut Net<Large>, order: Reconciliation) -> u16 {
    let address = net.nodes.len() as u16;
    let config = config(address, net.mtu)
        .reconciliation(order)
        .reconnect_interval(Duration::from_secs(2));
    net.add(config.check().unwrap(), Large::tables())
}

/// Tells `to` of the owner at address 0, and of one entry of it alone, as it is there now.
fn tell_single(net: &mut Net<Large>, to: u16, key: &str) {
    let of = generation(net, 0);
    let row = Row {
        id: id(1),
        generation: of,
        incarnation: Incarnation::default(),
        standing: Standing::Alive,
        address: Some(0u16),
        held: Version::BIRTH.next().unwrap(),
    };
    let held = net.node(0).member(id(1)).unwrap().held();
    let entry = net.node(0).entry(id(1), key).unwrap();
    let version = entry.version;
    let mut single = Vec::new();
    let head = SinglesHead {
        token: 0,
        owner: id(1),
        life: life(of),
        held,
        newest: version,
    };
    put(&mut single, &head);
    let listed = Listed {
        key,
        version,
        value: Some(entry.value),
        expires: None,
    };
    put(
        &mut single,
        &ClaimItem::new(Instant::from_millis(1), version, listed),
    );
    let bytes = craft(
        id(1),
        of,
        &[(Kind::Rows, body(&[row])), (Kind::Singles, single)],
    );
    net.deliver(0, to, &bytes);
    assert!(net.node(to).entry(id(1), key).is_some());
}

/// The replica holds one write that was overwritten since, of an owner that is `ahead` writes further. How
/// long it takes until both are equal.
fn superseded_here(order: Reconciliation, mtu: usize, before: u32, ahead: u32) -> Option<u64> {
    let mut net = Net::<Large>::new(u64::from(before + ahead), mtu, Weather::FAIR);
    start(&mut net, order);
    net.node(0).set("y", b"1").unwrap();
    for _ in 0..before {
        net.node(0).set("x", b"old").unwrap();
    }
    start(&mut net, order);
    net.connected = |_, _| false;
    tell_single(&mut net, 1, "x");
    for _ in 0..ahead {
        net.node(0).set("x", b"new").unwrap();
        net.node(0).set("y", b"new").unwrap();
    }
    net.run(1_000);
    net.connected = |_, _| true;
    let begun = net.now;
    let same = net.run_until(begun + 120_000, |net| {
        net.agree() && net.contents(0) == net.contents(1)
    });
    same.then(|| net.now - begun)
}

#[test]
fn a_write_that_was_overwritten_elsewhere_does_not_stop_its_replica() {
    for order in ORDERS {
        for mtu in [64, 300, 1400] {
            for (before, ahead) in [(61, 20), (3, 40), (40, 12), (200, 100)] {
                let took = superseded_here(order, mtu, before, ahead);
                assert!(
                    took.is_some_and(|took| took < 30_000),
                    "{order:?}, {before} and {ahead} writes, MTU {mtu}: {took:?}"
                );
            }
        }
    }
}

/// The partner holds an old write of a key, and the replica a later one that lies far beyond what it can
/// say in a pull. The owner is gone, so nobody else can help.
#[test]
fn a_write_that_was_overwritten_here_does_not_keep_its_partner_from_telling_the_rest() {
    for order in ORDERS {
        for (mtu, written, beyond) in [(1400, 40, 120), (300, 90, 200), (127, 20, 70)] {
            let mut net = Net::<Large>::new(written, mtu, Weather::FAIR);
            start(&mut net, order);
            start(&mut net, order);
            net.node(1).join(0).unwrap();
            for number in 0..written {
                net.node(0).set(&format!("f{number}"), b"1").unwrap();
                if number == written / 2 {
                    net.node(0).set("k", b"old").unwrap();
                }
            }
            let joined = net.now + 60_000;
            assert!(net.run_until(joined, |net| net.agree() && net.contents(1).len() > 1));
            net.connected = |from, to| from != 0 && to != 0;
            for _ in 0..beyond {
                net.node(0).set("k", b"new").unwrap();
            }
            start(&mut net, order);
            tell_single(&mut net, 2, "k");
            net.nodes[0] = None;
            net.node(2).join(1).unwrap();
            let all = written as usize + 1;
            let end = net.now + 60_000;
            let same = net.run_until(end, |net| {
                net.agree() && net.contents(2).len() == all && net.contents(1) == net.contents(2)
            });
            let held = net.node(2).member(id(1)).unwrap().held();
            assert!(
                same,
                "{order:?}, {written} writes, MTU {mtu}: held {held:?}"
            );
            let stats = net.node(2).stats();
            assert!(stats.vain_answers < 5, "{order:?}: {}", stats.vain_answers);
        }
    }
}

/// Node 2 covers the first owner again, from node 1, and waits for a last write; node 3 holds less than node
/// 2 has covered, and both others are gone.
fn covered_too_far(order: Reconciliation, mtu: usize, more: u32) -> Net<Large> {
    let mut net = Net::<Large>::new(u64::from(more), mtu, Weather::FAIR);
    for address in 0..4 {
        start(&mut net, order);
        net.node(address).set("own", b"1").unwrap();
        if address > 0 {
            net.node(address).join(0).unwrap();
        }
    }
    for number in 0..12 {
        net.node(0).set(&format!("f{number}"), b"1").unwrap();
    }
    net.run(30_000);
    assert!(net.agree());
    // 2 misses a delete, which the others collect; then 3 misses some writes.
    net.connected = |from, to| from != 2 && to != 2;
    net.node(0).delete("f3").unwrap();
    for number in 0..8 {
        net.node(0).set(&format!("g{number}"), b"1").unwrap();
    }
    net.run(40_000);
    net.connected = |from, to| (from < 2) == (to < 2);
    for number in 0..more {
        net.node(0).set(&format!("h{number}"), b"1").unwrap();
    }
    net.run(3_000);
    // Of the last one 2 alone hears.
    net.connected = |_, _| false;
    net.node(0).set("last", b"1").unwrap();
    net.node(0).set("last", b"2").unwrap();
    tell_single(&mut net, 2, "last");
    net.nodes[0] = None;
    net.connected = |from, to| from != 3 && to != 3;
    let seen = net.now + 60_000;
    assert!(net.run_until(seen, |net| net.contents(2).len() >= 20 + more as usize));
    net.run(2_000);
    net.nodes[1] = None;
    net.connected = |_, _| true;
    net
}

/// It cannot end, and makes no claims; it must not stay apart from those who can.
#[test]
fn a_cover_that_got_further_than_all_who_are_left_begins_anew_with_them() {
    for order in ORDERS {
        for (mtu, more) in [(64, 2u32), (300, 7), (1400, 30)] {
            let mut net = covered_too_far(order, mtu, more);
            let end = net.now + 90_000;
            let same = net.run_until(end, |net| {
                let dead = net.live().all(|node| node.live() == 2);
                let (here, there) = (net.contents(2), net.contents(3));
                // What was deleted meanwhile may stay readable where nobody can prove it.
                let all = there.iter().all(|entry| here.contains(entry));
                dead && net.agree() && all
            });
            assert!(same, "{order:?}, {more} more, MTU {mtu}");
        }
    }
}

inline! {
    /// Room for four entries.
    struct Four {
        members: 8, entries: 4, key: 16, value: 200, news: 16, duties: 16,
        relays: 2, seeds: 2, exchanges: 4, ranges: 8, wants: 8,
    }
}

/// Tells `to` of an owner that nobody can reach, and has written up to `newest`, and of single entries of it: keys,
/// versions and how many bytes each.
fn tell_of_the_unreachable(
    net: &mut Net<Four>,
    to: u16,
    owner: u64,
    newest: u32,
    singles: &[(&str, u32)],
    size: usize,
) {
    let of = Generation {
        counter: 5,
        nonce: [5; 4],
    };
    let version = |number| Version::new(number).unwrap();
    let newest = version(newest);
    let row = Row {
        id: id(owner as u16),
        generation: of,
        incarnation: Incarnation::default(),
        standing: Standing::Alive,
        address: Some(90u16),
        held: newest,
    };
    let mut single = Vec::new();
    let head = SinglesHead {
        token: 0,
        owner: row.id,
        life: life(of),
        held: newest,
        newest,
    };
    put(&mut single, &head);
    for &(key, number) in singles {
        let listed = Listed {
            key,
            version: version(number),
            value: Some(&vec![7; size]),
            expires: None,
        };
        put(
            &mut single,
            &ClaimItem::new(Instant::from_millis(1), newest, listed),
        );
    }
    let sections = [(Kind::Rows, body(&[row])), (Kind::Singles, single)];
    net.deliver(90, to, &craft(row.id, of, &sections));
}

/// Two nodes, of which only the one at address `begins` begins exchanges, as beside a slow one.
fn two(order: Reconciliation, mtu: usize, begins: u16) -> Net<Four> {
    let mut net = Net::<Four>::new(7, mtu, Weather::FAIR);
    for at in 0..2 {
        let config = config(at, mtu).reconciliation(order);
        let config = config.exchange_fanout(u8::from(at == begins));
        net.add(config.check().unwrap(), Four::tables());
    }
    net.node(1).join(0).unwrap();
    net
}

/// Who begins all exchanges itself, as a slow node does, hears no listing: it must see in its partner's pull what
/// it lacks, though a row that comes with it says that neither has more of what is covered. Wherever that stands
/// among the versions, and whatever its owner said that it has written.
#[test]
fn who_begins_every_exchange_gets_single_entries_too() {
    const SINGLES: [(u32, [u32; 2]); 8] = [
        (40, [7, 9]),
        (40, [9, 39]),
        (150, [9, 140]),
        (200, [130, 135]),
        (300, [270, 271]),
        (1000, [39, 990]),
        (1000, [300, 990]),
        (5000, [2222, 3333]),
    ];
    for order in ORDERS {
        for mtu in [64, 300, 1400] {
            for begins in 0..2 {
                for (newest, versions) in SINGLES {
                    for known in [None, Some(newest)] {
                        let mut net = two(order, mtu, begins);
                        net.run(2_000);
                        let singles = [("a", versions[0]), ("b", versions[1])];
                        tell_of_the_unreachable(&mut net, 0, 50, newest, &singles, 1);
                        if let Some(known) = known {
                            tell_of_the_unreachable(&mut net, 1, 50, newest, &[("c", known)], 1);
                        }
                        // Who holds none asks for what it is shown, else the turns of both have to meet.
                        let shown = known.is_none() && order != Reconciliation::PreciseNewest;
                        let limit = if shown { 0 } else { u64::from(newest) * 60 };
                        let count = 2 + usize::from(known.is_some());
                        let end = net.now + 20_000 + limit;
                        let told = net.run_until(end, |net| net.contents(1).len() == count);
                        assert!(
                            told,
                            "{order:?}, MTU {mtu}, {begins}: {versions:?}, {known:?}"
                        );
                    }
                }
            }
        }
    }
}

/// Each holds single entries that the other has later ones of, and some that the other lacks; of all these a datagram
/// may have room for one.
#[test]
fn what_is_superseded_elsewhere_is_asked_for_once_a_round() {
    for order in ORDERS {
        for mtu in [64, 80, 300, 1400] {
            for (newest, back) in [(20, 0), (100, 0), (100, 66), (1000, 130), (1000, 900)] {
                for size in [1, 12] {
                    let mut net = two(order, mtu, 0);
                    net.run(2_000);
                    let there = [("a", 9), ("b", 14 + back), ("c", 15 + back)];
                    tell_of_the_unreachable(&mut net, 0, 50, newest, &there, size);
                    let there = [("a", 17 + back), ("b", 10)];
                    tell_of_the_unreachable(&mut net, 1, 50, newest, &there, size);
                    let sent = |net: &mut Net<Four>| {
                        let sent = net.live().map(|node| node.stats().sent.datagrams.count);
                        sent.map(u64::from).sum::<u64>()
                    };
                    let before = sent(&mut net);
                    net.run(10_000);
                    let sent = sent(&mut net) - before;
                    assert!(sent < 200, "{order:?}, MTU {mtu}, {newest}, {back}: {sent}");
                    let alike = net.contents(0).len() == 3 && net.contents(0) == net.contents(1);
                    assert!(alike, "{order:?}, MTU {mtu}, {newest}, {back}, {size}");
                }
            }
        }
    }
}

/// Two replicas without room, each with single entries that the other lacks. How many datagrams they send in ten
/// seconds.
fn full_on_two_sides(order: Reconciliation, owners: u64, mtu: usize, size: usize) -> u64 {
    let mut net = Net::<Four>::new(owners, mtu, Weather::FAIR);
    for at in 0..2 {
        let config = config(at, mtu)
            .reconciliation(order)
            .exchange_pages(u8::MAX);
        net.add(config.check().unwrap(), Four::tables());
        for owner in 0..owners {
            let first = 20 * (u32::from(at) + 1);
            let keys = [["a", "b", "c", "d"], ["e", "f", "g", "h"]][usize::from(at)];
            let versions = first - 3..=first;
            let singles: Vec<_> = keys.into_iter().zip(versions.rev()).collect();
            tell_of_the_unreachable(
                &mut net,
                at,
                owner + 50,
                40,
                &singles[..4 / owners as usize],
                size,
            );
        }
    }
    net.node(0).join(1).unwrap();
    net.run(10_000);
    net.live()
        .map(|node| u64::from(node.stats().sent.datagrams.count))
        .sum()
}

/// The page decides which owners are asked for together, and only some mixtures go on for ever.
#[test]
fn who_has_no_room_does_not_ask_without_end() {
    for order in ORDERS {
        for owners in [1, 2, 4] {
            for mtu in [64, 80, 150, 300] {
                for size in (1..mtu.min(200) - 40).step_by(4) {
                    let sent = full_on_two_sides(order, owners, mtu, size);
                    assert!(
                        sent < 400,
                        "{order:?}, {owners} owners, MTU {mtu}, {size} B: {sent} datagrams"
                    );
                }
            }
        }
    }
}
