//! Long random histories by the real delta rules: an owner and four replicas, six keys, thirty writes,
//! pages of any size, every message ever sent liable to arrive again anywhere, tombstones collected,
//! leases run out on one node before another, re-covers given up, senders lost and owners restarted at any moment.

use crate::delta_world;

use std::cell::Cell;

use delta_world::{Broken, O, Rules, Told, World};
use gossip_core::Version;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

const KEYS: usize = 6;
const NODES: usize = 5;
const WRITES: usize = 30;
const LIVES: usize = 4;

type Cluster = World<KEYS, NODES>;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    Set {
        key: usize,
    },
    Delete {
        key: usize,
    },
    /// Set for a time.
    Lease {
        key: usize,
    },
    /// The time is over on this node.
    Expire {
        at: usize,
        key: usize,
    },
    /// Digest and claim, with room for so many entries.
    Pull {
        from: usize,
        at: usize,
        room: usize,
    },
    /// A claim that answers some other digest, or none.
    Push {
        from: usize,
        at: usize,
        a: Index,
        b: Index,
    },
    /// A claim of earlier arrives, again or late.
    Again {
        claim: Index,
        at: usize,
    },
    /// One write of the present life, or of one before, arrives alone.
    Single {
        at: usize,
        life: Index,
        write: Index,
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
    Lose {
        at: usize,
    },
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let node = || 0..NODES;
    let replica = || 1..NODES;
    let key = || 0..KEYS;
    let index = any::<Index>;
    prop_oneof![
        12 => key().prop_map(|key| Step::Set { key }),
        6 => key().prop_map(|key| Step::Delete { key }),
        6 => key().prop_map(|key| Step::Lease { key }),
        12 => (node(), key()).prop_map(|(at, key)| Step::Expire { at, key }),
        24 => (node(), replica(), 1..4usize).prop_map(|(from, at, room)| Step::Pull { from, at, room }),
        12 => (node(), replica(), index(), index())
            .prop_map(|(from, at, a, b)| Step::Push { from, at, a, b }),
        12 => (index(), replica()).prop_map(|(claim, at)| Step::Again { claim, at }),
        12 => (replica(), index(), index())
            .prop_map(|(at, life, write)| Step::Single { at, life, write }),
        16 => (node(), key()).prop_map(|(at, key)| Step::Collect { at, key }),
        2 => replica().prop_map(|at| Step::GiveUp { at }),
        1 => replica().prop_map(|at| Step::Absorb { at }),
        1 => replica().prop_map(|at| Step::Lose { at }),
        1 => Just(Step::Restart),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 0..200)
}

/// A world and every claim ever made in it.
#[derive(Clone)]
struct History {
    world: Cluster,
    told: Vec<Told<KEYS>>,
}

impl History {
    fn of(rules: Rules, steps: &[Step]) -> Result<Self, Broken> {
        let mut history = Self {
            world: World::new(rules),
            told: Vec::new(),
        };
        for step in steps {
            history.go(step)?;
            if rules == Rules::Real {
                history.world.check_meaning()?;
            }
        }
        Ok(history)
    }

    fn go(&mut self, step: &Step) -> Result<(), Broken> {
        let world = &mut self.world;
        match *step {
            Step::Set { key } => self.write(key, true),
            Step::Delete { key } => self.write(key, false),
            Step::Lease { key } => {
                if self.may_write() {
                    self.world.lease(key, 1);
                }
            }
            Step::Expire { at, key } => {
                world.expire(at, key);
            }
            Step::Pull { from, at, room } => self.pull(from, at, room)?,
            Step::Push { from, at, a, b } => {
                let held = world.progress(from).held.get() as usize;
                if from != at && held > 0 {
                    let a = a.index(held);
                    let b = a + 1 + b.index(held - a);
                    let told = world.tell(from, version(a), version(b));
                    world.take_claim(at, &told)?;
                    self.told.push(told);
                }
            }
            Step::Again { ref claim, at } if !self.told.is_empty() => {
                world.take_claim(at, claim.get(&self.told))?;
            }
            Step::Single { at, life, write } => {
                let life = life.index(world.logs.len());
                let log = &world.logs[life];
                if !log.writes.is_empty() {
                    let number = log.start.get() as usize + 1 + write.index(log.writes.len());
                    world.take_write(at, life, version(number))?;
                }
            }
            Step::Collect { at, key } => {
                world.collect(at, key);
            }
            Step::GiveUp { at } => world.give_up_recover(at),
            Step::Absorb { at } => _ = world.absorb(at),
            Step::Lose { at } => world.wipe(at),
            Step::Restart if world.logs.len() < LIVES => world.restart(),
            Step::Again { .. } | Step::Restart => {}
        }
        Ok(())
    }

