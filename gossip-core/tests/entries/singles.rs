//! Entries that come on their own, in any order (`entries::delta`, P7).

use crate::support;

use gossip_core::entries::delta::Listed;
use gossip_core::wire::{ClaimItem, Kind, SinglesHead};
use gossip_core::{Duration, ExchangeMode, Generation, Instant, Reconciliation, Version};
use support::craft::{body, cluster, craft, life};
use support::{Large, Net, Weather, config, id};

type Single = (u32, &'static str, Option<&'static [u8]>);

fn version(number: u32) -> Version {
    Version::new(number).unwrap()
}

/// Singles of node 2's present life, by a member that nobody knows.
fn singles(net: &mut Net<Large>, generation: Generation, entries: &[Single]) -> Vec<u8> {
    let newest = version(entries.iter().map(|single| single.0).max().unwrap());
    let head = SinglesHead {
        token: 0,
        owner: net.node(1).id(),
        life: life(generation),
        held: Version::NONE,
        newest,
    };
    let items = entries.iter().map(|(number, key, value)| {
        let (key, version, value) = (*key, version(*number), *value);
        ClaimItem::new(
            Instant::ZERO,
            newest,
            Listed {
                key,
                version,
                value,
                expires: None,
            },
        )
    });
    let items: Vec<_> = items.collect();
    let section = [body(&[head]), body(&items)].concat();
    craft(id(50), Generation::default(), &[(Kind::Singles, section)])
}

fn tell(net: &mut Net<Large>, entries: &[Single]) {
    let generation = net.node(1).generation();
    let told = singles(net, generation, entries);
    net.deliver(9, 0, &told);
}

fn shown(net: &mut Net<Large>, key: &str) -> Option<Vec<u8>> {
    net.node(0).get(id(2), key).map(<[u8]>::to_vec)
}

#[test]
fn singles_are_readable_at_once_and_the_newest_of_a_key_stays() {
    let mut net = cluster(2, 1);
    let held = net.node(0).member(id(2)).unwrap().held();
    let print = net.node(0).fingerprint();
    tell(&mut net, &[(9, "a", Some(b"9")), (4, "b", Some(b"4"))]);
    tell(&mut net, &[(7, "a", Some(b"7")), (3, "b", None)]);
    assert_eq!(shown(&mut net, "a").as_deref(), Some(&b"9"[..]));
    assert_eq!(shown(&mut net, "b").as_deref(), Some(&b"4"[..]));
    tell(&mut net, &[(5, "b", None)]);
    assert_eq!(shown(&mut net, "b"), None);
    assert!(net.node(0).is_tombstone(id(2), "b"));
    let stats = *net.node(0).stats();
    assert_eq!((stats.singles_heard, stats.idle_singles), (5, 2));
    assert_eq!(net.node(0).member(id(2)).unwrap().held(), held);
    assert_ne!(net.node(0).fingerprint(), print, "peers would not find out");
}

/// A cluster of 6 whose node 2 is gone, in which each of the others was told another single entry of it.
fn scattered(order: Reconciliation, mode: ExchangeMode, seed: u64, mtu: usize) -> Net<Large> {
    let mut net = Net::new(seed, mtu, Weather::LOSSY);
    for address in 0..6 {
        let settings = config(address, mtu).reconciliation(order);
        let settings = settings.exchange_mode(mode);
        net.add(settings.check().unwrap(), Large::tables());
        net.node(address).join(0).unwrap();
    }
    net.run(10_000);
    net.node(1).set("seen", b"by all").unwrap();
    net.run(10_000);
    assert!(net.agree());
    let generation = net.node(1).generation();
    // Far apart, and one key in two versions.
    let all: [(u16, Single); 5] = [
        (0, (5, "a", Some(b"old"))),
        (2, (6, "a", Some(b"new"))),
        (3, (9, "b", Some(b"9"))),
        (4, (66, "c", Some(b"66"))),
        (5, (80, "seen", None)),
    ];
    for (to, single) in all {
        let told = singles(&mut net, generation, &[single]);
        net.deliver(9, to, &told);
    }
    net.nodes[1] = None;
    net
}

#[test]
fn single_entries_that_one_replica_holds_reach_all_though_their_owner_is_gone() {
    for order in [
        Reconciliation::ScuttleDepth,
        Reconciliation::ScuttleBreadth,
        Reconciliation::PreciseOldest,
        Reconciliation::PreciseNewest,
        Reconciliation::PreciseRandom,
    ] {
        for (seed, mtu, mode) in [
            (1, 64, ExchangeMode::PushPull),
            (2, 64, ExchangeMode::Push),
            (3, 64, ExchangeMode::Pull),
            (4, 1400, ExchangeMode::PushPull),
            (5, 1400, ExchangeMode::Push),
            (6, 1400, ExchangeMode::Pull),
            (7, 1400, ExchangeMode::FirstPushThenPull),
        ] {
            let mut net = scattered(order, mode, seed, mtu);
            let end = net.now + 60_000;
            let agreed = net.run_until(end, Net::agree);
            assert!(agreed, "{order:?} {mode:?}, seed {seed}, MTU {mtu}");
            let shown = net.contents(0);
            let of_owner = shown.iter().filter(|(owner, ..)| *owner == 2);
            let values: Vec<_> = of_owner
                .map(|(_, key, value)| (&key[..], &value[..]))
                .collect();
            assert_eq!(values, [("a", &b"new"[..]), ("b", b"9"), ("c", b"66")]);
            assert!([2, 3, 4, 5].iter().all(|at| net.contents(*at) == shown));
        }
    }
}

