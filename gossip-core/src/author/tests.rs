//! The owner driven by hand, without a node: what is written, in which life, and what is kept for others.

use std::borrow::ToOwned;
use std::string::String;
use std::vec::Vec;

use super::*;
use crate::config::Mail;
use crate::context::{Context, Phase};
use crate::entries::OwnerMap;
use crate::entries::delta::{Listed, Map, Recover};
use crate::error::SetError;
use crate::for_tests::{ME, OWNER, PEERS, Tiny, World, at, sender, version};
use crate::id::{Generation, NodeId, Version};
use crate::outbox::Message;
use crate::shared::{Clock, Contribution, Kind, MARK_BYTES, Merge, Wall, merge};
use crate::table::Liveness;

fn value(cx: &Context<u16, Tiny>, owner: NodeId, key: &str) -> Option<Vec<u8>> {
    let entry = cx.entries.find(owner, key)?;
    Some(entry.value()?.to_vec())
}

/// How far this node's own entries are named, and let out.
fn reach(cx: &Context<u16, Tiny>) -> (Version, Version) {
    let progress = cx.me().unwrap().progress();
    (progress.as_of, progress.held)
}

#[test]
fn a_write_is_let_out_at_once_or_when_its_time_comes() {
    for (flow, held) in [(false, 1), (true, 0)] {
        let mut world =
            World::configured(|config| config.flow_control(flow).direct_mail(Mail::All));
        let (author, cx) = world.author();
        author.pace.start(at(0));
        author.write_entry(cx, "key", Some(b"value"), None).unwrap();
        assert_eq!(value(cx, ME, "key").as_deref(), Some(&b"value"[..]));
        assert_eq!(reach(cx), (version(1), version(held)));
        assert_eq!(cx.unmailed, (held == 1).then_some(Version::NONE));
        author.publish(cx, at(60_000));
        assert_eq!(reach(cx), (version(1), version(1)));
        assert_eq!(cx.unmailed, Some(Version::NONE), "from where on to mail");
    }
}

#[test]
fn a_write_is_refused_with_the_reason_and_changes_nothing() {
    let mut world = World::new();
    let (author, cx) = world.author();
    for number in 0..8u8 {
        let key = [b'a' + number];
        let key = core::str::from_utf8(&key).unwrap();
        author.write_entry(cx, key, Some(&[number]), None).unwrap();
    }
    let mut write = |key, value: &[u8]| author.write_entry(cx, key, Some(value), None);
    assert_eq!(write("new", b"1"), Err(SetError::Full { max: 8 }));
    assert_eq!(write("", b"1"), Err(SetError::Key { max: 8 }));
    assert_eq!(write("a", &[0; 9]), Err(SetError::Value { max: 8 }));
    assert_eq!(write("a", b"again"), Ok(()));
    cx.phase = Phase::Left;
    let refused = author.write_entry(cx, "a", Some(b"1"), None);
    assert_eq!(refused, Err(SetError::NotRunning));
    assert_eq!(reach(cx), (version(9), version(9)));
}

#[test]
fn a_later_life_keeps_the_entries_and_leaves_the_letters_a_note() {
    let mut world = World::new();
    let (author, cx) = world.author();
    author.write_entry(cx, "key", Some(b"1"), None).unwrap();
    author.write_entry(cx, "key", Some(b"2"), None).unwrap();
    let seen = Generation {
        counter: 6,
        nonce: [1; 4],
    };
    assert!(author.begin_life(cx, seen));
    assert!(cx.generation() > seen && cx.letters_void);
    assert_eq!(value(cx, ME, "key").as_deref(), Some(&b"2"[..]));
    assert_eq!(author.last_version(cx), version(2), "it is numbered anew");
    let last = Generation {
        counter: u16::MAX,
        nonce: [0xff; 4],
    };
    assert!(!author.begin_life(cx, last), "there is none");
}

#[test]
fn a_verb_of_another_kind_is_refused_with_what_stands_there() {
    let mut world = World::new();
    let (author, cx) = world.author();
    let number = |stamp| Contribution::Number { stamp, number: 7 };
    author.say(cx, "n", None, number).unwrap();
    let found = Kind::Number;
    assert_eq!(author.check_kind(cx, "n", Kind::Number), Ok(()));
    let refused = author.check_kind(cx, "n", Kind::Plain);
    assert_eq!(refused, Err(SetError::Kind { found }));
    let sum = merge(author.origins(cx, "n"), Merge::Sum);
    assert!(
        matches!(sum, Some(crate::shared::Merged::Number(7))),
        "what stands there"
    );
}

/// A number that was said at this time of day, as an entry.
fn number_said(wall: u64) -> Vec<u8> {
    let said = Contribution::Number {
        stamp: Clock::default().tick(Some(Wall::from_unix_millis(wall))),
        number: 7,
    };
    let mut mark = [0; MARK_BYTES];
    let mut bytes = said.head(&mut mark).unwrap().to_vec();
    bytes.extend(said.body());
    bytes
}

fn listed<'a>(key: &'a str, number: u32, value: Option<&'a [u8]>) -> Listed<'a> {
    Listed {
        key,
        version: version(number),
        value,
        expires: None,
    }
}

