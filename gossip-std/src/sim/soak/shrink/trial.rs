//! One smaller scenario after the other is tried, and kept if it breaks the same rule.

use super::{Shrunk, fair};
use crate::sim::RunError;
use crate::sim::outcome::{Outcome, Violation};
use crate::sim::scenario::Scenario;

/// Plays one scenario under one seed.
type Play<'a> = Box<dyn Fn(&Scenario, u64) -> Result<Outcome, RunError> + 'a>;

/// The smallest scenario so far, and what it takes to find a smaller one.
pub(super) struct Trial<'a> {
    pub best: Scenario,
    /// How `best` breaks the rule.
    pub violation: Violation,
    play: Play<'a>,
    seed: u64,
    /// The first scenario, if it ends in a fair calm: only those are tried then that do, too.
    fair: Option<Scenario>,
    runs: u32,
    runs_max: u32,
}

impl<'a> Trial<'a> {
    /// Begins with a scenario; `None` if it breaks no rule.
    pub(super) fn new(
        scenario: &Scenario,
        seed: u64,
        runs_max: u32,
        play: impl Fn(&Scenario, u64) -> Result<Outcome, RunError> + 'a,
    ) -> Option<Self> {
        let violation = play(scenario, seed).ok()?.violations.into_iter().next()?;
        Some(Self {
            best: scenario.clone(),
            violation,
            play: Box::new(play),
            seed,
            fair: Some(scenario.clone()).filter(|whole| fair::is_as_fair_as(whole, whole)),
            runs: 1,
            runs_max,
        })
    }

    /// Plays a scenario if it makes sense, and keeps it if it breaks the same rule.
    pub(super) fn accepts(&mut self, candidate: Scenario) -> bool {
        let whole = self
            .fair
            .as_ref()
            .filter(|_| candidate.expect.agree_within.is_some());
        let is_fair = whole.is_none_or(|whole| fair::is_as_fair_as(whole, &candidate));
        let makes_sense = candidate.check().is_ok() && is_fair;
        if candidate == self.best || self.is_spent() || !makes_sense {
            return false;
        }
        self.runs += 1;
        let outcome = (self.play)(&candidate, self.seed);
        let violation = outcome
            .ok()
            .and_then(|outcome| outcome.violations.into_iter().next());
        match violation {
            Some(violation) if is_alike(&violation, &self.violation) => {
                self.best = candidate;
                self.violation = violation;
                true
            }
            _ => false,
        }
    }

    /// Whether no more runs are allowed.
    pub(super) fn is_spent(&self) -> bool {
        self.runs >= self.runs_max
    }

    pub(super) fn finish(self) -> Shrunk {
        Shrunk {
            scenario: self.best,
            violation: self.violation,
            runs: self.runs,
        }
    }
}

/// The same rule, broken by a host in both, or by none.
fn is_alike(one: &Violation, other: &Violation) -> bool {
    one.rule == other.rule && one.host.is_some() == other.host.is_some()
}
