//! What entries and claims do to a replica, at the edges.

use crate::delta_world;

use delta_world::short::{claim, deleted, marked, progress, recovering, replica, set};
use delta_world::{Held, Replica, Table, Told, key_name, v};
use gossip_core::entries::delta::{Claim, Listed, Outcome};

const A: usize = 0;
const B: usize = 1;

/// Gives `replica` a claim with its list.
fn take(replica: &mut Replica<2>, claim: Claim, list: [Option<Held>; 2]) -> Outcome {
    let told = Told {
        form: delta_world::Form::Whole,
        life: 0,
        claim,
        list: Table(list),
    };
    replica
        .progress
        .apply_claim(&mut replica.table, &told.claim, told.list.listed())
}

/// Gives `replica` one entry of key A alone.
fn take_entry(replica: &mut Replica<2>, version: u32) -> bool {
    let value = [version as u8];
    let entry = Listed {
        key: key_name(A),
        version: v(version),
        value: Some(&value),
        expires: None,
    };
    replica.progress.apply_entry(&mut replica.table, entry)
}

#[test]
fn an_entry_alone_moves_as_of_but_not_held() {
    let mut x = replica(progress(2, 0, 2), [None; 2]);
    assert!(take_entry(&mut x, 5));
    assert_eq!(x, replica(progress(2, 0, 5), [set(5), None]));
    assert!(take_entry(&mut x, 7));
    assert_eq!(x, replica(progress(2, 0, 7), [set(7), None]));
}

#[test]
fn an_entry_must_be_above_the_floor_and_newer_than_what_is_held() {
    let mut x = replica(recovering(2, 0, 9, (4, 6, 9)), [None, set(9)]);
    for known in [1, 2, 3, 4] {
        assert!(!take_entry(&mut x, known), "at or below the floor");
    }
    assert!(take_entry(&mut x, 5));
    let held = x.clone();
    assert!(
        !take_entry(&mut x, 5),
        "held already: nothing new to tell anybody"
    );
    assert_eq!(x, held);
    assert!(take_entry(&mut x, 6));
    assert!(!take_entry(&mut x, 5));
}

#[test]
fn a_tombstone_is_an_entry_like_any_other() {
    let mut x = replica(progress(0, 0, 5), [deleted(5), None]);
    assert!(!take_entry(&mut x, 4));
    assert!(take_entry(&mut x, 6));
    assert_eq!(x.table, Table([set(6), None]));
}

#[test]
fn a_marked_entry_is_kept_marked_unless_a_newer_write_replaces_it() {
    let mut x = replica(recovering(0, 0, 9, (0, 6, 9)), [marked(5), None]);
    assert!(!take_entry(&mut x, 5));
    assert!(x.table.is_marked(A));
    assert!(take_entry(&mut x, 6));
    assert_eq!(x.table, Table([set(6), None]));
}

#[test]
fn a_normal_claim_moves_held_to_its_end_and_drops_nothing() {
    let mut x = replica(progress(2, 1, 3), [set(3), set(2)]);
    let outcome = take(&mut x, claim((2, 5), 6, 2, 8), [None, set(4)]);
    assert_eq!(outcome, Outcome::Advanced);
    assert_eq!(x, replica(progress(5, 1, 8), [set(3), set(4)]));
}

#[test]
fn a_normal_claim_may_begin_below_held() {
    let mut x = replica(progress(2, 0, 2), [set(2), None]);
    assert_eq!(
        take(&mut x, claim((0, 3), 3, 2, 3), [set(1), set(3)]),
        Outcome::Advanced
    );
    assert_eq!(x, replica(progress(3, 0, 3), [set(2), set(3)]));
}

#[test]
fn a_normal_claim_ends_a_recovery_and_clears_its_marks() {
    let mut x = replica(recovering(1, 0, 9, (4, 6, 9)), [marked(2), set(8)]);
    assert_eq!(
        take(&mut x, claim((1, 3), 3, 1, 3), [None, set(3)]),
        Outcome::Advanced
    );
    assert_eq!(x, replica(progress(3, 0, 9), [set(2), set(8)]));
    // The floor is `held` again: an entry between it and the old cursor is taken.
    let mut y = replica(recovering(1, 0, 9, (4, 6, 9)), [marked(2), None]);
    assert_eq!(
        take(&mut y, claim((1, 3), 3, 1, 3), [None, set(3)]),
        Outcome::Advanced
    );
    assert_eq!(y.table, Table([set(2), set(3)]));
}

