//! Shared keys over real nodes: each origin counts once, whatever the network loses or repeats, whoever
//! restarts, is forgotten, or keeps a copy.

use crate::sharing;
use crate::support;

use gossip_core::persist::Age;
use gossip_core::shared::{Merge, Merged, Wall, copy_of};
use gossip_core::wire::Kind;
use gossip_core::{Duration, Node, Reconciliation, SetError, Storage, Tables, inline};
use sharing::*;
use support::alone::{Alone, alive, claim, first, lived, says, says_in};
use support::craft::body;
use support::{Large, Net, Weather, id};

#[test]
fn a_counter_is_exact_under_loss_repetition_and_reordering() {
    for mtu in [127, 300] {
        let mut net = cluster(6, 11, mtu, Weather::WILD);
        let mut total = 0;
        for _ in 0..60 {
            let (at, amount) = (net.random(6) as u16, net.random(9) as i64 - 3);
            net.node(at).count("hits", amount).unwrap();
            total += amount;
            let pause = net.random(900);
            net.run(pause);
        }
        settle(&mut net);
        all_read(&net, "hits", total);
    }
}

#[test]
fn what_was_counted_before_a_restart_without_memory_stays_counted() {
    let weathers = [Weather::FAIR, Weather::LOSSY];
    for (seed, weather) in (2..8).flat_map(|seed| weathers.map(|weather| (seed, weather))) {
        let mut net = cluster(5, seed, 300, weather);
        let mut total = 0;
        for life in 1..=4 {
            for at in 0..5 {
                net.node(at).count("hits", life).unwrap();
                total += life;
            }
            settle(&mut net);
            restart(&mut net, 3);
            // Counted before anybody knows it again.
            net.node(3).count("hits", 100).unwrap();
            total += 100;
            run_watched(&mut net, 30_000, "hits", total);
            settle(&mut net);
            all_read(&net, "hits", total);
        }
    }
}

/// A state that is older than what others heard, and one that is not.
#[test]
fn counting_goes_on_from_a_stored_state() {
    for lost in [0, 7] {
        let mut net = cluster(4, 16, 300, Weather::FAIR);
        (0..4).for_each(|at| net.node(at).count("hits", 10).unwrap());
        settle(&mut net);
        let mut state = vec![0; 10_000];
        let now = net.instant();
        let len = net.node(2).export(now).read(&mut state);
        if lost > 0 {
            net.node(2).count("hits", lost).unwrap();
            settle(&mut net);
        }
        let age = match lost {
            0 => Age::Current,
            _ => Age::AtMost(Duration::from_secs(60)),
        };
        let checked = settings(2, 300).check().unwrap();
        let node = Node::import(checked, Large::tables(), net.instant(), age, &state[..len]);
        net.nodes[2] = Some(Box::new(node.unwrap()));
        assert_eq!(net.node(2).count("hits", 1), Err(SetError::NotStarted));
        net.run(1);
        net.node(2).count("hits", 100).unwrap();
        run_watched(&mut net, 30_000, "hits", 140 + lost);
        settle(&mut net);
        all_read(&net, "hits", 140 + lost);
    }
}

#[test]
fn all_restart_one_by_one_and_nothing_is_lost() {
    let mut net = cluster(4, 8, 300, Weather::FAIR);
    (0..4).for_each(|at| net.node(at).count("hits", 1 << at).unwrap());
    for at in 0..4 {
        settle(&mut net);
        restart(&mut net, at);
        net.run(30_000);
    }
    settle(&mut net);
    all_read(&net, "hits", 15);
}

