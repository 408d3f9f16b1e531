//! Bounded exhaustive checks by a model checker: every history of one owner and two replicas with two
//! keys and a few writes, with collections at any time at any node, re-covers given up at any time, a
//! new life of the owner, and a network that loses, repeats and reorders.
//!
//! [`model_check::entries`] has the rules of the entries in all generality. The ordinary tests have small
//! bounds, `cargo test --release` larger ones, and those that are ignored take minutes.
//! [`model_check::nodes`] has whole nodes and their datagrams. `tests/model_largest.rs` has the largest bounds.

mod delta_world;
mod model_check;
mod support;

use delta_world::{Broken, Rules};
use model_check::entries::{Bounds, Entries};
use model_check::nodes::Nodes;
use model_check::parts::Tamper;
use model_check::{entries, find, nodes};

const fn bounds(writes: usize, lives: usize, past: bool) -> Bounds {
    Bounds {
        writes,
        lives,
        past,
    }
}

#[test]
fn every_history_keeps_the_promises() {
    let searches = if cfg!(debug_assertions) {
        [bounds(3, 1, false), bounds(2, 2, true)]
    } else {
        [bounds(4, 2, false), bounds(3, 2, true)]
    };
    searches.into_iter().for_each(entries::check);
}

#[test]
#[ignore = "takes minutes and gigabytes of memory"]
fn every_longer_history_keeps_the_promises() {
    entries::check(bounds(4, 1, true));
}

/// Broken rules that show after seven to nine steps, and one that takes five writes and ten steps.
const DEEP: [Rules; 4] = [
    Rules::HorizonNotInherited,
    Rules::NoRestart,
    Rules::FinishRaisedBelowTarget,
    Rules::FinishFromNothing,
];

/// The search would find a mistake: it finds each broken rule, in the ordinary test those that show
/// soon.
#[test]
fn every_broken_rule_is_found() {
    let sought = |rules: &Rules| !(cfg!(debug_assertions) && DEEP.contains(rules));
    for rules in Rules::BROKEN.into_iter().filter(sought) {
        let bounds = match rules {
            Rules::FinishFromNothing => bounds(5, 1, false),
            Rules::NoBirth => bounds(4, 2, false),
            _ => bounds(4, 1, false),
        };
        let (history, last) = find(Entries::new(rules, bounds)).expect("a promise breaks");
        let broken = last.verdict().expect_err("the last state shows it");
        println!("{rules:?}: {broken:?} after {} steps", history.len());
        let promised = [
            Broken::Returned,
            Broken::Vanished,
            Broken::WentBack,
            Broken::Apart,
        ];
        assert!(promised.contains(&broken), "{broken:?} after {history:#?}");
    }
}

#[test]
fn real_nodes_keep_the_promises() {
    let searches = if cfg!(debug_assertions) {
        [node_bounds(2, 1, false), node_bounds(2, 2, false)]
    } else {
        [node_bounds(4, 2, false), node_bounds(3, 1, true)]
    };
    searches.into_iter().for_each(nodes::check);
}

#[test]
#[ignore = "takes a minute"]
fn real_nodes_keep_the_promises_in_longer_histories() {
    nodes::check(node_bounds(3, 2, true));
}

const fn node_bounds(writes: usize, lives: usize, late: bool) -> nodes::Bounds {
    nodes::Bounds {
        writes,
        lives,
        late,
    }
}

#[test]
fn tampering_with_datagrams_of_real_nodes_is_found() {
    // The horizon shows after eight steps.
    let sought = |tamper: &Tamper| !(cfg!(debug_assertions) && *tamper == Tamper::Horizon);
    for tamper in Tamper::CONTROLS.into_iter().filter(sought) {
        let bounds = node_bounds(4, 1, false);
        let (history, last) = find(Nodes::new(tamper, bounds)).expect("a promise breaks");
        let broken = last.verdict(tamper).expect_err("the last state shows it");
        println!("{tamper:?}: {broken:?} after {} steps", history.len());
    }
}
