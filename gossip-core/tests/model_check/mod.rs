//! What the two models share: how a search is run, and what it says.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test crate uses its own part"
)]

pub mod entries;
pub mod nodes;
pub mod parts;
pub mod sight;

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use stateright::{Checker, HasDiscoveries, Model};

/// How often something was seen to happen: a search in which it never does shows nothing about it.
#[derive(Debug)]
pub struct Seen<const N: usize>([AtomicU64; N]);

impl<const N: usize> Default for Seen<N> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}

impl<const N: usize> Seen<N> {
    pub fn count(&self, what: usize) {
        self.0[what].fetch_add(1, Ordering::Relaxed);
    }

    /// Fails unless all but so many were seen.
    pub fn check(&self, unseen: usize) {
        let counts = self.0.each_ref().map(|count| count.load(Ordering::Relaxed));
        let never = counts.iter().filter(|count| **count == 0).count();
        assert_eq!(never, unseen, "something never happened: {counts:?}");
    }
}

/// Visits every state of `model`; fails with the history of the first broken promise. Prints what the
/// search is called and how much it saw.
pub fn close<M>(name: &str, model: M)
where
    M: Model + Send + Sync + 'static,
    M::State: Hash + Send + Sync + Clone + PartialEq + Debug + 'static,
    M::Action: Clone + PartialEq + Debug + Send + Sync,
{
    let start = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let checker = model.checker().threads(threads).spawn_bfs().join();
    let broken = checker.discoveries().into_iter().next();
    if let Some((promise, path)) = broken {
        panic!("{promise}: broken after {:#?}", path.into_actions());
    }
    assert!(checker.is_done(), "the search did not come to its end");
    println!(
        "{name}: {} states, {} steps, depth {}, {} s",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
        start.elapsed().as_secs()
    );
}

/// The shortest history of `model` that breaks a promise, and its last state; `None` if none does.
pub fn find<M>(model: M) -> Option<(Vec<M::Action>, M::State)>
where
    M: Model + Send + Sync + 'static,
    M::State: Hash + Send + Sync + Clone + PartialEq + Debug + 'static,
    M::Action: Clone + PartialEq + Debug + Send + Sync,
{
    let checker = model.checker().finish_when(HasDiscoveries::Any);
    let found = checker.spawn_bfs().join().discoveries();
    let (_, path) = found.into_iter().next()?;
    let last = path.last_state().clone();
    Some((path.into_actions(), last))
}
