//! Which of the writes hold for a time only.

use super::dice::Dice;
use crate::sim::Span;
use crate::sim::scenario::{Action, Scenario};

/// Makes leases of some of a scenario's writes. All are over long before the calm is.
pub(super) fn draw(dice: &mut Dice, scenario: &mut Scenario) {
    if let Some(load) = &mut scenario.workload {
        load.leases = dice.one_of(&[0.0, 0.3, 0.7, 1.0]);
        load.ttl = ttl(dice);
    }
    for at in &mut scenario.at {
        if let Action::Set(set) = &mut at.action {
            set.ttl = dice.chance(0.5).then(|| ttl(dice));
        }
    }
}

/// Shorter than a partition, longer than one, and so short that it may be over on the way.
fn ttl(dice: &mut Dice) -> Span {
    Span::from_millis(dice.one_of(&[500, 2000, 8000, 20_000]))
}
