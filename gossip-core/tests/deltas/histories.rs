//! Fourteen histories in which an obvious version of the delta rules loses or resurrects a key.
//!
//! `O` is the owner, `X` and `Y` are replicas. Each history runs twice: by the real rules, where
//! every promise holds throughout and all are equal in the end, and with one rule broken, where a
//! promise breaks. Outcomes written in a history are those of the real rules.

use crate::delta_world;

use delta_world::Broken::{Returned, Vanished};
use delta_world::{Broken, O, Rules, Told, World, v};
use gossip_core::Version;
use gossip_core::entries::delta::Outcome::{self, Advanced, Finished, Ignored, Stepped};

const A: usize = 0;
const B: usize = 1;
const X: usize = 1;
const Y: usize = 2;

type Cluster = World<2, 3>;
type History = fn(&mut Cluster) -> Result<(), Broken>;

/// Runs a history by the real rules and with one rule broken.
fn only_real_rules_keep(history: History, variant: Rules, broken: Broken) {
    assert_eq!(
        run(history, Rules::Real),
        Ok(()),
        "the real rules keep every promise"
    );
    assert_eq!(run(history, variant), Err(broken), "{variant:?} breaks one");
}

fn run(history: History, rules: Rules) -> Result<(), Broken> {
    let mut world = Cluster::new(rules);
    history(&mut world)?;
    if rules == Rules::Real {
        world.check_meaning()?;
    }
    world.settle_with_owner(1)
}

/// The owner writes: each letter sets that key, and deletes it if a minus stands before it.
fn write(world: &mut Cluster, log: &str) {
    for word in log.split_whitespace() {
        let key = if word.ends_with('A') { A } else { B };
        let value = world.logs[0].writes.len() as u8;
        world.write(key, (!word.starts_with('-')).then_some(value));
    }
}

fn collect(world: &mut Cluster, at: usize, key: usize) {
    assert!(world.collect(at, key), "the tombstone is there and may go");
}

fn rumor(world: &mut Cluster, at: usize, version: u32) -> Result<(), Broken> {
    world.take_write(at, 0, v(version)).map(|_| ())
}

/// Node `at` takes the claim `(a, b]` that `from` makes now.
fn claim(
    world: &mut Cluster,
    from: usize,
    (a, b): (u32, u32),
    at: usize,
    expected: Outcome,
) -> Result<(), Broken> {
    let told = world.tell(from, v(a), v(b));
    take(world, at, &told, expected)
}

fn take(world: &mut Cluster, at: usize, told: &Told<2>, expected: Outcome) -> Result<(), Broken> {
    let outcome = world.take_claim(at, told)?;
    if world.rules == Rules::Real {
        assert_eq!(outcome, expected, "{told:?}");
    }
    Ok(())
}

/// The version of `key` that node `at` shows.
fn shown(world: &Cluster, at: usize, key: usize) -> Option<Version> {
    world.table(at).shown(key).map(|(version, _)| version)
}

/// 1 set A, 2 set A. X has rumor 1. The claim (0, 1] lists nothing, because 1 was overwritten: A
/// must stay until 2 arrives.
#[test]
fn drop_at_once() {
    let normal: History = |world| {
        write(world, "A A");
        rumor(world, X, 1)?;
        claim(world, O, (0, 1), X, Advanced)
    };
    only_real_rules_keep(normal, Rules::DropAtOnce, Vanished);

    // The same while X re-covers O, because O has collected the tombstone 4 of B.
    let recovering: History = |world| {
        write(world, "A A B -B");
        rumor(world, X, 1)?;
        collect(world, O, B);
        claim(world, O, (0, 1), X, Stepped)?;
        assert!(world.table(X).is_marked(A) && shown(world, X, A) == Some(v(1)));
        Ok(())
    };
    only_real_rules_keep(recovering, Rules::DropAtOnce, Vanished);
}

