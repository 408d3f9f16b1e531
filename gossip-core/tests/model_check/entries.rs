//! A model of the rules of one owner's entries: [`Progress`](gossip_core::entries::delta::Progress)
//! as it is, with a small map.
//!
//! - A claim is read from one state of its sender. Every claim `(a, b]` of every present state can
//!   arrive anywhere, at once, whole or in any short form; and so can every claim of one *past*
//!   state, at any later time and any number of times. Nothing has to arrive. No digest bounds what
//!   is claimed, so late and misdirected digests, every page size from one entry, and several sources
//!   are all included (P6), and a sender is nothing but its state (P5).
//! - Every write ever made can arrive alone, anywhere, at any time, any number of times (P7).
//! - In each state all promises hold; and from each state, if writes stop and the replicas exchange
//!   digest and claim with the owner, one entry a page, until nobody has more to say, all are equal
//!   (P1, P4). P2 and P3 are watched in every step.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use gossip_core::Version;
use gossip_core::entries::delta::{Map, Outcome};
use stateright::{Model, Property};

use super::{Seen, close};
use crate::delta_world::{Broken, Form, O, Replica, Rules, Told, World, v};

const KEYS: usize = 2;
const NODES: usize = 3;
const REPLICAS: [usize; 2] = [1, 2];

/// What a search visits.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Writes in all lives together.
    pub writes: usize,
    /// Lives of the owner.
    pub lives: usize,
    /// Whether claims of a past state can arrive.
    pub past: bool,
}

/// What must be seen for a search to mean anything.
#[derive(Clone, Copy, Debug)]
pub enum Sight {
    /// A write came alone and was taken.
    Single,
    /// A claim moved a re-cover on, in either form.
    Stepped,
    SteppedByVersions,
    /// A normal claim of what is known moved `held`.
    Known,
    /// A claim ended one.
    Finished,
    /// A claim of the past was of use.
    Late,
    /// A tombstone was collected.
    Collected,
    /// A re-cover was given up.
    GivenUp,
    /// What came alone was covered.
    Absorbed,
}

/// The rules under test, and how far histories go.
#[derive(Clone, Debug)]
pub struct Entries {
    pub rules: Rules,
    pub bounds: Bounds,
    pub seen: Arc<Seen<{ Sight::Absorbed as usize + 1 }>>,
}

impl Entries {
    pub fn new(rules: Rules, bounds: Bounds) -> Self {
        Self {
            rules,
            bounds,
            seen: Arc::default(),
        }
    }

    fn see(&self, sight: Sight) {
        self.seen.count(sight as usize);
    }
}

/// A state that some node was in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Past {
    life: usize,
    replica: Replica<KEYS>,
}

/// Everything that decides what can happen next.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    world: World<KEYS, NODES>,
    past: Option<Past>,
    /// What the step that led here broke.
    broken: Option<Broken>,
}

/// The replicas are alike, so their order makes no difference.
impl Hash for State {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let [owner, first, second] = &self.world.nodes;
        let (first, second) = (fingerprint(first), fingerprint(second));
        let replicas = (first.min(second), first.max(second));
        (&self.world.logs, owner, replicas, &self.past, self.broken).hash(hasher);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
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
        form: Form,
    },
    PastClaim {
        at: usize,
        a: Version,
        b: Version,
        form: Form,
    },
    Keep {
        from: usize,
    },
    Collect {
        at: usize,
        key: usize,
    },
    GiveUp {
        at: usize,
    },
    Absorb {
        at: usize,
    },
}

/// Visits every history within `bounds`, by the real rules.
pub fn check(bounds: Bounds) {
    let model = Entries::new(Rules::Real, bounds);
    let seen = model.seen.clone();
    close(&format!("rules, {bounds:?}"), model);
    // Nothing is late where nothing is kept.
    seen.check(usize::from(!bounds.past));
}

impl Model for Entries {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            world: World::new(self.rules),
            past: None,
            broken: None,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.broken.is_some() {
            return;
        }
        self.owner_actions(state, actions);
        for at in REPLICAS {
            message_actions(state, at, actions);
        }
        for at in 0..NODES {
            let keys = (0..KEYS).filter(|&key| state.world.table(at).tombstone(key).is_some());
            actions.extend(keys.map(|key| Action::Collect { at, key }));
            let progress = state.world.progress(at);
            if progress.recover.is_some() {
                actions.push(Action::GiveUp { at });
            }
            actions.push(Action::Absorb { at });
            if self.bounds.past && progress.held > Version::NONE {
                actions.push(Action::Keep { from: at });
            }
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match self.act(&mut next, action) {
            Ok(changed) => changed.then_some(next),
            Err(broken) => {
                next.broken = Some(broken);
                Some(next)
            }
        }
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always(
            "every promise is kept",
            |_, state: &State| state.verdict().is_ok(),
        )]
    }
}