#[test]
fn a_claim_out_of_place_changes_nothing() {
    let settled = replica(progress(3, 1, 5), [set(2), set(5)]);
    let under_way = replica(recovering(3, 1, 9, (4, 6, 9)), [marked(2), set(5)]);
    let cases = [
        (&settled, claim((0, 3), 4, 3, 4), "nothing beyond held"),
        (&settled, claim((4, 5), 5, 3, 5), "a gap after held"),
        (
            &settled,
            claim((1, 6), 6, 4, 6),
            "a re-cover begins at zero",
        ),
        (&under_way, claim((5, 7), 7, 4, 7), "a gap after the cursor"),
        (
            &under_way,
            claim((0, 4), 6, 6, 6),
            "nothing beyond the cursor",
        ),
        (
            &under_way,
            claim((4, 5), 5, 5, 5),
            "a sender below the target",
        ),
        (
            &under_way,
            claim((4, 8), 8, 7, 8),
            "a restart begins at zero",
        ),
    ];
    for (before, claim, why) in cases {
        let mut x = before.clone();
        assert!(claim.is_plausible(), "{why}");
        assert_eq!(
            take(&mut x, claim, [set(9), None]),
            Outcome::Ignored,
            "{why}"
        );
        assert_eq!(x, *before, "{why}");
    }
}

#[test]
fn a_recovery_starts_with_what_the_replica_depends_on_itself() {
    let mut x = replica(progress(1, 0, 7), [set(2), set(7)]);
    assert_eq!(
        take(&mut x, claim((0, 3), 5, 4, 5), [None, set(3)]),
        Outcome::Stepped
    );
    assert_eq!(
        x,
        replica(recovering(1, 0, 7, (3, 4, 7)), [marked(2), set(7)])
    );
}

#[test]
fn a_step_marks_only_values_that_the_claim_covers_and_does_not_list() {
    let before = [set(3), deleted(4)];
    let mut x = replica(recovering(0, 0, 9, (2, 6, 9)), before);
    assert_eq!(
        take(&mut x, claim((2, 4), 6, 6, 6), [None; 2]),
        Outcome::Stepped
    );
    assert_eq!(x.table, Table([marked(3), deleted(4)]));

    let mut listed = replica(recovering(0, 0, 9, (2, 6, 9)), before);
    assert_eq!(
        take(&mut listed, claim((2, 4), 6, 6, 6), [set(3), None]),
        Outcome::Stepped
    );
    assert_eq!(listed.table, Table(before));

    let mut outside = replica(recovering(0, 0, 9, (3, 6, 9)), [set(3), set(6)]);
    assert_eq!(
        take(&mut outside, claim((3, 5), 6, 6, 6), [None; 2]),
        Outcome::Stepped
    );
    assert_eq!(outside.table, Table([set(3), set(6)]));
}

#[test]
fn a_repeated_step_is_ignored() {
    let mut x = replica(progress(0, 0, 0), [None; 2]);
    let page = claim((0, 3), 6, 4, 6);
    assert_eq!(take(&mut x, page, [set(2), None]), Outcome::Stepped);
    let once = x.clone();
    assert_eq!(take(&mut x, page, [set(2), None]), Outcome::Ignored);
    assert_eq!(x, once);
}

#[test]
fn a_restart_keeps_finish_and_marks() {
    let mut x = replica(progress(0, 0, 2), [set(2), None]);
    assert_eq!(
        take(&mut x, claim((0, 3), 5, 4, 20), [None; 2]),
        Outcome::Stepped
    );
    assert_eq!(
        x,
        replica(recovering(0, 0, 20, (3, 4, 20)), [marked(2), None])
    );
    assert_eq!(
        take(&mut x, claim((0, 1), 9, 9, 9), [None; 2]),
        Outcome::Stepped
    );
    assert_eq!(
        x,
        replica(recovering(0, 0, 20, (1, 9, 20)), [marked(2), None])
    );
}

#[test]
fn a_restart_does_not_raise_the_finish_to_what_came_alone_meanwhile() {
    let mut x = replica(recovering(0, 0, 30, (3, 4, 20)), [None, set(30)]);
    assert_eq!(
        take(&mut x, claim((0, 1), 9, 9, 9), [None; 2]),
        Outcome::Stepped
    );
    assert_eq!(x.progress, recovering(0, 0, 30, (1, 9, 20)));
}

#[test]
fn a_restart_takes_entries_behind_the_old_cursor_again() {
    let mut x = replica(recovering(1, 0, 9, (6, 6, 9)), [None; 2]);
    let listed = [set(1), set(3)];
    assert_eq!(
        take(&mut x, claim((0, 5), 9, 9, 9), listed),
        Outcome::Stepped
    );
    assert_eq!(x.table, Table([None, set(3)]), "but not behind `held`");
}

