//! Syncs driven by hand: the table, what passes between the two, how they end.

use std::vec::Vec;

use super::state::PeerState;
use super::*;
use crate::error::RequestError;
use crate::event::Request;
use crate::for_tests::{ME, OWNER, Tiny, World, address, at, sender};
use crate::id::{Generation, NodeId};
use crate::outbox::Message;
use crate::storage::InlineList;
use crate::table::{Liveness, Prefix};
use crate::time::{Duration, Instant};
use crate::wire::{CompareHead, Datagram, Header, Section, Used, Writer, begin, seal_tag};

const PEER: NodeId = OWNER;
const REQUEST: Request = Request(1);
const PATIENCE: Duration = Duration::from_millis(100);

/// A sync until 1000, whose comparison went out and is repeated at 200.
fn syncs() -> Syncs<InlineList<Sync, 2>> {
    let mut syncs = Syncs::new(InlineList::new());
    syncs.begin(REQUEST, PEER, Prefix::ROOT, at(1000));
    assert!(syncs.ready().eq([(REQUEST, PEER)]));
    syncs.compared(REQUEST, at(200));
    assert_eq!((syncs.ready().next(), syncs.next()), (None, Some(at(200))));
    syncs
}

fn end(syncs: &mut Syncs<InlineList<Sync, 2>>) -> SyncEnd {
    assert_eq!(syncs.take_untold(), Some(REQUEST));
    assert_eq!(syncs.take_untold(), None, "it is told once");
    assert!(!syncs.is_open(PEER));
    let report = syncs.take(REQUEST).unwrap();
    assert_eq!((report.peer, syncs.take(REQUEST)), (PEER, None));
    report.end
}

#[test]
fn it_is_complete_when_the_peer_says_so_of_this_one() {
    let mut syncs = syncs();
    assert!(!syncs.equal(NodeId::truncated(8), REQUEST));
    assert!(!syncs.equal(PEER, Request(2)));
    assert_eq!(syncs.report(REQUEST), None);
    assert!(syncs.equal(PEER, REQUEST));
    assert_eq!(end(&mut syncs), SyncEnd::Equal);
}

#[test]
fn it_compares_again_when_nothing_is_exchanged_any_more() {
    let mut syncs = syncs();
    syncs.hear(PEER, at(400));
    syncs.expire(at(399), PATIENCE, |_| PeerState::Idle);
    assert_eq!(syncs.ready().next(), None, "what came brings more");
    syncs.expire(at(400), PATIENCE, |_| PeerState::Busy);
    assert_eq!(syncs.next(), Some(at(500)));
    syncs.expire(at(500), PATIENCE, |_| PeerState::Idle);
    assert!(syncs.ready().eq([(REQUEST, PEER)]));
}

#[test]
fn the_deadline_tells_a_peer_that_is_silent_from_one_that_differs() {
    for heard in [false, true] {
        let mut syncs = syncs();
        if heard {
            syncs.hear(PEER, at(300));
        }
        syncs.expire(at(999), PATIENCE, |_| PeerState::Busy);
        assert_eq!(syncs.report(REQUEST), None);
        syncs.expire(at(1000), PATIENCE, |_| PeerState::Busy);
        let expected = [SyncEnd::Silent, SyncEnd::Different][usize::from(heard)];
        assert_eq!(end(&mut syncs), expected);
    }
}

#[test]
fn it_ends_with_its_peer_or_with_this_node() {
    let mut syncs = syncs();
    syncs.expire(at(1), PATIENCE, |_| PeerState::Gone);
    assert_eq!(end(&mut syncs), SyncEnd::Gone);
    syncs.begin(REQUEST, PEER, Prefix::ROOT, at(1000));
    syncs.leave();
    assert_eq!(end(&mut syncs), SyncEnd::Left);
}

#[test]
fn what_passes_with_its_peer_is_counted_while_it_lasts() {
    let mut syncs = syncs();
    syncs.count(PEER, 100, (2, 3));
    syncs.count(PEER, 50, (0, 1));
    syncs.count(NodeId::truncated(8), 999, (9, 9));
    syncs.equal(PEER, REQUEST);
    syncs.count(PEER, 999, (9, 9));
    let report = *syncs.report(REQUEST).unwrap();
    assert_eq!((report.datagrams, report.bytes), (2, 150));
    assert_eq!((report.rows, report.entries), (2, 4));
}

#[test]
fn it_begins_with_a_live_peer_while_there_is_room() {
    let mut world = World::new();
    let (syncs, cx) = world.syncs();
    assert_eq!(syncs.check(cx, ME), Err(RequestError::Myself));
    let stranger = NodeId::truncated(99);
    assert_eq!(syncs.check(cx, stranger), Err(RequestError::UnknownPeer));
    for number in [1, 2] {
        assert_eq!(syncs.check(cx, PEER), Ok(()));
        syncs.begin(Request(number), PEER, Prefix::ROOT, at(1000));
    }
    assert_eq!(syncs.check(cx, PEER), Err(RequestError::Full { max: 2 }));
    world.facts(PEER, |facts| facts.liveness = Liveness::Dead);
    let (syncs, cx) = world.syncs();
    assert_eq!(syncs.check(cx, PEER), Err(RequestError::UnknownPeer));
    assert_eq!(syncs.next_compare(cx), None, "nobody is there");
}

