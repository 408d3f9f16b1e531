//! Exchanges driven by hand, between two worlds and without a node.

use super::*;
use crate::config::Config;
use crate::context::Sender;
use crate::entries::delta::{Listed, Recover};
use crate::for_tests::{ME, OWNER, PEERS, World, at, sender, version};
use crate::id::{Generation, Incarnation, Life, NodeId, Version};
use crate::outbox::Message;
use crate::table::{Liveness, Prefix, Sums};
use crate::wire::{Datagram, Header, Items, ListingHead, Section, Writer, begin, seal_tag};

const PEER: NodeId = PEERS[0];

/// Everybody's life at first.
fn life() -> Life {
    Generation::default().life()
}

/// Everything up to `held` is covered, and these versions stand, each for a key of its own.
fn hold(world: &mut World, held: u32, entries: &[u32]) {
    world.hold(OWNER, |progress| {
        let newest = entries.iter().copied().max().unwrap_or(held);
        progress.held = version(held);
        progress.as_of = version(newest.max(held));
    });
    for number in entries {
        let key = std::format!("k{number}");
        let entry = Listed {
            key: &key,
            version: version(*number),
            value: Some(b"v"),
            expires: None,
        };
        assert!(world.tables.base.cx.entries.put(OWNER, entry));
    }
}

fn versions(world: &World) -> std::vec::Vec<u32> {
    let all = crate::entries::every(&world.tables.base.cx.entries, OWNER);
    let mut all: std::vec::Vec<_> = all.map(Version::get).collect();
    all.sort_unstable();
    all
}

/// The exchange of a world with the other one.
fn bit_of(world: &World, peer: NodeId) -> Bit {
    world.tables.reconciler.slots.of_peer(peer).unwrap().bit
}

/// Hands one section to a world.
fn take(world: &mut World, sender: &Sender<u16>, section: Section<'_, u16>) {
    let (reconciler, base) = world.exchange();
    if let Section::Rows(rows) = section {
        let told = |row| reconciler.take_told_row(base, sender, &row);
        return rows.iter().for_each(told);
    }
    let mut shown = Shown::default();
    reconciler.take(base, sender, section, &mut shown);
    reconciler.finish(base, sender, &shown);
}

/// The datagram that one world owes the other is written and taken; `false` if there is none.
fn say(from: &mut World, to: &mut World) -> bool {
    let (me, peer) = (from.tables.base.cx.id(), to.tables.base.cx.id());
    let mut buf = [0; 300];
    let mut writer = Writer::new(&mut buf);
    let header = Header {
        sender: me,
        generation: Generation::default(),
    };
    assert!(begin(&mut writer, &header, 0));
    let empty = writer.len();
    let bit = bit_of(from, peer);
    let (reconciler, base) = from.exchange();
    if !reconciler.write_exchange(base, at(0), bit, &mut writer, empty) {
        return false;
    }
    let bytes = writer.written();
    seal_tag(bytes, base.cx.config.network(0));
    let largest = base.cx.config.largest_id();
    let network = base.cx.config.network(0);
    let datagram = Datagram::parse_used::<u16, Everything>(bytes, network, largest).unwrap();
    let sender = sender(at(0), me);
    let (reconciler, base) = to.exchange();
    let mut shown = Shown::default();
    for section in datagram.sections_used::<u16, Everything>() {
        if let Section::Rows(rows) = section {
            for row in rows.iter() {
                reconciler.take_told_row(base, &sender, &row);
            }
        }
        reconciler.take(base, &sender, section, &mut shown);
    }
    reconciler.finish(base, &sender, &shown);
    true
}

struct Everything;

impl crate::wire::Used for Everything {
    const KINDS: u32 = u32::MAX;
}

fn root(world: &World) -> u64 {
    world
        .tables
        .base
        .cx
        .compared()
        .sum(Prefix::ROOT, Sums::Whole)
}

fn pair(set: fn(Config<u16>) -> Config<u16>) -> (World, World) {
    (World::of(ME, set), World::of(PEER, set))
}

