//! Anti-entropy on demand: a closed loop with one peer, and what it reports.

use crate::support;

use gossip_core::table::Prefix;
use gossip_core::wire::{CompareHead, Kind};
use gossip_core::{
    Config, Duration, Event, ExchangeMode, Generation, Instant, Request, RequestError, SyncEnd,
    Synced, inline,
};
use support::craft::{body, craft};
use support::{Net, Weather, config, id};

inline! {
    /// Room for two syncs.
    pub struct Syncing {
        members: 40, entries: 400, key: 8, value: 16, news: 8, duties: 16,
        relays: 4, seeds: 2, exchanges: 4, ranges: 8, wants: 16, syncs: 2,
    }
}

/// A round every ten minutes: what happens in between was asked for, but for news of what is written.
fn slow(address: u16, mtu: usize) -> Config<u16> {
    config(address, mtu)
        .probe_interval(Duration::from_secs(600))
        .reconnect_interval(Duration::from_secs(3600))
}

/// Nodes that know each other and agree.
fn settled(nodes: u16, mtu: usize) -> Net<Syncing> {
    settled_in(ExchangeMode::PushPull, nodes, mtu)
}

fn settled_in(mode: ExchangeMode, nodes: u16, mtu: usize) -> Net<Syncing> {
    let mut net = Net::new(1, mtu, Weather::FAIR);
    for address in 0..nodes {
        let tables = Syncing::tables();
        let config = slow(address, mtu).exchange_mode(mode);
        net.add(config.check().unwrap(), tables);
        if address > 0 {
            net.node(address).join(0).unwrap();
        }
    }
    let end = net.now + 36_000_000;
    let all = usize::from(nodes);
    let met = |net: &Net<Syncing>| net.agree() && net.live().all(|node| node.live() == all);
    assert!(net.run_until(end, met));
    // Exchanges that are still open end.
    net.run(10_000);
    net
}

fn begin(net: &mut Net<Syncing>, range: Prefix, within: u64) -> Request {
    let deadline = Instant::from_millis(net.now + within);
    net.node(0).sync(id(2), range, deadline).unwrap()
}

/// Runs until node 0 says that this request is over; after how many milliseconds, and the report.
fn end(net: &mut Net<Syncing>, request: Request) -> (u64, Synced) {
    let start = net.now;
    for _ in 0..20_000 {
        net.run(1);
        let events = std::iter::from_fn(|| net.node(0).poll_event());
        if events
            .into_iter()
            .any(|event| event == Event::Synced { request })
        {
            let report = *net.node(0).synced(request).expect("it waits to be taken");
            assert_eq!(net.node(0).take_synced(request), Some(report));
            assert_eq!(net.node(0).take_synced(request), None);
            return (net.now - start, report);
        }
    }
    panic!("no event");
}

fn sync(net: &mut Net<Syncing>, range: Prefix) -> (u64, Synced) {
    let request = begin(net, range, 10_000);
    end(net, request)
}

#[test]
fn equal_replicas_find_out_with_two_small_datagrams() {
    for range in [Prefix::ROOT, Prefix::of(id(2)), Prefix::of(id(99))] {
        let mut net = settled(8, 300);
        let (millis, report) = sync(&mut net, range);
        assert_eq!(report.end, SyncEnd::Equal);
        assert!(report.is_complete() && report.peer == id(2));
        assert_eq!((report.datagrams, report.rows, report.entries), (2, 0, 0));
        // Two headers of 14 bytes at most, 25 for the question and 5 for the answer.
        assert!(report.bytes <= 58, "{report:?}");
        assert!(millis <= 21, "{millis} ms: one way there and one back");
    }
}

