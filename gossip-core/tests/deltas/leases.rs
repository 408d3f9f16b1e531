//! Leases under the delta rules: a write for a time ends on each replica by itself, on some long before
//! others, and becomes a tombstone of the same version there. A few histories by hand, and every short
//! one.

use crate::delta_world;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use delta_world::{Broken, Form, O, Rules, World, v};
use gossip_core::Version;
use gossip_core::entries::accelerate::hash;
use gossip_core::entries::delta::{Map, Outcome};

const X: usize = 1;
const Y: usize = 2;
const A: usize = 0;
const B: usize = 1;

type Pair = World<2, 3>;

fn world() -> Pair {
    World::new(Rules::Real)
}

#[test]
fn what_ran_out_is_refused_by_its_tombstone_and_later_by_the_floor() {
    let mut world = world();
    let version = world.lease(A, 1);
    assert_eq!(world.take_write(X, 0, version), Ok(true));
    assert!(world.expire(X, A));
    assert_eq!(world.take_write(X, 0, version), Ok(false), "the tombstone");
    assert!(!world.collect(X, A), "above held");
    let told = world.tell(O, v(0), version);
    assert_eq!(world.take_claim(X, &told), Ok(Outcome::Advanced));
    assert_eq!(
        world.table(X).shown(A),
        None,
        "an equal version never replaces"
    );
    assert!(world.collect(X, A));
    assert_eq!(world.take_write(X, 0, version), Ok(false), "the floor");
}

#[test]
fn a_re_cover_drops_at_its_end_what_its_sender_has_let_run_out() {
    let mut world = world();
    world.lease(A, 1);
    world.write(B, Some(2));
    world.write(B, None);
    for at in [X, Y] {
        let told = world.tell(O, v(0), v(1));
        assert_eq!(world.take_claim(at, &told), Ok(Outcome::Advanced));
    }
    while world.pull(O, Y, 1).unwrap() {}
    assert!(world.collect(Y, B));
    assert!(world.expire(Y, A));
    let told = world.tell(Y, v(0), v(2));
    assert_eq!(world.take_claim(X, &told), Ok(Outcome::Stepped));
    assert!(world.table(X).is_marked(A), "a tombstone confirms no value");
    assert!(world.table(X).shown(A).is_some(), "until the end");
    let told = world.tell(Y, v(0), v(3));
    assert_eq!(world.take_claim(X, &told), Ok(Outcome::Finished));
    assert_eq!(world.table(X).shown(A), None);
    assert_eq!(world.settle_with_owner(1), Ok(()));
}

#[test]
fn what_is_marked_and_runs_out_is_remembered_until_the_re_cover_ends() {
    let mut world = world();
    let version = world.lease(A, 1);
    world.write(B, Some(2));
    assert_eq!(world.take_write(X, 0, version), Ok(true));
    while world.pull(O, Y, 1).unwrap() {}
    assert!(world.expire(Y, A) && world.collect(Y, A));
    world.write(B, Some(3));
    world.pull(O, Y, 1).unwrap();
    let told = world.tell(Y, v(0), v(1));
    assert_eq!(world.take_claim(X, &told), Ok(Outcome::Stepped));
    assert!(world.table(X).is_marked(A));
    assert!(world.expire(X, A));
    world.give_up_recover(X);
    assert_eq!(world.take_write(X, 0, version), Ok(false));
    assert_eq!(world.table(X).shown(A), None);
    assert_eq!(world.settle_with_owner(1), Ok(()));
}

/// Found by the search below, and needed by whoever is shown an older value of the key.
#[test]
fn a_dropped_value_counts_as_a_collected_tombstone_if_it_had_a_lease() {
    let mut world = world();
    world.lease(A, 1);
    world.write(B, Some(2));
    let told = world.tell(O, v(0), v(2));
    assert_eq!(world.take_claim(Y, &told), Ok(Outcome::Advanced));
    world.lease(B, 3);
    assert!(world.expire(O, A) && world.collect(O, A));
    world.write(A, Some(4));
    let told = world.tell(O, v(0), v(3));
    assert_eq!(world.take_claim(X, &told), Ok(Outcome::Stepped));
    assert!(world.expire(O, B) && world.collect(O, B));
    let told = world.tell(O, v(0), v(4));
    assert_eq!(world.take_claim(X, &told), Ok(Outcome::Finished));
    assert_eq!(world.progress(X).gc, v(3));
    while world.pull(X, Y, 1).unwrap() {}
    assert_eq!(world.table(Y).shown(B), None, "it would be shown for ever");
}

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
enum Action {
    Set(usize),
    Lease(usize),
    Delete(usize),
    Expire(usize, usize),
    Collect(usize, usize),
    GiveUp(usize),
    Absorb(usize),
    /// A write arrives alone.
    Single(usize, Version),
    /// A claim of one node arrives at another.
    Claim(usize, usize, Version, Version, Form),
    /// A claim of one node arrives at another as a hash of everything it lists.
    Known(usize, usize, Version, Version),
}