/// 1 set A, 2 set A. Y takes O's page (0, 1], which is empty. X with rumor 1 takes Y's claim and is
/// then where Y is, but what overwrote 1 is at neither of them: what a sender depends on must be
/// inherited, not what it holds.
#[test]
fn park_until_held_reaches_the_senders() {
    let normal: History = |world| {
        write(world, "A A");
        claim(world, O, (0, 1), Y, Advanced)?;
        rumor(world, X, 1)?;
        claim(world, Y, (0, 1), X, Advanced)?;
        assert_eq!(world.progress(X).as_of, v(2));
        Ok(())
    };
    only_real_rules_keep(normal, Rules::ParkUntilSendersHeld, Vanished);

    // The same in a re-cover: Y holds up to 3, depends on 4 and has collected the tombstone 3 of B.
    let recovering: History = |world| {
        write(world, "B A -B A");
        claim(world, O, (0, 3), Y, Advanced)?;
        collect(world, Y, B);
        rumor(world, X, 2)?;
        claim(world, Y, (0, 3), X, Stepped)
    };
    only_real_rules_keep(recovering, Rules::HorizonNotInherited, Vanished);
}

/// 1, 2, 3 set A. X has 1 and takes (0, 1], made when 2 was the newest. O writes 3. X takes (0, 2],
/// which lists nothing either: A must stay although everything up to the first `as_of` is held.
#[test]
fn dropping_in_normal_claims() {
    only_real_rules_keep(
        |world| {
            write(world, "A A");
            rumor(world, X, 1)?;
            claim(world, O, (0, 1), X, Advanced)?;
            write(world, "A");
            claim(world, O, (0, 2), X, Advanced)
        },
        Rules::ParkUntilSendersAsOf,
        Vanished,
    );
}

/// 1 set A, 2 del A. X applies (0, 2] and collects 2; then rumor 1 comes late.
#[test]
fn no_floor_at_held() {
    only_real_rules_keep(
        |world| {
            write(world, "A -A");
            claim(world, O, (0, 2), X, Advanced)?;
            collect(world, X, A);
            rumor(world, X, 1)
        },
        Rules::NoFloorAtHeld,
        Returned,
    );
}

/// 1 set A, 2 del A. X gets the tombstone 2 alone and must keep it, because 1 may come late.
#[test]
fn collecting_above_held() {
    only_real_rules_keep(
        |world| {
            write(world, "A -A");
            rumor(world, X, 2)?;
            let collected = world.collect(X, A);
            assert_eq!(collected, world.rules != Rules::Real);
            rumor(world, X, 1)
        },
        Rules::CollectAboveHeld,
        Returned,
    );
}

/// 1 set A, 2 del A, collected by O. Y re-covers O: what Y holds now lacks a tombstone, too, so X,
/// holding 1, must re-cover from Y and not take its claim (0, 2] as a normal one.
#[test]
fn gc_not_adopted_at_the_finish() {
    only_real_rules_keep(
        |world| {
            write(world, "A -A");
            collect(world, O, A);
            claim(world, O, (0, 2), Y, Finished)?;
            rumor(world, X, 1)?;
            claim(world, Y, (0, 2), X, Finished)
        },
        Rules::ForgetGc,
        Returned,
    );
}

/// 1 set A, 2 del A (collected), 3 set B. X has re-covered up to 2 when rumor 1 comes: nothing would
/// mark it any more.
#[test]
fn no_floor_at_the_cursor() {
    only_real_rules_keep(
        |world| {
            write(world, "A -A B");
            collect(world, O, A);
            claim(world, O, (0, 2), X, Stepped)?;
            rumor(world, X, 1)?;
            claim(world, O, (2, 3), X, Finished)
        },
        Rules::NoFloorAtCursor,
        Returned,
    );
}

/// 1 set A, 2 del A (collected), 3 set B. X holds 1 and has re-covered up to 2. If its `held` were 2
/// now, (2, 3] would be a normal claim, the recovery would not finish, and A would stay.
#[test]
fn held_moves_during_recovery() {
    only_real_rules_keep(
        |world| {
            write(world, "A -A B");
            rumor(world, X, 1)?;
            collect(world, O, A);
            claim(world, O, (0, 2), X, Stepped)?;
            claim(world, O, (2, 3), X, Finished)
        },
        Rules::HeldMoves,
        Returned,
    );
}

