//! A bounded exhaustive check of the real delta rules: every history of one owner and two replicas
//! with two keys and a few writes, with collections at any time at any node, re-covers given up at
//! any time, new lives of the owner, and a network that loses, repeats and reorders.
//!
//! - A claim is read from one state of its sender. Every claim `(a, b]` of every present state can
//!   arrive anywhere, at once; and so can every claim of one *past* state, at any later time and any
//!   number of times. Nothing has to arrive. No digest bounds what is claimed, so late and misdirected
//!   digests, every page size and several sources are all included.
//! - Every write ever made can arrive alone, anywhere, at any time, any number of times.
//! - In each state all promises hold; and from each state, if writes stop and the replicas exchange
//!   digest and claim with the owner, one entry a page, until nobody has more to say, all are equal.
//!
//! A plain breadth-first search, so the first broken promise is found with a shortest history. The
//! ordinary test has small bounds, `cargo test --release` larger ones.

mod delta_world;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use delta_world::{Broken, O, Replica, Rules, World, v};
use gossip_core::Version;
use gossip_core::entries::delta::Outcome;

const KEYS: usize = 2;
const NODES: usize = 3;
const REPLICAS: [usize; 2] = [1, 2];

/// What a search visits.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// Writes in all lives together.
    writes: usize,
    /// Lives of the owner.
    lives: usize,
    /// Whether claims of a past state can arrive.
    past: bool,
}

const fn bounds(writes: usize, lives: usize, past: bool) -> Bounds {
    Bounds {
        writes,
        lives,
        past,
    }
}

#[test]
fn every_history_keeps_the_promises() {
    let searches = if cfg!(debug_assertions) {
        [bounds(3, 1, false), bounds(2, 2, true)]
    } else {
        [bounds(4, 2, false), bounds(3, 2, true)]
    };
    searches.into_iter().for_each(check);
}

/// 10 million states.
#[test]
#[ignore = "takes minutes and 2.3 GB of memory"]
fn every_longer_history_keeps_the_promises() {
    check(bounds(4, 1, true));
}

fn check(bounds: Bounds) {
    match explore(Rules::Real, bounds) {
        Ok(Visited { states, steps }) => println!("{bounds:?}: {states} states, {steps} steps"),
        Err(found) => panic!("{:?} after {:#?}", found.broken, found.history),
    }
}

/// Broken rules that show after eight steps, and one that takes five writes and ten steps.
const DEEP: [Rules; 4] = [
    Rules::HorizonNotInherited,
    Rules::NoRestart,
    Rules::FinishRaisedBelowTarget,
    Rules::FinishFromNothing,
];

/// The search would find a mistake: it finds each broken rule, in the ordinary test those that show
/// soon.
#[test]
fn every_broken_rule_is_found() {
    let sought = |rules: &Rules| !(cfg!(debug_assertions) && DEEP.contains(rules));
    for rules in Rules::BROKEN.into_iter().filter(sought) {
        let bounds = match rules {
            Rules::FinishFromNothing => bounds(5, 1, false),
            Rules::NoBirth => bounds(4, 2, false),
            _ => bounds(4, 1, false),
        };
        let Found { broken, history } = explore(rules, bounds).expect_err("a promise breaks");
        println!("{rules:?}: {broken:?} after {} steps", history.len());
        let promised = [Broken::Returned, Broken::Vanished, Broken::WentBack];
        assert!(promised.contains(&broken), "{broken:?} after {history:#?}");
    }
}

/// A state that some node was in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Past {
    life: usize,
    replica: Replica<KEYS>,
}

/// Everything that decides what can happen next.
#[derive(Clone, Debug)]
struct State {
    world: World<KEYS, NODES>,
    past: Option<Past>,
}

#[derive(Clone, Copy, Debug)]
enum Action {
    Write {
        key: usize,
        delete: bool,
    },
    Restart,
    Hear {
        at: usize,
    },
    Entry {
        at: usize,
        life: usize,
        version: Version,
    },
    Claim {
        from: usize,
        at: usize,
        a: Version,
        b: Version,
    },
    PastClaim {
        at: usize,
        a: Version,
        b: Version,
    },
    Keep {
        from: usize,
    },
    Collect {
        at: usize,
        key: usize,
    },
    Forget {
        at: usize,
    },
}

impl State {
    /// All that can happen here.
    fn actions(&self, bounds: &Bounds) -> Vec<Action> {
        let mut actions = Vec::new();
        self.owner_actions(bounds, &mut actions);
        REPLICAS
            .into_iter()
            .for_each(|at| self.message_actions(at, &mut actions));
        for at in 0..NODES {
            let keys = (0..KEYS).filter(|&key| self.world.table(at).tombstone(key).is_some());
            actions.extend(keys.map(|key| Action::Collect { at, key }));
            if self.world.progress(at).recover.is_some() {
                actions.push(Action::Forget { at });
            }
            if bounds.past && self.world.progress(at).held > Version::NONE {
                actions.push(Action::Keep { from: at });
            }
        }
        actions
    }

    fn owner_actions(&self, bounds: &Bounds, actions: &mut Vec<Action>) {
        let writes: usize = self.world.logs.iter().map(|log| log.writes.len()).sum();
        if writes < bounds.writes {
            // The keys are alike until one of them is written.
            let keys = if writes == 0 { 1 } else { KEYS };
            for key in 0..keys {
                let is_there = self.world.table(O).shown(key).is_some();
                actions.push(Action::Write { key, delete: false });
                actions.extend(is_there.then_some(Action::Write { key, delete: true }));
            }
        }
        if writes > 0 && self.world.logs.len() < bounds.lives {
            actions.push(Action::Restart);
        }
    }