/// An owner that said this is about to be forgotten: the copy that is kept then, and where. `kept` is one that a peer
/// keeps already.
fn copy_of(
    owner: NodeId,
    said: &[u8],
    kept: Option<&(String, Vec<u8>)>,
) -> Option<(String, Vec<u8>)> {
    let mut world = World::new();
    let (author, cx) = world.author();
    assert!(cx.entries.put(owner, listed("n", 2, Some(said))));
    if let Some((key, value)) = kept {
        assert!(cx.entries.put(PEERS[0], listed(key, 2, Some(value))));
    }
    author.inherit(cx, owner, Loss::Forgotten);
    let own = cx.entries.of(ME).next()?;
    assert_eq!(cx.stats.adoptions, 1);
    Some((own.key().to_owned(), own.value()?.to_vec()))
}

#[test]
fn what_a_forgotten_owner_contributed_is_kept_unless_a_peer_keeps_it() {
    let said = number_said(1);
    let copy = copy_of(OWNER, &said, None);
    assert!(copy.is_some());
    assert_eq!(copy_of(OWNER, &said, copy.as_ref()), None);
}

#[test]
fn a_copy_that_only_one_keeps_is_not_given_up_for_one_of_another() {
    let (key, mine) = copy_of(OWNER, &number_said(1), None).unwrap();
    let (_, later) = copy_of(OWNER, &number_said(2), None).unwrap();
    let (_, another) = copy_of(PEERS[1], &number_said(2), None).unwrap();
    for (told, waits) in [
        (None, true),
        (Some(another), true),
        (Some(later), false),
        (Some(mine.clone()), false),
    ] {
        let mut world = World::new();
        let (author, cx) = world.author();
        assert!(cx.entries.put(PEERS[0], listed(&key, 2, Some(&mine))));
        let list = [listed(&key, 3, told.as_deref())];
        let off = author.puts_off(cx, PEERS[0], None, list.into_iter());
        assert_eq!(off, waits, "{told:?}");
    }
}

#[test]
fn a_copy_goes_when_two_sweeps_in_a_row_find_it_needless() {
    let mut world = World::new();
    let (author, cx) = world.author();
    let said = number_said(1);
    assert!(cx.entries.put(OWNER, listed("n", 2, Some(&said))));
    author.inherit(cx, OWNER, Loss::Forgotten);
    let kept = [1, 2, 3].map(|sweep| {
        author.sweep(cx, at(sweep * 1_000_000), |_| None);
        cx.entries.of(ME).any(|copy| copy.is_set())
    });
    // Its origin is there and settled from the second on.
    assert_eq!(kept, [true, true, false]);
}

#[test]
fn a_sweep_covers_single_entries_that_follow_what_is_held_of_the_gone() {
    for (liveness, held) in [(Liveness::Dead, 4), (Liveness::Alive, 3)] {
        let mut world = World::new();
        world.hold(OWNER, |progress| {
            (progress.held, progress.as_of) = (version(3), version(3));
        });
        world.facts(OWNER, |facts| facts.liveness = liveness);
        let (author, cx) = world.author();
        assert!(cx.take_single(OWNER, listed("key", 4, Some(b"1"))));
        author.sweep(cx, at(1_000_000), |_| None);
        assert_eq!(world.row(OWNER).held(), version(held));
    }
}

#[test]
fn what_is_waited_for_is_told_empty_or_was_never_to_be_written() {
    let mut world = World::new();
    let (author, cx) = world.author();
    author.reclaim = Reclaim::Over;
    author.write_entry(cx, "key", Some(b"1"), None).unwrap();
    let life = cx.generation().life();
    let waiting = |author: &mut Author<u16, Tiny>, cx: &mut _, covered, up_to| {
        let honest = author.end_waiting(cx, life, version(covered), version(up_to));
        (honest, reach(cx))
    };
    let told = |number| (version(number), version(number));
    assert_eq!(waiting(author, cx, 1, 1), (true, told(1)), "nothing more");
    assert_eq!(
        waiting(author, cx, 0, 2),
        (true, told(1)),
        "not yet covered"
    );
    assert_eq!(waiting(author, cx, 1, 2), (true, told(2)), "told, empty");
    assert_eq!(waiting(author, cx, 2, 4), (false, told(2)));
    author.open_life(cx, at(0));
    let named = (version(3), version(2));
    assert_eq!(waiting(author, cx, 2, 3), (true, named), "it is named");
    assert_eq!(waiting(author, cx, 2, 4), (true, named));
    assert_eq!(waiting(author, cx, 2, 5), (false, named));
    author.close_life(cx);
    assert_eq!(waiting(author, cx, 2, 2), (true, told(3)));
    let later = Generation {
        counter: 6,
        nonce: [1; 4],
    };
    assert!(author.end_waiting(cx, later.life(), version(3), version(9)));
}

#[test]
fn who_waits_for_what_was_never_written_asks_the_owner_in_any_case() {
    for (finish, owed) in [(4, true), (5, false)] {
        let mut world = World::new();
        world.hold(OWNER, |progress| {
            progress.recover = Some(Recover {
                cursor: version(3),
                target: version(2),
                finish: version(finish),
            });
        });
        let (author, cx) = world.author();
        let mut map = OwnerMap {
            store: &mut cx.entries,
            owner: OWNER,
        };
        map.store(listed("former", 1, Some(b"1")));
        map.mark_unlisted(Version::NONE, version(3), |_| false);
        let owner = sender(at(0), OWNER);
        assert!(
            !author.owe_return(cx, &owner, version(4)),
            "not yet covered"
        );
        assert_eq!(author.owe_return(cx, &owner, version(3)), owed);
        assert_eq!(cx.outbox.owed(Message::Return(OWNER)).is_some(), owed);
    }
}