#[test]
fn an_equal_root_is_answered_in_a_word() {
    let (mut mine, theirs) = pair(|config| config);
    let section = Section::Root(root(&theirs), Direction::Both);
    take(&mut mine, &sender(at(0), PEER), section);
    let cx = &mine.tables.base.cx;
    assert_eq!(cx.outbox.owed(Message::Same), Some(8));
    assert!(mine.tables.reconciler.slots.of_peer(PEER).is_none());
}

#[test]
fn a_different_root_is_narrowed_down_to_the_row_that_differs() {
    let (mut mine, mut theirs) = pair(|config| config);
    let later = Incarnation::default().next().unwrap();
    theirs.facts(OWNER, |facts| facts.incarnation = later);
    let section = Section::Root(root(&theirs), Direction::Both);
    take(&mut mine, &sender(at(0), PEER), section);
    assert!(say(&mut mine, &mut theirs), "a listing");
    assert_ne!(mine.row(OWNER).facts.incarnation, later);
    assert!(say(&mut theirs, &mut mine), "the row");
    assert_eq!(mine.row(OWNER).facts.incarnation, later);
    assert_eq!(root(&mine), root(&theirs));
    assert!(!say(&mut theirs, &mut mine) && !say(&mut mine, &mut theirs));
}

#[test]
fn what_a_partner_holds_more_of_is_asked_for_and_served() {
    let (mut mine, mut theirs) = pair(|config| config);
    hold(&mut theirs, 5, &[2, 4, 5]);
    let (reconciler, base) = mine.exchange();
    let teller = sender(at(0), PEER);
    assert!(!reconciler.compare_held(base, &teller, OWNER, version(5)));
    assert!(say(&mut mine, &mut theirs), "the pull");
    assert!(!say(&mut mine, &mut theirs), "one at a time");
    assert!(say(&mut theirs, &mut mine), "the claim");
    assert_eq!(mine.row(OWNER).progress().held, version(5));
    assert_eq!(versions(&mine), [2, 4, 5]);
    assert_eq!(mine.row(OWNER).marks.pull, 0);
}

#[test]
fn in_a_precise_order_single_entries_come_first_and_a_hash_closes_what_they_filled() {
    let (mut mine, mut theirs) = pair(|config| {
        config
            .reconciliation(Reconciliation::PreciseNewest)
            .mtu_floor(300)
    });
    hold(&mut theirs, 5, &[2, 4, 5]);
    hold(&mut mine, 1, &[]);
    let (reconciler, base) = mine.exchange();
    reconciler.compare_held(base, &sender(at(0), PEER), OWNER, version(5));
    assert!(say(&mut mine, &mut theirs) && say(&mut theirs, &mut mine));
    assert_eq!(versions(&mine), [2, 4, 5]);
    assert_eq!(mine.row(OWNER).progress().held, version(1));
    assert!(say(&mut mine, &mut theirs) && say(&mut theirs, &mut mine));
    assert_eq!(mine.row(OWNER).progress().held, version(5));
}

/// A world that asks a peer for single entries of the owner, of which it has none itself.
fn lacking() -> World {
    let mut world = World::configured(|config| config);
    hold(&mut world, 5, &[]);
    let teller = sender(at(0), PEER);
    let (reconciler, base) = world.exchange();
    base.cx.rounds = 7;
    let bit = reconciler.link(&mut base.cx, &teller).unwrap();
    reconciler
        .slots
        .begin(PEER, Ways::BOTH, base.cx.exchange_budget());
    reconciler.link_loose(&mut base.cx, bit, OWNER);
    assert!(world.row(OWNER).marks.lacks_loose);
    world
}

#[test]
fn who_holds_no_more_is_not_asked_for_single_entries_again_in_that_round() {
    let mut world = lacking();
    let bit = bit_of(&world, PEER);
    world.marks(OWNER, |marks| marks.asked |= bit);
    let (reconciler, base) = world.exchange();
    let teller = sender(at(0), PEER);
    assert!(reconciler.compare_held(base, &teller, OWNER, version(5)));
    for (round, again) in [(7, false), (8, true)] {
        let (reconciler, base) = world.exchange();
        base.cx.rounds = round;
        reconciler.link_loose(&mut base.cx, bit, OWNER);
        assert_eq!(world.row(OWNER).marks.lacks_loose, again, "round {round}");
    }
}