#[test]
fn what_differs_on_both_sides_is_exchanged_and_counted() {
    for mtu in [64, 300] {
        let mut net = settled(8, mtu);
        net.connected = |_, _| false;
        for (address, writes) in [(0, 3), (1, 7)] {
            for number in 0..writes {
                let key = format!("k{number}");
                net.node(address).set(&key, &[number]).unwrap();
            }
        }
        net.connected = |from, to| from < 2 && to < 2;
        let (millis, report) = sync(&mut net, Prefix::ROOT);
        assert_eq!(report.end, SyncEnd::Equal, "{report:?}");
        assert!(report.entries >= 10 && report.datagrams > 4, "{report:?}");
        assert!(millis < 5_000, "{millis}");
        assert_eq!(net.contents(0), net.contents(1));
        assert_eq!(net.contents(0).len(), 10);
        assert_eq!(net.node(0).fingerprint(), net.node(1).fingerprint());
        // At once again: there is nothing left to say.
        let (_, again) = sync(&mut net, Prefix::ROOT);
        assert_eq!((again.end, again.entries), (SyncEnd::Equal, 0));
    }
}

#[test]
fn a_sync_goes_both_ways_whatever_the_mode() {
    for mode in [ExchangeMode::Push, ExchangeMode::Pull] {
        let mut net = settled_in(mode, 3, 300);
        net.connected = |_, _| false;
        net.node(0).set("mine", b"1").unwrap();
        net.node(1).set("yours", b"2").unwrap();
        // What news there is has died out.
        net.run(60_000);
        net.connected = |from, to| from < 2 && to < 2;
        let (millis, report) = sync(&mut net, Prefix::ROOT);
        assert_eq!(
            (report.end, report.entries),
            (SyncEnd::Equal, 2),
            "{mode:?}"
        );
        assert!(millis < 1_000, "{mode:?}: {millis}");
        assert_eq!(net.contents(0), net.contents(1));
        assert_eq!(net.contents(0).len(), 2);
    }
}

#[test]
fn a_sync_of_one_owner_leaves_the_others_alone() {
    let mut net = settled(4, 300);
    for address in [1, 2] {
        net.node(address).set("k", b"v").unwrap();
    }
    net.connected = |_, to| to == 1;
    net.run(50);
    assert_eq!(net.contents(1).len(), 1);
    net.connected = |from, to| from < 2 && to < 2;
    let (_, report) = sync(&mut net, Prefix::of(id(3)));
    assert_eq!((report.end, report.entries), (SyncEnd::Equal, 0));
    assert_eq!(net.contents(0), []);
    let (_, report) = sync(&mut net, Prefix::of(id(2)));
    assert_eq!((report.end, report.entries), (SyncEnd::Equal, 1));
    assert_eq!(net.contents(0).len(), 1);
}

#[test]
fn a_sync_goes_on_through_loss() {
    let mut complete = 0;
    for seed in 0..10 {
        let mut net = settled(3, 64);
        for number in 0..12 {
            net.node(1).set(&format!("k{number}"), &[seed]).unwrap();
        }
        net.weather = Weather {
            loss: 30,
            ..Weather::FAIR
        };
        // Another stretch of the network's chance for each seed.
        for _ in 0..seed {
            net.random(2);
        }
        let request = begin(&mut net, Prefix::ROOT, 20_000);
        let (_, report) = end(&mut net, request);
        assert_eq!(report.end, SyncEnd::Equal, "{report:?}");
        assert_eq!(net.node(0).entries_of(id(2)).count(), 12);
        complete += 1;
    }
    assert_eq!(complete, 10);
}

#[test]
fn a_silent_peer_ends_the_sync_at_the_deadline() {
    let mut net = settled(3, 300);
    net.nodes[1] = None;
    let request = begin(&mut net, Prefix::ROOT, 2_000);
    assert!(net.node(0).synced(request).is_none());
    let (millis, report) = end(&mut net, request);
    assert_eq!(millis, 2_000);
    assert_eq!(report.end, SyncEnd::Silent);
    // One comparison every 250 ms.
    assert_eq!(report.datagrams, 8);
    assert!(!report.is_complete());
}

#[test]
fn a_sync_that_takes_too_long_says_that_something_differs() {
    let mut net = settled(3, 64);
    net.connected = |_, _| false;
    for number in 0..200 {
        net.node(1).set(&format!("k{number}"), &[7; 8]).unwrap();
    }
    net.connected = |_, _| true;
    let request = begin(&mut net, Prefix::ROOT, 100);
    let (millis, report) = end(&mut net, request);
    assert_eq!((millis, report.end), (100, SyncEnd::Different));
    assert!(report.entries > 0 && report.entries < 200, "{report:?}");
}

