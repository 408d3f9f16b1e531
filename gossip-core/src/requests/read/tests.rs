//! Reads driven by hand: the table, whom they ask, how they end, what is answered to those of others.

use std::vec::Vec;

use super::*;
use crate::entries::delta::Listed;
use crate::error::RequestError;
use crate::event::Request;
use crate::for_tests::{ME, OWNER, PEERS, World, address, at, heard, sender, version};
use crate::id::Generation;
use crate::outbox::Message;
use crate::rng::SplitMix64;
use crate::storage::{InlineBlob, InlineList};
use crate::table::{Liveness, Sums};
use crate::wire::{AskHead, Items, SinglesHead, Writer};

type Key = InlineBlob<8>;
type Two = Reads<Key, InlineList<Read<Key>, 2>>;

const REQUEST: Request = Request(256);

/// A read until 1000 that asks two peers.
fn reads() -> Two {
    let mut reads = Two::new(InlineList::new());
    let key = Key::from_slice(b"key").unwrap();
    reads.begin(REQUEST, (OWNER, key), Version::BIRTH, 2, at(1000));
    assert_eq!(reads.next(), Some(at(0)), "peers are to be chosen");
    let read = reads.of(REQUEST).unwrap();
    read.wanted = None;
    assert!(PEERS.into_iter().all(|peer| read.choose(peer)));
    reads
}

fn ready(reads: &Two) -> Vec<NodeId> {
    reads.ready().map(|(_, peer)| peer).collect()
}

#[test]
fn who_does_not_answer_is_asked_again() {
    let mut reads = reads();
    assert_eq!(ready(&reads), PEERS);
    let read = reads.of(REQUEST).unwrap();
    PEERS.iter().for_each(|peer| read.sent(*peer, at(200)));
    assert_eq!((ready(&reads).len(), reads.next()), (0, Some(at(200))));
    let read = reads.of(REQUEST).unwrap();
    let (version, held) = (Version::BIRTH, Version::BIRTH);
    read.answer(PEERS[0], Known { version, held });
    read.retry(at(199));
    assert!(ready(&reads).is_empty());
    reads.of(REQUEST).unwrap().retry(at(200));
    assert_eq!(ready(&reads), [PEERS[1]]);
}

#[test]
fn an_answer_belongs_to_the_read_that_asked_its_sender() {
    let mut reads = reads();
    let token = reads.of(REQUEST).unwrap().token();
    assert_eq!(token, 1, "never 0, whatever the request's number");
    assert_eq!(reads.asked_of(PEERS[0], OWNER, token), Some(0));
    assert_eq!(reads.asked_of(OWNER, OWNER, token), None);
    assert_eq!(reads.asked_of(PEERS[0], PEERS[1], token), None);
    assert_eq!(reads.asked_of(PEERS[0], OWNER, token + 1), None);
}

#[test]
fn so_many_peers_can_be_asked() {
    let mut reads = reads();
    let read = reads.of(REQUEST).unwrap();
    let more = (20..).map(NodeId::truncated);
    let chosen = more.take_while(|peer| read.choose(*peer)).count();
    assert_eq!(chosen + PEERS.len(), READ_PEERS_MAX);
}

#[test]
fn its_report_is_told_once_and_waits_to_be_taken() {
    let mut reads = reads();
    assert!(!reads.of(REQUEST).unwrap().is_late(at(999)));
    assert!(reads.of(REQUEST).unwrap().is_late(at(1000)));
    assert_eq!(reads.take(REQUEST), None);
    let report = FreshRead {
        end: ReadEnd::Deadline,
        asked: 2,
        answered: 1,
        repaired: 0,
        changed: false,
    };
    let read = reads.of(REQUEST).unwrap();
    read.finish(report);
    read.count_repair();
    assert_eq!((reads.next(), ready(&reads).len()), (None, 0));
    assert_eq!(reads.take_untold(), Some(REQUEST));
    assert_eq!(reads.take_untold(), None);
    assert_eq!(reads.take(REQUEST).unwrap().repaired, 1);
    assert_eq!(reads.len(), 0);
}

