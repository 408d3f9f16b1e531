//! How the nodes reconcile.

use gossip_core::Mail;

use super::dice::Dice;
use crate::sim::scenario::{DirectMail, Exchange, ExchangeMode, Reconciliation, Scenario};

/// Settles how the nodes of a scenario reconcile: half of the time as they do by default.
pub(super) fn draw(dice: &mut Dice, scenario: &mut Scenario) {
    if dice.chance(0.5) {
        return;
    }
    scenario.protocol.exchange = Exchange {
        mode: Some(dice.one_of(&[
            ExchangeMode::PushPull,
            ExchangeMode::Push,
            ExchangeMode::Pull,
            ExchangeMode::FirstPushThenPull,
        ])),
        reconciliation: Some(dice.one_of(&[
            Reconciliation::ScuttleDepth,
            Reconciliation::ScuttleBreadth,
            Reconciliation::PreciseOldest,
            Reconciliation::PreciseNewest,
            Reconciliation::PreciseRandom,
        ])),
        fanout: Some(dice.one_of(&[1, 2])),
        pages: Some(dice.one_of(&[2, 8, u8::MAX])),
        flow_control: Some(dice.chance(0.3)),
        ..Exchange::default()
    };
    scenario.protocol.direct_mail = dice
        .one_of(&[None, None, Some(Mail::To(2)), Some(Mail::All)])
        .map(DirectMail);
    scenario.protocol.fresh = dice.chance(0.3).then_some(true);
}