#[test]
fn who_was_not_asked_yet_may_be_though_it_says_that_it_holds_no_more() {
    let mut world = lacking();
    let (reconciler, base) = world.exchange();
    reconciler.compare_held(base, &sender(at(0), PEER), OWNER, version(5));
    assert_eq!(world.row(OWNER).marks.fruitless, 0);
}

#[test]
fn a_single_entry_that_is_new_ends_what_was_in_vain() {
    let mut world = lacking();
    world.marks(OWNER, |marks| (marks.fruitless, marks.in_vain) = (3, 2));
    let entry = |number| Listed {
        key: "k",
        version: version(number),
        value: Some(b"v"),
        expires: None,
    };
    type Exchanging = Reconciler<u16, crate::for_tests::Tiny>;
    let base = &mut world.tables.base;
    assert!(
        !Exchanging::apply_single(base, at(0), OWNER, entry(4)),
        "covered"
    );
    assert_eq!(world.row(OWNER).marks.fruitless, 3);
    let base = &mut world.tables.base;
    assert!(Exchanging::apply_single(base, at(0), OWNER, entry(9)));
    let marks = &world.row(OWNER).marks;
    assert_eq!((marks.fruitless, marks.in_vain), (0, 0));
}

/// A want that shows these versions of a stretch.
fn showing(from: Version, shown: &[u32]) -> Want {
    let mut window = Window { from, have: 0 };
    shown.iter().for_each(|number| window.add(version(*number)));
    Want {
        bit: 1,
        owner: OWNER,
        life: life(),
        digest: Default::default(),
        window: Some(window),
    }
}

#[test]
fn what_a_pull_shows_is_a_reason_to_ask_unless_it_is_no_single_entry() {
    for (held, from, shown, asks) in [
        (0, Version::NONE, &[3][..], true),
        (0, Version::NONE, &[1][..], false),
        (5, version(5), &[6][..], true),
        (5, Version::NONE, &[4][..], false),
        (5, version(5), &[][..], false),
        (5, version(5), &[9][..], false),
    ] {
        let mut world = World::new();
        hold(&mut world, held, &[]);
        hold(&mut world, held, if held == 5 { &[9] } else { &[] });
        let teller = sender(at(0), PEER);
        let (reconciler, base) = world.exchange();
        let bit = reconciler.link(&mut base.cx, &teller).unwrap();
        let want = showing(from, shown);
        reconciler.look_for_loose(&mut base.cx, &teller, &Want { bit, ..want });
        assert_eq!(
            world.row(OWNER).marks.lacks_loose,
            asks,
            "{shown:?} above {held}"
        );
    }
}

/// Where single entries are asked for, of an owner of which 300 writes are known and 10 covered.
fn asked_from(order: Reconciliation, told: u32, in_vain: bool, round: u16) -> u32 {
    let mut world = World::new();
    let config = Config::new(ME).reconciliation(order).mtu_floor(300);
    world.tables.base.cx.config = config.check().unwrap();
    hold(&mut world, 10, &[300]);
    world.marks(OWNER, |marks| {
        marks.told = version(told);
        marks.lacks_loose = in_vain;
        marks.fruitless = u8::from(in_vain);
    });
    let (reconciler, base) = world.exchange();
    base.cx.rounds = round;
    let row = base.cx.members.get(OWNER).unwrap();
    let item = reconciler.precise_item(&base.cx, &base.author, 1, row);
    item.from.get()
}

