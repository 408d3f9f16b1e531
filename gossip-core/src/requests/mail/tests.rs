//! Letters driven by hand: the table, to whom they go, how they end.

use std::vec::Vec;

use super::*;
use crate::config::Mail;
use crate::for_tests::{ME, OWNER, PEERS, World, address, at, heard, sender, version as v};
use crate::id::{Generation, NodeId, Version};
use crate::rng::SplitMix64;
use crate::storage::InlineList;
use crate::table::{Liveness, Sums};
use crate::time::Instant;
use crate::wire::Receipt;

const PEER: NodeId = OWNER;

/// Room for two letters, and one to the peer: everything above 3.
fn mails() -> Mails<InlineList<Letter, 2>> {
    let mut mails = Mails::new(InlineList::new());
    assert!(mails.add(PEER, v(3)));
    mails
}

#[test]
fn a_peer_has_one_letter_which_covers_what_comes_later() {
    let mut mails = mails();
    assert!(mails.add(PEER, v(9)));
    assert_eq!((mails.usage(), mails.ready()), ((1, 2), Some((PEER, v(3)))));
    assert!(mails.add(NodeId::truncated(8), v(9)));
    assert!(!mails.add(NodeId::truncated(9), v(9)), "there is no room");
}

#[test]
fn a_receipt_ends_a_letter_or_says_how_far_it_got() {
    let mut mails = mails();
    mails.sent(PEER, at(100));
    assert_eq!(mails.ready(), None, "its receipt is awaited");
    for wrong in [v(3), v(9)] {
        assert_eq!(mails.receipt(PEER, wrong, v(8)), None, "{wrong:?}");
    }
    assert_eq!(mails.receipt(NodeId::truncated(8), v(8), v(8)), None);
    assert_eq!(mails.receipt(PEER, v(6), v(8)), Some(false));
    assert_eq!(mails.ready(), Some((PEER, v(6))));
    assert_eq!(mails.receipt(PEER, v(8), v(8)), Some(true));
    assert!(!mails.has(PEER));
}

#[test]
fn a_letter_is_sent_four_times_and_then_left_to_anti_entropy() {
    let mut mails = mails();
    for time in 1..5 {
        assert!(mails.ready().is_some(), "{time}");
        mails.sent(PEER, at(100 * time));
        assert_eq!(mails.expire(at(100 * time - 1)), 0);
        let given_up = mails.expire(at(100 * time));
        assert_eq!(given_up, usize::from(time == 4));
    }
    assert!(!mails.has(PEER));
}

#[test]
fn a_new_life_has_no_mail() {
    let mut world = world(Mail::All);
    let (mails, cx) = world.mails();
    assert!(mails.add(PEER, v(3)));
    mails.sent(PEER, at(100));
    assert_eq!(mails.next_due(cx), Some(at(100)));
    cx.letters_void = true;
    assert_eq!(mails.next_due(cx), None);
    assert_eq!((mails.next_letter(cx), mails.usage()), (None, (0, 2)));
    assert_eq!((cx.letters_void, cx.stats.mails_handed_over), (false, 1));
}

/// A node that mails so, and has written up to 9.
fn world(mail: Mail) -> World {
    let mut world = World::configured(|config| config.direct_mail(mail));
    world.hold(ME, |progress| progress.held = v(9));
    world
}

/// It has written something after 8: to whom letters go, all of which are written at once.
fn write(world: &mut World, seed: u64) -> Vec<NodeId> {
    let (mails, cx) = world.mails();
    cx.unmailed = Some(v(8));
    assert_eq!(mails.next_due(cx), Some(Instant::ZERO));
    mails.go_on(cx, at(0), &mut SplitMix64::new(seed));
    let mut told = Vec::new();
    while let Some((peer, to)) = mails.next_letter(cx) {
        assert_eq!(to, address(peer));
        assert_eq!(mails.begin_letter(cx, peer), Some(v(8)));
        mails.end_letter(cx, at(0), peer);
        told.push(peer);
    }
    told
}