    fn write(&mut self, key: usize, set: bool) {
        let is_there = self.world.table(O).shown(key).is_some();
        if self.may_write() && (set || is_there) {
            self.world.write(key, set.then_some(2));
        }
    }

    fn may_write(&self) -> bool {
        let writes: usize = self.world.logs.iter().map(|log| log.writes.len()).sum();
        writes < WRITES
    }

    /// One exchange; what it told can come again.
    fn pull(&mut self, from: usize, at: usize, room: usize) -> Result<(), Broken> {
        if from != at {
            self.told.extend(self.world.ask(from, at, room));
            self.world.pull(from, at, room)?;
        }
        Ok(())
    }

    /// Writes stop and messages get through, first among the replicas alone, then with the owner.
    fn settle(mut self, room: usize) -> Result<(), Broken> {
        for first in [1, 0] {
            while self.pull_all(first, room)? {}
        }
        self.world.expire_all();
        self.world.check_all_equal()
    }

    /// One page for every pair of nodes from `first` on; `false` if nobody had anything to say.
    fn pull_all(&mut self, first: usize, room: usize) -> Result<bool, Broken> {
        let mut any = false;
        for at in 1..NODES {
            for from in (first..NODES).filter(|&from| from != at) {
                any |= self.world.pull(from, at, room)?;
            }
        }
        Ok(any)
    }
}

fn version(number: usize) -> Version {
    delta_world::v(number as u32)
}

/// Plays a history and lets it settle in pages of one entry and in larger ones.
fn play(rules: Rules, steps: &[Step]) -> Result<(), Broken> {
    let history = History::of(rules, steps)?;
    history.clone().settle(1)?;
    history.settle(3)
}

fn failure(broken: Broken) -> TestCaseError {
    TestCaseError::fail(format!("{broken:?}"))
}

fn config() -> Config {
    let cases = if cfg!(debug_assertions) { 300 } else { 20_000 };
    Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_promise_is_kept(steps in steps()) {
        play(Rules::Real, &steps).map_err(failure)?;
    }

    /// A replica catches up page by page. After any number of pages its sender is lost, claims of
    /// earlier come again, and it goes on with somebody else, who is lost after as many pages.
    #[test]
    fn a_sender_may_be_lost_after_any_page(
        steps in steps(),
        at in 1..NODES,
        lost in prop::sample::subsequence(vec![1, 2, 3, 4], 0..=4usize).prop_shuffle(),
        stale in prop::collection::vec(any::<Index>(), 0..12),
    ) {
        let history = History::of(Rules::Real, &steps).map_err(failure)?;
        for pages in 1.. {
            let mut history = history.clone();
            let complete = catch_up(&mut history, at, &lost, pages, &stale).map_err(failure)?;
            history.settle(1).map_err(failure)?;
            if complete {
                break;
            }
        }
    }
}

/// Node `at` takes up to `pages` pages from each of the senders, which are then lost. `true` if no
/// sender had as many.
fn catch_up(
    history: &mut History,
    at: usize,
    senders: &[usize],
    pages: usize,
    stale: &[Index],
) -> Result<bool, Broken> {
    let mut stale = stale.iter();
    let mut all = true;
    for &from in senders.iter().filter(|&&from| from != at) {
        let mut taken = 0;
        while taken < pages && history.world.pull(from, at, 1)? {
            taken += 1;
            if let (Some(claim), false) = (stale.next(), history.told.is_empty()) {
                let told = claim.get(&history.told).clone();
                history.world.take_claim(at, &told)?;
            }
        }
        all &= taken < pages;
        history.world.wipe(from);
    }
    Ok(all)
}

/// Broken rules that show in one history of thousands.
const RARE: [Rules; 2] = [Rules::SenderBelowTarget, Rules::FinishFromNothing];

/// Broken rules of short forms: these histories tell whole claims. The model finds them.
const SHORT: [Rules; 2] = [Rules::VersionsForLess, Rules::KnownOfValues];

/// The histories would find a mistake: each broken rule breaks a promise in some of them. The search
/// is the same in every run; the rare ones are left to `cargo test --release`.
#[test]
fn every_broken_rule_is_found() {
    let sought = |rules: &Rules| !(cfg!(debug_assertions) && RARE.contains(rules));
    let whole = |rules: &Rules| !SHORT.contains(rules);
    for rules in Rules::BROKEN.into_iter().filter(sought).filter(whole) {
        let config = Config {
            cases: 200_000,
            max_shrink_iters: 0,
            ..config()
        };
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let cases = Cell::new(0);
        let found = TestRunner::new_with_rng(config, rng).run(&steps(), |steps| {
            cases.set(cases.get() + 1);
            play(rules, &steps).map_err(failure)
        });
        println!("{rules:?}: history {}", cases.get());
        assert!(found.is_err(), "{rules:?} breaks no promise");
    }
}
