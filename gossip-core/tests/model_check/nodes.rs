//! A model of whole nodes: every replica is a real [`Node`](gossip_core::Node), and what they say to
//! each other are the datagrams that they write.
//!
//! - A replica that hears a hint pulls, and any node answers, in a datagram of 64 bytes (one entry a
//!   page) or of 300. Either datagram may be lost; one of them at a time is kept by the network and
//!   arrives whenever it likes, as often as it likes, and a claim at either replica.
//! - Time goes by only for sweeps over tombstones: anywhere, at any moment. No probes, no news: what
//!   they lead to for entries are hints, and those are there at any time.
//! - The owner begins a new life without memory, and replicas hear of it, and make it prove itself,
//!   at any time after.
//! - In each state all promises hold; after each answer its sender is as if it had said nothing (P5);
//!   and from each state, if writes stop, real exchanges with the owner make all equal (P1, P4).

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use stateright::{Model, Property};

use super::parts::{KEYS, O, REPLICAS, Snap, Tamper};
use super::sight::{Broken, Log, Sight};
use super::{Seen, close};

/// How far histories go.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Writes in all lives together.
    pub writes: usize,
    /// Lives of the owner.
    pub lives: usize,
    /// Whether the network keeps a datagram.
    pub late: bool,
}

/// What must be seen for a search to mean anything.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// A claim was of use, in either form.
    Whole,
    Versions,
    /// A claim that the network kept was of use.
    LateClaim,
    /// A claim that answers a pull which the network kept was of use.
    LatePull,
    Collected,
    NewLife,
}

/// Real nodes, with real datagrams that a control may tamper with.
#[derive(Clone, Debug)]
pub struct Nodes {
    pub tamper: Tamper,
    pub bounds: Bounds,
    pub seen: Arc<Seen<{ Event::NewLife as usize + 1 }>>,
}

impl Nodes {
    pub fn new(tamper: Tamper, bounds: Bounds) -> Self {
        Self {
            tamper,
            bounds,
            seen: Arc::default(),
        }
    }
}

/// A datagram that the network keeps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Kept {
    Pull { of: usize, bytes: Vec<u8> },
    Claim { from: usize, bytes: Vec<u8> },
}

/// Everything that decides what can happen next.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct State {
    nodes: [Arc<Snap>; 3],
    log: Arc<Log>,
    sights: [[Sight; KEYS]; 3],
    kept: Option<Arc<Kept>>,
    broken: Option<Broken>,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?} {:?}", self.log, self.sights, self.broken)
    }
}

/// In how large a datagram an answer travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    Small,
    Large,
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
    Collect {
        at: usize,
    },
    /// A pull and its answer.
    Exchange {
        at: usize,
        from: usize,
        page: Page,
    },
    /// A pull that the network keeps.
    KeepPull {
        at: usize,
    },
    /// A pull, and an answer that the network keeps.
    KeepClaim {
        at: usize,
        from: usize,
        page: Page,
    },
    /// The pull that was kept reaches this node, and the answer comes.
    LatePull {
        from: usize,
        page: Page,
    },
    /// The claim that was kept reaches this node.
    LateClaim {
        at: usize,
    },
}

/// Visits every history within `bounds`, with the datagrams as they are.
pub fn check(bounds: Bounds) {
    let model = Nodes::new(Tamper::No, bounds);
    let seen = model.seen.clone();
    close(&format!("real nodes, {bounds:?}"), model);
    let late = if bounds.late { 0 } else { 2 };
    let lives = usize::from(bounds.lives == 1);
    seen.check(late + lives);
}

impl Model for Nodes {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let owner = Snap::owner(None);
        let replica = |at| Snap::replica(at).hear(&owner);
        vec![State {
            nodes: [owner.clone(), replica(1), replica(2)].map(Arc::new),
            log: Arc::default(),
            sights: Default::default(),
            kept: None,
            broken: None,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.broken.is_some() {
            return;
        }
        self.owner_actions(state, actions);
        for at in REPLICAS {
            self.replica_actions(at, actions);
        }
        match state.kept.as_deref() {
            Some(Kept::Claim { .. }) => actions.extend(REPLICAS.map(|at| Action::LateClaim { at })),
            Some(Kept::Pull { of, .. }) => {
                for from in (0..3).filter(|from| from != of) {
                    actions.extend(PAGES.map(|page| Action::LatePull { from, page }));
                }
            }
            None => {}
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
            |model, state: &State| state.verdict(model.tamper).is_ok(),
        )]
    }
}

const PAGES: [Page; 2] = [Page::Small, Page::Large];

impl Nodes {
    fn owner_actions(&self, state: &State, actions: &mut Vec<Action>) {
        let owner = &state.nodes[O];
        if state.log.writes() < self.bounds.writes {
            let keys = if state.log.writes() == 0 { 1 } else { KEYS };
            for key in 0..keys {
                let is_there = owner.read(key).is_some();
                actions.push(Action::Write { key, delete: false });
                actions.extend(is_there.then_some(Action::Write { key, delete: true }));
            }
        }
        if state.log.writes() > 0 && state.log.lives() < self.bounds.lives {
            actions.push(Action::Restart);
        }
        actions.push(Action::Collect { at: O });
    }

    fn replica_actions(&self, at: usize, actions: &mut Vec<Action>) {
        actions.extend([Action::Hear { at }, Action::Collect { at }]);
        for from in (0..3).filter(|from| *from != at) {
            actions.extend(PAGES.map(|page| Action::Exchange { at, from, page }));
            if self.bounds.late {
                actions.extend(PAGES.map(|page| Action::KeepClaim { at, from, page }));
            }
        }
        if self.bounds.late {
            actions.push(Action::KeepPull { at });
        }
    }