    fn message_actions(&self, at: usize, actions: &mut Vec<Action>) {
        let world = &self.world;
        let life = world.nodes[at].life;
        if life < world.life() {
            actions.push(Action::Hear { at });
        }
        for life in life..world.logs.len() {
            let versions = world.logs[life].iter().map(|(version, _)| version);
            actions.extend(versions.map(|version| Action::Entry { at, life, version }));
        }
        for from in (0..NODES).filter(|&from| from != at && world.nodes[from].life >= life) {
            let pages = pages(world.progress(from).held);
            actions.extend(pages.map(|(a, b)| Action::Claim { from, at, a, b }));
        }
        if let Some(past) = self.past.as_ref().filter(|past| past.life >= life) {
            let pages = pages(past.replica.progress.held);
            actions.extend(pages.map(|(a, b)| Action::PastClaim { at, a, b }));
        }
    }

    /// The state after `action`, or `None` if the action is one that changes nothing.
    fn after(&self, action: Action) -> Result<Option<Self>, Broken> {
        let mut next = self.clone();
        let world = &mut next.world;
        let changed = match action {
            Action::Write { key, delete } => {
                world.write(key, (!delete).then_some(0));
                true
            }
            Action::Restart => {
                world.restart();
                true
            }
            Action::Hear { at } => {
                world.hear_of_life(at, world.life());
                true
            }
            Action::Entry { at, life, version } => world.take_write(at, life, version)?,
            Action::Claim { from, at, a, b } => {
                let told = world.tell(from, a, b);
                world.take_claim(at, &told)? != Outcome::Ignored
            }
            Action::PastClaim { at, a, b } => match &self.past {
                Some(past) => {
                    let told = past.replica.tell(past.life, a, b);
                    world.take_claim(at, &told)? != Outcome::Ignored
                }
                None => false,
            },
            Action::Keep { from } => {
                next.keep(from);
                true
            }
            Action::Collect { at, key } => world.collect(at, key),
            Action::Forget { at } => {
                world.forget_recover(at);
                true
            }
        };
        Ok(changed.then_some(next))
    }

    /// Keeps the state of a node as it is now. Its re-cover is of no use to what it claims.
    fn keep(&mut self, from: usize) {
        let node = &self.world.nodes[from];
        let mut replica = node.replica.clone();
        replica.progress.forget_recover(&mut replica.table);
        self.past = Some(Past {
            life: node.life,
            replica,
        });
    }

    /// What must hold in each state beside what its witnesses saw on the way.
    fn check(&self) -> Result<(), Broken> {
        if self.world.rules == Rules::Real {
            self.world.check_meaning()?;
        }
        self.world.clone().settle_with_owner(1)
    }

    /// Names the state. The replicas are alike, so their order makes no difference.
    fn print(&self) -> u64 {
        let [owner, first, second] = &self.world.nodes;
        let (first, second) = (fingerprint(first), fingerprint(second));
        let replicas = (first.min(second), first.max(second));
        fingerprint(&(&self.world.logs, owner, replicas, &self.past))
    }
}

/// All claims of a node that holds everything up to `held`.
fn pages(held: Version) -> impl Iterator<Item = (Version, Version)> {
    let held = held.get();
    (0..held).flat_map(move |a| (a + 1..=held).map(move |b| (v(a), v(b))))
}

fn fingerprint<T: Hash>(value: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// How much a search saw.
#[derive(Debug)]
struct Visited {
    states: usize,
    steps: usize,
}

/// A broken promise and a shortest history that breaks it.
#[derive(Debug)]
struct Found {
    broken: Broken,
    history: Vec<Action>,
}

/// How each state was first reached: from which, by what.
type Origins = HashMap<u64, Option<(u64, Action)>>;

/// Visits every state within `bounds`.
fn explore(rules: Rules, bounds: Bounds) -> Result<Visited, Found> {
    let first = State {
        world: World::new(rules),
        past: None,
    };
    let mut origins = Origins::from([(first.print(), None)]);
    let mut frontier = vec![first];
    let mut steps = 0;
    while !frontier.is_empty() {
        let mut next = Vec::new();
        for state in &frontier {
            let here = state.print();
            for action in state.actions(&bounds) {
                steps += 1;
                let arrived = arrive(state, here, action, &mut origins);
                next.extend(arrived.map_err(|broken| Found {
                    broken,
                    history: history(&origins, here, action),
                })?);
            }
        }
        frontier = next;
    }
    Ok(Visited {
        states: origins.len(),
        steps,
    })
}

/// The state after `action`, checked, unless it is known.
fn arrive(
    state: &State,
    here: u64,
    action: Action,
    origins: &mut Origins,
) -> Result<Option<State>, Broken> {
    let Some(after) = state.after(action)? else {
        return Ok(None);
    };
    let print = after.print();
    if origins.contains_key(&print) {
        return Ok(None);
    }
    after.check()?;
    origins.insert(print, Some((here, action)));
    Ok(Some(after))
}

fn history(origins: &Origins, mut at: u64, last: Action) -> Vec<Action> {
    let mut history = vec![last];
    while let Some((from, action)) = origins[&at] {
        history.push(action);
        at = from;
    }
    history.reverse();
    history
}
