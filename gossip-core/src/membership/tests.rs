//! Membership driven by hand, without a node: what acks prove, what deadlines mean, what is believed of lives.

use super::*;
use crate::for_tests::{ME, OWNER, PEERS, World, address, at, sender};
use crate::id::{Generation, Incarnation, Version};
use crate::outbox::Message;
use crate::table::{Facts, Liveness};
use crate::wire::Suspect;

/// A later life than the one that everybody lives at first.
const LATER: Generation = Generation {
    counter: 3,
    nonce: [9; 4],
};

/// One that was outbid by it, of a node that is no newborn.
const OUTBID: Generation = Generation {
    counter: 1,
    nonce: [5; 4],
};

fn facts(world: &World) -> Facts<u16> {
    world.tables.base.cx.members.get(OWNER).unwrap().facts
}

/// The owner lives in a later life, and is pinged with 1, and through others with 2.
fn probed() -> World {
    let mut world = World::new();
    world.facts(OWNER, |facts| facts.generation = LATER);
    let (swim, cx, _) = world.swim();
    swim.prober.begin(OWNER, (1, 2), at(300), at(1000), true);
    assert!(swim.prober.sent(1, at(300), at(1000)));
    swim.prober.asked();
    assert!(swim.suspect(cx, at(0), OWNER));
    world
}

fn ack(world: &mut World, from: crate::NodeId, generation: Generation, token: u16) -> bool {
    let (swim, cx, _) = world.swim();
    let mut sender = sender(at(10), from);
    sender.generation = generation;
    swim.hear(cx, &sender);
    swim.take_ack(cx, &sender, token).0
}

fn is_suspect(world: &World) -> bool {
    world
        .tables
        .base
        .cx
        .members
        .get(OWNER)
        .unwrap()
        .swim
        .suspect
}

#[test]
fn an_ack_of_its_life_or_a_relays_word_clears_a_member() {
    let mut world = probed();
    assert!(ack(&mut world, OWNER, LATER, 1));
    assert!(!is_suspect(&world));
    let mut world = probed();
    let relay = Generation::default();
    assert!(
        !ack(&mut world, PEERS[0], relay, 2),
        "it is no answer of its own"
    );
    assert!(!is_suspect(&world));
}

#[test]
fn where_another_life_answers_a_relay_proves_nothing() {
    let mut world = probed();
    assert!(!ack(&mut world, OWNER, OUTBID, 1));
    ack(&mut world, PEERS[0], Generation::default(), 2);
    assert!(is_suspect(&world));
    let (swim, _, _) = world.swim();
    let failed = swim.prober.step(at(1000));
    let silence = Silence::Witnessed;
    assert_eq!(failed, Some(Step::Failed(OWNER, (1, 2), silence)));
}

#[test]
fn a_deadline_means_death_then_fading_then_oblivion() {
    let mut world = World::new();
    let told = Facts {
        liveness: Liveness::Dead,
        ..facts(&world)
    };
    let (swim, cx, author) = world.swim();
    assert!(swim.suspect(cx, at(0), OWNER));
    assert!(!swim.suspect(cx, at(0), OWNER), "it is suspected already");
    assert_eq!(swim.member_timer(cx, at(9000), OWNER), Some(Fate::Dead));
    swim.adopt(cx, author, at(9000), OWNER, told);
    assert_eq!(swim.member_timer(cx, at(9000), OWNER), Some(Fate::Fading));
    swim.fade(cx, author, at(9000), OWNER);
    assert_eq!(
        swim.member_timer(cx, at(9000), OWNER),
        Some(Fate::Forgotten)
    );
    swim.forget(cx, author, OWNER);
    assert!(cx.members.get(OWNER).is_none());
}

/// What came of this node's own last probes.
#[derive(Clone, Copy)]
enum Probes {
    Answered,
    /// So many ended without an ack, though something was heard.
    Unanswered(u8),
    /// So many, and a relay's word for the last.
    Witnessed(u8),
    /// So many, and nothing was heard at all.
    Silence(u8),
}

