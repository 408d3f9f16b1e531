//! Random fault schedules over many seeds, and what remains of one that broke a rule.
//!
//! [`generate`] makes a scenario of a seed: a small cluster, settings, a network, a minute of faults
//! and then calm. [`soak`] plays many of them with every rule on, and stops at the first that is
//! broken; [`shrink`] takes away from that scenario whatever the failure does not need.

pub(in crate::sim) mod bound;
mod faults;
mod generate;
mod shrink;

use std::ops::Range;

use serde::Serialize;

use super::outcome::{LostCount, Outcome, Violation};
use super::scenario::Scenario;
use super::{RunError, RunOptions, Span, Time, batch, run};

pub use faults::FaultCount;
pub use generate::generate;
pub use shrink::{Shrunk, shrink, shrink_with};

/// What many seeds showed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SoakReport {
    /// The first seed.
    pub first_seed: u64,
    /// How many seeds were played, the last of them the one that broke a rule, if one did.
    pub seeds: u64,
    /// How much virtual time they took together.
    #[serde(rename = "virtual-time-us", serialize_with = "micros")]
    pub virtual_time: Span,
    /// How many events the simulator worked off.
    pub events: u64,
    /// The timelines' actions by kind, in the order of their names.
    pub faults: Vec<FaultCount>,
    /// Datagrams that did not arrive, by cause, in the order of the causes' names.
    pub lost: Vec<LostCount>,
    /// The first seed that broke a rule, if one did.
    pub finding: Option<Finding>,
}

/// A seed that broke a rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// The seed, of the scenario and of its run.
    pub seed: u64,
    /// Which rule, where, and when.
    pub violation: Violation,
    /// The scenario that [`generate`] made of the seed.
    pub scenario: Scenario,
}

/// A seed that could not be played.
#[derive(Debug, thiserror::Error)]
#[error("seed {seed}: {error}")]
pub struct SoakError {
    /// The seed.
    pub seed: u64,
    /// Why.
    #[source]
    pub error: RunError,
}

/// Plays the scenario of each seed with real nodes and `jobs` threads until one breaks a rule, and
/// calls `progress` after each. The report is the same whatever the number of jobs.
///
/// # Errors
/// The first seed that could not be played: its nodes did not settle.
pub fn soak(
    seeds: Range<u64>,
    jobs: usize,
    progress: impl Fn() + Sync,
) -> Result<SoakReport, SoakError> {
    soak_with(seeds, jobs, progress, play_real)
}

/// The same with other hosts: `play` plays one scenario under one seed.
///
/// # Errors
/// The first seed that could not be played.
pub fn soak_with(
    seeds: Range<u64>,
    jobs: usize,
    progress: impl Fn() + Sync,
    play: impl Fn(&Scenario, u64) -> Result<Outcome, RunError> + Sync,
) -> Result<SoakReport, SoakError> {
    let mut report = SoakReport::new(seeds.start);
    let seeds: Vec<u64> = seeds.collect();
    let run = |seed| {
        let scenario = generate(seed);
        let outcome = play(&scenario, seed).map_err(|error| SoakError { seed, error });
        progress();
        outcome.map(|outcome| (scenario, outcome))
    };
    let is_last = |result: &Result<(Scenario, Outcome), SoakError>| {
        let good = result.as_ref();
        good.map_or(true, |(_, outcome)| !outcome.violations.is_empty())
    };
    for result in batch::play(&seeds, jobs, run, is_last) {
        let (scenario, outcome) = result?;
        report.add(scenario, outcome);
    }
    Ok(report)
}

fn play_real(scenario: &Scenario, seed: u64) -> Result<Outcome, RunError> {
    run(scenario, &RunOptions { seed, cores: 1 })
}

impl SoakReport {
    fn new(first_seed: u64) -> Self {
        Self {
            first_seed,
            seeds: 0,
            virtual_time: Span::ZERO,
            events: 0,
            faults: Vec::new(),
            lost: Vec::new(),
            finding: None,
        }
    }

    fn add(&mut self, scenario: Scenario, outcome: Outcome) {
        self.seeds += 1;
        self.virtual_time = self.virtual_time + outcome.duration.since(Time::START);
        self.events += outcome.events;
        faults::count(&mut self.faults, &scenario);
        faults::add_lost(&mut self.lost, &outcome.traffic.lost);
        if let Some(violation) = outcome.violations.into_iter().next() {
            self.finding = Some(Finding {
                seed: outcome.seed,
                violation,
                scenario,
            });
        }
    }
}

fn micros<S: serde::Serializer>(span: &Span, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(span.as_micros())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Breaks a rule under seeds 5, 6, 7 ... and plays nothing.
    fn broken_from_five(_: &Scenario, seed: u64) -> Result<Outcome, RunError> {
        let violation = Violation {
            rule: "mtu".to_owned(),
            at: Time::START,
            host: None,
            what: String::new(),
        };
        Ok(Outcome {
            seed,
            duration: Time::START + Span::from_secs(10),
            events: seed,
            violations: if seed < 5 {
                Vec::new()
            } else {
                vec![violation]
            },
            ..Outcome::default()
        })
    }

    #[test]
    fn the_first_broken_seed_ends_a_soak_whatever_the_number_of_jobs() {
        let report = soak_with(2..100, 1, || (), broken_from_five).unwrap();
        assert_eq!(report.seeds, 4);
        assert_eq!(report.events, 2 + 3 + 4 + 5);
        assert_eq!(report.virtual_time, Span::from_secs(40));
        let finding = report.finding.as_ref().unwrap();
        assert_eq!((finding.seed, &finding.scenario), (5, &generate(5)));
        for jobs in [2, 5] {
            assert_eq!(
                soak_with(2..100, jobs, || (), broken_from_five).unwrap(),
                report
            );
        }
    }

    #[test]
    fn a_seed_that_cannot_be_played_is_named() {
        let refuse = |_: &Scenario, _| Err(RunError::Unsettled);
        let error = soak_with(7..9, 1, || (), refuse).unwrap_err();
        assert!(error.to_string().starts_with("seed 7: "), "{error}");
    }

    #[test]
    fn real_nodes_keep_every_rule_in_a_few_seeds() {
        let report = soak(0..4, 1, || ()).unwrap();
        assert_eq!(report.finding, None);
        assert_eq!(report.seeds, 4);
        assert!(report.events > 10_000, "{}", report.events);
        assert!(!report.faults.is_empty() && !report.lost.is_empty());
    }
}
