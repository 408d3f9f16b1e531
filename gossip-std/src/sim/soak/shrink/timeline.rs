//! Fewer actions, and sooner.

use std::collections::BTreeMap;

use super::ddmin::ddmin;
use super::trial::Trial;
use crate::sim::scenario::{Action, At, Scenario};
use crate::sim::{Span, Time};

/// Takes actions away: first those that came after the violation, then faults together with what
/// ends them, then single ones.
pub(super) fn shrink(trial: &mut Trial<'_>) {
    let mut early = trial.best.clone();
    early.expect.agree_within = None;
    if trial.accepts(early) {
        cut_after_violation(trial);
    }
    let units = units(&trial.best.at);
    keep_few(trial, units);
    let singles = (0..trial.best.at.len()).map(|place| vec![place]).collect();
    keep_few(trial, singles);
}

/// What comes after the violation has no part in it.
fn cut_after_violation(trial: &mut Trial<'_>) {
    let mut early = trial.best.clone();
    let end = trial.violation.at;
    early.at.retain(|at| Time::START + at.time <= end);
    trial.accepts(early);
}

/// Keeps as few of the units, lists of places in the timeline, as it takes.
fn keep_few(trial: &mut Trial<'_>, units: Vec<Vec<usize>>) {
    let whole = trial.best.clone();
    ddmin(units, |kept| {
        let mut places: Vec<usize> = kept.iter().flatten().copied().collect();
        places.sort_unstable();
        let at = places
            .iter()
            .map(|place| whole.at[*place].clone())
            .collect();
        trial.accepts(Scenario {
            at,
            ..whole.clone()
        })
    });
}

/// The places of actions that make sense only together: what opens and closes under one name, and
/// all that is set on links or processors and set back. Others are alone.
fn units(timeline: &[At]) -> Vec<Vec<usize>> {
    let mut units: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, at) in timeline.iter().enumerate() {
        let unit = match &at.action {
            Action::Partition { name, .. } | Action::Heal(name) => format!("partition {name}"),
            Action::AddRule(rule) => format!("rule {}", rule.name),
            Action::LiftRule(name) => format!("rule {name}"),
            Action::SetLoss(_) | Action::SetLink(_) => "link".to_owned(),
            Action::Slow { .. } => "slow".to_owned(),
            _ => format!("{place}"),
        };
        units.entry(unit).or_default().push(place);
    }
    let mut units: Vec<Vec<usize>> = units.into_values().collect();
    units.sort_unstable();
    units
}

/// Everything in half the time.
pub(super) fn in_half_the_time(scenario: &Scenario) -> Scenario {
    let mut faster = scenario.clone();
    let half = |span: &mut Span| *span = Span::from_millis(span.as_millis() / 2);
    for at in &mut faster.at {
        half(&mut at.time);
        match &mut at.action {
            Action::Churn(churn) => half(&mut churn.until),
            Action::Twin(twin) => half(&mut twin.lasts),
            _ => {}
        }
    }
    if let Some(load) = &mut faster.workload {
        half(&mut load.from);
        load.until.iter_mut().for_each(half);
    }
    faster
}
