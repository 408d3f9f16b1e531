//! A scenario and a seed in, an outcome out.

mod build;
mod cluster;
mod director;
mod parameters;
mod settled;
mod watch;
mod wiring;
mod workload;

use std::io::{self, Write};

use gossip_core::persist::ImportError;

use super::network::{Network, NetworkConfig};
use super::outcome::Outcome;
use super::scenario::{Boot, Scenario, ScenarioError};
use super::time::{Span, Time};
use super::world::WorldOptions;

use cluster::Cluster;
use director::Director;
use watch::Watch;
use workload::Load;

pub use build::{Build, Nodes, heap_nodes, roomy};
pub use settled::Settled;

/// How a scenario is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunOptions {
    /// Fixes all chance.
    pub seed: u64,
    /// On how many cores; it changes nothing in the outcome.
    pub cores: usize,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self { seed: 1, cores: 1 }
    }
}

/// Why a run came to no outcome.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The scenario cannot be played.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// Nodes that were to know each other from the beginning did not come to.
    #[error(
        "the nodes did not come to agree within {} before the run; try boot = \"join\"",
        WARM_UP_STEP.times(f64::from(WARM_UP_STEPS))
    )]
    Unsettled,
    /// Nodes cannot hold what they were to know from the beginning.
    #[error("the nodes cannot know each other from the beginning: {0}; try boot = \"join\"")]
    NoRoom(#[from] ImportError),
    /// The trace could not be written.
    #[error("the trace could not be written: {0}")]
    Trace(#[source] io::Error),
}

/// Plays a scenario with real nodes on the heap.
///
/// # Errors
/// The scenario cannot be played. A violated invariant is no error but part of the outcome.
pub fn run(scenario: &Scenario, options: &RunOptions) -> Result<Outcome, RunError> {
    run_with(
        scenario,
        options,
        &heap_nodes(scenario),
        Followers::default(),
    )
}

/// Who follows a run; nobody by default.
#[derive(Default)]
pub struct Followers<'t> {
    /// Where a [trace](super::trace::Trace) is written.
    pub trace: Option<&'t mut dyn Write>,
    /// Is told how far the run has come, each time everything is looked at: about 240 times.
    pub progress: Option<&'t mut dyn FnMut(Time)>,
}

/// Plays a scenario with hosts from `build`, followed by these.
///
/// # Errors
/// The scenario cannot be played, or the trace not be written.
pub fn run_with<B: Build>(
    scenario: &Scenario,
    options: &RunOptions,
    build: &B,
    followers: Followers<'_>,
) -> Result<Outcome, RunError> {
    scenario.check()?;
    let world = WorldOptions {
        seed: options.seed,
        cores: options.cores,
        detailed: followers.trace.is_some(),
    };
    let watch = Watch::new(scenario, followers.trace);
    let cluster = Cluster::new(
        scenario,
        build,
        world,
        network(scenario, options.seed)?,
        watch,
    );
    let mut run = Run {
        scenario,
        director: Director::new(scenario, options.seed),
        load: Load::new(scenario, options.seed),
        cluster,
        progress: followers.progress,
    };
    run.start(options.seed)?;
    run.cluster.look_at_network();
    run.play()?;
    run.finish(options)
}

fn network(scenario: &Scenario, seed: u64) -> Result<Network, ScenarioError> {
    Network::new(&scenario.network, scenario.hosts(), seed)
        .map_err(|invalid| ScenarioError::new("network", invalid.to_string()))
}

/// Everybody is linked with everybody, and nothing is lost.
fn fair_network(hosts: u32) -> Result<Network, ScenarioError> {
    Network::new(&NetworkConfig::default(), hosts, 0)
        .map_err(|invalid| ScenarioError::new("network", invalid.to_string()))
}

/// How long hosts may take to find their seeds, in steps after which they are looked at.
const WARM_UP_STEP: Span = Span::from_millis(250);
const WARM_UP_STEPS: u32 = 240;

/// A run under way.
struct Run<'s, 't, B: Build> {
    scenario: &'s Scenario,
    director: Director<'s>,
    load: Option<Load<'s>>,
    cluster: Cluster<'s, 't, B>,
    progress: Option<&'t mut dyn FnMut(Time)>,
}

impl<B: Build> Run<'_, '_, B> {
    /// Starts the first hosts. Those of a settled cluster find their seeds on a fair network before the
    /// run begins.
    fn start(&mut self, seed: u64) -> Result<(), RunError> {
        if self.scenario.boot != Boot::AllKnown {
            return Ok(self.director.boot(&mut self.cluster)?);
        }
        let setting = self
            .cluster
            .swap_network(fair_network(self.scenario.hosts())?);
        let all = Settled::new(self.scenario, seed)?;
        for _ in 0..self.scenario.nodes {
            self.cluster.add_settled(&all)?;
        }
        let settled = self.cluster.settle(WARM_UP_STEP, WARM_UP_STEPS);
        self.cluster.swap_network(setting);
        if settled {
            Ok(())
        } else {
            Err(RunError::Unsettled)
        }
    }

    /// Goes from one thing that happens to the next, and looks at everything now and then.
    fn play(&mut self) -> Result<(), RunError> {
        let end = Time::START + self.scenario.duration;
        let period = sampling_period(self.scenario);
        let mut next_sample = Time::START;
        loop {
            let now = self.cluster.world.now();
            self.director.perform(&mut self.cluster)?;
            if now >= next_sample {
                self.cluster.sample();
                if let Some(progress) = &mut self.progress {
                    progress(now);
                }
                next_sample = now + period;
                if let Some(load) = &mut self.load {
                    load.fill(&mut self.cluster, now, next_sample);
                }
            }
            if now >= end || self.cluster.watch.is_violated() {
                return Ok(());
            }
            let mut next = end.min(next_sample).min(self.director.next_time());
            if self.cluster.watch.tracks {
                self.cluster.look_at_spread();
                // An epidemic is over in the time between two samples.
                next = next.min(now + period.times(0.1));
            }
            self.cluster.run_until(next);
        }
    }

    fn finish(self, options: &RunOptions) -> Result<Outcome, RunError> {
        let mut outcome = self.cluster.finish().map_err(RunError::Trace)?;
        outcome.scenario.clone_from(&self.scenario.name);
        outcome.seed = options.seed;
        outcome.parameters = parameters::of(self.scenario)?;
        Ok(outcome)
    }
}

/// How often everything is looked at: often enough for a smooth curve, rarely enough for the looking
/// to cost less than the run.
fn sampling_period(scenario: &Scenario) -> Span {
    let looks = if scenario.hosts() > 2000 { 60.0 } else { 240.0 };
    let period = scenario.duration.times(1.0 / looks);
    let millis = period.as_millis().clamp(50, 1000);
    // A whole number of them makes up a second, so that a second's traffic is measured whole.
    let millis = [50, 100, 200, 250, 500, 1000]
        .into_iter()
        .find(|step| *step >= millis);
    Span::from_millis(millis.unwrap_or(1000))
}
