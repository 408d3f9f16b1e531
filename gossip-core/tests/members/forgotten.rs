//! A whole owner is forgotten after its grace, and comes back only as `docs/protocol.md` says under
//! "Leaving, forgetting": as a stranger, from itself or from whoever remembers it for long enough.

use crate::support;

use gossip_core::wire::{Kind, Standing};
use gossip_core::{Destination, Duration, Event, Generation, Instant, NodeId, Status};
use support::craft::{body, craft, row};
use support::{Large, Net, Weather, config, id};

const SECOND: u64 = 1000;

/// The node that is forgotten.
const LOST: u16 = 3;

/// Its id.
const OWNER: NodeId = NodeId::truncated(4);

const KEPT: &str = "kept";
const DELETED: &str = "deleted";

fn settings(address: u16) -> gossip_core::Checked<u16> {
    let config = config(address, 300).forget_after(Duration::from_secs(20));
    config
        .reconnect_interval(Duration::from_secs(3))
        .tombstone_grace(Duration::from_secs(2))
        .check()
        .unwrap()
}

/// Four nodes that have forgotten the fifth, which had two keys, and that node as it was before.
fn forgotten() -> (Net<Large>, Box<gossip_core::Node<u16, Large>>) {
    let mut net = Net::new(9, 300, Weather::FAIR);
    for address in 0..5 {
        net.add(settings(address), Large::tables());
        net.node(address).join(0).unwrap();
    }
    for key in [KEPT, DELETED] {
        net.node(LOST).set(key, b"v").unwrap();
    }
    net.run(10 * SECOND);
    assert!(others(&net).all(|node| node.get(OWNER, DELETED).is_some()));
    let lost = net.nodes[usize::from(LOST)].take().unwrap();
    net.run(50 * SECOND);
    for address in [0, 1, 2, 4] {
        let events: Vec<_> = std::iter::from_fn(|| net.node(address).poll_event()).collect();
        assert!(events.contains(&Event::Forgotten { id: OWNER }));
        assert_eq!(net.node(address).entries_of(OWNER).count(), 0);
        assert!(net.node(address).member(OWNER).is_none());
    }
    (net, lost)
}

fn others(net: &Net<Large>) -> impl Iterator<Item = &gossip_core::Node<u16, Large>> {
    net.live().filter(|node| node.id() != OWNER)
}

#[test]
fn an_owner_that_lives_on_comes_back_with_what_it_has_set_by_then() {
    let (mut net, lost) = forgotten();
    let generation = lost.generation();
    net.nodes[usize::from(LOST)] = Some(lost);
    net.node(LOST).delete(DELETED).unwrap();
    net.node(LOST).set("new", b"w").unwrap();
    net.run(40 * SECOND);
    assert!(net.agree());
    for node in others(&net) {
        assert_eq!(node.member(OWNER).unwrap().generation(), generation);
        assert_eq!(node.get(OWNER, KEPT), Some(&b"v"[..]));
        assert_eq!(node.get(OWNER, DELETED), None);
        assert_eq!(node.get(OWNER, "new"), Some(&b"w"[..]));
    }
}

#[test]
fn an_owner_that_begins_anew_brings_nothing_of_its_former_life() {
    let (mut net, lost) = forgotten();
    net.start(LOST, settings(LOST), Large::tables());
    net.node(LOST).join(0).unwrap();
    net.node(LOST).set("new", b"w").unwrap();
    net.run(20 * SECOND);
    assert!(net.agree());
    for node in others(&net) {
        assert_ne!(node.member(OWNER).unwrap().generation(), lost.generation());
        let shown: Vec<_> = node.entries_of(OWNER).map(|entry| entry.key).collect();
        assert_eq!(shown, ["new"]);
    }
}

/// Tells node 0, in the name of node 1, a row of the forgotten owner.
fn tell(net: &mut Net<Large>, generation: Generation, standing: Standing) {
    let teller = net.node(1).generation();
    let row = row(LOST + 1, generation, 0, standing, Some(LOST));
    let datagram = craft(id(2), teller, &[(Kind::Rows, body(&[row]))]);
    net.deliver(1, 0, &datagram);
}

#[test]
fn a_late_word_that_it_lives_is_tried_and_shows_nothing() {
    let (mut net, lost) = forgotten();
    let before = net.node(0).fingerprint();
    tell(&mut net, lost.generation(), Standing::Alive);
    assert!(net.node(0).member(OWNER).is_none(), "it has not answered");
    assert_eq!(net.node(0).fingerprint(), before);
    assert_eq!(net.node(0).poll_event(), None);
    let end = net.now + 60 * SECOND;
    let shown = |net: &Net<Large>| others(net).any(|node| node.member(OWNER).is_some());
    assert!(!net.run_until(end, shown), "nobody takes it for alive");
    assert!(net.agree());
}

