//! Who may vouch for whom: acks, proofs of a life, and words on behalf of others.

use crate::support;

use gossip_core::wire::{Hint, Kind, Section, Standing, Suspect};
use gossip_core::{Generation, Incarnation, NodeId, Status};
use support::alone::{Alone, Sent, Word, acks, alive, claim, first, lived, says, says_in, version};
use support::craft::{body, row};
use support::id;

/// What peer 3 says to a datagram for it: that it is there, and that whom it was to probe is not.
fn helpful(sent: &Sent) -> Vec<Word> {
    let word = |section| match section {
        Section::Ping(token) => Some(acks(3, token)),
        Section::PingReq(token, _) => {
            Some(says(3, &[(Kind::Nack, body(&[(token, None::<NodeId>)]))]))
        }
        _ => None,
    };
    sent.sections().into_iter().filter_map(word).collect()
}

/// Peer 2 is silent. Peer 3 answers its own pings, and with `vouches` those to peer 2 as well.
fn silent(vouches: bool) -> Option<Status> {
    let mut alone = Alone::among(3, 300);
    alone.pass(60_000, |sent| match sent.to {
        1 if vouches => sent.pings().iter().map(|token| acks(3, *token)).collect(),
        2 => helpful(sent),
        _ => Vec::new(),
    });
    assert_eq!(alone.status(3), Some(Status::Alive));
    alone.status(2)
}

/// An address may be somebody else's by now, so only the target itself answers its ping (SWIM, section
/// 3.1).
#[test]
fn a_ping_is_answered_by_its_target_alone() {
    assert_eq!(silent(false), Some(Status::Dead));
    assert_eq!(silent(true), Some(Status::Dead));
}

#[test]
fn the_ack_of_an_indirect_probe_is_passed_on_from_its_target_alone() {
    let mut alone = Alone::among(4, 300);
    alone.hear(says(3, &[(Kind::PingReq, body(&[(77u16, id(2))]))]));
    let sent = alone.sent();
    let token = sent.iter().find(|sent| sent.to == 1).unwrap().pings()[0];
    let passed_on = |alone: &mut Alone| {
        let sent = alone.sent();
        let is_it = |section: &Section<'_, u16>| *section == Section::Ack(77);
        sent.iter()
            .any(|sent| sent.to == 2 && sent.sections().iter().any(is_it))
    };
    for other in [3, 4] {
        alone.hear(acks(other, token));
        assert!(!passed_on(&mut alone), "{other} vouches for 2");
    }
    alone.hear(acks(2, token));
    assert!(passed_on(&mut alone));
}

#[test]
fn nobody_is_newborn_on_behalf_of_another() {
    let mut alone = Alone::among(3, 300);
    let newborn = body(&[alive(2, lived(2, 5))]);
    alone.hear(says(3, &[(Kind::Newborn, newborn.clone())]));
    let life = |alone: &Alone| alone.node.member(id(2)).unwrap().generation();
    assert_eq!(life(&alone), first(2));
    assert!(alone.sent().iter().all(|sent| sent.rows().is_empty()));
    alone.hear(says_in(2, lived(2, 5), &[(Kind::Newborn, newborn)]));
    assert_eq!(life(&alone), lived(2, 5), "itself it may");
}

/// A node that holds an entry of peer 2 and hears from peer 3 of a later life, with two writes; and the
/// token with which it asks whether peer 2 lives that.
fn doubting() -> (Alone, u16) {
    let mut alone = Alone::among(3, 300);
    let old = [0, 2, 2, 0, 2];
    alone.hear(says(
        2,
        &[claim(2, first(2), old, &[("k", 2, Some(b"old"))])],
    ));
    assert_eq!(alone.node.get(id(2), "k"), Some(&b"old"[..]));
    alone.sent();
    alone.hear(says(3, &[(Kind::Rows, body(&[alive(2, lived(2, 5))]))]));
    let sent = alone.sent();
    let token = sent.iter().find(|sent| sent.to == 1).unwrap().pings()[0];
    (alone, token)
}

/// Peer 3 shows an entry of the later life of peer 2; whether that is taken.
fn takes(alone: &mut Alone) -> bool {
    let bounds = [0, 2, 2, 0, 2];
    alone.hear(says(
        3,
        &[claim(2, lived(2, 5), bounds, &[("k", 2, Some(b"new"))])],
    ));
    alone.node.get(id(2), "k") == Some(&b"new"[..])
}

/// The order of two lives is partly chance, and whoever told of one may have the one that is over: nothing
/// of it is taken before the owner itself says that it lives it (gossip-core/docs/protocol.md, Lives).
#[test]
fn entries_of_a_life_are_taken_when_the_owner_has_proven_it_and_not_before() {
    let (mut alone, token) = doubting();
    assert!(!takes(&mut alone), "nobody has proven anything");
    assert_eq!(alone.node.stats().foreign_claims, 1);
    let ack = |token: u16| [(Kind::Ack, body(&[token]))];
    for (peer, generation, token, why) in [
        (2, lived(2, 5), token.wrapping_add(1), "another token"),
        (2, first(2), token, "another life"),
        (3, lived(2, 5), token, "another node"),
    ] {
        alone.hear(says_in(peer, generation, &ack(token)));
        assert!(!takes(&mut alone), "{why}");
    }
    alone.hear(says_in(2, lived(2, 5), &ack(token)));
    assert!(takes(&mut alone));
}

