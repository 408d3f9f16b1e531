//! Every mode of exchange and every order of reconciliation brings replicas together, each its way.

use crate::support;

use gossip_core::{
    Checked, Config, Duration, ExchangeMode, Reconciliation, Storage, Tables, inline,
};
use support::{Large, Net, Weather, config, id};

const MODES: [ExchangeMode; 4] = [
    ExchangeMode::PushPull,
    ExchangeMode::Push,
    ExchangeMode::Pull,
    ExchangeMode::FirstPushThenPull,
];
const ORDERS: [Reconciliation; 2] = [Reconciliation::ScuttleBreadth, Reconciliation::ScuttleDepth];

/// Without datagrams of news: all repair is left to exchanges.
fn quiet(address: u16, mtu: usize) -> Config<u16> {
    config(address, mtu).gossip_fanout(0)
}

inline! {
    /// Without any news: nothing travels but by exchanges.
    struct Mute {
        members: 4, entries: 8, key: 8, value: 8, news: 0, duties: 8,
        relays: 2, seeds: 2, exchanges: 2, ranges: 4, wants: 4,
    }
}

/// So many nodes that know each other, with `make`'s settings.
fn cluster<S: Storage<u16>>(
    nodes: u16,
    mtu: usize,
    tables: fn() -> Tables<u16, S>,
    make: impl Fn(u16) -> Checked<u16>,
) -> Net<S> {
    let mut net = Net::<S>::new(1, mtu, Weather::FAIR);
    for address in 0..nodes {
        net.add(make(address), tables());
        if address > 0 {
            net.node(address).join(0).unwrap();
        }
    }
    let whole = usize::from(nodes);
    let met = net.run_until(200_000, |net| {
        net.agree() && net.live().all(|node| node.live() == whole)
    });
    assert!(met, "the nodes did not find each other");
    // Until all news is old.
    net.run(30_000);
    net
}

fn write_all<S: Storage<u16>>(net: &mut Net<S>, keys: u32) {
    for address in 0..net.nodes.len() as u16 {
        for key in 0..keys {
            let (key, value) = (format!("k{key:02}"), format!("{address:03}"));
            net.node(address).set(&key, value.as_bytes()).unwrap();
        }
    }
}

/// How long it takes until all hold everything, in milliseconds.
fn settle(net: &mut Net<Large>, entries: usize) -> u64 {
    let start = net.now;
    let done = net.run_until(start + 300_000, |net| {
        net.agree() && net.live().all(|node| node.entries().count() == entries)
    });
    assert!(done, "not everybody holds everything");
    net.now - start
}

#[test]
fn every_mode_brings_all_replicas_together_with_and_without_loss() {
    for mode in MODES {
        for weather in [Weather::FAIR, Weather::LOSSY] {
            let make = |address| quiet(address, 127).exchange_mode(mode).check().unwrap();
            let mut net = cluster(16, 127, Large::tables, make);
            net.weather = weather;
            write_all(&mut net, 8);
            let millis = settle(&mut net, 16 * 8);
            println!("{mode:?}, {} % loss: {millis} ms", weather.loss);
        }
    }
}

#[test]
fn one_exchange_carries_entries_only_the_way_of_its_mode() {
    for (mode, first_gets, second_gets) in [
        (ExchangeMode::PushPull, true, true),
        (ExchangeMode::Push, false, true),
        (ExchangeMode::Pull, true, false),
        // Nothing is news any more.
        (ExchangeMode::FirstPushThenPull, true, false),
    ] {
        // Only the first node begins exchanges.
        let make = |address: u16| {
            let fanout = if address == 0 { 1 } else { 0 };
            let config = quiet(address, 1400).exchange_mode(mode);
            let config = config.exchange_fanout(fanout);
            let never = config.reconnect_interval(Duration::from_secs(3600));
            never.check().unwrap()
        };
        let mut net = cluster(2, 1400, Mute::tables, make);
        write_all(&mut net, 1);
        net.run(20_000);
        let first = net.node(0).get(id(2), "k00").is_some();
        let second = net.node(1).get(id(1), "k00").is_some();
        assert_eq!((first, second), (first_gets, second_gets), "{mode:?}");
    }
}

#[test]
fn every_order_brings_all_replicas_together_at_every_floor() {
    for order in ORDERS {
        for mtu in [64, 127, 1400] {
            let make = |address| quiet(address, mtu).reconciliation(order).check().unwrap();
            let mut net = cluster(16, mtu, Large::tables, make);
            net.weather = Weather::LOSSY;
            write_all(&mut net, 16);
            let millis = settle(&mut net, 16 * 16);
            println!("{order:?} at MTU {mtu}: {millis} ms");
        }
    }
}

#[test]
fn with_one_page_a_round_nobody_is_starved() {
    for order in ORDERS {
        let make = |address| {
            let config = quiet(address, 64).reconciliation(order);
            config.exchange_pages(1).check().unwrap()
        };
        let mut net = cluster(8, 64, Large::tables, make);
        write_all(&mut net, 8);
        settle(&mut net, 8 * 8);
    }
}

#[test]
fn a_larger_fanout_and_a_shorter_interval_are_faster() {
    let time = |fanout: u8, interval: u32| {
        let make = |address| {
            let config = quiet(address, 127).exchange_fanout(fanout);
            let interval = Duration::from_millis(interval);
            config.exchange_interval(interval).check().unwrap()
        };
        let mut net = cluster(24, 127, Large::tables, make);
        write_all(&mut net, 8);
        settle(&mut net, 24 * 8)
    };
    let (usual, wide, quick) = (time(1, 0), time(4, 0), time(1, 250));
    println!("usual {usual} ms, fanout 4 {wide} ms, interval 250 ms {quick} ms");
    assert!(wide < usual && quick < usual);
}
