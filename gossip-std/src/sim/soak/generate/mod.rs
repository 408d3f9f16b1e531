//! A scenario made of a seed.

mod dice;
mod exchange;
mod faults;
mod leases;
mod odd;
mod settings;

use super::bound;
use crate::sim::Span;
use crate::sim::scenario::{Expect, Scenario};

use dice::Dice;

/// When the last trouble has ended.
const CALM_FROM: Span = Span::from_secs(60);

/// How much longer than the bound the calm is: a new life may be told late, and is one more thing to
/// agree on.
pub(super) const SLACK: Span = Span::from_secs(10);

/// A small cluster, a minute of faults, and calm: all that is random follows from the seed.
///
/// Every partition heals, every pause and slow-down ends, and the links are fair again in the end;
/// host 1, through which the others join, stays away only where nobody needs it any more (protocol.md,
/// Joining: a node that everybody forgot finds back through a seed alone).
#[must_use]
pub fn generate(seed: u64) -> Scenario {
    let mut dice = Dice::new(seed);
    let mut scenario = settings::draw(&mut dice, &format!("soak-{seed}"));
    scenario.at = faults::draw(&mut dice, &scenario);
    // With dice of their own, which leave the faults of a seed what they are.
    leases::draw(&mut Dice::new(!seed), &mut scenario);
    exchange::draw(&mut Dice::new(seed.rotate_left(32) ^ 1), &mut scenario);
    odd::draw(&mut Dice::new(seed.rotate_left(16) ^ 2), &mut scenario);
    // The trouble itself is not judged: what lasts shorter than the bound has no time to.
    let bound = bound::agreement(&scenario).max(CALM_FROM);
    scenario.duration = CALM_FROM + bound + SLACK;
    scenario.expect = Expect {
        agree_within: Some(bound),
        ..scenario.expect
    };
    scenario
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::scenario::{Action, Exchange};
    use std::collections::BTreeSet;

    #[test]
    fn every_seed_makes_a_scenario_that_can_be_played_and_written() {
        for seed in 0..500 {
            let scenario = generate(seed);
            assert_eq!(scenario.check(), Ok(()), "{}", scenario.to_toml());
            assert_eq!(Scenario::parse(&scenario.to_toml()).as_ref(), Ok(&scenario));
            assert_eq!(generate(seed), scenario);
            assert!((3..=16).contains(&scenario.nodes));
            assert!(scenario.last_disturbance() <= CALM_FROM);
        }
    }

    #[test]
    fn few_seeds_leave_nothing_out() {
        let mut kinds = BTreeSet::new();
        let mut mtus = BTreeSet::new();
        for scenario in (0..100).map(generate) {
            mtus.insert(scenario.network.link.mtu);
            let actions = scenario.at.iter().map(|at| {
                let action = toml::Value::try_from(&at.action).unwrap();
                let name = action.as_table().map(|table| table.keys().next().cloned());
                name.flatten().unwrap_or_else(|| action.to_string())
            });
            kinds.extend(actions);
        }
        assert_eq!(mtus.into_iter().collect::<Vec<_>>(), [64, 127, 512, 1400]);
        for kind in [
            "add-rule",
            "churn",
            "crash",
            "delete",
            "flash",
            "heal",
            "join",
            "leave",
            "lift-rule",
            "partition",
            "pause",
            "restart",
            "resume",
            "rolling",
            "set",
            "set-loss",
            "slow",
        ] {
            assert!(kinds.contains(kind), "{kind} of {kinds:?}");
        }
    }

    #[test]
    fn every_way_to_reconcile_is_drawn_and_half_are_left_as_they_are() {
        let scenarios: Vec<_> = (0..200).map(generate).collect();
        let ways: BTreeSet<_> = scenarios
            .iter()
            .filter_map(|scenario| {
                let exchange = scenario.protocol.exchange;
                Some((
                    exchange.mode?.to_string(),
                    exchange.reconciliation?.to_string(),
                ))
            })
            .collect();
        assert!(ways.len() >= 15, "of 20: {ways:?}");
        let left = scenarios
            .iter()
            .filter(|scenario| scenario.protocol.exchange == Exchange::default());
        assert!((60..140).contains(&left.count()));
    }

    #[test]
    fn most_loads_have_leases_and_none_outlasts_the_calm() {
        let scenarios: Vec<_> = (0..200).map(generate).collect();
        let leased = scenarios.iter().filter(|scenario| {
            let load = scenario.workload.as_ref();
            load.is_some_and(|load| load.leases > 0.0)
        });
        assert!(leased.count() > 50);
        for load in scenarios.iter().filter_map(|s| s.workload.as_ref()) {
            assert!(load.ttl <= Span::from_secs(20), "{}", load.ttl);
        }
    }

    #[test]
    fn every_partition_heals_and_host_1_is_never_sent_away() {
        for scenario in (0..200).map(generate) {
            let mut open = 0;
            for (_, at) in scenario.timeline() {
                match &at.action {
                    Action::Partition { .. } => open += 1,
                    Action::Heal(_) => open -= 1,
                    Action::HealAll => open = 0,
                    Action::Leave(pick) => {
                        let text = toml::Value::try_from(pick).unwrap().to_string();
                        assert!(!text.contains("random"), "{text}");
                    }
                    _ => {}
                }
            }
            assert_eq!(open, 0, "{}", scenario.to_toml());
        }
    }
}