#[test]
fn a_gc_behind_the_cursor_needs_no_restart() {
    let mut x = replica(recovering(0, 0, 9, (6, 4, 9)), [None; 2]);
    assert_eq!(
        take(&mut x, claim((6, 7), 7, 6, 7), [None; 2]),
        Outcome::Stepped
    );
    assert_eq!(x.progress, recovering(0, 0, 9, (7, 4, 9)));
}

#[test]
fn a_recovery_finishes_at_target_and_finish_and_drops_what_is_marked() {
    let mut x = replica(recovering(2, 1, 9, (6, 4, 8)), [marked(5), set(9)]);
    assert_eq!(
        take(&mut x, claim((6, 7), 7, 4, 7), [None; 2]),
        Outcome::Stepped
    );
    assert_eq!(
        take(&mut x, claim((7, 8), 8, 4, 8), [None; 2]),
        Outcome::Finished
    );
    assert_eq!(x, replica(progress(8, 4, 9), [None, set(9)]));

    let mut in_one_page = replica(progress(0, 0, 0), [None; 2]);
    assert_eq!(
        take(&mut in_one_page, claim((0, 5), 5, 3, 5), [set(5), None]),
        Outcome::Finished
    );
    assert_eq!(in_one_page, replica(progress(5, 3, 5), [set(5), None]));
}

#[test]
fn a_finish_adopts_the_target_as_gc() {
    let mut x = replica(recovering(5, 5, 9, (8, 6, 9)), [None; 2]);
    assert_eq!(
        take(&mut x, claim((8, 9), 9, 6, 9), [None; 2]),
        Outcome::Finished
    );
    assert_eq!(x.progress, progress(9, 6, 9));
}

#[test]
fn a_recovery_can_be_given_up_at_any_time() {
    let mut x = replica(recovering(2, 1, 9, (6, 4, 8)), [marked(5), set(9)]);
    x.progress.give_up_recover(&mut x.table);
    assert_eq!(x, replica(progress(2, 1, 9), [set(5), set(9)]));
    x.progress.give_up_recover(&mut x.table);
    assert_eq!(x, replica(progress(2, 1, 9), [set(5), set(9)]));
}

/// What it waits for beyond the target is that a value in doubt may have been written again.
#[test]
fn a_recovery_that_is_given_up_covers_what_it_passed_where_nothing_is_marked() {
    for (doubt, at, after) in [
        (set(5), (6, 4, 8), progress(6, 4, 9)),
        (set(5), (4, 4, 8), progress(4, 4, 9)),
        (set(5), (3, 4, 8), progress(2, 1, 9)),
        (marked(5), (6, 4, 8), progress(2, 1, 9)),
    ] {
        let mut x = replica(recovering(2, 1, 9, at), [doubt, set(9)]);
        x.progress.give_up_recover(&mut x.table);
        assert_eq!(x, replica(after, [set(5), set(9)]));
    }
    let mut behind = replica(recovering(5, 1, 9, (4, 4, 8)), [set(5), set(9)]);
    behind.progress.give_up_recover(&mut behind.table);
    assert_eq!(behind.progress, progress(5, 1, 9), "nothing is uncovered");
}

#[test]
fn single_entries_are_covered_as_far_as_they_follow() {
    for (table, held) in [
        ([set(4), set(5)], 5),
        ([set(4), set(6)], 4),
        ([set(5), set(6)], 3),
        ([set(3), deleted(4)], 4),
    ] {
        let mut x = replica(progress(3, 1, 9), table);
        assert_eq!(x.progress.absorb(&x.table), held > 3);
        assert_eq!(x.progress, progress(held, 1, 9));
    }
    let mut unborn = replica(progress(0, 0, 9), [set(1), set(2)]);
    assert!(!unborn.progress.absorb(&unborn.table));
    let mut again = replica(recovering(3, 1, 9, (3, 7, 9)), [set(4), None]);
    assert!(!again.progress.absorb(&again.table), "a claim will say");
}

#[test]
fn tombstones_up_to_held_may_be_collected() {
    let mut x = recovering(3, 1, 9, (6, 6, 9));
    assert!(x.may_collect(v(3)));
    assert!(!x.may_collect(v(4)), "the cursor does not count");
    x.collected(v(3));
    assert_eq!(x.gc, v(3));
    x.collected(v(2));
    assert_eq!(x.gc, v(3));
}

#[test]
fn keys_are_independent() {
    let mut x = replica(progress(0, 0, 0), [None; 2]);
    assert!(take_entry(&mut x, 3));
    assert_eq!(
        take(&mut x, claim((0, 2), 3, 0, 3), [None, set(2)]),
        Outcome::Advanced
    );
    assert_eq!(
        (x.table.shown(A), x.table.shown(B)),
        (Some((v(3), 3)), Some((v(2), 2)))
    );
}
