//! What one datagram, one partner or one answer may cost, and what time that was slept through does not.

use crate::support;

use gossip_core::table::Prefix;
use gossip_core::wire::{Hint, Kind, ListingHead, PullItem, Section, Standing, Summary, Suspect};
use gossip_core::{Incarnation, Status, Version};
use support::alone::{Alone, Sent, Word, acks, alive, claim, first, lived, says, version};
use support::craft::{body, life, row};
use support::{config, id};

fn has(sent: &[Sent], wanted: impl Fn(&Section<'_, u16>) -> bool) -> usize {
    let count = |sent: &Sent| sent.sections().iter().filter(|one| wanted(one)).count();
    sent.iter().map(count).sum()
}

/// A listing of everything that holds just these members.
fn listing(members: &[u16]) -> (Kind, Vec<u8>) {
    let head = ListingHead {
        salt: 0,
        reply: false,
        prefix: Prefix::ROOT,
    };
    let mut bytes = body(&[head]);
    let summary = |member: &u16| Summary {
        id: id(*member),
        facts: [0; 2],
        held: Version::NONE,
    };
    bytes.extend(body(&members.iter().map(summary).collect::<Vec<_>>()));
    (Kind::Listing, bytes)
}

/// An honest sender lists no row twice, so one datagram is worth one walk along the table.
#[test]
fn the_listings_of_a_datagram_are_worth_one_walk_along_the_table() {
    let replies = |sections: &[(Kind, Vec<u8>)]| {
        let mut alone = Alone::among(3, 300);
        alone.hear(says(3, sections));
        has(&alone.sent(), |section| {
            matches!(section, Section::Listing(..))
        })
    };
    assert_eq!(replies(&[listing(&[50])]), 1, "who is it?");
    assert_eq!(replies(&[listing(&[]), listing(&[50])]), 0);
}

/// A forged sender address must not make a node send without end (RFC 9000, section 8, has the same
/// bound for the same reason).
#[test]
fn one_datagram_is_answered_with_sixteen_at_most() {
    let mut alone = Alone::new(64);
    for peer in 2..=75 {
        let known = body(&[alive(peer, first(peer))]);
        alone.hear(says(peer, &[(Kind::Rows, known)]));
        alone.sent();
    }
    alone.pass(30_000, |sent| {
        let tokens = sent.pings();
        tokens
            .iter()
            .map(|token| acks(sent.to + 1, *token))
            .collect()
    });
    let live = alone.node.live();
    alone.hear(says(3, &[listing(&[])]));
    let sent = alone.sent();
    let told: usize = sent.iter().map(|sent| sent.rows().len()).sum();
    assert!(told < live, "all fit: the table is too small for this test");
    let datagrams = sent.iter().filter(|sent| sent.to == 2).count();
    assert!((10..=17).contains(&datagrams), "{datagrams}");
    assert_eq!(alone.sent().len(), 0);
    alone.hear(says(3, &[(Kind::Same, Vec::new())]));
    assert!(!alone.sent().is_empty(), "the next one brings the rest");
}

/// So many pulls a node sends to peer 3, which holds more of peer 2, in ten seconds in which peer 3 is
/// heard all the time.
fn pulls(answer: fn(u8) -> Option<(Kind, Vec<u8>)>) -> usize {
    let mut alone = Alone::among(3, 300);
    let hint = Hint {
        id: id(2),
        held: version(9),
    };
    alone.hear(says(3, &[(Kind::Hints, body(&[hint]))]));
    let mut count = 0;
    for step in 0..100 {
        alone.pass(100, |sent| {
            let mut words: Vec<Word> = Vec::new();
            for section in sent.sections() {
                match section {
                    Section::Pull(token, _) => {
                        count += 1;
                        words.extend(answer(token).map(|answer| says(3, &[answer])));
                    }
                    Section::Ping(token) => words.push(acks(sent.to + 1, token)),
                    _ => {}
                }
            }
            words
        });
        alone.hear(says(3, &[(Kind::Ping, body(&[step as u16]))]));
    }
    count
}

#[test]
fn a_partner_that_answers_no_pull_is_asked_four_times() {
    assert_eq!(pulls(|_| None), 4);
}

/// Else two nodes that misunderstand each other ask and answer as fast as the network allows.
#[test]
fn an_answer_that_brings_nothing_does_not_end_a_pull() {
    assert_eq!(pulls(|token| Some((Kind::Answered, body(&[token])))), 4);
}

fn suspected(alone: &mut Alone) {
    let suspect = Suspect {
        id: id(2),
        generation: first(2),
        incarnation: Incarnation::new(0).unwrap(),
    };
    alone.hear(says(3, &[(Kind::Suspects, body(&[suspect]))]));
    assert_eq!(alone.status(2), Some(Status::Suspect));
}

/// What a suspect says while this node sleeps waits in the socket: its time does not run out meanwhile.
#[test]
fn a_pause_postpones_the_end_of_a_suspicion() {
    for sleep in [60_000, 250_000] {
        let mut alone = Alone::among(3, 300);
        suspected(&mut alone);
        alone.now += sleep;
        alone.wake();
        assert_eq!(alone.status(2), Some(Status::Suspect), "{sleep}");
        let lives = row(2, first(2), 1, Standing::Alive, Some(1));
        alone.hear(says(2, &[(Kind::Rows, body(&[lives]))]));
        assert_eq!(alone.status(2), Some(Status::Alive));
    }
    let mut alone = Alone::among(3, 300);
    suspected(&mut alone);
    alone.pass(60_000, |_| Vec::new());
    assert_eq!(
        alone.status(2),
        Some(Status::Dead),
        "without a pause it does"
    );
}

/// A node that lost everybody asks its seeds again at once, not when a reconnection is due.
#[test]
fn seeds_are_tried_again_when_the_last_peer_is_gone() {
    let mut alone = Alone::with(config(0, 300).check().unwrap(), 300);
    alone.node.join(1).unwrap();
    let hellos = |alone: &mut Alone, millis| {
        let mut hellos = 0;
        alone.pass(millis, |sent| {
            let own = sent.rows().iter().any(|row| row.id == id(1));
            hellos += usize::from(own && sent.to == 1);
            Vec::new()
        });
        hellos
    };
    assert!(hellos(&mut alone, 10) > 0);
    alone.hear(says(2, &[(Kind::Rows, body(&[alive(2, first(2))]))]));
    assert!(alone.node.is_joined());
    hellos(&mut alone, 100);
    let gone = row(2, first(2), 1, Standing::Left(600), Some(1));
    alone.hear(says(2, &[(Kind::Rows, body(&[gone]))]));
    assert!(!alone.node.is_joined());
    assert!(hellos(&mut alone, 300) > 0);
}

#[test]
fn a_pull_for_another_life_is_answered_with_the_row_and_no_claim() {
    let mut alone = Alone::among(3, 300);
    let bounds = [0, 2, 2, 0, 2];
    alone.hear(says(
        2,
        &[claim(2, first(2), bounds, &[("k", 2, Some(b"v"))])],
    ));
    alone.sent();
    let answers = |alone: &mut Alone, counter: u16| {
        let item = PullItem {
            owner: id(2),
            life: life(lived(2, counter)),
            held: Version::NONE,
            recover: None,
        };
        let pull = [body(&[7u8]), body(&[item])].concat();
        alone.hear(says(3, &[(Kind::Pull, pull)]));
        let sent = alone.sent();
        let claims = has(&sent, |section| matches!(section, Section::Claim(..)));
        let rows = sent.iter().flat_map(Sent::rows);
        (claims, rows.filter(|row| row.id == id(2)).count())
    };
    assert_eq!(answers(&mut alone, 1), (1, 0));
    assert_eq!(answers(&mut alone, 9), (0, 1));
}

/// Who knows nothing of an owner takes claims from its birth on; one that is ignored must not leave it
/// with what only those hold who had a claim.
#[test]
fn a_claim_that_is_ignored_leaves_progress_as_it_was() {
    let mut alone = Alone::among(3, 300);
    // Beyond collected tombstones a claim must begin at zero.
    let beyond = claim(2, first(2), [1, 5, 5, 3, 5], &[("k", 5, Some(b"v"))]);
    alone.hear(says(3, &[beyond]));
    assert_eq!(alone.node.stats().idle_claims, 1);
    assert_eq!(alone.held(2), Version::NONE);
    let within = claim(2, first(2), [1, 5, 5, 0, 5], &[("k", 5, Some(b"v"))]);
    alone.hear(says(3, &[within]));
    assert_eq!(alone.held(2), version(5));
}

/// What is shown of peer 2 when a claim from zero has covered it, which lists one key like this; before,
/// it was held at version 3.
fn covered(listed: (&str, u32, Option<&[u8]>)) -> Vec<String> {
    let mut alone = Alone::among(3, 300);
    let before = [("a", 3, Some(&b"a"[..])), ("b", 4, Some(&b"b"[..]))];
    alone.hear(says(2, &[claim(2, first(2), [0, 4, 4, 0, 4], &before)]));
    assert_eq!(alone.node.entries_of(id(2)).count(), 2);
    let list = [listed, ("b", 4, Some(&b"b"[..])), ("c", 6, Some(&b"c"[..]))];
    alone.hear(says(3, &[claim(2, first(2), [0, 6, 6, 5, 6], &list)]));
    assert_eq!(alone.held(2), version(6), "the re-cover is over");
    let shown = alone
        .node
        .entries_of(id(2))
        .map(|entry| entry.key.to_owned());
    shown.collect()
}

/// What a re-cover should list and does not goes when it ends: neither an older value of the same key nor
/// a tombstone of the same write (a lease that ran out) confirms what is held.
#[test]
fn a_value_is_confirmed_by_itself_alone() {
    assert_eq!(covered(("a", 3, Some(b"a"))), ["a", "b", "c"]);
    assert_eq!(covered(("a", 2, Some(b"a"))), ["b", "c"]);
    assert_eq!(covered(("a", 3, None)), ["b", "c"]);
}
