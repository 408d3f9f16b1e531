//! A node that restarts without a state takes back what it had written (`author/former.rs`).

use crate::support;

use gossip_core::shared::{Merge, Merged};
use gossip_core::wire::Kind;
use gossip_core::{
    Config, Duration, Event, ExchangeMode, Node, Reconciliation, SetError, Storage, inline,
};
use support::{Large, Net, Small, Weather, config, id};

inline! {
    /// Without copies of what others contributed.
    struct Plain {
        members: 8, entries: 32, key: 16, value: 32, news: 16, duties: 16,
        relays: 4, seeds: 4, exchanges: 4, ranges: 8, wants: 8,
    }
}

const MODES: [ExchangeMode; 4] = [
    ExchangeMode::PushPull,
    ExchangeMode::Push,
    ExchangeMode::Pull,
    ExchangeMode::FirstPushThenPull,
];

fn settings(address: u16, mtu: usize) -> Config<u16> {
    config(address, mtu)
        .tombstone_grace(Duration::from_secs(2))
        .fresh(false)
}

/// Starts a node that knows a seed from the beginning.
fn boot<S: Storage<u16>>(
    net: &mut Net<S>,
    config: Config<u16>,
    tables: gossip_core::Tables<u16, S>,
) {
    let config = config.check().unwrap();
    let address = (config.id().get() - 1) as u16;
    let mut node = Node::new(config, tables);
    node.join(u16::from(address == 0)).unwrap();
    if net.nodes.len() <= usize::from(address) {
        net.nodes.resize_with(usize::from(address) + 1, || None);
    }
    net.put(address, node);
}

/// Node 2 of four has written, overwritten and deleted, all agree, and what was deleted is collected.
fn history(mode: ExchangeMode, order: Reconciliation, weather: Weather, mtu: usize) -> Net<Large> {
    let mut net = Net::new(7, mtu, weather);
    for address in 0..4 {
        let settings = settings(address, mtu)
            .exchange_mode(mode)
            .reconciliation(order);
        boot(&mut net, settings, Large::tables());
    }
    net.run(5_000);
    for number in 0..12 {
        net.node(1).set(&format!("k{number}"), b"first").unwrap();
    }
    net.run(5_000);
    for number in 0..4 {
        net.node(1).set(&format!("k{number}"), b"later").unwrap();
        assert!(net.node(1).delete(&format!("k{}", number + 4)).unwrap());
    }
    let end = net.now + 120_000;
    assert!(net.run_until(end, Net::agree), "{mode:?} {order:?}");
    net.run(10_000);
    assert!(!net.node(0).is_tombstone(id(2), "k4"), "not collected");
    net
}

fn usual_history(mtu: usize) -> Net<Large> {
    let (mode, order) = (ExchangeMode::default(), Reconciliation::default());
    history(mode, order, Weather::FAIR, mtu)
}

fn events(net: &mut Net<Large>, address: u16) -> usize {
    let node = net.node(address);
    let all = core::iter::from_fn(|| node.poll_event());
    all.filter(|event| *event == Event::Reclaimed).count()
}

#[test]
fn what_was_written_in_an_earlier_life_is_taken_back_and_never_missed() {
    for mode in MODES {
        for order in [Reconciliation::ScuttleDepth, Reconciliation::PreciseNewest] {
            for (weather, mtu) in [
                (Weather::FAIR, 64),
                (Weather::FAIR, 1400),
                (Weather::WILD, 127),
            ] {
                let mut net = history(mode, order, weather, mtu);
                let before = net.contents(0);
                assert_eq!(before.len(), 8);
                net.nodes[1] = None;
                net.run(300);
                let again = settings(1, mtu).exchange_mode(mode).reconciliation(order);
                boot(&mut net, again, Large::tables());
                let end = net.now + 60_000;
                let all = format!("{mode:?} {order:?} {weather:?} {mtu}");
                let complete = net.run_until(end, |net| {
                    for address in [0, 2, 3] {
                        assert_eq!(net.contents(address), before, "{all}");
                    }
                    net.agree() && net.contents(1) == before
                });
                assert!(complete, "{all}: {:#?}", net.contents(1));
                assert_eq!(events(&mut net, 1), 1);
                assert_eq!(net.node(1).members().count(), 4);
            }
        }
    }
}

