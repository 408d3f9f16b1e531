//! What remains of a scenario that breaks a rule when all is taken away that the failure does not
//! need.

mod ddmin;
mod fair;
mod features;
mod hosts;
mod timeline;
mod trial;

use crate::sim::outcome::{Outcome, Violation};
use crate::sim::scenario::Scenario;
use crate::sim::{RunError, Span};

use trial::Trial;

/// After so many runs the best scenario so far is taken.
const RUNS_MAX: u32 = 500;

/// A small scenario that breaks the same rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Shrunk {
    /// The scenario.
    pub scenario: Scenario,
    /// How it breaks the rule, under the same seed.
    pub violation: Violation,
    /// How many runs it took to find.
    pub runs: u32,
}

/// Takes away from a scenario that breaks a rule under `seed` whatever that does not need: actions
/// of the timeline, hosts, settings, and time. `None` if it breaks no rule. At most 500 runs.
#[must_use]
pub fn shrink(scenario: &Scenario, seed: u64) -> Option<Shrunk> {
    shrink_with(scenario, seed, super::play_real)
}

/// The same with other hosts: `play` plays one scenario under one seed.
#[must_use]
pub fn shrink_with(
    scenario: &Scenario,
    seed: u64,
    play: impl Fn(&Scenario, u64) -> Result<Outcome, RunError>,
) -> Option<Shrunk> {
    let mut trial = Trial::new(scenario, seed, RUNS_MAX, play)?;
    loop {
        let before = trial.best.clone();
        timeline::shrink(&mut trial);
        hosts::shrink(&mut trial);
        features::shrink(&mut trial);
        shorten(&mut trial);
        if trial.best == before || trial.is_spent() {
            return Some(trial.finish());
        }
    }
}

/// What is left happens earlier, and the run ends with the violation.
fn shorten(trial: &mut Trial<'_>) {
    while trial.accepts(timeline::in_half_the_time(&trial.best)) {}
    let mut shorter = trial.best.clone();
    shorter.duration = match shorter.expect.agree_within {
        Some(bound) => shorter.last_disturbance() + bound + super::generate::SLACK,
        None => {
            let end = trial.violation.at.as_micros().div_ceil(1_000_000) + 1;
            Span::from_secs(end).max(shorter.last_disturbance())
        }
    };
    if shorter.duration < trial.best.duration {
        trial.accepts(shorter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::scenario::Action;
    use crate::sim::soak::generate;
    use crate::sim::{Time, soak};

    /// Plays nothing, and fails where host 2 is paused and something is partitioned.
    fn toy(scenario: &Scenario, seed: u64) -> Result<Outcome, RunError> {
        let pauses = |action: &Action| match action {
            Action::Pause(crate::sim::scenario::Pick::Hosts(set)) => set.contains(1),
            _ => false,
        };
        let cuts = |action: &Action| matches!(action, Action::Partition { .. });
        let actions = || scenario.at.iter().map(|at| &at.action);
        let fails = actions().any(pauses) && actions().any(cuts);
        let violation = Violation {
            rule: "agreement".to_owned(),
            at: Time::START + scenario.duration,
            host: None,
            what: "of a toy".to_owned(),
        };
        Ok(Outcome {
            seed,
            violations: if fails { vec![violation] } else { Vec::new() },
            ..Outcome::default()
        })
    }

    #[test]
    fn only_what_the_failure_needs_is_left() {
        let fails = |seed: &u64| !toy(&generate(*seed), *seed).unwrap().violations.is_empty();
        for seed in (0..).filter(fails).take(10) {
            let shrunk = shrink_with(&generate(seed), seed, toy).unwrap();
            let left = shrunk.scenario.to_toml();
            assert_eq!(shrunk.violation.rule, "agreement");
            assert_eq!(shrunk.scenario.at.len(), 2, "{left}");
            // One to pause, and one at most that the partition cuts off.
            assert!(shrunk.scenario.hosts() <= 3, "{left}");
            assert_eq!(shrunk.scenario.workload, None, "{left}");
            assert_eq!(Scenario::parse(&left), Ok(shrunk.scenario));
            assert!(shrunk.runs <= RUNS_MAX);
        }
    }

    #[test]
    fn what_breaks_no_rule_is_not_shrunk() {
        let quiet = |_: &Scenario, _| Ok(Outcome::default());
        assert_eq!(shrink_with(&soak::generate(1), 1, quiet), None);
    }
}