    /// Does what `action` says; `false` if it changed nothing.
    fn act(&self, next: &mut State, action: Action) -> Result<bool, Broken> {
        match action {
            Action::Write { key, delete } => next.write(key, delete),
            Action::Restart => {
                next.nodes[O] = Arc::new(Snap::owner(Some(&next.nodes[O])));
                Arc::make_mut(&mut next.log).restart();
                next.sights[O] = Default::default();
            }
            Action::Hear { at } => {
                let new = next.nodes[at].generation_of_owner() != next.nodes[O].generation();
                if !new {
                    return Ok(false);
                }
                self.seen.count(Event::NewLife as usize);
                let heard = next.nodes[at].hear(&next.nodes[O]);
                return next.put(at, heard);
            }
            Action::Collect { at } => {
                let Some(swept) = next.nodes[at].sweep() else {
                    return Ok(false);
                };
                self.seen.count(Event::Collected as usize);
                return next.put(at, swept);
            }
            Action::KeepPull { at } => {
                let Some(bytes) = next.pull(at) else {
                    return Ok(false);
                };
                next.kept = Some(Arc::new(Kept::Pull { of: at, bytes }));
            }
            _ => return self.act_on_claim(next, action),
        }
        Ok(true)
    }

    /// Does what `action` says with an answer, now or late.
    fn act_on_claim(&self, next: &mut State, action: Action) -> Result<bool, Broken> {
        let kept = next.kept.clone();
        match (action, kept.as_deref()) {
            (Action::Exchange { at, from, page }, _) => {
                let claim = self.exchange(next, at, from, page)?;
                claim.map_or(Ok(false), |claim| self.deliver(next, at, from, &claim))
            }
            (Action::KeepClaim { at, from, page }, _) => {
                let claim = self.exchange(next, at, from, page)?;
                let keep = |bytes| Arc::new(Kept::Claim { from, bytes });
                next.kept = claim.map(keep).or(kept.clone());
                Ok(next.kept != kept)
            }
            (Action::LatePull { from, page }, Some(Kept::Pull { of, bytes })) => {
                let Some(claim) = self.answer(next, from, *of, bytes, page)? else {
                    return Ok(false);
                };
                let useful = self.deliver(next, *of, from, &claim)?;
                Ok(self.see_if(useful, Event::LatePull))
            }
            (Action::LateClaim { at }, Some(Kept::Claim { from, bytes })) if *from != at => {
                let useful = self.deliver(next, at, *from, bytes)?;
                Ok(self.see_if(useful, Event::LateClaim))
            }
            _ => Ok(false),
        }
    }

    /// What `from` answers to the pull that `at` would send now.
    fn exchange(
        &self,
        state: &State,
        at: usize,
        from: usize,
        page: Page,
    ) -> Result<Option<Vec<u8>>, Broken> {
        let pull = state.pull(at);
        pull.map_or(Ok(None), |pull| self.answer(state, from, at, &pull, page))
    }

    /// What `from` answers to a pull of `at`, tampered with or not; `None` if there is no claim in it.
    fn answer(
        &self,
        state: &State,
        from: usize,
        at: usize,
        pull: &[u8],
        page: Page,
    ) -> Result<Option<Vec<u8>>, Broken> {
        let room = if page == Page::Large { 300 } else { 64 };
        let Some(answer) = state.nodes[from].answer(at, pull, room) else {
            return Ok(None);
        };
        if !answer.left_no_trace {
            return Err(Broken::Remembered);
        }
        let answer = self.tamper.bent(&answer.bytes);
        Ok(super::parts::has_claim(&answer).then_some(answer))
    }

    fn deliver(
        &self,
        next: &mut State,
        at: usize,
        from: usize,
        claim: &[u8],
    ) -> Result<bool, Broken> {
        let Some(after) = next.nodes[at].take(from, claim) else {
            return Ok(false);
        };
        let form = super::parts::form_of(claim);
        self.see_if(true, form);
        next.put(at, after)
    }

    fn see_if(&self, seen: bool, event: Event) -> bool {
        if seen {
            self.seen.count(event as usize);
        }
        seen
    }
}

impl State {
    /// The pull that a node sends when it hears how much the owner holds.
    fn pull(&self, at: usize) -> Option<Vec<u8>> {
        self.nodes[at].pull(self.nodes[O].held())
    }

    fn write(&mut self, key: usize, delete: bool) {
        let number = Arc::make_mut(&mut self.log).write(key, delete);
        let value = (!delete).then_some(number);
        self.nodes[O] = Arc::new(self.nodes[O].write(key, value));
    }

    /// A node is as `snap` now; what it shows is looked at.
    fn put(&mut self, at: usize, snap: Snap) -> Result<bool, Broken> {
        self.nodes[at] = Arc::new(snap);
        for key in 0..KEYS {
            let node = &self.nodes[at];
            let sight = &mut self.sights[at][key];
            self.log
                .look(key, node.read(key), node.is_deleted(key), sight)?;
        }
        Ok(true)
    }

    /// What is broken here: on the way, or because the replicas cannot become equal any more.
    pub fn verdict(&self, tamper: Tamper) -> Result<(), Broken> {
        if let Some(broken) = self.broken {
            return Err(broken);
        }
        for at in REPLICAS {
            let settled = self.nodes[at].settle(&self.nodes[O], tamper);
            for key in 0..KEYS {
                match (self.nodes[O].read(key), settled.read(key)) {
                    (there, here) if there == here => {}
                    (None, Some(_)) => return Err(Broken::Returned),
                    _ => return Err(Broken::Apart),
                }
            }
            if settled.held_of_owner() != self.nodes[O].held() {
                return Err(Broken::Apart);
            }
        }
        Ok(())
    }
}

impl Hash for Snap {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.print.hash(hasher);
    }
}