#[test]
fn a_peer_that_leaves_or_dies_ends_the_sync() {
    let mut net = settled(3, 300);
    net.connected = |from, to| (from, to) != (0, 1);
    let request = begin(&mut net, Prefix::ROOT, 60_000);
    net.run(100);
    net.node(1).leave();
    let (millis, report) = end(&mut net, request);
    assert_eq!(report.end, SyncEnd::Gone);
    assert!(millis < 1_000, "{millis}");
}

#[test]
fn a_node_that_leaves_reports_its_own_syncs() {
    let mut net = settled(3, 300);
    net.connected = |_, _| false;
    let request = begin(&mut net, Prefix::ROOT, 60_000);
    net.run(100);
    net.node(0).leave();
    let (_, report) = end(&mut net, request);
    assert_eq!(report.end, SyncEnd::Left);
    let deadline = Instant::FAR;
    let refused = net.node(0).sync(id(2), Prefix::ROOT, deadline);
    assert_eq!(refused, Err(RequestError::NotRunning));
}

#[test]
fn a_sync_is_refused_with_the_reason() {
    let mut net = settled(3, 300);
    let deadline = Instant::from_millis(net.now + 500);
    let node = net.node(0);
    let mut ask = |peer| node.sync(id(peer), Prefix::ROOT, deadline);
    assert_eq!(ask(99), Err(RequestError::UnknownPeer));
    assert_eq!(ask(1), Err(RequestError::Myself));
    let first = ask(2).unwrap();
    let second = ask(3).unwrap();
    assert_ne!(first, second);
    assert_eq!(ask(2), Err(RequestError::Full { max: 2 }));
    // Done is not enough: somebody must take the report.
    net.run(600);
    let again = net.node(0).sync(id(2), Prefix::ROOT, deadline);
    assert_eq!(again, Err(RequestError::Full { max: 2 }));
    assert!(net.node(0).take_synced(first).is_some());
    assert!(net.node(0).sync(id(2), Prefix::ROOT, deadline).is_ok());
}

#[test]
fn storage_without_room_for_syncs_neither_begins_nor_answers_them() {
    inline! {
        struct Plain {
            members: 8, entries: 8, key: 8, value: 16, news: 8, duties: 8,
            relays: 2, seeds: 2, exchanges: 2, ranges: 4, wants: 4,
        }
    }
    let mut net = Net::<Plain>::new(1, 300, Weather::FAIR);
    for address in 0..2 {
        net.add(slow(address, 300).check().unwrap(), Plain::tables());
    }
    net.node(1).join(0).unwrap();
    net.run(5_000);
    let refused = net.node(0).sync(id(2), Prefix::ROOT, Instant::FAR);
    assert_eq!(refused, Err(RequestError::Full { max: 0 }));
    let head = CompareHead {
        token: 1,
        prefix: Prefix::ROOT,
        sum: [0; 8],
    };
    let ask = craft(
        id(9),
        Generation::default(),
        &[(Kind::Compare, body(&[head]))],
    );
    let before = net.node(0).stats().sent;
    net.deliver(1, 0, &ask);
    net.run(100);
    assert_eq!(net.node(0).stats().sent, before);
}

#[test]
fn answers_that_nobody_waits_for_are_counted_and_change_nothing() {
    const TOKENS: u16 = 300;
    let mut net = settled(3, 300);
    net.connected = |_, _| false;
    let request = begin(&mut net, Prefix::ROOT, 5_000);
    net.run(10);
    let now = net.instant();
    let before = net.node(0).canonical(now);
    // Among them is the right token, from the wrong sender.
    for token in 0..TOKENS {
        for sender in [3, 77] {
            let section = (Kind::Equal, body(&[token]));
            let lie = craft(id(sender), Generation::default(), &[section]);
            net.deliver(2, 0, &lie);
        }
    }
    assert_eq!(net.node(0).stats().idle_answers, 2 * u32::from(TOKENS));
    assert_eq!(net.node(0).canonical(now), before);
    assert_eq!(net.node(0).synced(request), None);
}
