//! An owner that restarts without memory: its replicas keep showing the old life's entries until the
//! new life has covered from zero.

use crate::delta_world;

use delta_world::{Broken, Held, O, Replica, Rules, Table, World, v};
use gossip_core::Version;
use gossip_core::entries::delta::{Digest, Outcome, Progress};

const A: usize = 0;
const B: usize = 1;
const C: usize = 2;
const X: usize = 1;
const Y: usize = 2;

type Cluster = World<3, 3>;

/// X and Y hold A and B of the old life, and know that C was deleted in it; then the owner restarts.
fn restarted(rules: Rules) -> Cluster {
    let mut world = Cluster::new(rules);
    world.write(A, Some(10));
    world.write(B, Some(11));
    world.write(C, Some(12));
    world.write(C, None);
    world
        .settle_with_owner(1)
        .expect("all equal in the old life");
    world.restart();
    world
}

fn shown(world: &Cluster, at: usize) -> [Option<u8>; 3] {
    [A, B, C].map(|key| world.table(at).shown(key).map(|(_, value)| value))
}

fn pull(world: &mut Cluster, from: usize, at: usize) -> bool {
    world.pull(from, at, 1).expect("promises are kept")
}

#[test]
fn a_new_life_begins_with_everything_earlier_collected() {
    let birth = Progress::BIRTH;
    assert_eq!((birth.held, birth.gc, birth.as_of), (v(1), v(1), v(1)));
    let mut world = restarted(Rules::Real);
    assert_eq!(world.write(A, Some(20)), v(2));
    assert_eq!(world.progress(O).gc, Version::BIRTH);
}

#[test]
fn whoever_knows_nothing_of_the_new_life_recovers_from_zero() {
    let birth = Progress::BIRTH;
    for progress in [Progress::default(), Progress::REBORN] {
        assert_eq!(birth.answer(&progress.digest()), Some(Version::NONE));
        let mut replica = Replica::<3> {
            progress,
            ..Replica::default()
        };
        let claim = birth.claim(Version::NONE, Version::BIRTH);
        let outcome = replica
            .progress
            .apply_claim(&mut replica.table, &claim, [].into_iter());
        assert_eq!((outcome, replica.progress), (Outcome::Finished, birth));
    }
    assert_eq!(birth.answer(&birth.digest()), None);
}

#[test]
fn a_reborn_replica_keeps_old_values_and_forgets_old_tombstones() {
    let mut world = restarted(Rules::Real);
    assert!(world.table(X).tombstone(C).is_some());
    world.hear_of_life(X, 1);
    let old = |value| {
        Some(Held {
            version: Version::BIRTH,
            value: Some(value),
            leased: false,
            marked: false,
        })
    };
    assert_eq!(*world.table(X), Table([old(10), old(11), None]));
    assert_eq!(world.progress(X), Progress::REBORN);
}

#[test]
fn a_reborn_replica_claims_nothing() {
    let reborn = Progress::REBORN;
    assert_eq!((reborn.held, reborn.gc, reborn.as_of), (v(0), v(0), v(1)));
    let digests = [None, Some((v(0), v(1))), Some((v(1), v(1)))].map(|recover| Digest {
        held: Version::NONE,
        recover,
    });
    assert_eq!(digests.map(|digest| reborn.answer(&digest)), [None; 3]);
    assert!(!reborn.claim(Version::NONE, Version::BIRTH).is_plausible());
    assert!(!reborn.may_collect(Version::BIRTH));
}

#[test]
fn old_values_stay_readable_until_the_new_life_has_covered_from_zero() {
    let mut world = restarted(Rules::Real);
    world.write(A, Some(20));
    world.write(C, Some(22));
    world.hear_of_life(X, 1);
    assert_eq!(shown(&world, X), [Some(10), Some(11), None]);
    assert!(pull(&mut world, O, X), "a page with the new A");
    assert_eq!(shown(&world, X), [Some(20), Some(11), None]);
    assert!(world.table(X).is_marked(B));
    assert!(pull(&mut world, O, X), "a page with the new C, the last");
    assert_eq!(shown(&world, X), [Some(20), None, Some(22)]);
    assert!(!pull(&mut world, O, X));
    assert_eq!(world.settle_with_owner(1), Ok(()));
}

#[test]
fn an_owner_that_writes_nothing_anew_clears_the_old_values_too() {
    let mut world = restarted(Rules::Real);
    world.hear_of_life(X, 1);
    assert!(pull(&mut world, O, X));
    assert_eq!(shown(&world, X), [None; 3]);
    assert_eq!(world.progress(X), Progress::BIRTH);
    assert_eq!(world.settle_with_owner(1), Ok(()));
}

#[test]
fn without_a_birth_the_old_values_would_stay_for_ever() {
    let mut world = restarted(Rules::NoBirth);
    assert_eq!(world.settle_with_owner(1), Err(Broken::Returned));
}

#[test]
fn a_single_entry_of_the_new_life_replaces_the_old_value() {
    let mut world = restarted(Rules::Real);
    let version = world.write(A, Some(20));
    assert_eq!(world.take_write(X, 1, version), Ok(true));
    assert_eq!(shown(&world, X), [Some(20), Some(11), None]);
    // What is deleted in the new life is deleted at once.
    let version = world.write(B, None);
    assert_eq!(world.take_write(X, 1, version), Ok(true));
    assert_eq!(shown(&world, X), [Some(20), None, None]);
    assert_eq!(world.settle_with_owner(1), Ok(()));
}

#[test]
fn the_dead_owners_new_life_can_be_had_from_a_replica() {
    let mut world = restarted(Rules::Real);
    world.write(B, Some(21));
    assert!(pull(&mut world, O, Y));
    assert_eq!(shown(&world, Y), [None, Some(21), None]);
    assert_eq!(shown(&world, X), [Some(10), Some(11), None]);
    while pull(&mut world, Y, X) {}
    assert_eq!(shown(&world, X), [None, Some(21), None]);
    assert_eq!(world.progress(X), world.progress(Y));
}

#[test]
fn messages_of_the_old_life_are_void() {
    let mut world = restarted(Rules::Real);
    let stale = world.tell(Y, v(0), v(4));
    world.hear_of_life(X, 1);
    let before = world.nodes[X].clone();
    assert_eq!(world.take_claim(X, &stale), Ok(Outcome::Ignored));
    assert_eq!(world.take_write(X, 0, v(3)), Ok(false));
    assert_eq!(world.nodes[X], before);
}

#[test]
fn a_second_restart_amid_the_recovery_loses_nothing_either() {
    let mut world = restarted(Rules::Real);
    world.write(A, Some(20));
    world.write(C, Some(22));
    world.hear_of_life(X, 1);
    assert!(pull(&mut world, O, X));
    assert!(world.table(X).is_marked(B));
    world.restart();
    world.write(C, Some(32));
    world.hear_of_life(X, 2);
    assert_eq!(
        shown(&world, X),
        [Some(20), Some(11), None],
        "of two lives, both the old one's now"
    );
    assert!(!world.table(X).is_marked(B));
    assert_eq!(world.progress(X), Progress::REBORN);
    assert!(pull(&mut world, O, X));
    assert_eq!(shown(&world, X), [None, None, Some(32)]);
    assert_eq!(world.settle_with_owner(1), Ok(()));
}
