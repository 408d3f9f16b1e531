//! Reads that ask peers for a fresher value, and repair those that hold an older one.

use crate::support;

use gossip_core::wire::{AskHead, Kind, SinglesHead};
use gossip_core::{
    Config, Duration, Event, FreshRead, Generation, Instant, ReadEnd, Request, RequestError,
    Version, inline,
};
use support::craft::{body, craft, life};
use support::{Net, Weather, config, id};

inline! {
    /// Room for two reads.
    struct Reading {
        members: 16, entries: 64, key: 8, value: 16, news: 8, duties: 24,
        relays: 4, seeds: 2, exchanges: 4, ranges: 8, wants: 16, reads: 2,
    }
}

const MTU: usize = 127;

/// A round every ten minutes, and no news: what happens in between was asked for.
fn slow(address: u16) -> Config<u16> {
    config(address, MTU)
        .probe_interval(Duration::from_secs(600))
        .reconnect_interval(Duration::from_secs(3600))
        .tombstone_grace(Duration::from_secs(20))
        .gossip_fanout(0)
}

/// Nodes that know each other and agree.
fn settled(nodes: u16) -> Net<Reading> {
    let mut net = Net::new(1, MTU, Weather::FAIR);
    for address in 0..nodes {
        let tables = Reading::tables();
        net.add(slow(address).check().unwrap(), tables);
        if address > 0 {
            net.node(address).join(0).unwrap();
        }
    }
    let end = net.now + 36_000_000;
    let all = usize::from(nodes);
    let met = |net: &Net<Reading>| net.agree() && net.live().all(|node| node.live() == all);
    assert!(net.run_until(end, met));
    net.run(10_000);
    net
}

/// The owner, node 2, writes `k`; then only the nodes of `peers` hear of it, one by one, in answer to
/// reads of their own.
fn write(net: &mut Net<Reading>, value: &[u8], peers: &[u16]) {
    net.node(1).set("k", value).unwrap();
    for address in peers {
        let deadline = Instant::from_millis(net.now + 1_000);
        let read = net.node(*address).read_fresh(id(2), "k", 1, deadline);
        net.run(100);
        let report = net.node(*address).take_read(read.unwrap()).unwrap();
        assert_eq!((report.end, report.changed), (ReadEnd::Owner, true));
        assert_eq!(shown(net, *address), Some(value));
    }
}

fn shown(net: &Net<Reading>, address: u16) -> Option<&[u8]> {
    net.nodes[usize::from(address)].as_ref()?.get(id(2), "k")
}

fn begin(net: &mut Net<Reading>, peers: u8, within: u64) -> Request {
    let deadline = Instant::from_millis(net.now + within);
    net.node(0).read_fresh(id(2), "k", peers, deadline).unwrap()
}

/// Runs until node 0 says that this read is over; after how many milliseconds, and the report.
fn end(net: &mut Net<Reading>, request: Request) -> (u64, FreshRead) {
    let start = net.now;
    for _ in 0..20_000 {
        net.run(1);
        let mut events = std::iter::from_fn(|| net.node(0).poll_event());
        if events.any(|event| event == Event::Read { request }) {
            let report = *net.node(0).read(request).expect("it waits to be taken");
            return (net.now - start, report);
        }
    }
    panic!("no event");
}

#[test]
fn the_owner_is_asked_first_and_its_word_is_enough() {
    let mut net = settled(6);
    write(&mut net, b"old", &[0]);
    net.node(1).set("k", b"new").unwrap();
    let request = begin(&mut net, 4, 5_000);
    let (millis, report) = end(&mut net, request);
    assert_eq!(shown(&net, 0), Some(&b"new"[..]));
    assert_eq!(report.end, ReadEnd::Owner);
    assert!(report.changed && report.asked == 4);
    assert!(millis <= 21, "{millis} ms: one way there and one back");
}