fn receipt(owner: NodeId, version: Version) -> Receipt {
    Receipt {
        owner,
        life: Generation::default().life(),
        version,
    }
}

#[test]
fn letters_go_to_as_many_as_are_configured_and_to_others_by_chance() {
    assert!(write(&mut world(Mail::Off), 1).is_empty());
    let first = |seed| write(&mut world(Mail::To(1)), seed);
    assert!((0..20).all(|seed| first(seed).len() == 1));
    for peer in [OWNER, PEERS[0], PEERS[1]] {
        assert!((0..20).any(|seed| first(seed) == [peer]), "{peer}");
    }
    let mut world = world(Mail::To(2));
    assert_eq!(write(&mut world, 1).len(), 2);
    assert!(write(&mut world, 1).is_empty(), "both are under way");
}

#[test]
fn whom_there_is_no_room_for_is_left_to_anti_entropy() {
    let mut world = world(Mail::All);
    assert_eq!(write(&mut world, 1).len(), 2);
    assert_eq!(world.tables.base.cx.stats.mails_handed_over, 1);
}

#[test]
fn who_is_dead_or_compares_facts_alone_gets_none() {
    let mut world = world(Mail::All);
    world.facts(OWNER, |facts| facts.liveness = Liveness::Dead);
    heard(&mut world.tables.base.cx, PEERS[0], Sums::Facts);
    assert_eq!(write(&mut world, 1), [PEERS[1]]);
    let (mails, cx) = world.mails();
    mails.receipt(PEERS[1], v(9), v(10));
    cx.members
        .edit(PEERS[1], |mut row| row.facts().liveness = Liveness::Dead);
    assert_eq!(mails.next_letter(cx), None, "it died meanwhile");
    assert_eq!(world.tables.base.cx.stats.mails_handed_over, 1);
}

#[test]
fn a_letter_with_nothing_to_tell_is_dropped() {
    let mut world = world(Mail::To(1));
    let (mails, cx) = world.mails();
    assert!(mails.add(PEER, v(9)));
    assert_eq!(mails.next_letter(cx), Some((PEER, address(PEER))));
    assert_eq!(mails.begin_letter(cx, PEERS[0]), None, "another is ready");
    assert!(mails.has(PEER));
    assert_eq!(mails.begin_letter(cx, PEER), None);
    assert!(!mails.has(PEER));
}

#[test]
fn a_slow_peer_has_more_time_for_its_receipt() {
    let due = |late| {
        let mut world = world(Mail::To(1));
        world.tables.base.cx.members.swim(PEER).unwrap().acked(late);
        let (mails, cx) = world.mails();
        assert!(mails.add(PEER, v(8)));
        mails.end_letter(cx, at(0), PEER);
        mails.next().map(Instant::as_millis).unwrap()
    };
    assert_eq!((due(false), due(true)), (250, 12 * 250));
}

#[test]
fn receipts_are_counted() {
    let mut world = world(Mail::All);
    let told = write(&mut world, 1);
    for (peer, receipt) in [
        (told[0], receipt(OWNER, v(9))),
        (ME, receipt(ME, v(9))),
        (told[0], receipt(ME, v(10))),
        (told[0], receipt(ME, v(9))),
        (told[0], receipt(ME, v(9))),
    ] {
        let (mails, cx) = world.mails();
        mails.take_receipt(cx, &sender(at(50), peer), &receipt);
    }
    let stats = &world.tables.base.cx.stats;
    assert_eq!((stats.mails_delivered, stats.idle_receipts), (1, 4));
    let (mails, cx) = world.mails();
    cx.letters_void = true;
    assert_eq!(mails.next_letter(cx), None);
    assert_eq!(
        world.tables.base.cx.stats.mails_handed_over, 2,
        "one had no room, one no receipt"
    );
}
