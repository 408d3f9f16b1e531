//! Restarts with a state: what the node wrote and what it held of others is there at once, only
//! differences travel, and what the cluster has forgotten stays forgotten.

use crate::support;

use gossip_core::persist::Age;
use gossip_core::{Checked, Duration, Event, Generation, Instant, Node, Restore, Status, inline};
use support::{Net, Weather, config, id, pages};

inline! {
    /// Room for five nodes with ten entries each.
    struct Enough {
        members: 8, entries: 60, key: 8, value: 32, news: 32, duties: 32,
        relays: 8, seeds: 4, exchanges: 8, ranges: 16, wants: 16,
    }
}

const NODES: u16 = 5;

fn checked(address: u16) -> Checked<u16> {
    let config = config(address, 300).forget_after(Duration::from_secs(40));
    config.check().unwrap()
}

/// Five nodes that know each other and hold ten entries of each.
fn cluster() -> Net<Enough> {
    let mut net = Net::new(11, 300, Weather::FAIR);
    for address in 0..NODES {
        net.add(checked(address), Enough::tables());
        net.node(address).join(0).unwrap();
        for number in 0..10 {
            let value = [address as u8; 30];
            net.node(address)
                .set(&format!("key {number}"), &value)
                .unwrap();
        }
    }
    net.run(10_000);
    assert!(net.agree() && net.contents(0).len() == 50);
    net
}

fn state(net: &mut Net<Enough>, address: u16) -> Vec<u8> {
    let now = net.instant();
    pages(net.node(address), now, 64)
}

fn restart(net: &mut Net<Enough>, address: u16, age: Age, state: &[u8]) {
    let now = net.instant();
    let node = Node::import(checked(address), Enough::tables(), now, age, state);
    net.put(address, node.unwrap());
}

/// Until all agree and know all that run; the time it took in milliseconds.
fn settle(net: &mut Net<Enough>) -> u64 {
    settle_within(net, 60_000)
}

fn settle_within(net: &mut Net<Enough>, millis: u64) -> u64 {
    let (start, end) = (net.now, net.now + millis);
    let done = net.run_until(end, |net| {
        let running = net.live().count();
        net.agree() && net.live().all(|node| node.live() == running)
    });
    assert!(done, "the nodes do not agree in time");
    net.now - start
}

#[test]
fn the_same_life_goes_on_when_nothing_happened_since() {
    let mut net = cluster();
    let before = (net.node(1).generation(), net.contents(1));
    let state = state(&mut net, 1);
    net.nodes[1] = None;
    net.run(500);
    restart(&mut net, 1, Age::Current, &state);
    assert_eq!(net.node(1).poll_event(), Some(Event::Joined));
    net.node(1).set("key 0", b"more").unwrap();
    let took = settle(&mut net);
    assert!(took < 5_000, "{took} ms");
    assert_eq!(net.node(1).generation(), before.0);
    assert_eq!(net.node(0).get(id(2), "key 0"), Some(&b"more"[..]));
    assert_eq!(net.node(0).get(id(2), "key 1"), Some(&[1; 30][..]));
}

#[test]
fn a_state_that_may_be_old_begins_a_later_life_and_keeps_what_was_written() {
    for age in [Age::AtMost(Duration::from_secs(2)), Age::Unknown] {
        let mut net = cluster();
        let (first, contents) = (net.node(1).generation(), net.contents(1));
        let state = state(&mut net, 1);
        // What is written from here on is lost, and its versions were told.
        net.node(1).set("key 0", b"lost").unwrap();
        net.run(2_000);
        assert_eq!(net.node(0).get(id(2), "key 0"), Some(&b"lost"[..]));
        restart(&mut net, 1, age, &state);
        net.node(1).join(0).unwrap();
        settle(&mut net);
        assert!(net.node(1).generation() > first, "{age:?}");
        assert_eq!(net.node(1).generation().counter, first.counter + 1);
        for address in 0..NODES {
            assert_eq!(net.contents(address), contents, "{age:?}, node {address}");
        }
    }
}

#[test]
fn nothing_that_is_held_already_is_sent_again() {
    let mut net = cluster();
    let state = state(&mut net, 1);
    net.nodes[1] = None;
    net.node(2).set("key 3", b"new").unwrap();
    net.run(2_000);
    for age in [Age::AtMost(Duration::from_secs(2)), Age::Unknown] {
        restart(&mut net, 1, age, &state);
        net.node(1).join(0).unwrap();
        settle(&mut net);
        let stats = net.node(1).stats();
        assert!(stats.claims_heard <= 2, "{age:?}: {}", stats.claims_heard);
        assert_eq!(net.node(1).get(id(3), "key 3"), Some(&b"new"[..]));
        assert_eq!(net.contents(1).len(), 50);
    }
}