#[test]
fn single_entries_are_asked_for_where_the_order_says_or_else_by_turns() {
    use Reconciliation::{PreciseNewest, PreciseOldest};
    for round in 0..9 {
        assert_eq!(asked_from(PreciseOldest, 200, false, round), 10);
        assert_eq!(asked_from(PreciseNewest, 200, false, round), 136);
    }
    let turns = |order, told, in_vain| {
        let mut seen: std::vec::Vec<_> = (0..40)
            .map(|round| asked_from(order, told, in_vain, round))
            .collect();
        seen.sort_unstable();
        seen.dedup();
        seen
    };
    let stretches = [10, 74, 138, 202, 266];
    assert_eq!(turns(PreciseOldest, 10, false), stretches);
    assert_eq!(turns(PreciseOldest, 200, true), stretches);
    let with_the_last = [10, 74, 138, 202, 236, 266];
    assert_eq!(turns(PreciseNewest, 10, false), with_the_last);
}

#[test]
fn an_owner_about_whom_answers_were_in_vain_is_asked_for_ever_more_rarely() {
    let mut world = World::new();
    for (in_vain, rounds) in [(3, 1), (4, 2), (5, 4), (8, 32), (200, 32)] {
        world.marks(OWNER, |marks| {
            (marks.in_vain, marks.told) = (in_vain, version(5));
        });
        let cx = &mut world.tables.base.cx;
        let asked = (0..64u16).filter(|round| {
            cx.rounds = *round;
            let row = cx.members.get(OWNER).unwrap();
            assert!(!cx.rests(row, version(6)), "more than was told");
            !cx.rests(row, version(5))
        });
        assert_eq!(asked.count(), 64 / rounds, "{in_vain}");
    }
}

#[test]
fn a_re_cover_of_the_gone_is_stuck_at_times_that_get_longer() {
    let mut world = World::new();
    hold(&mut world, 3, &[]);
    let recover = Recover {
        cursor: version(9),
        target: version(12),
        finish: version(12),
    };
    world.hold(OWNER, |progress| progress.recover = Some(recover));
    let stuck = |world: &World, now| {
        let (cx, swim) = (&world.tables.base.cx, &world.tables.base.swim);
        Reconciler::is_stuck(cx, swim, at(now), world.row(OWNER))
    };
    assert!(!stuck(&world, 60_000), "it lives");
    world.facts(OWNER, |facts| facts.liveness = Liveness::Dead);
    let half = world.tables.base.cx.fading_time();
    world.tables.base.swim.timers.set(OWNER, at(0).after(half));
    let seconds = (0..64u64).filter(|second| stuck(&world, second * 1000));
    let seconds: std::vec::Vec<_> = seconds.collect();
    let runs: std::vec::Vec<_> = (8..12).chain(16..24).chain(32..48).collect();
    assert_eq!(seconds, runs);
    world.marks(OWNER, |marks| marks.pull = 1);
    assert!(!stuck(&world, 8000), "somebody has more");
}

#[test]
fn whoever_asks_for_another_life_is_told_the_row() {
    let (mut mine, mut theirs) = pair(|config| config);
    hold(&mut theirs, 5, &[5]);
    let later = Generation {
        counter: 2,
        nonce: [9; 4],
    };
    theirs.facts(OWNER, |facts| facts.generation = later);
    let (reconciler, base) = mine.exchange();
    reconciler.compare_held(base, &sender(at(0), PEER), OWNER, version(5));
    assert!(
        say(&mut mine, &mut theirs),
        "the pull, for the life known here"
    );
    let bit = bit_of(&theirs, ME);
    say(&mut theirs, &mut mine);
    assert_eq!(theirs.row(OWNER).marks.tell & bit, bit);
    assert!(say(&mut theirs, &mut mine));
    assert!(
        versions(&mine).is_empty(),
        "nothing of a life that is not proven"
    );
    assert_eq!(mine.row(OWNER).facts.generation, later);
}