#[test]
fn survivors_keep_what_a_forgotten_owner_contributed() {
    let mut net = cluster(5, 3, 300, Weather::LOSSY);
    for at in 0..5 {
        net.node(at).count("hits", 10).unwrap();
        net.node(at).share_number("level", i64::from(at)).unwrap();
        net.node(at).include("tags", &[b'a' + at as u8]).unwrap();
    }
    let noon = Some(Wall::from_unix_millis(1_000_000));
    net.node(4).share("mode", b"night", noon).unwrap();
    settle(&mut net);
    crash(&mut net, 4);
    net.run(FORGOTTEN_MILLIS);
    assert!(net.live().all(|node| node.member(id(5)).is_none()));
    settle(&mut net);
    all_read(&net, "hits", 50);
    for at in 0..4 {
        assert_eq!(number(&mut net, at, "level", Merge::Max), Some(4));
        assert_eq!(
            text(&mut net, at, "mode", Merge::Last).as_deref(),
            Some("night")
        );
        assert_eq!(elements(&mut net, at, "tags"), ["a", "b", "c", "d", "e"]);
        assert_eq!(
            net.node(at).merged("hits", Merge::Count).map(count),
            Some(5)
        );
        assert_eq!(copies(&mut net, at), 4, "one copy of each of four keys");
    }
}

#[test]
fn what_was_contributed_for_a_time_is_not_kept() {
    let mut net = cluster(5, 4, 300, Weather::FAIR);
    for at in 0..5 {
        net.node(at).share_number("level", i64::from(at)).unwrap();
    }
    let (now, ttl) = (net.instant(), Duration::from_secs(3600));
    assert_eq!(net.node(4).renew(now, "level", ttl), Ok(true));
    settle(&mut net);
    assert_eq!(number(&mut net, 0, "level", Merge::Max), Some(4));
    crash(&mut net, 4);
    net.run(FORGOTTEN_MILLIS);
    settle(&mut net);
    for at in 0..4 {
        assert_eq!(number(&mut net, at, "level", Merge::Max), Some(3));
        assert_eq!(copies(&mut net, at), 0);
    }
}

#[test]
fn both_sides_of_a_partition_keep_copies_and_each_origin_counts_once() {
    let mut net = cluster(6, 4, 300, Weather::LOSSY);
    (0..6).for_each(|at| net.node(at).count("hits", 1 << at).unwrap());
    settle(&mut net);
    // Two sides, and one node alone, which is gone when they meet again.
    net.connected = |from, to| from != 5 && to != 5 && (from < 2) == (to < 2);
    net.run(FORGOTTEN_MILLIS);
    crash(&mut net, 5);
    assert_eq!(net.node(0).live(), 2);
    assert_eq!(net.node(3).live(), 3);
    all_read(&net, "hits", 63);
    (0..5).for_each(|at| net.node(at).count("hits", 100).unwrap());
    net.run(2_000);
    let apart = sums(&net, "hits");
    assert_eq!(apart, [263, 263, 363, 363, 363].map(Some));
    net.connected = |_, _| true;
    run_watched(&mut net, 60_000, "hits", 563);
    settle(&mut net);
    all_read(&net, "hits", 563);
    // Those that are back speak for themselves; of the one that is gone one copy is left.
    for at in 0..5 {
        assert_eq!(copies(&mut net, at), 1);
    }
}

/// Crashes lose what nobody heard of; nothing else is lost, and nothing is ever counted twice.
fn whatever_happens(seed: u64, order: Reconciliation) {
    const SPLITS: [fn(u16, u16) -> bool; 3] = [
        |_, _| true,
        |from, to| (from < 2) == (to < 2),
        |from, to| (from % 2) == (to % 2),
    ];
    let settings = |address| settings(address, 300).reconciliation(order);
    let mut net = cluster_with(5, seed, (300, Weather::LOSSY), settings);
    let mut total = 0;
    for _ in 0..25 {
        match net.random(8) {
            0 => crash(&mut net, 4),
            1 => {
                let at = net.random(4) as u16 + 1;
                restart_with(&mut net, at, settings(at));
            }
            2 => net.connected = SPLITS[net.random(3) as usize],
            _ => {
                let at = net.random(4) as u16;
                net.node(at).count("hits", 1 << at).unwrap();
                total += 1 << at;
            }
        }
        let pause = net.random(20) * net.random(1_000);
        run_watched(&mut net, pause, "hits", total);
    }
    net.connected = SPLITS[0];
    run_watched(&mut net, FORGOTTEN_MILLIS, "hits", total);
    settle(&mut net);
    let read = sums(&net, "hits");
    assert!(read.windows(2).all(|pair| pair[0] == pair[1]), "{read:?}");
}