#[test]
fn a_restored_member_is_suspect_until_somebody_speaks_of_it() {
    let mut net = cluster();
    let state = state(&mut net, 1);
    let now = Instant::from_millis(0);
    let mut node: Node<u16, Enough> =
        Node::import(checked(1), Enough::tables(), now, Age::Unknown, &state).unwrap();
    assert_eq!(node.live(), 1);
    assert_eq!(node.member(id(3)).unwrap().status(), Status::Suspect);
    assert_eq!(node.get(id(3), "key 1"), Some(&[2; 30][..]));
    assert_eq!(node.poll_event(), None);
    net.put(1, node);
    settle(&mut net);
    assert_eq!(net.node(1).member(id(3)).unwrap().status(), Status::Alive);
    let events: Vec<_> = std::iter::from_fn(|| net.node(1).poll_event()).collect();
    let back = |event: &Event<_>| {
        *event
            == Event::Member {
                id: id(3),
                status: Status::Alive,
            }
    };
    assert!(events.contains(&Event::Joined) && events.iter().any(back));
    assert!(
        !events
            .iter()
            .any(|event| matches!(event, Event::Set { .. }))
    );
}

#[test]
fn a_cluster_that_was_switched_off_finds_itself_without_seeds() {
    let mut net = cluster();
    let contents = net.contents(0);
    let states: Vec<_> = (0..NODES).map(|address| state(&mut net, address)).collect();
    net.nodes.iter_mut().for_each(|node| *node = None);
    net.run(1_000_000);
    for address in 0..NODES {
        restart(
            &mut net,
            address,
            Age::Unknown,
            &states[usize::from(address)],
        );
    }
    let took = settle(&mut net);
    assert!(took < 10_000, "{took} ms");
    for address in 0..NODES {
        assert_eq!(net.contents(address), contents, "node {address}");
    }
}

#[test]
fn what_the_cluster_has_forgotten_does_not_come_back() {
    let mut net = cluster();
    let state = state(&mut net, 1);
    net.nodes[1] = None;
    net.nodes[4] = None;
    // Suspicion, death, and both halves of the memory.
    net.run(90_000);
    assert!(net.node(0).member(id(5)).is_none());
    restart(&mut net, 1, Age::Unknown, &state);
    net.node(1).join(0).unwrap();
    for _ in 0..90 {
        net.run(1_000);
        for address in [0, 2, 3] {
            assert!(net.node(address).member(id(5)).is_none(), "node {address}");
            assert_eq!(net.node(address).get(id(5), "key 1"), None);
        }
    }
    assert!(net.node(1).member(id(5)).is_none(), "forgotten in the end");
    assert!(net.agree() && net.contents(1).len() == 40);
}

#[test]
fn the_dead_are_remembered_as_long_as_they_would_have_been() {
    let mut net = cluster();
    net.nodes[4] = None;
    let dead = |net: &Net<Enough>| {
        let row = net.nodes[1].as_ref().unwrap().member(id(5));
        row.unwrap().status() == Status::Dead
    };
    let end = net.now + 30_000;
    assert!(net.run_until(end, dead));
    net.run(5_000);
    let state = state(&mut net, 1);
    restart(&mut net, 1, Age::AtMost(Duration::from_secs(1)), &state);
    net.run(2_000);
    assert!(net.agree(), "it is dead for all");
    assert_eq!(net.node(1).member(id(5)).unwrap().status(), Status::Dead);
    assert_eq!(net.node(1).get(id(5), "key 1"), Some(&[4; 30][..]));
    net.run(45_000);
    assert!((0..4).all(|address| net.node(address).member(id(5)).is_none()));
}

#[test]
fn a_node_that_hears_nobody_forgets_nobody() {
    let mut net = cluster();
    let state = state(&mut net, 1);
    net.nodes.iter_mut().for_each(|node| *node = None);
    restart(&mut net, 1, Age::Unknown, &state);
    net.run(300_000);
    assert_eq!(net.node(1).members().count(), 5);
    let sent = net.node(1).stats().sent.datagrams.count;
    assert!(sent < 30, "{sent} datagrams to nobody in 5 minutes");
    net.start(3, checked(3), Enough::tables());
    // One of four addresses is tried every 20 s: all 60 tries miss it once in 30 million runs.
    settle_within(&mut net, 1_200_000);
}

#[test]
fn where_no_later_life_can_be_named_that_is_a_conflict() {
    let mut net = cluster();
    let now = net.instant();
    let mut restore: Restore<u16, Enough> =
        Restore::new(checked(1), Enough::tables(), now, Age::Unknown);
    let last = Generation {
        counter: u16::MAX,
        nonce: [255; 4],
    };
    for mut known in net.node(1).known(now).collect::<Vec<_>>() {
        if known.row.id == id(2) {
            known.row.generation = last;
        }
        restore.member(&known).unwrap();
    }
    net.put(1, restore.finish().unwrap());
    assert_eq!(net.node(1).generation(), last);
    assert_eq!(net.node(1).poll_event(), Some(Event::Conflict));
}