#[test]
fn the_slow_begin_one_exchange_at_a_time_and_nobody_begins_one_with_them() {
    let mut rng = crate::SplitMix64::new(1);
    let mut world = World::new();
    let begun = |world: &mut World, rng: &mut crate::SplitMix64| {
        let (reconciler, base) = world.exchange();
        reconciler.next_exchange = at(0);
        base.cx.rounds = 1;
        reconciler.begin_exchanges(base, at(0), Some(PEER), rng);
        let root = Message::Root(reconciler.direction, Sums::Whole);
        let to = base.cx.outbox.owed(root);
        if let Some((at, _)) = base.cx.outbox.next_to(8, 0) {
            base.cx.outbox.done(at);
        }
        to
    };
    assert_eq!(begun(&mut world, &mut rng), Some(8));
    world.facts(PEER, |facts| facts.liveness = Liveness::Slow);
    assert_eq!(begun(&mut world, &mut rng), None);
    for id in [OWNER, PEERS[1]] {
        world.facts(id, |facts| facts.liveness = Liveness::Slow);
    }
    let (_, base) = world.exchange();
    base.cx.rounds = 0;
    world.facts(PEER, |facts| facts.liveness = Liveness::Alive);
    world.facts(ME, |facts| facts.liveness = Liveness::Slow);
    assert_eq!(
        begun(&mut world, &mut rng),
        Some(8),
        "it begins them itself"
    );
}

/// All rows of a world, as it lists them.
fn listing<'b>(world: &World, buf: &'b mut [u8]) -> Section<'b, u16> {
    let head = ListingHead {
        salt: 0,
        reply: false,
        prefix: Prefix::ROOT,
    };
    let compared = world.tables.base.cx.compared();
    let mut writer = Writer::new(buf);
    for row in compared.members.range(Prefix::ROOT) {
        assert!(writer.put(&compared.summary_of(row, Sums::Whole, head.salt)));
    }
    let len = writer.len();
    Section::Listing(head, Items::new(&buf[..len]))
}

#[test]
fn who_only_takes_shows_its_rows_where_facts_differ_and_who_gives_tells_them() {
    for (direction, shows) in [(Direction::Both, false), (Direction::Pull, true)] {
        let (mut mine, mut theirs) = pair(|config| config);
        let mut buf = [0; 200];
        mine.tables.reconciler.direction = direction;
        take(&mut mine, &sender(at(0), PEER), listing(&theirs, &mut buf));
        let bit = bit_of(&mine, PEER);
        assert!(mine.tables.reconciler.ranges.first(bit).is_none());
        theirs.facts(OWNER, |facts| facts.incarnation = Incarnation::MAX);
        take(&mut mine, &sender(at(0), PEER), listing(&theirs, &mut buf));
        let owed = mine.tables.reconciler.ranges.first(bit);
        assert_eq!(
            owed.map(|duty| duty.1.owed == Owed::Reply),
            shows.then_some(true)
        );
        assert_eq!(mine.row(OWNER).marks.tell & bit != 0, !shows);
    }
}

#[test]
fn whoever_tells_the_row_of_a_doubted_life_has_it_asked_for_its_proof() {
    let mut world = World::new();
    let (swim, cx, _) = world.swim();
    swim.doubt(cx, OWNER);
    cx.outbox.clear();
    let row = swim.row_of(cx, at(0), cx.members.get(OWNER).unwrap());
    let (reconciler, base) = world.exchange();
    reconciler.take_told_row(base, &sender(at(0), PEER), &row);
    let asked = (0..9).filter_map(|index| base.cx.outbox.next_to(7, index));
    let asked: std::vec::Vec<_> = asked.map(|(_, message)| message).collect();
    assert!(matches!(asked[..], [Message::Ping(_)]), "{asked:?}");
}

#[test]
fn where_single_entries_find_no_room_nothing_is_said_until_there_is_some() {
    for (taken, says) in [(12, false), (0, true)] {
        let mut world = World::new();
        hold(&mut world, 5, &[9]);
        let teller = sender(at(0), PEER);
        let (reconciler, base) = world.exchange();
        let mut want = showing(version(5), &[]);
        want.digest.held = version(5);
        reconciler.take_pull(base, &teller, 3, core::iter::once(want));
        let bit = reconciler.slots.of_peer(PEER).unwrap().bit;
        let mut buf = [0; 20];
        let mut writer = Writer::new(&mut buf);
        assert!((0..taken).all(|_| writer.put(&0u8)));
        reconciler.write_claims(&mut base.cx, &base.author, at(0), bit, &mut writer, 0);
        assert_eq!(writer.len() > taken, says, "{taken} bytes are taken");
    }
}