fn actions(world: &Pair, writes: usize) -> Vec<Action> {
    let mut actions = Vec::new();
    if world.logs[0].writes.len() < writes {
        for key in [A, B] {
            actions.extend([Action::Set(key), Action::Lease(key)]);
            let is_there = world.table(O).shown(key).is_some();
            actions.extend(is_there.then_some(Action::Delete(key)));
        }
    }
    for at in [O, X, Y] {
        let recovers = world.progress(at).recover.is_some();
        actions.extend(recovers.then_some(Action::GiveUp(at)));
        actions.push(Action::Absorb(at));
        let shown = [A, B]
            .into_iter()
            .filter(|key| world.table(at).shown(*key).is_some());
        actions.extend(shown.map(|key| Action::Expire(at, key)));
        let deleted = [A, B]
            .into_iter()
            .filter(|key| world.table(at).tombstone(*key).is_some());
        actions.extend(deleted.map(|key| Action::Collect(at, key)));
        for from in [O, X, Y].into_iter().filter(|from| *from != at && at != O) {
            let held = world.progress(from).held.get();
            let pages = (0..held).flat_map(|a| (a + 1..=held).map(move |b| (v(a), v(b))));
            actions.extend(pages.clone().map(|(a, b)| Action::Known(from, at, a, b)));
            let forms = |(a, b)| Form::ALL.map(|form| Action::Claim(from, at, a, b, form));
            actions.extend(pages.flat_map(forms));
        }
    }
    for at in [X, Y] {
        let versions = world.logs[0].iter().map(|(version, _)| version);
        actions.extend(versions.map(|version| Action::Single(at, version)));
    }
    actions
}

/// The world after `action`.
fn after(world: &Pair, action: Action) -> Result<Pair, Broken> {
    let mut world = world.clone();
    match action {
        Action::Set(key) => _ = world.write(key, Some(1)),
        Action::Lease(key) => _ = world.lease(key, 1),
        Action::Delete(key) => _ = world.write(key, None),
        Action::Expire(at, key) => _ = world.expire(at, key),
        Action::Collect(at, key) => _ = world.collect(at, key),
        Action::GiveUp(at) => world.give_up_recover(at),
        Action::Absorb(at) => _ = world.absorb(at),
        Action::Single(at, version) => _ = world.take_write(at, 0, version)?,
        Action::Claim(from, at, a, b, form) => {
            let told = world.tell(from, a, b).in_form(form);
            world.take_claim(at, &told)?;
        }
        Action::Known(from, at, a, b) => {
            let told = world.tell(from, a, b);
            let replica = &mut world.nodes[at].replica;
            let versions = hash(told.list.versions(a, b));
            let table = &mut replica.table;
            replica.progress.apply_known(table, &told.claim, versions);
        }
    }
    Ok(world)
}

/// Names a state. The replicas are alike, so their order makes no difference.
fn print(world: &Pair) -> u64 {
    let of = |node| digest(&world.nodes[node]);
    digest(&(&world.logs, of(O), of(X).min(of(Y)), of(X).max(of(Y))))
}

fn digest(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Every state that so many writes can lead to, each checked; how many there are.
fn explore(writes: usize) -> usize {
    let mut seen = HashSet::from([print(&world())]);
    let mut frontier = vec![world()];
    while let Some(state) = frontier.pop() {
        for action in actions(&state, writes) {
            let next =
                after(&state, action).unwrap_or_else(|b| panic!("{b:?}: {action:?} {state:#?}"));
            if seen.insert(print(&next)) {
                let settled = next.check_meaning();
                let settled = settled.and_then(|()| next.clone().settle_with_owner(1));
                assert_eq!(settled, Ok(()), "after {action:?}: {next:#?}");
                frontier.push(next);
            }
        }
    }
    seen.len()
}

/// One owner, two replicas, two keys: sets, leases, deletes; leases that run out anywhere at any time,
/// tombstones collected, re-covers given up; claims of any page from any node, writes alone and late, and
/// covered.
#[test]
fn every_short_history_with_leases_keeps_the_promises() {
    assert_eq!(explore(2), 44_575);
}

#[test]
#[ignore = "takes minutes"]
fn every_longer_history_with_leases_keeps_the_promises() {
    assert_eq!(explore(3), 6_993_171);
}