#[test]
fn whatever_happens_nobody_reads_more_than_was_counted_and_all_read_the_same() {
    // The last are those that showed a sum that fell.
    let fell = [584, 630, 906, 976, 977];
    let play = |seed| whatever_happens(seed, Reconciliation::ScuttleDepth);
    (0..200).chain(fell).for_each(play);
}

#[test]
fn whatever_happens_in_precise_orders_too() {
    // The last are those in which a sum fell while single entries were taken at once.
    let fell = [345, 510, 620, 799];
    let play = |seed| whatever_happens(seed, Reconciliation::PreciseNewest);
    (0..40).chain(fell).for_each(play);
    for order in [Reconciliation::PreciseOldest, Reconciliation::PreciseRandom] {
        (40..60).for_each(|seed| whatever_happens(seed, order));
    }
}

/// So many runs of one order, all of them, whichever fail.
fn play_many(seeds: core::ops::Range<u64>, order: Reconciliation) {
    let play = |seed| whatever_happens(seed, order);
    let fails = |seed: &u64| std::panic::catch_unwind(|| play(*seed)).is_err();
    let failed: Vec<u64> = seeds.filter(fails).collect();
    assert!(failed.is_empty(), "{order:?}: seeds {failed:?}");
}

#[test]
#[ignore = "takes minutes"]
fn whatever_happens_in_a_thousand_runs() {
    play_many(200..1000, Reconciliation::ScuttleDepth);
}

#[test]
#[ignore = "takes minutes"]
fn whatever_happens_in_a_thousand_runs_of_a_precise_order() {
    play_many(200..1600, Reconciliation::PreciseNewest);
}

#[test]
fn a_copy_is_kept_on_when_its_keeper_is_forgotten_too() {
    let mut net = cluster(6, 5, 300, Weather::FAIR);
    (0..6).for_each(|at| net.node(at).count("hits", 1 << at).unwrap());
    settle(&mut net);
    crash(&mut net, 5);
    net.run(FORGOTTEN_MILLIS);
    let keeper = net.live().position(|node| {
        node.entries_of(node.id())
            .any(|entry| copy_of(entry.key).is_some())
    });
    let keeper = keeper.expect("somebody keeps a copy") as u16;
    crash(&mut net, keeper);
    net.run(FORGOTTEN_MILLIS);
    settle(&mut net);
    all_read(&net, "hits", 63);
    assert!(
        net.live()
            .all(|node| node.live() == 4 && node.members().count() == 4)
    );
    // And a restart without memory of whoever keeps both now.
    for at in (0..5).filter(|at| *at != keeper) {
        restart(&mut net, at);
        net.node(at).join(if keeper == 1 { 2 } else { 1 }).unwrap();
        net.run(30_000);
        settle(&mut net);
        all_read(&net, "hits", 63);
    }
}

#[test]
fn an_owner_that_comes_back_is_counted_once_and_speaks_for_itself() {
    let mut net = cluster(5, 6, 300, Weather::FAIR);
    (0..5).for_each(|at| net.node(at).count("hits", 7).unwrap());
    net.node(4).share("mode", b"old", None).unwrap();
    settle(&mut net);
    net.connected = |from, to| from != 4 && to != 4;
    net.run(FORGOTTEN_MILLIS);
    net.node(4).count("hits", 5).unwrap();
    net.node(4).share("mode", b"new", None).unwrap();
    assert_eq!(copies(&mut net, 0), 2);
    net.connected = |_, _| true;
    run_watched(&mut net, 60_000, "hits", 40);
    settle(&mut net);
    all_read(&net, "hits", 40);
    for at in 0..5 {
        assert_eq!(
            text(&mut net, at, "mode", Merge::Last).as_deref(),
            Some("new")
        );
        assert_eq!(copies(&mut net, at), 0);
    }
    assert_eq!(net.node(4).delete("hits"), Ok(true));
    settle(&mut net);
    all_read(&net, "hits", 28);
}

