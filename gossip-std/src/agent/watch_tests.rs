//! Watches of a node that nothing drives: what they hold, and where they stand.

use std::collections::BTreeMap;

use gossip_core::{Config, Node};

use super::*;
use crate::heap::{Heap, Limits};

fn shared() -> Arc<Shared> {
    let config = Config::new(NodeId::from(1)).mtu_floor(60_000);
    let tables = Heap::tables(Limits::default());
    let poll = mio::Poll::new().unwrap();
    let waker = mio::Waker::new(poll.registry(), mio::Token(0)).unwrap();
    Arc::new(Shared::new(
        Node::new(config.check().unwrap(), tables),
        crate::clock::Clock::new(),
        waker,
    ))
}

fn watch(shared: &Arc<Shared>, prefix: &str) -> Watch {
    let filter = WatchFilter {
        owner: None,
        prefix: prefix.to_owned(),
    };
    Watch::new(Arc::clone(shared), filter, WatchCursor::START)
}

fn set(shared: &Arc<Shared>, key: &str, value: &[u8]) {
    shared.lock().node.set(key, value).unwrap();
}

/// Deletes a key and has its tombstone collected at once.
fn lose(shared: &Arc<Shared>, key: &str) {
    let mut state = shared.lock();
    assert_eq!(state.node.delete(key), Ok(true));
    while state.node.poll_event().is_some() {}
    let mut rng = gossip_core::SplitMix64::new(1);
    for _ in 0..10 {
        let late = state.node.poll_timeout();
        let late = late.after(gossip_core::Duration::from_secs(3_600));
        state.node.handle_timeout(late, &mut rng);
    }
    assert!(!state.node.is_tombstone(NodeId::from(1), key));
}

fn text(event: WatchEvent) -> String {
    match event {
        WatchEvent::Set(entry) => {
            format!("{}={}", entry.key, String::from_utf8_lossy(&entry.value))
        }
        WatchEvent::Removed { key, .. } => format!("-{key}"),
        WatchEvent::Resync => "resync".to_owned(),
    }
}

fn read(watch: &mut Watch) -> Vec<String> {
    std::iter::from_fn(|| watch.try_next()).map(text).collect()
}

#[test]
fn changes_come_in_their_order_and_each_key_with_what_it_is() {
    let shared = shared();
    let (mut all, mut some) = (watch(&shared, ""), watch(&shared, "b"));
    for (key, value) in [("b1", b"1"), ("a", b"2"), ("b1", b"3"), ("b2", b"4")] {
        set(&shared, key, value);
    }
    assert_eq!(read(&mut all), ["a=2", "b1=3", "b2=4"]);
    assert_eq!(read(&mut some), ["b1=3", "b2=4"]);
    shared.lock().node.delete("b1").unwrap();
    set(&shared, "a", b"5");
    assert_eq!(read(&mut all), ["-b1", "a=5"]);
    assert_eq!(read(&mut some), ["-b1"]);
    assert_eq!((read(&mut all), read(&mut some)), (vec![], vec![]));
}

#[test]
fn removals_that_nothing_remembers_make_a_resync_and_then_everything() {
    let shared = shared();
    set(&shared, "a", b"1");
    set(&shared, "b", b"2");
    let (mut late, mut prompt) = (watch(&shared, ""), watch(&shared, ""));
    assert_eq!((read(&mut late).len(), read(&mut prompt).len()), (2, 2));
    shared.lock().node.delete("a").unwrap();
    assert_eq!(read(&mut prompt), ["-a"]);
    set(&shared, "a", b"3");
    lose(&shared, "a");
    assert_eq!(read(&mut late), ["resync", "b=2"]);
    lose(&shared, "b");
    assert_eq!(read(&mut late), ["resync"]);
    assert_eq!(read(&mut late), [""; 0]);
    assert_eq!(read(&mut watch(&shared, "")), [""; 0], "nothing was missed");
}

#[test]
fn another_watch_goes_on_where_one_stood() {
    let shared = shared();
    for key in ["a", "b", "c"] {
        set(&shared, key, b"1");
    }
    let mut first = watch(&shared, "");
    assert_eq!(first.try_next().map(text).as_deref(), Some("a=1"));
    let mut second = Watch::new(Arc::clone(&shared), WatchFilter::default(), first.cursor());
    assert_eq!(read(&mut second), ["b=1", "c=1"]);
    assert_eq!(read(&mut first), ["b=1", "c=1"]);
    // The cursor of another agent, or of an earlier one.
    let foreign = WatchCursor {
        run: shared.run ^ 2,
        ..second.cursor()
    };
    let mut third = Watch::new(Arc::clone(&shared), WatchFilter::default(), foreign);
    assert_eq!(read(&mut third), ["a=1", "b=1", "c=1"]);
}

#[test]
fn a_resync_that_was_told_and_not_followed_up_is_followed_up_later() {
    let shared = shared();
    for key in ["a", "b", "c"] {
        set(&shared, key, b"1");
    }
    let mut first = watch(&shared, "");
    assert_eq!(read(&mut first).len(), 3);
    lose(&shared, "a");
    assert_eq!(first.try_next(), Some(WatchEvent::Resync));
    let resume =
        |watch: &Watch| Watch::new(Arc::clone(&shared), WatchFilter::default(), watch.cursor());
    let mut second = resume(&first);
    assert_eq!(second.try_next().map(text).as_deref(), Some("b=1"));
    assert_eq!(read(&mut resume(&second)), ["c=1"]);
}

#[test]
fn a_slow_watch_holds_a_bounded_number_of_changes() {
    let shared = shared();
    let key = |number: usize| format!("key{number}");
    let count = 3 * BATCH_MAX;
    (0..count).for_each(|number| set(&shared, &key(number), b"old"));
    let mut watch = watch(&shared, "");
    assert!(watch.try_next().is_some());
    assert_eq!(watch.batch.len(), BATCH_MAX - 1);
    (0..count).for_each(|number| set(&shared, &key(number), b"new"));
    assert_eq!(watch.batch.len(), BATCH_MAX - 1);
    let mut known = BTreeMap::new();
    while let Some(WatchEvent::Set(entry)) = watch.try_next() {
        known.insert(entry.key, entry.value);
    }
    assert_eq!(known.len(), count);
    assert!(known.values().all(|value| value == b"new"));
}

#[test]
fn a_slow_watch_holds_a_bounded_number_of_bytes() {
    let shared = shared();
    let large = vec![0; BATCH_BYTES / 2];
    for key in ["a", "b", "c", "d"] {
        set(&shared, key, &large);
    }
    let mut watch = watch(&shared, "");
    for left in [0, 0, 0, 0] {
        assert!(watch.try_next().is_some());
        assert_eq!(watch.batch.len(), left);
    }
    assert_eq!(watch.try_next(), None);
}

#[test]
fn what_is_not_watched_is_not_looked_at_twice() {
    let shared = shared();
    let mut watch = watch(&shared, "b");
    set(&shared, "a", b"1");
    assert_eq!(watch.try_next(), None);
    assert_eq!(watch.cursor, shared.lock().node.newest_change());
}