#[test]
fn what_is_written_meanwhile_stands() {
    let mut net = usual_history(64);
    net.nodes[1] = None;
    boot(&mut net, settings(1, 64), Large::tables());
    net.node(1).set("k0", b"now").unwrap();
    net.node(1).set("new", b"now").unwrap();
    assert!(!net.node(1).delete("k8").unwrap(), "it is not known here");
    net.run(20);
    net.node(1).set("k1", b"now").unwrap();
    net.node(1).delete("k9").unwrap();
    let end = net.now + 30_000;
    assert!(net.run_until(end, |net| net.agree() && net.contents(1).len() == 7));
    net.run(10_000);
    for address in 0..4 {
        let own = net.contents(address);
        let own: Vec<_> = own
            .iter()
            .map(|(_, key, value)| (&key[..], &value[..]))
            .collect();
        let (now, first, later) = (&b"now"[..], &b"first"[..], &b"later"[..]);
        let expected = [
            ("k0", now),
            ("k1", now),
            ("k10", first),
            ("k11", first),
            ("k2", later),
            ("k3", later),
            ("new", now),
        ];
        assert_eq!(own, expected, "node {}", address + 1);
    }
}

#[test]
fn a_fresh_node_begins_with_nothing() {
    let mut net = usual_history(1400);
    net.nodes[1] = None;
    boot(&mut net, settings(1, 1400).fresh(true), Large::tables());
    net.run(10_000);
    assert!(net.agree());
    assert_eq!(events(&mut net, 1), 0);
    assert!((0..4).all(|address| net.contents(address).is_empty()));
}

#[test]
fn a_node_that_nobody_remembers_joins_as_ever() {
    let mut net = Net::new(1, 1400, Weather::FAIR);
    for address in 0..4 {
        boot(&mut net, settings(address, 1400), Large::tables());
        net.node(address).set("k", &[address as u8]).unwrap();
    }
    net.run(10_000);
    assert!(net.agree());
    for address in 0..4 {
        assert_eq!(net.contents(address).len(), 4);
        assert_eq!(events(&mut net, address), 0);
        assert_eq!(net.node(address).generation().counter, 0, "outbid nobody");
    }
}

#[test]
fn who_hears_nobody_waits_and_takes_back_what_it_had_when_it_hears_them() {
    let mut net = usual_history(1400);
    let mut before = net.contents(0);
    net.nodes[1] = None;
    net.connected = |from, to| from != 1 && to != 1;
    boot(&mut net, settings(1, 1400), Large::tables());
    assert!(!net.node(1).delete("k0").unwrap());
    net.run(90_000);
    // Meanwhile it is held for dead, and still remembered.
    assert!(net.node(1).is_reclaiming());
    net.connected = |_, _| true;
    before.retain(|(_, key, _)| key != "k0");
    let end = net.now + 90_000;
    assert!(net.run_until(end, |net| net.agree() && net.contents(1) == before));
    assert!(!net.node(1).is_reclaiming());
}

#[test]
fn sources_that_are_lost_amid_it_leave_what_came_and_the_rest_comes_later() {
    let mut net = usual_history(64);
    net.nodes[1] = None;
    boot(&mut net, settings(1, 64).exchange_pages(1), Large::tables());
    let claimed = |net: &Net<Large>| {
        let node = net.nodes[1].as_ref().unwrap();
        node.stats().received.of(Kind::Claim).count > 0
    };
    let end = net.now + 10_000;
    assert!(net.run_until(end, claimed), "nothing came");
    assert_eq!(net.node(1).members().count(), 4);
    assert!(
        net.contents(1).iter().all(|(owner, ..)| *owner != 2),
        "not its own yet"
    );
    net.connected = |from, to| from != 1 && to != 1;
    net.run(10_000);
    assert_eq!(events(&mut net, 1), 1);
    let own = net.contents(1).len();
    assert!(own > 0 && own < 8, "{own}");
    net.connected = |_, _| true;
    let end = net.now + 120_000;
    // The others show the rest still, and give it back.
    assert!(net.run_until(end, |net| {
        let all = |address| net.contents(address).len() == 8;
        net.agree() && (0..4).all(all)
    }));
}

#[test]
fn counters_count_every_life_once() {
    let mut net = usual_history(1400);
    net.node(0).count("c", 1).unwrap();
    net.node(1).count("c", 10).unwrap();
    net.run(5_000);
    for round in 1..4 {
        net.nodes[1] = None;
        boot(&mut net, settings(1, 1400), Large::tables());
        let early = round == 2;
        if early {
            net.run(1);
            net.node(1).count("c", 100).unwrap();
        }
        net.run(8_000);
        if !early {
            net.node(1).count("c", 100).unwrap();
        }
        net.run(30_000);
        for address in 0..4 {
            let sum = match net.node(address).merged("c", Merge::Sum) {
                Some(Merged::Number(sum)) => sum,
                _ => 0,
            };
            assert_eq!(sum, 11 + 100 * round, "node {}", address + 1);
        }
    }
}