/// Makes use of every kind.
struct All;

impl Used for All {
    const KINDS: u32 = u32::MAX;
}

/// Begins a sync and writes its comparison at `now`: the whole datagram.
fn compare(world: &mut World, now: Instant) -> Vec<u8> {
    let (syncs, cx) = world.syncs();
    syncs.begin(REQUEST, PEER, Prefix::ROOT, at(1000));
    assert_eq!(syncs.next_compare(cx), Some((REQUEST, address(PEER))));
    let mut buf = [0; 64];
    let mut narrow = Writer::new(&mut buf[..5]);
    assert_eq!(syncs.write_compare(cx, now, REQUEST, &mut narrow), None);
    assert!(syncs.next_compare(cx).is_some(), "it did not fit");
    let header = Header {
        sender: ME,
        generation: Generation::default(),
    };
    let mut writer = Writer::new(&mut buf);
    assert!(begin(&mut writer, &header, 0));
    let written = syncs.write_compare(cx, now, REQUEST, &mut writer);
    assert_eq!(
        (written, syncs.next_compare(cx)),
        (Some(PEER), None),
        "its answer is awaited"
    );
    seal_tag(writer.written(), cx.config.network(address(PEER)));
    writer.written().to_vec()
}

fn read<'a>(world: &World, bytes: &'a [u8]) -> Datagram<'a> {
    let network = world.tables.base.cx.config.network(address(PEER));
    Datagram::parse_used::<u16, All>(bytes, network, world.tables.base.cx.config.largest_id())
        .unwrap()
}

/// The first section of a datagram, which is a comparison.
fn head_of(world: &World, bytes: &[u8]) -> CompareHead {
    match read(world, bytes).sections::<u16>().next() {
        Some(Section::Compare(head)) => head,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_peer_says_that_it_is_equal_or_narrows_down_what_differs() {
    let (mut world, mut other) = (World::new(), World::new());
    let bytes = compare(&mut world, at(0));
    let head = head_of(&world, &bytes);
    let equal = Message::Equal(REQUEST.0);
    let (_, cx) = other.syncs();
    assert!(take_compare(cx, &sender(at(0), ME), &head));
    assert_eq!(cx.outbox.owed(equal), Some(address(ME)));
    cx.outbox.clear();
    other.facts(PEER, |facts| facts.liveness = Liveness::Dead);
    let (_, cx) = other.syncs();
    assert!(!take_compare(cx, &sender(at(0), ME), &head));
    assert_eq!(cx.outbox.owed(equal), None, "that is the exchange's");
}

#[test]
fn an_answer_that_nobody_waits_for_is_counted() {
    let mut world = World::new();
    let _ = compare(&mut world, at(0));
    for (from, token) in [(PEER, 2), (ME, 1), (PEER, 1), (PEER, 1)] {
        let (syncs, cx) = world.syncs();
        syncs.take_equal(cx, &sender(at(1), from), token);
    }
    assert_eq!(world.tables.base.cx.stats.idle_answers, 3);
    let report = world.tables.requests.syncs.take(REQUEST).unwrap();
    assert!(report.is_complete());
}

#[test]
fn what_is_sent_to_the_peer_and_comes_from_it_counts() {
    let mut world = World::new();
    let bytes = compare(&mut world, at(0));
    let datagram = read(&world, &bytes);
    let (syncs, cx) = world.syncs();
    for to in [PEER, ME] {
        syncs.count_sent::<u16, Tiny, All>(cx, address(to), &bytes);
    }
    for from in [PEER, ME] {
        syncs.count_received(cx, &sender(at(10), from), &datagram);
    }
    let quiet = at(10 + u64::from(cx.reply_wait().as_millis()).div_ceil(4));
    assert_eq!(syncs.next(), Some(quiet), "what came may bring more");
    syncs.equal(PEER, REQUEST);
    let report = syncs.take(REQUEST).unwrap();
    let bytes = bytes.len() as u32 + 40;
    assert_eq!((report.datagrams, report.bytes), (2, bytes));
}

#[test]
fn it_compares_again_at_rest_and_ends_with_its_peer() {
    let mut world = World::new();
    let _ = compare(&mut world, at(0));
    let (syncs, cx) = world.syncs();
    let due = syncs.next().unwrap();
    syncs.go_on(cx, due, |peer| peer == PEER);
    assert_eq!(syncs.next_compare(cx), None, "an exchange is under way");
    let due = syncs.next().unwrap();
    syncs.go_on(cx, due, |_| false);
    assert_eq!(syncs.next_compare(cx), Some((REQUEST, address(PEER))));
    world.facts(PEER, |facts| facts.liveness = Liveness::Left);
    let (syncs, cx) = world.syncs();
    syncs.go_on(cx, due, |_| false);
    assert_eq!(end(syncs), SyncEnd::Gone);
}
