//! The table driven by hand: whatever is done to rows, fingerprints and counts are those of the rows that are there.

use super::*;
use crate::context::Replica;
use crate::entries::delta::Progress;
use crate::id::{Incarnation, Version};
use crate::rng::{SplitMix64, below};
use crate::storage::InlineList;
use rand_core::Rng;

type Rows = Table<u16, InlineList<Member<u16>, 12>>;

fn facts(counter: u16) -> Facts<u16> {
    Facts {
        generation: Generation {
            counter,
            nonce: [7; 4],
        },
        incarnation: Incarnation::default(),
        liveness: Liveness::Alive,
        address: Some(counter),
    }
}

fn member(number: u64) -> Member<u16> {
    Member::new(NodeId::truncated(number), facts(1))
}

/// The sum and the count as they follow from the rows.
fn counted(table: &Rows, kept: Sums) -> (u64, usize) {
    let sum = table
        .iter()
        .fold(0u64, |sum, row| sum.wrapping_add(row.kept_weight(kept)));
    (sum, table.iter().filter(|row| row.is_live()).count())
}

fn change(table: &mut Rows, id: NodeId, chance: u32) {
    let yes = chance & 1 == 0;
    table.edit(id, |mut row| match chance % 9 {
        0 => row.facts().liveness = Liveness::Dead,
        1 => row.facts().liveness = Liveness::Slow,
        2 => row.facts().address = None,
        3 => row.facts().generation.counter = chance as u16,
        4 => row.fade(yes),
        5 => row.await_word(yes),
        6 => row.veil(yes),
        7 => row.doubt_death(yes),
        _ => {
            let held = Version::new(chance >> 8).unwrap();
            let progress = Progress {
                held,
                ..Progress::BIRTH
            };
            *row.replica() = Replica::at(progress);
        }
    });
}

#[test]
fn fingerprints_and_counts_are_those_of_the_rows() {
    for (seed, kept) in [(1, Sums::Whole), (2, Sums::Lasting), (3, Sums::Facts)] {
        let mut table = Rows::new(InlineList::new());
        match kept {
            Sums::Facts => table.keep_facts_alone(),
            Sums::Lasting => table.keep_no_leases(),
            Sums::Whole => {}
        }
        let mut rng = SplitMix64::new(seed);
        for _ in 0..4000 {
            let id = NodeId::truncated(rng.next_u64() % 16);
            match below(rng.next_u32(), 12) {
                0 => drop(table.insert(member(id.get()))),
                1 => drop(table.append(member(id.get()))),
                2 => drop(table.remove(id)),
                3 => table.forget(id),
                4 => drop(table.take_forgotten()),
                5 => drop(table.make_room_among_forgotten(id)),
                _ => change(&mut table, id, rng.next_u32()),
            }
            let (sum, live) = counted(&table, kept);
            assert_eq!(table.kept_sum(Prefix::ROOT), Some(sum));
            assert_eq!(table.live(), live);
            let places = table.iter().map(|row| row.id.place());
            assert!(places.is_sorted(), "rows stand in the order of places");
        }
    }
}

#[test]
fn parts_of_a_range_sum_to_it() {
    let mut table = Rows::new(InlineList::new());
    for number in 0..12 {
        table.insert(member(number)).unwrap();
    }
    let parts = (0..RADIX).filter_map(|index| table.kept_sum(Prefix::ROOT.part(index)?));
    let sum = parts.fold(0u64, u64::wrapping_add);
    assert_eq!(table.kept_sum(Prefix::ROOT), Some(sum));
    let deeper = Prefix::ROOT.part(3).and_then(|part| part.part(5)).unwrap();
    assert_eq!(table.kept_sum(deeper), None, "summed when it is asked for");
}

#[test]
fn each_change_is_told_once_and_in_order() {
    let mut table = Rows::new(InlineList::new());
    for number in 0..6 {
        table.insert(member(number)).unwrap();
    }
    let mut all = 0;
    let mut last = None;
    while let Some(id) = table.take_changed() {
        assert!(last.is_none_or(|last| last < id.place()));
        last = Some(id.place());
        all += 1;
    }
    assert_eq!(all, 6, "those that were inserted");
    table.mark_changed(NodeId::truncated(4));
    table.mark_changed(NodeId::truncated(4));
    assert_eq!(table.take_changed(), Some(NodeId::truncated(4)));
    assert_eq!(table.take_changed(), None);
}

#[test]
fn the_forgotten_wait_for_their_events_and_give_way() {
    let mut table = Rows::new(InlineList::new());
    for number in 0..12 {
        table.insert(member(number)).unwrap();
    }
    let (first, second) = (NodeId::truncated(3), NodeId::truncated(5));
    table.forget(first);
    table.forget(second);
    assert_eq!((table.len(), table.is_full()), (10, false));
    assert!(table.get(first).is_none());
    assert!(table.insert(member(20)).is_err(), "shells fill the list");
    assert!(table.make_room_among_forgotten(second), "it comes back");
    assert!(table.insert(member(5)).is_ok());
    assert_eq!(table.take_forgotten(), Some(first));
    assert_eq!(table.take_forgotten(), None);
}