/// Its address answers, so the word is believed.
#[test]
fn a_late_word_that_it_lives_is_believed_once_it_answers() {
    let (mut net, lost) = forgotten();
    // It hears everybody, and nobody but node 0 hears it: nothing but the word leads to it.
    net.nodes[usize::from(LOST)] = Some(lost);
    net.connected = |from, to| from != LOST || to == 0;
    let generation = net.node(LOST).generation();
    tell(&mut net, generation, Standing::Alive);
    let end = net.now + SECOND;
    let known = |net: &Net<Large>| {
        let row = net.nodes[0].as_ref().and_then(|node| node.member(OWNER));
        row.is_some_and(|row| row.status() == Status::Alive)
    };
    assert!(net.run_until(end, known));
}

#[test]
fn a_late_word_that_it_is_dead_is_believed_only_with_half_a_memory_left() {
    let (mut net, lost) = forgotten();
    let before = net.node(0).fingerprint();
    for standing in [Standing::Dead(10), Standing::Left(3)] {
        tell(&mut net, lost.generation(), standing);
        assert!(net.node(0).member(OWNER).is_none());
    }
    assert_eq!(net.node(0).stats().stale_rows, 2);
    assert_eq!(net.node(0).fingerprint(), before);
    tell(&mut net, lost.generation(), Standing::Dead(15));
    assert_eq!(net.node(0).member(OWNER).unwrap().status(), Status::Dead);
    net.run(16 * SECOND);
    assert!(
        others(&net).all(|node| node.member(OWNER).is_none()),
        "in 15 s"
    );
}

#[test]
fn who_remembers_it_for_long_enough_brings_its_entries_back_for_that_time() {
    let (mut net, mut lost) = forgotten();
    // A node that was cut off with the owner until now, and has only just lost it.
    net.connected = |from, to| (from < 3 || from == 4) == (to < 3 || to == 4);
    lost.set("late", b"w").unwrap();
    net.nodes[usize::from(LOST)] = Some(lost);
    net.add(settings(5), Large::tables());
    net.node(5).join(LOST).unwrap();
    net.run(10 * SECOND);
    assert!(net.node(5).get(OWNER, "late").is_some());
    net.nodes[usize::from(LOST)] = None;
    net.node(5).join(0).unwrap();
    let end = net.now + 15 * SECOND;
    assert!(net.run_until(end, |net| {
        let node = net.nodes[5].as_ref().unwrap();
        node.member(OWNER)
            .is_some_and(|row| row.status() == Status::Dead)
    }));
    net.connected = |_, _| true;
    net.run(6 * SECOND);
    let has = |node: &gossip_core::Node<u16, Large>| node.get(OWNER, "late").is_some();
    assert!(others(&net).all(has), "it may still be read");
    net.run(30 * SECOND);
    assert!(others(&net).all(|node| node.member(OWNER).is_none() && !has(node)));
}

/// Two nodes let a third fade, each at its own moment. Whatever one tells of it is answered once at most: the
/// half of 45 s is no whole number of seconds, as rows tell it, and each took the other's word for longer
/// than its own.
#[test]
fn two_that_let_a_member_fade_do_not_correct_each_other_without_end() {
    for forget_after in [44, 45, 47, 61] {
        let mut net = Net::<Large>::new(11, 300, Weather::FAIR);
        for address in 0..3 {
            let config = config(address, 300).forget_after(Duration::from_secs(forget_after));
            net.add(config.check().unwrap(), Large::tables());
            net.node(address).join(0).unwrap();
        }
        net.run(5 * SECOND);
        let generation = net.nodes[2].take().unwrap().generation();
        for _ in 0..6 * u64::from(forget_after) {
            net.run(250);
            for secs in [forget_after.div_ceil(2), forget_after.div_ceil(2) + 1] {
                let incarnation = net.node(0).member(id(3)).map(|row| row.incarnation().get());
                let dead = Standing::Dead(secs as u16);
                let row = row(3, generation, incarnation.unwrap_or(0), dead, Some(2));
                let teller = net.node(1).generation();
                let told = craft(id(2), teller, &[(Kind::Rows, body(&[row]))]);
                assert!(answers(&mut net, told) < 4, "{forget_after} s, {secs} left");
            }
        }
    }
}

/// How many datagrams go between the first two nodes at once after the first got this one; at most 20.
fn answers(net: &mut Net<Large>, told: Vec<u8>) -> usize {
    let now = Instant::from_millis(net.now);
    let (mut to, mut datagram, mut count) = (0u16, told, 0);
    while count < 20 {
        let _ = net.node(to).handle_datagram(now, 1 - to, &datagram);
        let mut buf = [0; 300];
        let answer = net.node(to).poll_transmit(now, &mut buf);
        let Some(transmit) = answer.filter(|transmit| transmit.to == Destination::One(1 - to))
        else {
            break;
        };
        datagram = buf[..transmit.len].to_vec();
        to = 1 - to;
        count += 1;
    }
    count
}
