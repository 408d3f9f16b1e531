//! Watches of agents on real sockets of the loopback interface.

mod common;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::Duration;

use common::{DEADLINE, agent, config, eventually, status};
use gossip_core::{Duration as Millis, NodeId};
use gossip_std::{Agent, AgentOptions, Watch, WatchCursor, WatchEvent, WatchFilter};

type Map = BTreeMap<(NodeId, String), Vec<u8>>;

/// Two agents that know each other.
fn pair(name: &str) -> (Agent, Agent) {
    let (one, two) = (agent(name, 1), agent(name, 2));
    two.join(one.local_addr()).unwrap();
    eventually("they met", || one.live() == 2 && two.live() == 2);
    (one, two)
}

fn all() -> WatchFilter {
    WatchFilter::default()
}

fn take(map: &mut Map, event: WatchEvent) {
    match event {
        WatchEvent::Set(entry) => drop(map.insert((entry.owner, entry.key), entry.value)),
        WatchEvent::Removed { owner, key } => drop(map.remove(&(owner, key))),
        WatchEvent::Resync => map.clear(),
    }
}

fn shown(agent: &Agent) -> Map {
    let entries = agent.entries().into_iter();
    entries
        .map(|entry| ((entry.owner, entry.key), entry.value))
        .collect()
}

/// The next change, as text.
fn next(watch: &mut Watch) -> String {
    match watch.next_timeout(DEADLINE).expect("a change comes") {
        WatchEvent::Set(entry) => {
            let value = String::from_utf8_lossy(&entry.value);
            format!("{} {}={value}", entry.owner, entry.key)
        }
        WatchEvent::Removed { owner, key } => format!("{owner} -{key}"),
        WatchEvent::Resync => "resync".to_owned(),
    }
}

#[test]
fn changes_of_all_nodes_wake_who_waits_for_them() {
    let (one, two) = pair("watch wake");
    one.set("before", b"0").unwrap();
    let mut everything = one.watch(all());
    assert_eq!(next(&mut everything), "1 before=0");
    let mut later = one.watch_from(all(), one.watch_cursor());
    let mut others = one.watch(WatchFilter {
        owner: Some(two.id()),
        prefix: "t".to_owned(),
    });
    for watch in [&mut everything, &mut later, &mut others] {
        assert_eq!(watch.next_timeout(Duration::from_millis(1)), None);
        assert!(!watch.has_ended());
    }
    one.set("own", b"1").unwrap();
    assert_eq!(next(&mut everything), "1 own=1");
    assert_eq!(next(&mut later), "1 own=1");
    two.set("light", b"2").unwrap();
    assert_eq!(next(&mut everything), "2 light=2");
    two.set("temp", b"3").unwrap();
    assert_eq!(next(&mut others), "2 temp=3");
    two.delete("temp").unwrap();
    assert_eq!(next(&mut others), "2 -temp");
    assert_eq!(others.try_next(), None);
}

#[test]
fn watches_of_any_pace_end_with_all_that_is_shown() {
    let (one, two) = pair("watch pace");
    let mut slow = two.watch(all());
    let quick = two.watch(all());
    let reader = std::thread::spawn(move || {
        let mut map = Map::new();
        quick.for_each(|event| take(&mut map, event));
        map
    });
    for round in 0..5u8 {
        for number in 0..400 {
            one.set(&format!("key {number}"), &[round]).unwrap();
        }
        if round == 2 {
            assert!(slow.next_timeout(DEADLINE).is_some());
        }
        for number in (0..400).step_by(7) {
            one.delete(&format!("key {number}")).unwrap();
        }
    }
    let left = 400 - (0..400).step_by(7).count();
    let last = |entry: &gossip_std::EntryInfo| entry.value == [4];
    eventually("all is there", || {
        let entries = two.entries();
        entries.len() == left && entries.iter().all(last)
    });
    two.shutdown().unwrap();
    let mut map = Map::new();
    slow.by_ref().for_each(|event| take(&mut map, event));
    assert!(slow.has_ended());
    assert_eq!(map, shown(&two));
    assert_eq!(reader.join().unwrap(), shown(&two));
}