#[test]
fn an_owner_that_deletes_a_key_withdraws_the_copies_too() {
    let mut net = cluster(4, 7, 300, Weather::FAIR);
    net.node(3).share("mode", b"old", None).unwrap();
    settle(&mut net);
    crash(&mut net, 3);
    net.run(FORGOTTEN_MILLIS);
    restart(&mut net, 3);
    net.run(10_000);
    assert_eq!(
        text(&mut net, 3, "mode", Merge::Last).as_deref(),
        Some("old")
    );
    assert_eq!(net.node(3).delete("mode"), Ok(false));
    net.node(3).share("mode", b"newer", None).unwrap();
    net.node(3).delete("mode").unwrap();
    net.run(20_000);
    settle(&mut net);
    for at in 0..4 {
        assert_eq!(text(&mut net, at, "mode", Merge::Last), None);
    }
}

#[test]
fn another_keeps_a_copy_where_the_first_cannot() {
    let adopters = |floors: [usize; 5]| {
        let mut net = Net::new(9, 300, Weather::FAIR);
        for (address, floor) in (0..).zip(floors) {
            add(&mut net, address, floor);
        }
        net.run(20_000);
        net.node(4).count("hitcount", 9).unwrap();
        settle(&mut net);
        crash(&mut net, 4);
        net.run(FORGOTTEN_MILLIS);
        // Where two kept one at a time, the one farther from the owner drops its own.
        net.run(120_000);
        if floors == [300; 5] {
            settle(&mut net);
            all_read(&net, "hitcount", 9);
        }
        // Whose floor is too small refuses what others kept, and does not agree with them.
        let fit = (0..4).filter(|at| floors[usize::from(*at)] == 300);
        for at in fit {
            let sum = sums(&net, "hitcount")[usize::from(at)];
            assert_eq!((sum, copies(&mut net, at)), (Some(9), 1), "at {at}");
        }
        let adoptions: Vec<u32> = net.live().map(|node| node.stats().adoptions).collect();
        adoptions
    };
    let first = adopters([300; 5]);
    assert_eq!(first.iter().sum::<u32>(), 1);
    // Now that one believes in a floor for which the copy is too large.
    let keeper = first.iter().position(|count| *count == 1).unwrap();
    let mut floors = [300; 5];
    floors[keeper] = 64;
    let second = adopters(floors);
    assert_eq!(second[keeper], 0);
    assert!(second.iter().sum::<u32>() >= 1, "{second:?}");
}

#[test]
fn a_copy_that_fits_no_datagram_is_refused_and_counted() {
    let mut net = cluster(3, 10, 64, Weather::FAIR);
    net.node(2).count("hits", 9).unwrap();
    net.node(2).count("hitcount", 9).unwrap();
    assert!(matches!(
        net.node(2).count("hitcounter", 9),
        Err(SetError::Entry { .. })
    ));
    settle(&mut net);
    crash(&mut net, 2);
    net.run(FORGOTTEN_MILLIS);
    settle(&mut net);
    all_read(&net, "hits", 9);
    assert_eq!(sums(&net, "hitcount"), [None, None]);
    assert!(net.live().all(|node| node.stats().adoptions_refused > 0));
}

inline! {
    /// Keeps two copies at most.
    struct Two {
        members: 8, entries: 60, key: 16, value: 32, news: 16, duties: 16,
        relays: 4, seeds: 4, exchanges: 4, ranges: 8, wants: 8, copies: 2,
    }
}

inline! {
    /// Keeps none.
    struct Without {
        members: 8, entries: 60, key: 16, value: 32, news: 16, duties: 16,
        relays: 4, seeds: 4, exchanges: 4, ranges: 8, wants: 8,
    }
}

