//! How much of what was done to the nodes.

use serde::Serialize;

use crate::sim::outcome::LostCount;
use crate::sim::scenario::{Action, Scenario};

/// How many timeline actions of a kind there were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FaultCount {
    /// The action, as a scenario spells it.
    pub kind: &'static str,
    /// How many.
    pub count: u64,
}

/// Adds the actions of a scenario.
pub(super) fn count(faults: &mut Vec<FaultCount>, scenario: &Scenario) {
    for at in &scenario.at {
        let kind = kind_of(&at.action);
        match faults.binary_search_by_key(&kind, |fault| fault.kind) {
            Ok(place) => faults[place].count += 1,
            Err(place) => faults.insert(place, FaultCount { kind, count: 1 }),
        }
    }
}

/// Adds the datagrams that one run lost.
pub(super) fn add_lost(sums: &mut Vec<LostCount>, lost: &[LostCount]) {
    for LostCount { cause, datagrams } in lost {
        match sums.binary_search_by_key(&cause, |sum| &sum.cause) {
            Ok(place) => sums[place].datagrams += datagrams,
            Err(place) => sums.insert(
                place,
                LostCount {
                    cause: cause.clone(),
                    datagrams: *datagrams,
                },
            ),
        }
    }
}

fn kind_of(action: &Action) -> &'static str {
    match action {
        Action::Partition { .. } => "partition",
        Action::Heal(_) | Action::HealAll => "heal",
        Action::Crash(_) => "crash",
        Action::Restart(_) => "restart",
        Action::Rolling(_) => "rolling",
        Action::Pause(_) => "pause",
        Action::Resume(_) => "resume",
        Action::Slow { .. } => "slow",
        Action::Move(_) => "move",
        Action::Twin(_) => "twin",
        Action::SetLoss(_) => "set-loss",
        Action::SetLink(_) => "set-link",
        Action::AddRule(_) => "add-rule",
        Action::LiftRule(_) => "lift-rule",
        Action::Join { .. } => "join",
        Action::Leave(_) => "leave",
        Action::Churn(_) => "churn",
        Action::Set(_) => "set",
        Action::Delete { .. } => "delete",
        Action::Flash(_) => "flash",
    }
}
