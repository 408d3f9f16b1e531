//! Changes of the network while a run goes on, each with the record that tells of it.

use crate::sim::host::Host;
use crate::sim::index::Index;
use crate::sim::network::{HostSet, Invalid, Link, LossModel, Rule};
use crate::sim::record::What;
use crate::sim::scenario::ScenarioError;
use crate::sim::world::World;

pub(super) fn partition<H: Host>(
    world: &mut World<H>,
    name: &str,
    sides: &[HostSet],
) -> Result<(), ScenarioError> {
    // Side 0 is for those that are on none.
    let side_of = |host: Index| {
        let side = sides.iter().position(|side| side.contains(host));
        side.map_or(0, |side| side as u32 + 1)
    };
    let what = What::Partitioned {
        name: name.to_owned(),
        sides: (0..world.network().hosts()).map(side_of).collect(),
    };
    done(
        "partition",
        world.change_network(what, |network| network.partition(name, sides)),
    )
}

pub(super) fn heal<H: Host>(world: &mut World<H>, name: &str) {
    let what = What::Healed {
        name: name.to_owned(),
    };
    world.change_network(what, |network| network.heal(name));
}

pub(super) fn heal_all<H: Host>(world: &mut World<H>) {
    let open: Vec<String> = world.network().partitions().map(str::to_owned).collect();
    for name in open {
        heal(world, &name);
    }
}

pub(super) fn set_loss<H: Host>(
    world: &mut World<H>,
    loss: LossModel,
) -> Result<(), ScenarioError> {
    let link = Link {
        loss,
        ..*world.network().link()
    };
    set_link(world, link)
}

pub(super) fn set_link<H: Host>(world: &mut World<H>, link: Link) -> Result<(), ScenarioError> {
    let what = rewired("the links without rules");
    done(
        "set-link",
        world.change_network(what, |network| network.set_link(link)),
    )
}

pub(super) fn add_rule<H: Host>(world: &mut World<H>, rule: &Rule) -> Result<(), ScenarioError> {
    let what = rewired("one more rule");
    done(
        "add-rule",
        world.change_network(what, |network| network.rule(rule.clone())),
    )
}

pub(super) fn lift_rule<H: Host>(world: &mut World<H>, name: &str) {
    world.change_network(rewired("one rule less"), |network| network.lift(name));
}

fn rewired<N>(change: &str) -> What<N> {
    What::Rewired {
        change: change.to_owned(),
    }
}

fn done(action: &str, result: Result<(), Invalid>) -> Result<(), ScenarioError> {
    result.map_err(|invalid| ScenarioError::new(action, invalid.to_string()))
}