/// 1, 2 set A, 3 del A. X holds up to 2. O collects 3. Y takes O's (0, 1] and then X's (1, 2], which
/// lists 2: X knows nothing of the delete that made Y's re-cover necessary.
#[test]
fn sender_below_the_target_accepted() {
    only_real_rules_keep(
        |world| {
            write(world, "A A");
            claim(world, O, (0, 2), X, Advanced)?;
            write(world, "-A");
            collect(world, O, A);
            claim(world, O, (0, 1), Y, Stepped)?;
            claim(world, X, (1, 2), Y, Ignored)
        },
        Rules::SenderBelowTarget,
        Returned,
    );
}

/// 1 set A, 2 del A (collected), 3 set A. Y holds up to 3, with `gc` 2. 4 del A, collected by O. Y
/// begins to re-cover O with (0, 1]. X, knowing nothing, takes Y's (0, 3] and then O's (3, 4]: the
/// tombstone 4 is in nobody's list, so X must begin again.
#[test]
fn no_restart_at_a_larger_gc() {
    only_real_rules_keep(
        |world| {
            write(world, "A -A");
            collect(world, O, A);
            write(world, "A");
            claim(world, O, (0, 3), Y, Finished)?;
            write(world, "-A");
            collect(world, O, A);
            claim(world, O, (0, 1), Y, Stepped)?;
            claim(world, Y, (0, 3), X, Stepped)?;
            claim(world, O, (3, 4), X, Ignored)
        },
        Rules::NoRestart,
        Returned,
    );
}

/// 1 set A, 2 del A (collected), 3 set A, 4 set A. X has 3. O's (0, 3] lists nothing, because 3 was
/// overwritten: reaching the target 2 must not drop A before 4 arrives.
#[test]
fn finish_at_the_target() {
    only_real_rules_keep(
        |world| {
            write(world, "A -A");
            collect(world, O, A);
            write(world, "A A");
            rumor(world, X, 3)?;
            claim(world, O, (0, 3), X, Stepped)
        },
        Rules::FinishAtTarget,
        Vanished,
    );
}

/// 1 set A, 2 del A (collected), 3 set A. X has 3 and takes O's (0, 2]. O writes 4 set A. (2, 3]
/// lists nothing, so the finish must follow `as_of` although the target is reached.
#[test]
fn finish_raised_only_below_the_target() {
    only_real_rules_keep(
        |world| {
            write(world, "A -A");
            collect(world, O, A);
            write(world, "A");
            rumor(world, X, 3)?;
            claim(world, O, (0, 2), X, Stepped)?;
            write(world, "A");
            claim(world, O, (2, 3), X, Stepped)
        },
        Rules::FinishRaisedBelowTarget,
        Vanished,
    );
}

/// 1, 2 set A, 3 set B, 4 del B, 5 set A. Y takes (0, 4] before 5 is written and collects 4. X has
/// rumor 1 and takes O's (0, 2] after 5: it holds up to 2 and depends on 5. Then X re-covers from Y,
/// which knows nothing of 5: A must stay, 5 is on its way.
#[test]
fn finish_not_started_from_own_as_of() {
    only_real_rules_keep(
        |world| {
            write(world, "A A B -B");
            claim(world, O, (0, 4), Y, Advanced)?;
            collect(world, Y, B);
            write(world, "A");
            rumor(world, X, 1)?;
            claim(world, O, (0, 2), X, Advanced)?;
            claim(world, Y, (0, 4), X, Stepped)
        },
        Rules::FinishFromNothing,
        Vanished,
    );
}

/// 1 set A, 2 del A, 3 set B. Y takes (0, 2] and collects 2. X has 1, which Y's claim marks; then O's
/// normal claim makes X hold everything. Nobody has more to say to X, so nobody would ever end a
/// recovery that went on.
#[test]
fn a_normal_claim_does_not_end_the_recovery() {
    only_real_rules_keep(
        |world| {
            write(world, "A -A B");
            claim(world, O, (0, 2), Y, Advanced)?;
            collect(world, Y, A);
            rumor(world, X, 1)?;
            claim(world, Y, (0, 2), X, Stepped)?;
            claim(world, O, (0, 3), X, Advanced)?;
            assert_eq!(world.progress(X).held, v(3));
            Ok(())
        },
        Rules::NormalKeepsRecovery,
        Returned,
    );
}