#[test]
fn counting_goes_on_where_no_copies_are_kept() {
    let mut net = Net::<Plain>::new(5, 1400, Weather::FAIR);
    for address in 0..3 {
        boot(&mut net, settings(address, 1400), Plain::tables());
    }
    net.run(3_000);
    for round in 1..5 {
        net.node(1).count("c", 10).unwrap();
        net.run(5_000);
        net.nodes[1] = None;
        boot(&mut net, settings(1, 1400), Plain::tables());
        net.run(5_000);
        for address in 0..3 {
            let sum = net.node(address).merged("c", Merge::Sum);
            assert!(matches!(sum, Some(Merged::Number(number)) if number == 10 * round));
        }
    }
}

#[test]
fn the_later_of_two_lives_is_taken_back_whoever_tells_first() {
    for seed in 0..8 {
        let mut net = usual_history(1400);
        (0..seed).for_each(|_| _ = net.random(2));
        // Node 3 knows the first life alone, the others the second.
        net.connected = |from, to| from != 2 && to != 2;
        net.nodes[1] = None;
        boot(&mut net, settings(1, 1400), Large::tables());
        net.run(5_000);
        net.node(1).set("k0", b"second life").unwrap();
        net.run(5_000);
        net.nodes[1] = None;
        net.connected = |from, to| (from != 2 && to != 2) || from == 1 || to == 1;
        boot(&mut net, settings(1, 1400), Large::tables());
        net.node(1).join(2).unwrap();
        net.run(10_000);
        net.connected = |_, _| true;
        let end = net.now + 120_000;
        assert!(net.run_until(end, Net::agree));
        for address in 0..4 {
            let value = net.node(address).get(id(2), "k0");
            assert_eq!(value, Some(&b"second life"[..]), "seed {seed}");
        }
    }
}

#[test]
fn a_lease_is_taken_back_with_what_is_left_of_it() {
    let mut net = usual_history(1400);
    let now = net.instant();
    let end = net.now + 20_000;
    net.node(1)
        .set_for(now, "lease", b"v", Duration::from_secs(20))
        .unwrap();
    net.run(5_000);
    net.nodes[1] = None;
    boot(&mut net, settings(1, 1400), Large::tables());
    net.run(3_000);
    assert_eq!(net.node(1).get(id(2), "lease"), Some(&b"v"[..]));
    while net.now < end - 1_000 {
        net.run(500);
        assert!((0..4).all(|address| {
            net.nodes[address]
                .as_ref()
                .unwrap()
                .get(id(2), "lease")
                .is_some()
        }));
    }
    net.run(3_000);
    for address in 0..4 {
        assert_eq!(net.node(address).get(id(2), "lease"), None);
    }
}

#[test]
fn tables_without_room_for_it_are_no_reason_to_stay_silent() {
    let mut net = Net::<Small>::new(3, 127, Weather::FAIR);
    let mut address = 0;
    // As many as the table of members holds, so that the former self finds no row.
    loop {
        boot(&mut net, settings(address, 127), Small::tables());
        net.run(500);
        let mut usage = net.node(address).usage();
        let members = usage.find(|usage| usage.table == "members").unwrap();
        address += 1;
        if usize::from(address) == members.capacity {
            break;
        }
    }
    net.run(5_000);
    net.node(1).set("k", b"v").unwrap();
    net.run(10_000);
    assert!(net.agree());
    net.nodes[1] = None;
    boot(&mut net, settings(1, 127), Small::tables());
    net.run(20_000);
    assert!(net.agree());
    assert_eq!(net.node(1).set("k", b"again"), Ok::<(), SetError>(()));
    net.run(5_000);
    assert!((0..address).all(|at| net.contents(at).len() == 1));
}

/// Two that start with one id, each the other's seed, ask each other for an earlier life: not at the speed of the
/// network.
#[test]
fn newborn_twins_do_not_ask_each_other_without_end() {
    for (mtu, twice) in [(64, 0), (127, 20), (1400, 50)] {
        let weather = Weather {
            twice,
            ..Weather::FAIR
        };
        let mut net = Net::<Large>::new(5, mtu, weather);
        for address in 0..2 {
            let config = settings(0, mtu).address(address).check().unwrap();
            let mut node = Node::new(config, Large::tables());
            node.join(1 - address).unwrap();
            net.nodes.push(None);
            net.put(address, node);
        }
        net.run(6_000);
        let sent = net.live().map(|node| node.stats().sent.datagrams.count);
        let sent: u32 = sent.sum();
        assert!((4..300).contains(&sent), "MTU {mtu}, {twice} %: {sent}");
    }
}