/// How often a suspect has its time to refute once more.
fn spared(speaks: bool, probes: Probes) -> u32 {
    let mut world = World::new();
    let (swim, cx, _) = world.swim();
    let (count, heard) = match probes {
        Probes::Answered => (0, false),
        Probes::Unanswered(count) | Probes::Witnessed(count) => (count, true),
        Probes::Silence(count) => (count, false),
    };
    for _ in 0..count {
        if heard {
            swim.lateness.heard();
        }
        swim.lateness.missed(false);
    }
    if matches!(probes, Probes::Witnessed(_)) {
        swim.lateness.missed(true);
    }
    assert!(swim.suspect(cx, at(0), OWNER));
    let mut times = 0;
    loop {
        if let Some(row) = cx.members.swim(OWNER) {
            row.spoke = speaks;
        }
        if swim.member_timer(cx, at(9000), OWNER) == Some(Fate::Dead) {
            return times;
        }
        times += 1;
        assert!(times < 9, "it is spared for ever");
    }
}

#[test]
fn a_suspect_that_speaks_has_its_time_once_more_and_no_oftener() {
    assert_eq!(spared(false, Probes::Answered), 0);
    assert_eq!(spared(true, Probes::Answered), 1);
}

#[test]
fn who_is_not_answered_itself_gives_a_suspect_its_time_once_more() {
    assert_eq!(
        spared(false, Probes::Unanswered(1)),
        0,
        "one answer may be lost"
    );
    assert_eq!(spared(false, Probes::Unanswered(2)), 1);
    assert_eq!(spared(true, Probes::Unanswered(9)), 1);
    assert_eq!(
        spared(false, Probes::Witnessed(9)),
        0,
        "a relay's word came in time"
    );
    assert_eq!(
        spared(false, Probes::Silence(9)),
        0,
        "nothing waits where nothing comes"
    );
}

#[test]
fn a_told_death_of_one_who_is_held_alive_is_a_suspicion() {
    let mut world = World::new();
    let dead = Facts {
        liveness: Liveness::Dead,
        ..facts(&world)
    };
    let (swim, cx, author) = world.swim();
    let doubted = swim.weigh_death(cx, at(0), OWNER, &dead);
    swim.adopt(cx, author, at(0), OWNER, dead);
    swim.doubt_death(cx, at(0), OWNER, doubted);
    let row = cx.members.get(OWNER).unwrap();
    assert!(row.is_live() && row.swim.suspect && row.doubted);
    swim.clear_suspicion(cx, OWNER);
    let row = cx.members.get(OWNER).unwrap();
    assert!(row.is_live() && !row.swim.suspect);
    let tell = Message::Tell(OWNER);
    assert_eq!(
        cx.outbox.owed(tell),
        Some(address(OWNER)),
        "it alone can take it back"
    );
}

#[test]
fn a_later_life_is_not_believed_before_it_is_proven() {
    let mut world = World::new();
    world.hold(OWNER, |progress| progress.held = Version::BIRTH);
    let told = Facts {
        generation: LATER,
        ..facts(&world)
    };
    let (swim, cx, author) = world.swim();
    swim.adopt(cx, author, at(0), OWNER, told);
    let token = cx.next_token;
    assert_eq!(cx.outbox.owed(Message::Ping(token)), Some(address(OWNER)));
    let unproven = |cx: &crate::context::Context<u16, _>| {
        cx.members.get(OWNER).unwrap().swim.unproven.is_some()
    };
    for (generation, token) in [(OUTBID, token), (LATER, token.wrapping_add(1))] {
        swim.take_proof(cx, author, OWNER, generation, token);
        assert!(unproven(cx));
    }
    swim.take_proof(cx, author, OWNER, LATER, token);
    assert!(!unproven(cx));
}