#[test]
fn without_the_owner_the_freshest_of_its_peers_is_found() {
    let mut net = settled(6);
    write(&mut net, b"first", &[0, 2, 3, 4, 5]);
    write(&mut net, b"second", &[2, 4]);
    write(&mut net, b"third", &[3]);
    net.connected = |from, to| from != 1 && to != 1;
    let request = begin(&mut net, 8, 1_000);
    let (millis, report) = end(&mut net, request);
    assert_eq!(shown(&net, 0), Some(&b"third"[..]));
    // The owner was asked too and could not answer.
    assert_eq!((report.end, millis), (ReadEnd::Deadline, 1_000));
    assert_eq!((report.asked, report.answered), (5, 4));
    // Nodes 3, 5 and 6 hold older values; that is repaired.
    assert_eq!(report.repaired, 3);
    net.run(50);
    for address in [2, 3, 4, 5] {
        assert_eq!(shown(&net, address), Some(&b"third"[..]), "{address}");
    }
    assert_eq!(net.node(0).take_read(request), Some(report));
}

#[test]
fn the_reader_repairs_others_with_what_it_holds_itself() {
    let mut net = settled(6);
    write(&mut net, b"first", &[0, 2, 3, 4, 5]);
    write(&mut net, b"second", &[0]);
    net.nodes[1] = None;
    let request = begin(&mut net, 8, 500);
    let (_, report) = end(&mut net, request);
    assert_eq!(
        (report.answered, report.repaired, report.changed),
        (4, 4, false)
    );
    net.run(50);
    assert!(
        [2, 3, 4, 5]
            .iter()
            .all(|peer| shown(&net, *peer) == Some(&b"second"[..]))
    );
}

#[test]
fn an_answer_after_the_end_still_repairs_its_sender() {
    let mut net = settled(4);
    write(&mut net, b"first", &[0, 2, 3]);
    write(&mut net, b"second", &[0]);
    net.weather.latency_min = 100;
    net.weather.latency_max = 100;
    net.connected = |from, to| from != 1 && to != 1;
    let request = begin(&mut net, 8, 150);
    let (millis, report) = end(&mut net, request);
    assert_eq!((millis, report.end), (150, ReadEnd::Deadline));
    assert_eq!((report.answered, report.repaired), (0, 0));
    net.run(1_000);
    assert_eq!(net.node(0).take_read(request).unwrap().repaired, 2);
    assert!(
        [2, 3]
            .iter()
            .all(|peer| shown(&net, *peer) == Some(&b"second"[..]))
    );
}

#[test]
fn lost_questions_are_asked_again() {
    let mut net = settled(4);
    write(&mut net, b"old", &[0]);
    net.node(1).set("k", b"new").unwrap();
    net.connected = |_, _| false;
    let request = begin(&mut net, 1, 5_000);
    net.run(400);
    net.connected = |_, _| true;
    let (_, report) = end(&mut net, request);
    assert_eq!((report.end, report.asked), (ReadEnd::Owner, 1));
    assert_eq!(shown(&net, 0), Some(&b"new"[..]));
}

#[test]
fn a_key_that_was_deleted_and_collected_is_gone_before_the_read_ends() {
    let mut net = settled(3);
    write(&mut net, b"v", &[0, 2]);
    net.node(1).delete("k").unwrap();
    net.connected = |from, to| from != 0 && to != 0;
    net.run(60_000);
    assert!(!net.node(1).is_tombstone(id(2), "k"), "not collected");
    assert_eq!(shown(&net, 0), Some(&b"v"[..]));
    net.connected = |_, _| true;
    let request = begin(&mut net, 1, 5_000);
    let (millis, report) = end(&mut net, request);
    assert_eq!((report.end, report.changed), (ReadEnd::Owner, true));
    assert_eq!(shown(&net, 0), None);
    assert!(millis < 1_000, "{millis}");
}