#[test]
fn single_entries_reach_a_node_whose_recover_of_their_owner_waits_for_what_nobody_holds() {
    for order in [Reconciliation::ScuttleDepth, Reconciliation::PreciseRandom] {
        for (seed, mode) in [
            (1, ExchangeMode::PushPull),
            (2, ExchangeMode::Push),
            (3, ExchangeMode::Pull),
        ] {
            let settings = |address| {
                let config = config(address, 127).tombstone_grace(Duration::from_secs(1));
                let config = config.reconciliation(order).exchange_mode(mode);
                config.check().unwrap()
            };
            let mut net = Net::new(seed, 127, Weather::LOSSY);
            for address in 0..3 {
                net.add(settings(address), Large::tables());
                net.node(address).join(0).unwrap();
            }
            net.run(5_000);
            net.node(1).set("kept", b"1").unwrap();
            net.node(1).set("gone", b"2").unwrap();
            net.run(5_000);
            net.node(1).delete("gone").unwrap();
            net.run(10_000);
            assert!(!net.node(0).is_tombstone(id(2), "gone"), "not collected");
            let generation = net.node(1).generation();
            let told = singles(&mut net, generation, &[(9, "last", Some(b"9"))]);
            net.deliver(9, 0, &told);
            net.nodes[1] = None;
            let end = net.now + 30_000;
            assert!(net.run_until(end, Net::agree), "{order:?} {mode:?}");
            // Nobody holds what lies between, so its re-cover waits for it until it is given up.
            let late = net.add(settings(3), Large::tables());
            net.node(late).join(0).unwrap();
            let end = net.now + 30_000;
            let agreed = net.run_until(end, |net| net.live().count() == 3 && net.agree());
            assert!(agreed, "{order:?} {mode:?}");
            let held = net.node(late).member(id(2)).unwrap().held();
            assert!(held < version(9), "{held:?} covers what nobody holds");
            assert_eq!(net.contents(late), net.contents(0), "{order:?} {mode:?}");
            assert!(net.contents(late).iter().any(|(_, key, _)| key == "last"));
        }
    }
}

#[test]
fn a_late_single_of_a_collected_key_does_not_bring_it_back() {
    let mut net = cluster(2, 1);
    net.node(1).set("k", b"v").unwrap();
    let set = net.node(1).member(id(2)).unwrap().held();
    net.run(3_000);
    assert_eq!(shown(&mut net, "k").as_deref(), Some(&b"v"[..]));
    net.node(1).delete("k").unwrap();
    net.run(60_000);
    assert!(!net.node(0).is_tombstone(id(2), "k"), "not collected");
    tell(&mut net, &[(set.get(), "k", Some(b"v"))]);
    assert_eq!(shown(&mut net, "k"), None);
    assert_eq!(net.node(0).stats().idle_singles, 1);
}

#[test]
fn claims_catch_up_with_singles_that_came_before_them() {
    let mut net = cluster(2, 1);
    net.connected = |_, _| false;
    for key in ["a", "b", "c"] {
        net.node(1).set(key, b"old").unwrap();
    }
    net.node(1).set("b", b"new").unwrap();
    let last = net.node(1).member(id(2)).unwrap().held();
    tell(&mut net, &[(last.get(), "b", Some(b"new"))]);
    assert_eq!(shown(&mut net, "b").as_deref(), Some(&b"new"[..]));
    assert_eq!(shown(&mut net, "a"), None);
    net.connected = |_, _| true;
    net.run(5_000);
    assert!(net.agree());
    assert_eq!(net.contents(0), net.contents(1));
}

#[test]
fn singles_of_another_life_or_of_a_stranger_are_refused_and_counted() {
    let mut net = cluster(2, 1);
    let other = Generation {
        counter: 9,
        nonce: [1; 4],
    };
    let lie = singles(&mut net, other, &[(9, "a", Some(b"x"))]);
    net.deliver(9, 0, &lie);
    // To its owner a single is no news either.
    let generation = net.node(1).generation();
    let echo = singles(&mut net, generation, &[(9, "a", Some(b"x"))]);
    net.deliver(9, 1, &echo);
    assert_eq!(shown(&mut net, "a"), None);
    for address in [0, 1] {
        let stats = *net.node(address).stats();
        assert_eq!((stats.foreign_singles, stats.singles_heard), (1, 0));
    }
    let now = Instant::from_millis(net.now);
    assert!(net.node(1).canonical(now).get(id(2), "a").is_none());
}