#[test]
fn who_is_suspected_refutes_and_who_is_outbid_begins_a_later_life() {
    let mut world = World::new();
    let (swim, cx, author) = world.swim();
    let suspect = Suspect {
        id: ME,
        generation: Generation::default(),
        incarnation: Incarnation::default(),
    };
    swim.answer_suspicion(cx, author, at(0), 7, &suspect);
    let me = cx.me().unwrap().facts;
    assert_eq!(me.incarnation, Incarnation::new(1).unwrap());
    assert_eq!(cx.outbox.owed(Message::Tell(ME)), Some(7));
    let told = Facts {
        generation: LATER,
        liveness: Liveness::Dead,
        ..me
    };
    let merged = swim.hear_of_myself(cx, author, at(0), told);
    assert_eq!(merged, Merged::Known, "the teller should know");
    assert!(cx.generation() > LATER && cx.letters_void);
}

#[test]
fn a_slow_member_that_answers_in_another_life_is_greeted() {
    for (liveness, life, greeted) in [
        (Liveness::Slow, LATER, true),
        (Liveness::Slow, Generation::default(), false),
        (Liveness::Alive, LATER, false),
    ] {
        let mut world = probed();
        world.facts(OWNER, |facts| {
            (facts.generation, facts.liveness) = (Generation::default(), liveness);
        });
        assert!(ack(&mut world, OWNER, life, 1));
        let hello = world.tables.base.cx.outbox.owed(Message::Tell(ME));
        assert_eq!(hello.is_some(), greeted, "{liveness:?} {life:?}");
    }
}

/// How long after it is suspected a member is dead here, in ms.
fn time_to_refute(fanout: u8, slow: Option<crate::NodeId>) -> u64 {
    let mut world = World::configured(|config| config.gossip_fanout(fanout));
    if let Some(slow) = slow {
        world.facts(slow, |facts| facts.liveness = Liveness::Slow);
    }
    let (swim, cx, _) = world.swim();
    assert!(swim.suspect(cx, at(0), OWNER));
    swim.timers.of(OWNER).unwrap().as_millis()
}

#[test]
fn slow_ones_have_longer_to_refute_and_those_who_wait_for_them_are_patient() {
    let usual = time_to_refute(3, None);
    assert!(usual >= 3000, "{usual}");
    assert_eq!(time_to_refute(3, Some(OWNER)), 3 * usual, "it answers late");
    assert_eq!(time_to_refute(3, Some(ME)), 3 * usual, "answers wait here");
    assert_eq!(time_to_refute(3, Some(PEERS[0])), usual);
    assert_eq!(time_to_refute(0, None), 2 * usual, "no news of its own");
}

#[test]
fn an_answer_of_an_outbid_life_says_that_this_node_is_heard() {
    for (answers, silence) in [(true, Silence::Witnessed), (false, Silence::Unwitnessed(1))] {
        let mut world = probed();
        if answers {
            assert!(
                !ack(&mut world, OWNER, OUTBID, 1),
                "it is no answer of the life"
            );
        }
        let (swim, _, _) = world.swim();
        let failed = swim.prober.step(at(1000));
        assert_eq!(failed, Some(Step::Failed(OWNER, (1, 2), silence)));
    }
}

#[test]
fn hearsay_of_a_later_life_is_doubted_where_somebody_knows_the_member_in_another() {
    for (told, doubted) in [(OUTBID, true), (LATER, false)] {
        let mut world = World::new();
        let (swim, cx, _) = world.swim();
        let mut row = swim.row_of(cx, at(0), cx.members.get(OWNER).unwrap());
        row.generation = told;
        world.facts(OWNER, |facts| facts.generation = LATER);
        world.edit(OWNER, |mut row| row.await_word(true));
        let (swim, cx, author) = world.swim();
        swim.merge_row(cx, author, at(0), &row);
        let held = cx.members.get(OWNER).unwrap();
        assert!(!held.unheard && held.facts.generation == LATER);
        assert_eq!(held.doubted, doubted, "its own life, {told:?}, is known");
    }
}