#[test]
fn a_key_that_nobody_has_is_answered_too() {
    let mut net = settled(3);
    let deadline = Instant::from_millis(net.now + 5_000);
    let request = net.node(0).read_fresh(id(2), "none", 1, deadline).unwrap();
    let (millis, report) = end(&mut net, request);
    assert_eq!((report.end, report.changed), (ReadEnd::Owner, false));
    assert!(millis <= 21, "{millis}");
}

#[test]
fn a_read_ends_where_nobody_is_left_to_ask_or_this_node_leaves() {
    let mut net = settled(2);
    write(&mut net, b"v", &[0]);
    net.node(1).leave();
    net.run(1_000);
    let request = begin(&mut net, 3, 5_000);
    let (millis, report) = end(&mut net, request);
    assert_eq!((report.end, report.asked), (ReadEnd::Alone, 0));
    assert!(millis <= 1 && shown(&net, 0) == Some(b"v"));
    let mut net = settled(2);
    net.connected = |_, _| false;
    let request = begin(&mut net, 3, 5_000);
    net.run(10);
    net.node(0).leave();
    assert_eq!(end(&mut net, request).1.end, ReadEnd::Left);
}

#[test]
fn a_read_is_refused_with_the_reason() {
    let mut net = settled(3);
    let deadline = Instant::from_millis(net.now + 500);
    let node = net.node(0);
    let mut read = |owner, key: &str| node.read_fresh(id(owner), key, 2, deadline);
    assert_eq!(read(99, "k"), Err(RequestError::UnknownPeer));
    assert_eq!(read(1, "k"), Err(RequestError::Myself));
    for key in ["", "ninebytes"] {
        assert_eq!(read(2, key), Err(RequestError::Key { max: 8 }));
    }
    let first = read(2, "a").unwrap();
    read(2, "b").unwrap();
    assert_eq!(read(2, "c"), Err(RequestError::Full { max: 2 }));
    net.run(600);
    assert!(net.node(0).take_read(first).is_some());
    assert!(net.node(0).read_fresh(id(2), "c", 2, deadline).is_ok());
    net.node(0).leave();
    let left = net.node(0).read_fresh(id(2), "d", 2, deadline);
    assert_eq!(left, Err(RequestError::NotRunning));
}

#[test]
fn asks_for_strangers_and_other_lives_are_counted_and_answered_with_nothing() {
    let mut net = settled(2);
    write(&mut net, b"v", &[0]);
    net.connected = |_, _| false;
    let before = net.node(0).stats().sent.of(Kind::Singles);
    let (mine, stranger) = (net.node(1).generation(), Generation::default());
    for (owner, generation) in [(id(2), stranger), (id(77), mine)] {
        let head = AskHead {
            token: 1,
            owner,
            life: life(generation),
            version: Version::NONE,
        };
        let section = [body(&[head]), body(&["k"])].concat();
        let ask = craft(id(9), stranger, &[(Kind::Ask, section)]);
        net.deliver(1, 0, &ask);
    }
    net.run(10);
    let node = net.node(0);
    assert_eq!(node.stats().foreign_asks, 2);
    assert_eq!(node.stats().sent.of(Kind::Singles).count, before.count + 2);
}

#[test]
fn answers_that_nobody_waits_for_are_counted_and_change_nothing() {
    let mut net = settled(3);
    net.connected = |_, _| false;
    begin(&mut net, 2, 5_000);
    net.run(10);
    let now = net.instant();
    let before = net.node(0).canonical(now);
    let generation = net.node(1).generation();
    // Among them is the right token, from the wrong sender.
    for token in 1..=u8::MAX {
        let head = SinglesHead {
            token,
            owner: id(2),
            life: life(generation),
            held: Version::NONE,
            newest: Version::MAX,
        };
        let lie = craft(id(77), generation, &[(Kind::Singles, body(&[head]))]);
        net.deliver(2, 0, &lie);
    }
    assert_eq!(net.node(0).stats().idle_answers, u32::from(u8::MAX));
    assert_eq!(net.node(0).canonical(now), before);
}
