//! Plainer settings.

use super::trial::Trial;
use crate::sim::Span;
use crate::sim::network::{Latency, LossModel, Reorder};
use crate::sim::scenario::{Action, Boot, Clocks, Entries, Scenario};

/// Makes something of a scenario plainer. None of these lengthens the time that agreement takes.
type Simplify = fn(&mut Scenario);

const SIMPLER: &[Simplify] = &[
    |scenario| scenario.workload = None,
    |scenario| scenario.clocks = Clocks::default(),
    |scenario| scenario.boot = Boot::AllKnown,
    |scenario| scenario.entries.count = 0,
    |scenario| scenario.entries.count = scenario.entries.count.min(1),
    without_loss,
    |scenario| scenario.network.link.duplicate = 0.0,
    |scenario| scenario.network.link.reorder = Reorder::default(),
    |scenario| scenario.network.link.corrupt = 0.0,
    |scenario| scenario.network.link.latency = Latency::Constant(Span::from_millis(5)),
    |scenario| scenario.network.rules.clear(),
    with_usual_mtu,
    |scenario| scenario.entries = plain(&scenario.entries),
    |scenario| scenario.protocol.largest_id = None,
    |scenario| scenario.protocol.addressed = None,
    |scenario| scenario.protocol.floors.clear(),
    |scenario| scenario.protocol.fanout = None,
    |scenario| scenario.protocol.forget_after = None,
    |scenario| scenario.protocol.tombstone_grace = None,
    |scenario| change_load(scenario, |load| load.deletes = 0.0),
    |scenario| change_load(scenario, |load| load.burst = 1),
    |scenario| change_load(scenario, |load| load.keys = Some(1)),
    |scenario| change_load(scenario, |load| load.updates_per_second /= 4.0),
];

/// Tries each of them.
pub(super) fn shrink(trial: &mut Trial<'_>) {
    for simplify in SIMPLER {
        let mut plainer = trial.best.clone();
        simplify(&mut plainer);
        trial.accepts(plainer);
    }
}

/// The calm loses nothing, so what sets its loss again sets it to nothing.
fn without_loss(scenario: &mut Scenario) {
    let (calm, none) = (scenario.network.link.loss, LossModel::default());
    scenario.network.link.loss = none;
    for at in &mut scenario.at {
        if at.action == Action::SetLoss(calm) {
            at.action = Action::SetLoss(none);
        }
    }
}

fn with_usual_mtu(scenario: &mut Scenario) {
    let usual = crate::sim::network::Link::default().mtu;
    scenario.network.link.mtu = usual;
    scenario.protocol.mtu = None;
}

/// As many entries, of the usual length.
fn plain(entries: &Entries) -> Entries {
    Entries {
        count: entries.count,
        ..Entries::default()
    }
}

fn change_load(scenario: &mut Scenario, change: fn(&mut crate::sim::scenario::Workload)) {
    scenario.workload.iter_mut().for_each(change);
}