/// Five nodes, of which the last one crashes after it counted with three keys, long enough ago to be
/// forgotten: how many copies each of the others made, and what they read together.
fn after_a_crash<S: Storage<u16>>(tables: fn() -> Tables<u16, S>) -> (Vec<u32>, Vec<usize>) {
    let mut net = Net::new(3, 300, Weather::FAIR);
    for address in 0..5 {
        net.add(settings(address, 300).check().unwrap(), tables());
        if address > 0 {
            net.node(address).join(0).unwrap();
        }
    }
    net.run(20_000);
    for key in ["a", "b", "c"] {
        net.node(4).count(key, 1).unwrap();
    }
    net.run(10_000);
    net.nodes[4] = None;
    net.run(FORGOTTEN_MILLIS);
    let made = net.live().map(|node| node.stats().adoptions).collect();
    let read = net.live().map(|node| {
        let keys = ["a", "b", "c"].into_iter();
        keys.filter_map(|key| node.merged(key, Merge::Sum)).count()
    });
    (made, read.collect())
}

#[test]
fn a_node_that_may_keep_no_more_copies_leaves_the_rest_to_others() {
    let (mut made, read) = after_a_crash(Two::tables);
    made.sort();
    assert_eq!(made, [0, 0, 1, 2]);
    assert_eq!(read, [3; 4]);
}

#[test]
fn a_storage_without_copies_keeps_none() {
    assert_eq!(after_a_crash(Without::tables), (vec![0; 4], vec![0; 4]));
}

/// The peer with the id 2 counted 5 as "k": that entry's value, and a copy of it as another keeps it.
fn counted_and_copy() -> (Vec<u8>, (String, Vec<u8>)) {
    let mut net = cluster(4, 20, 1400, Weather::FAIR);
    net.node(1).count("k", 5).unwrap();
    settle(&mut net);
    let counted = net.node(0).get(id(2), "k").unwrap().to_vec();
    restart(&mut net, 1);
    net.run(1_000);
    let mut entries = net.node(0).entries();
    let copy = entries.find(|entry| copy_of(entry.key).is_some()).unwrap();
    (counted, (copy.key.to_owned(), copy.value.to_vec()))
}

/// What a node reads of 5 that peer 2 counted in the life before, once it has heard entries of its new life, if
/// peer 3, which keeps a copy of that, goes on doing so or not.
fn read_after_a_new_life(kept: bool) -> Option<i64> {
    let (counted, (key, copy)) = counted_and_copy();
    let mut alone = Alone::among(9, 1400);
    let written = [0, 2, 2, 0, 2];
    alone.hear(says(
        2,
        &[claim(2, first(2), written, &[("k", 2, Some(&counted))])],
    ));
    let newborn = body(&[alive(2, lived(2, 5))]);
    alone.hear(says(3, &[(Kind::Rows, newborn)]));
    let sent = alone.sent();
    let token = sent.iter().find(|sent| sent.to == 1).unwrap().pings()[0];
    let keeps = claim(3, first(3), written, &[(&key, 2, Some(&copy))]);
    alone.hear(says(3, &[keeps]));
    let proof = [(Kind::Ack, body(&[token]))];
    alone.hear(says_in(2, lived(2, 5), &proof));
    if !kept {
        let drops = claim(3, first(3), [2, 3, 3, 0, 3], &[(&key, 3, None)]);
        alone.hear(says(3, &[drops]));
    }
    let own = alone.node.entries().any(|entry| entry.owner == id(1));
    assert!(!own, "it keeps a copy itself");
    let anew = claim(2, lived(2, 5), written, &[("other", 2, Some(b"x"))]);
    alone.hear(says_in(2, lived(2, 5), &[anew]));
    let taken = alone.node.get(id(2), "other").is_some();
    assert_eq!(taken, kept);
    match alone.node.merged("k", Merge::Sum)? {
        Merged::Number(number) => Some(number),
        _ => panic!("no number"),
    }
}

/// It may hear that a copy went before it hears of the better one for which it went.
#[test]
fn a_new_life_waits_while_no_copy_of_what_it_counted_is_there() {
    for kept in [true, false] {
        assert_eq!(read_after_a_new_life(kept), Some(5), "{kept}");
    }
}