impl Entries {
    fn owner_actions(&self, state: &State, actions: &mut Vec<Action>) {
        let world = &state.world;
        let writes: usize = world.logs.iter().map(|log| log.writes.len()).sum();
        if writes < self.bounds.writes {
            // The keys are alike until one of them is written.
            let keys = if writes == 0 { 1 } else { KEYS };
            for key in 0..keys {
                let is_there = world.table(O).shown(key).is_some();
                actions.push(Action::Write { key, delete: false });
                actions.extend(is_there.then_some(Action::Write { key, delete: true }));
            }
        }
        if writes > 0 && world.logs.len() < self.bounds.lives {
            actions.push(Action::Restart);
        }
    }

    /// Does what `action` says; `false` if it changed nothing.
    fn act(&self, next: &mut State, action: Action) -> Result<bool, Broken> {
        let world = &mut next.world;
        Ok(match action {
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
            Action::Entry { at, life, version } => {
                let taken = world.take_write(at, life, version)?;
                self.see_if(taken, Sight::Single)
            }
            Action::Claim {
                from,
                at,
                a,
                b,
                form,
            } => {
                let told = world.tell(from, a, b).in_form(form);
                self.take(world, at, &told)?
            }
            Action::PastClaim { at, a, b, form } => {
                let past = next.past.as_ref().expect("kept");
                let told = past.replica.tell(past.life, a, b).in_form(form);
                let taken = self.take(world, at, &told)?;
                self.see_if(taken, Sight::Late)
            }
            Action::Keep { from } => {
                next.keep(from);
                true
            }
            Action::Collect { at, key } => {
                let collected = world.collect(at, key);
                self.see_if(collected, Sight::Collected)
            }
            Action::GiveUp { at } => {
                world.give_up_recover(at);
                self.see_if(true, Sight::GivenUp)
            }
            Action::Absorb { at } => {
                let absorbed = world.absorb(at);
                self.see_if(absorbed, Sight::Absorbed)
            }
        })
    }

    fn take(
        &self,
        world: &mut World<KEYS, NODES>,
        at: usize,
        told: &Told<KEYS>,
    ) -> Result<bool, Broken> {
        let outcome = world.take_claim(at, told)?;
        let sight = match (outcome, told.form) {
            (Outcome::Ignored, _) => return Ok(false),
            (Outcome::Advanced, Form::Known) => Sight::Known,
            (Outcome::Advanced, _) => return Ok(true),
            (Outcome::Stepped, Form::Whole) => Sight::Stepped,
            (Outcome::Stepped, Form::Versions) => Sight::SteppedByVersions,
            (Outcome::Stepped, Form::Known) => return Err(Broken::Unlike),
            // Short forms end at or below `held`, and what a re-cover must reach lies above.
            (Outcome::Finished, form) if form != Form::Whole && self.rules == Rules::Real => {
                return Err(Broken::Unlike);
            }
            (Outcome::Finished, _) => Sight::Finished,
        };
        Ok(self.see_if(true, sight))
    }

    fn see_if(&self, seen: bool, sight: Sight) -> bool {
        if seen {
            self.see(sight);
        }
        seen
    }
}

impl State {
    /// Keeps the state of a node as it is now. Its re-cover is of no use to what it claims.
    fn keep(&mut self, from: usize) {
        let node = &self.world.nodes[from];
        let mut replica = node.replica.clone();
        replica.progress.recover = None;
        replica.table.unmark();
        self.past = Some(Past {
            life: node.life,
            replica,
        });
    }

    /// What is broken here: on the way, in what the numbers mean, or because the replicas cannot
    /// become equal any more.
    pub fn verdict(&self) -> Result<(), Broken> {
        if let Some(broken) = self.broken {
            return Err(broken);
        }
        if self.world.rules == Rules::Real {
            self.world.check_meaning()?;
        }
        self.world.clone().settle_with_owner(1)
    }
}

fn message_actions(state: &State, at: usize, actions: &mut Vec<Action>) {
    let world = &state.world;
    let life = world.nodes[at].life;
    if life < world.life() {
        actions.push(Action::Hear { at });
    }
    for life in life..world.logs.len() {
        let versions = world.logs[life].iter().map(|(version, _)| version);
        actions.extend(versions.map(|version| Action::Entry { at, life, version }));
    }
    for from in (0..NODES).filter(|&from| from != at && world.nodes[from].life >= life) {
        let told = claims(world.progress(from).held);
        actions.extend(told.map(|(a, b, form)| Action::Claim {
            from,
            at,
            a,
            b,
            form,
        }));
    }
    if let Some(past) = state.past.as_ref().filter(|past| past.life >= life) {
        let told = claims(past.replica.progress.held);
        actions.extend(told.map(|(a, b, form)| Action::PastClaim { at, a, b, form }));
    }
}

/// All claims of a node that holds everything up to `held`, in every form.
fn claims(held: Version) -> impl Iterator<Item = (Version, Version, Form)> {
    let held = held.get();
    let pages = (0..held).flat_map(move |a| (a + 1..=held).map(move |b| (v(a), v(b))));
    pages.flat_map(|(a, b)| Form::ALL.map(|form| (a, b, form)))
}

fn fingerprint<T: Hash>(value: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