impl World {
    /// What this node holds of the owner, and of the owner's key.
    fn holds(mut self, held: Version, version: Version) -> Self {
        self.hold(OWNER, |progress| progress.held = held);
        let entry = Listed {
            key: "key",
            version,
            value: Some(b"v"),
            expires: None,
        };
        self.tables.base.cx.entries.put(OWNER, entry);
        self
    }

    /// Begins a read until 1000, and lets it ask everybody at 0.
    fn read(&mut self, peers: u8) -> Vec<NodeId> {
        let (reads, cx) = self.reads();
        let key = reads.check(cx, OWNER, "key").unwrap();
        reads.start(cx, REQUEST, (OWNER, key), peers, at(1000));
        reads.go_on(cx, at(0), &mut SplitMix64::new(1));
        let mut asked = Vec::new();
        while let Some((request, peer, to)) = reads.next_ask(cx) {
            assert_eq!((request, to), (REQUEST, address(peer)));
            let mut buf = [0; 300];
            reads.write_ask(cx, at(0), (request, peer), &mut Writer::new(&mut buf));
            asked.push(peer);
        }
        asked
    }

    /// A peer answers that it holds so much of the owner, and this version of the key.
    fn answer(&mut self, peer: NodeId, held: Version, newest: Version) -> Option<Version> {
        let (reads, cx) = self.reads();
        let head = SinglesHead {
            token: reads.of(REQUEST).map_or(1, |read| read.token()),
            owner: OWNER,
            life: Generation::default().life(),
            held,
            newest,
        };
        let sender = sender(at(50), peer);
        let missing = reads.take_answer(cx, &sender, (&head, Items::new(&[])), true);
        reads.settle(cx, at(50));
        missing
    }

    fn end(&self) -> Option<(ReadEnd, u8)> {
        let report = self.tables.requests.reads.report(REQUEST)?;
        Some((report.end, report.repaired))
    }

    /// Whether the key is owed to this peer.
    fn owes(&self, peer: NodeId) -> bool {
        let (token, key) = (0, short_hash("key"));
        let single = Message::Single {
            token,
            owner: OWNER,
            key,
            told: true,
        };
        self.tables.base.cx.outbox.owed(single) == Some(address(peer))
    }
}

#[test]
fn the_owner_is_asked_first_and_its_answer_ends_the_read() {
    let mut world = World::new().holds(version(5), version(5));
    let asked = world.read(2);
    assert_eq!((asked.len(), asked[0]), (2, OWNER));
    assert!(PEERS.contains(&asked[1]));
    assert_eq!(world.end(), None);
    world.answer(OWNER, version(5), version(5));
    assert_eq!(world.end(), Some((ReadEnd::Owner, 0)));
}

#[test]
fn whoever_compares_facts_alone_is_not_asked() {
    let mut world = World::new();
    for id in [OWNER, PEERS[0]] {
        heard(&mut world.tables.base.cx, id, Sums::Facts);
    }
    assert_eq!(world.read(8), [OWNER, PEERS[1]], "but the owner is");
}

#[test]
fn where_the_owner_is_silent_all_others_must_answer() {
    let mut world = World::new().holds(version(5), version(5));
    assert_eq!(world.read(3).len(), 3);
    world.answer(PEERS[0], version(5), version(5));
    let (reads, cx) = world.reads();
    reads.settle(cx, at(999));
    assert_eq!(world.end(), None);
    let (reads, cx) = world.reads();
    reads.settle(cx, at(1000));
    assert_eq!(world.end(), Some((ReadEnd::Deadline, 0)));
}

#[test]
fn whoever_holds_something_older_is_told_and_the_owner_is_not() {
    let mut world = World::new().holds(version(5), version(5));
    world.read(3);
    world.answer(PEERS[0], version(3), version(2));
    world.answer(OWNER, version(4), version(4));
    assert_eq!(world.end(), Some((ReadEnd::Owner, 1)));
    assert!(world.owes(PEERS[0]));
    world.answer(PEERS[1], version(3), Version::NONE);
    assert_eq!(world.end(), Some((ReadEnd::Owner, 2)), "late, and told too");
}

