//! For tests: a scripted run that is held to rules.

use super::{Checks, Invariants};
use crate::sim::measure::Truth;
use crate::sim::measure::script::{Replica, at, tell, truth};
use crate::sim::network::Network;
use crate::sim::{Index, Note, Observer, What};

/// A run of three hosts.
pub(super) struct Trial {
    truth: Truth,
    invariants: Invariants,
}

impl Trial {
    pub(super) fn new(checks: Checks) -> Self {
        Self::of_hosts(3, checks)
    }

    pub(super) fn of_hosts(hosts: Index, checks: Checks) -> Self {
        Self {
            truth: truth(hosts),
            invariants: Invariants::new(checks),
        }
    }

    /// A run that is held to the rules about entries.
    pub(super) fn of_entries() -> Self {
        Self::new(Checks {
            entries: true,
            ..Checks::default()
        })
    }

    /// The network is like this from then on.
    pub(super) fn rewired(&mut self, secs: u64, network: &Network) {
        self.truth.reach.rewired(at(secs), network);
    }

    /// Records what happened, in order, one second apart.
    pub(super) fn play(mut self, script: impl IntoIterator<Item = (Index, What<Note>)>) -> Self {
        for (secs, (host, what)) in (1..).zip(script) {
            self.tell(secs, host, what);
        }
        self
    }

    pub(super) fn tell(&mut self, secs: u64, host: Index, what: What<Note>) {
        tell(at(secs), host, what, |record| {
            self.truth.record(record);
            self.invariants.record(record, &self.truth);
        });
    }

    pub(super) fn sample(&mut self, secs: u64, cluster: &Vec<Option<Replica>>) {
        self.invariants.sample(at(secs), &self.truth, cluster);
    }

    /// The rule that was broken, on which host and in which second; panics on none.
    pub(super) fn broken(&self) -> (&str, Option<Index>, f64) {
        let violation = self.invariants.violation().expect("a rule is broken");
        (&violation.rule, violation.host, violation.at.as_secs())
    }

    /// What was wrong; empty if nothing was.
    pub(super) fn what(&self) -> &str {
        let violation = self.invariants.violation();
        violation.map_or("", |violation| &violation.what)
    }
}