#[test]
fn a_life_that_is_not_proven_is_not_asked_for() {
    let asks = |alone: &mut Alone| {
        let hint = Hint {
            id: id(2),
            held: version(2),
        };
        alone.hear(says(3, &[(Kind::Hints, body(&[hint]))]));
        let is_pull = |section: &Section<'_, u16>| matches!(section, Section::Pull(..));
        alone
            .sent()
            .iter()
            .any(|sent| sent.sections().iter().any(is_pull))
    };
    let (mut alone, token) = doubting();
    assert!(!asks(&mut alone));
    alone.hear(says_in(2, lived(2, 5), &[(Kind::Ack, body(&[token]))]));
    assert!(asks(&mut alone));
}

/// Otherwise replicas stay apart for half a memory, and compare in vain each round.
#[test]
fn an_owner_that_is_gone_and_never_proved_its_life_is_forgotten_early() {
    let forgotten = |dies: bool| {
        let (mut alone, _) = doubting();
        // Peer 2 acks what it is probed with, and so lives on, or says nothing; nobody proves the life.
        alone.pass(60_000, |sent| match sent.to {
            1 if !dies => sent.pings().iter().map(|token| acks(2, *token)).collect(),
            2 => helpful(sent),
            _ => Vec::new(),
        });
        let dead = alone.status(2) == Some(Status::Dead);
        assert_eq!(dead, dies);
        let hint = Hint {
            id: id(2),
            held: version(2),
        };
        for _ in 0..40 {
            alone.hear(says(3, &[(Kind::Hints, body(&[hint]))]));
            alone.sent();
        }
        while alone.node.poll_event().is_some() {}
        alone.status(2).is_none()
    };
    assert!(forgotten(true));
    assert!(!forgotten(false), "while it lives it may prove it yet");
}

/// It cannot refute what it does not hear of (SWIM, section 4.2; Lifeguard, section IV.C).
#[test]
fn a_sender_that_is_held_for_dead_or_suspect_is_told_so() {
    let mut alone = Alone::among(3, 300);
    let dead = row(4, first(4), 3, Standing::Dead(600), Some(3));
    alone.hear(says(3, &[(Kind::Rows, body(&[dead]))]));
    assert_eq!(alone.status(4), Some(Status::Dead));
    // Until that is no news any more, which goes along with whatever is said.
    alone.pass(20_000, |sent| match sent.to {
        1 | 2 => {
            let tokens = sent.pings();
            let acks = tokens.iter().map(|token| acks(sent.to + 1, *token));
            acks.collect()
        }
        _ => Vec::new(),
    });
    alone.hear(says(4, &[(Kind::Ping, body(&[5u16]))]));
    let told = |sent: &Sent| sent.to == 3 && sent.rows().iter().any(|row| row.id == id(4));
    assert!(alone.sent().iter().any(told));

    let suspect = Suspect {
        id: id(2),
        generation: first(2),
        incarnation: Incarnation::new(0).unwrap(),
    };
    alone.hear(says(3, &[(Kind::Suspects, body(&[suspect]))]));
    assert_eq!(alone.status(2), Some(Status::Suspect));
    alone.sent();
    alone.hear(says(2, &[(Kind::Ping, body(&[5u16]))]));
    let accused = |section: &Section<'_, u16>| matches!(section, Section::Suspects(_));
    let sent = alone.sent();
    let mut own = sent.iter().filter(|sent| sent.to == 1);
    assert!(own.any(|sent| sent.sections().iter().any(accused)));
}

/// Who answers pings to the address of peer 2, and how often.
#[derive(Clone, Copy, Debug)]
enum There {
    /// An earlier life, which was outbid, each time or each third time.
    Outbid { each: u32 },
    /// An earlier life once, then the one that is known, once, and then nobody.
    ItselfOnce,
    /// Nobody.
    Nobody,
}

/// Peers 3 and 4 have known another life of peer 2 before, and say of whoever is at its address that it is there. After half
/// of the time one of them suspects the later life all the same.
fn after_a_minute(there: There) -> Option<Status> {
    let mut alone = Alone::among(4, 300);
    let later = Generation {
        counter: 3,
        nonce: [9; 4],
    };
    let told = body(&[alive(2, later)]);
    alone.hear(says(4, &[(Kind::Rows, told)]));
    let mut asked = 0;
    let mut answer = |sent: &Sent| {
        let mut words = Vec::new();
        for token in sent.pings() {
            asked += u32::from(sent.to == 1);
            let ack = [(Kind::Ack, body(&[token]))];
            match there {
                _ if sent.to != 1 => words.push(acks(sent.to + 1, token)),
                There::Outbid { each } if asked.is_multiple_of(each) => {
                    words.push(says_in(2, first(2), &ack));
                }
                There::ItselfOnce if asked == 1 => words.push(says_in(2, first(2), &ack)),
                There::ItselfOnce if asked == 2 => words.push(says_in(2, later, &ack)),
                _ => {}
            }
        }
        for section in sent.sections() {
            if let Section::PingReq(token, target) = section {
                assert_eq!(target, id(2));
                words.push(acks(sent.to + 1, token));
            }
        }
        words
    };
    alone.pass(30_000, &mut answer);
    let suspect = Suspect {
        id: id(2),
        generation: later,
        incarnation: Incarnation::default(),
    };
    alone.hear(says(4, &[(Kind::Suspects, body(&[suspect]))]));
    alone.pass(30_000, &mut answer);
    alone.status(2)
}

#[test]
fn what_others_get_from_an_address_where_another_life_answers_is_no_proof_of_this_one() {
    for each in [1, 3] {
        let there = There::Outbid { each };
        assert_eq!(after_a_minute(there), Some(Status::Dead), "{there:?}");
    }
    for there in [There::ItselfOnce, There::Nobody] {
        assert_eq!(after_a_minute(there), Some(Status::Alive), "{there:?}");
    }
}