#[test]
fn what_a_peer_does_not_know_is_certain_when_nothing_of_it_is_missing() {
    let mut world = World::new().holds(version(5), version(5));
    world.read(1);
    let missing = world.answer(OWNER, version(9), Version::NONE);
    assert_eq!((missing, world.end()), (Some(version(9)), None));
    world.hold(OWNER, |progress| progress.held = version(9));
    let (reads, cx) = world.reads();
    reads.settle(cx, at(60));
    assert_eq!(world.end(), Some((ReadEnd::Owner, 0)));
}

#[test]
fn who_is_alone_or_leaves_ends_its_reads() {
    let mut alone = World::new();
    for id in [OWNER, PEERS[0], PEERS[1]] {
        alone.facts(id, |facts| facts.liveness = Liveness::Dead);
    }
    assert!(alone.read(3).is_empty());
    assert_eq!(alone.end(), Some((ReadEnd::Alone, 0)));
    let mut leaves = World::new();
    leaves.read(3);
    let (reads, cx) = leaves.reads();
    reads.leave(cx);
    assert_eq!(leaves.end(), Some((ReadEnd::Left, 0)));
}

#[test]
fn a_read_is_refused_with_the_reason() {
    let mut world = World::new();
    let (reads, cx) = world.reads();
    let refused = |owner, key| reads.check(cx, owner, key).unwrap_err();
    assert_eq!(refused(ME, "key"), RequestError::Myself);
    let stranger = NodeId::truncated(50);
    assert_eq!(refused(stranger, "key"), RequestError::UnknownPeer);
    for key in ["", "nine long"] {
        assert_eq!(refused(OWNER, key), RequestError::Key { max: 8 });
    }
    for request in [1, 2] {
        let (reads, cx) = world.reads();
        let key = reads.check(cx, OWNER, "key").unwrap();
        reads.start(cx, Request(request), (OWNER, key), 1, at(1000));
    }
    let (reads, cx) = world.reads();
    let full = reads.check(cx, OWNER, "key").unwrap_err();
    assert_eq!(full, RequestError::Full { max: 2 });
}

#[test]
fn an_answer_that_nobody_waits_for_is_counted() {
    let mut world = World::new();
    world.answer(OWNER, version(5), version(5));
    assert_eq!(world.tables.base.cx.stats.idle_answers, 1);
    world.read(1);
    world.answer(PEERS[0], version(5), version(5));
    assert_eq!(
        (world.tables.base.cx.stats.idle_answers, world.end()),
        (2, None)
    );
}

#[test]
fn others_are_told_what_is_later_than_what_they_hold() {
    let mut world = World::new().holds(version(5), version(5));
    let sender = sender(at(50), PEERS[0]);
    let told = |world: &mut World, head: AskHead| {
        let (_, cx) = world.reads();
        cx.outbox.clear();
        take_ask(cx, &sender, &head, "key");
        let all = (0..).map_while(|_| {
            let (at, message) = cx.outbox.next_to(sender.from, 0)?;
            cx.outbox.done(at);
            Some(message)
        });
        all.collect::<Vec<_>>()
    };
    let ask = |version, owner, life| AskHead {
        token: 9,
        owner,
        life,
        version,
    };
    let single = |owner, told| Message::Single {
        token: 9,
        owner,
        key: short_hash("key"),
        told,
    };
    let (life, other) = (Generation::default().life(), next_life());
    assert_eq!(
        told(&mut world, ask(version(4), OWNER, life)),
        [single(OWNER, true)]
    );
    assert_eq!(
        told(&mut world, ask(version(5), OWNER, life)),
        [single(OWNER, false)]
    );
    let corrected = [Message::Tell(OWNER), single(OWNER, false)];
    assert_eq!(told(&mut world, ask(version(4), OWNER, other)), corrected);
    let stranger = NodeId::truncated(50);
    assert_eq!(
        told(&mut world, ask(version(4), stranger, life)),
        [single(stranger, false)]
    );
    assert_eq!(world.tables.base.cx.stats.foreign_asks, 2);
}

fn next_life() -> crate::id::Life {
    let counter = 1;
    Generation {
        counter,
        ..Generation::default()
    }
    .life()
}