#[test]
fn an_owner_that_is_forgotten_makes_a_resync() {
    let forgetful = |id| {
        let config = config("watch forget", id).forget_after(Millis::from_secs(2));
        let bind = SocketAddr::from(([127, 0, 0, 1], 0));
        Agent::spawn(AgentOptions::new(bind, config)).unwrap()
    };
    // Whoever is left alone forgets nobody: the third stays.
    let (one, two, three) = (forgetful(1), forgetful(2), forgetful(3));
    for other in [&two, &three] {
        other.join(one.local_addr()).unwrap();
    }
    eventually("all met", || three.live() == 3);
    one.set("stays", b"1").unwrap();
    two.set("goes", b"2").unwrap();
    let mut map = Map::new();
    let mut watch = one.watch(all());
    while map.len() < 2 {
        take(&mut map, watch.next_timeout(DEADLINE).expect("a change"));
    }
    two.shutdown().unwrap();
    assert_eq!(next(&mut watch), "resync");
    assert_eq!(status(&one, two.id()), None, "it is forgotten");
    assert_eq!(next(&mut watch), "1 stays=1");
    assert_eq!(watch.try_next(), None);
}

#[test]
fn a_stopped_agent_ends_its_watches_after_what_they_have_not_told() {
    let one = agent("watch end", 1);
    one.set("a", b"1").unwrap();
    let (mut unread, mut waiting) = (one.watch(all()), one.watch(all()));
    assert_eq!(next(&mut waiting), "1 a=1");
    let waiter = std::thread::spawn(move || (waiting.next(), waiting.has_ended()));
    one.set("b", b"2").unwrap();
    assert!(matches!(
        waiter.join().unwrap(),
        (Some(WatchEvent::Set(_)), false)
    ));
    let mut waiting = one.watch_from(all(), one.watch_cursor());
    let waiter = std::thread::spawn(move || (waiting.next(), waiting.has_ended()));
    one.shutdown().unwrap();
    assert_eq!(waiter.join().unwrap(), (None, true));
    assert!(!unread.has_ended());
    assert_eq!(
        (next(&mut unread), next(&mut unread)),
        ("1 a=1".into(), "1 b=2".into())
    );
    assert_eq!((unread.next(), unread.has_ended()), (None, true));
    assert_eq!(one.watch(all()).count(), 2, "what it knew can be read");
}

#[test]
fn a_watch_does_not_keep_an_agent_running() {
    let agent = agent("watch drop", 1);
    agent.set("a", b"1").unwrap();
    let watch = agent.watch(all());
    let (sender, calls) = mpsc::channel();
    let start = WatchCursor::START;
    let watcher = agent.watch_with(all(), start, move |event| drop(sender.send(event)));
    drop(agent);
    assert_eq!(watch.count(), 1);
    assert_eq!(calls.iter().count(), 1);
    let watcher = watcher.unwrap();
    eventually("the calls are over", || watcher.has_ended());
}

#[test]
fn callbacks_are_called_until_they_are_stopped_and_can_be_resumed() {
    let (one, two) = pair("watch call");
    let call = |from| {
        let (sender, calls) = mpsc::channel();
        let watcher = one.watch_with(all(), from, move |event| drop(sender.send(event)));
        (watcher.unwrap(), calls)
    };
    let key = |calls: &mpsc::Receiver<WatchEvent>| match calls.recv_timeout(DEADLINE) {
        Ok(WatchEvent::Set(entry)) => entry.key,
        other => panic!("{other:?}"),
    };
    let (first, calls) = call(WatchCursor::START);
    two.set("a", b"").unwrap();
    assert_eq!(key(&calls), "a");
    let cursor = first.stop().expect("it did not panic");
    assert!(calls.recv().is_err(), "the function is gone");
    two.set("b", b"").unwrap();
    let (second, calls) = call(cursor);
    assert_eq!(key(&calls), "b");
    assert!(!second.has_ended());
    drop(second);
    assert!(calls.recv_timeout(DEADLINE).is_err(), "dropping ends it");
}

#[test]
fn a_callback_that_panics_harms_nobody_else() {
    let one = agent("watch panic", 1);
    one.set("a", b"").unwrap();
    let start = WatchCursor::START;
    let watcher = one.watch_with(all(), start, |_| panic!("a fault of the application's"));
    let watcher = watcher.unwrap();
    eventually("it ended", || watcher.has_ended());
    assert_eq!(watcher.stop(), None);
    one.set("b", b"").unwrap();
    assert_eq!(one.watch(all()).take(2).count(), 2);
}
