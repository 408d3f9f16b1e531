//! What must never happen. The first violation is kept, and ends a run that cares.
//!
//! | rule | what it forbids |
//! |---|---|
//! | `unwritten` | a replica shows a version or a value that the owner never wrote |
//! | `resurrection` | a key returns to a replica that had dropped it as deleted or run out |
//! | `vanished` | a shown key is gone though the owner neither deleted it nor was forgotten, and it has no lease that is over |
//! | `outlived` | a replica shows a value whose lease is over |
//! | `backwards` | a replica goes back to an older write or an older life |
//! | `table-bound` | a table holds more than its capacity |
//! | `refused` | a node refuses a datagram that another wrote, though its tag is right |
//! | `mtu` | a datagram is longer than the MTU |
//! | `in-vain` | in calm, answers to a node's questions change nothing, again and again |
//! | `reachable` | a host that runs within reach of most others is told dead by one that reaches it |
//! | `visible` | a write is not seen so long after by a host within reach of its writer |
//! | `storm` | datagrams are answered with datagrams without end, at the speed of the network |
//! | `agreement` | replicas still differ so long after all troubles ended, or nobody is left to agree |
//!
//! The rules `unwritten` to `backwards` are the promises P1 to P3 of the delta rules (gossip-core/docs/protocol.md,
//! Claims). A restart is none of the reasons for which entries may be gone: a node takes back what it had
//! written, unless it is configured `fresh`, and unless nobody was within its reach who had it. *Within
//! reach* of each other are two hosts that have run for a while on machines that keep up, with links
//! that hardly lose anything ([`Demand`](crate::sim::measure::Demand)). Each note is checked when it comes; samples find what changed without a note.

mod agreement;
mod backwards;
mod entries;
mod in_vain;
mod mtu;
mod outlived;
mod reachable;
mod refused;
mod restarts;
mod resurrection;
mod table_bound;
#[cfg(test)]
mod trial;
mod unwritten;
mod vanished;
mod visible;

use crate::sim::measure::{Cluster, Leeway, Truth};
use crate::sim::outcome::Violation;
use crate::sim::{Index, NETWORK, Note, Record, Span, Time};

use agreement::Agreement;
use entries::{Case, Entries};
use in_vain::InVain;
use reachable::Reachable;
use restarts::Restarts;
use visible::Visible;

/// The world finds it, and nothing goes on then, so every run is held to it.
const STORM: &str = "storm";

/// The name of every rule.
pub const RULES: [&str; 13] = [
    unwritten::RULE,
    resurrection::RULE,
    vanished::RULE,
    backwards::RULE,
    outlived::RULE,
    table_bound::RULE,
    mtu::RULE,
    refused::RULE,
    in_vain::RULE,
    reachable::RULE,
    visible::RULE,
    STORM,
    agreement::RULE,
];

/// Rules that nodes are known not to keep yet: a run is held to them only where it names them.
pub const PENDING: &[&str] = &[];

/// Which rules a run is held to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Checks {
    /// The rules about entries, `unwritten` to `backwards` and `outlived`: they remember every key that every
    /// replica shows, and each sample looks at them all.
    pub entries: bool,
    /// The rule `table-bound`.
    pub tables: bool,
    /// The rule `mtu`: the longest datagram allowed, in bytes of UDP payload.
    pub mtu: Option<usize>,
    /// The rule `refused`.
    pub refused: bool,
    /// The rule `agreement`: how long after the last trouble, write or change all replicas must have
    /// been found equal in a sample at least once.
    pub agreement: Option<Span>,
    /// The rule `reachable`.
    pub reachable: bool,
    /// The rule `in-vain`.
    pub in_vain: bool,
    /// The rule `visible`: how long after a write all within reach of its writer must see it.
    pub visible: Option<Span>,
    /// Whether nodes that restart discard what they had written ([`Config::fresh`](gossip_core::Config::fresh)).
    pub fresh: bool,
    /// How far from the end of a lease the rules about entries let a replica be.
    pub leeway: Leeway,
}

/// Holds a run to the rules.
#[derive(Clone, Debug)]
pub struct Invariants {
    checks: Checks,
    reachable: Reachable,
    entries: Entries,
    restarts: Restarts,
    visible: Option<Visible>,
    in_vain: InVain,
    agreement: Option<Agreement>,
    violation: Option<Violation>,
}

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Broken {
    rule: &'static str,
    /// Where, if on one host.
    host: Index,
    what: String,
}

impl Invariants {
    /// Holds a run to these rules from its beginning on.
    #[must_use]
    pub fn new(checks: Checks) -> Self {
        Self {
            checks,
            reachable: Reachable::default(),
            entries: Entries::default(),
            restarts: Restarts::new(checks.fresh),
            visible: checks.visible.map(Visible::new),
            in_vain: InVain::default(),
            agreement: checks.agreement.map(Agreement::new),
            violation: None,
        }
    }

    /// Judges one record, which `truth` has seen already.
    pub fn record(&mut self, record: &Record<'_, Note>, truth: &Truth) {
        if self.violation.is_none()
            && let Err(broken) = self.judge(record, truth)
        {
            self.violation = Some(broken.at(record.time));
        }
    }

    /// Judges the state of all hosts, whose notes must all have been told. O(hosts), and with the
    /// rules about entries O(entries shown).
    pub fn sample(&mut self, now: Time, truth: &Truth, cluster: &dyn Cluster) {
        if self.violation.is_none()
            && let Err(broken) = self.sweep(now, truth, cluster)
        {
            self.violation = Some(broken.at(now));
        }
    }

    /// Judges the state of all hosts when a run ends, each of them whole.
    pub fn finish(&mut self, now: Time, truth: &Truth, cluster: &dyn Cluster) {
        self.sample(now, truth, cluster);
        if self.violation.is_none() && self.checks.entries {
            let case = self.checks.case(now, truth, &self.restarts);
            if let Err(broken) = self.entries.finish(truth, cluster, &case) {
                self.violation = Some(broken.at(now));
            }
        }
    }

    /// A host was in the middle of a storm of datagrams.
    pub fn storm(&mut self, now: Time, host: Index) {
        let broken = Broken {
            rule: STORM,
            host,
            what: "sends and is sent datagrams without end, at the speed of the network".to_owned(),
        };
        self.violation.get_or_insert(broken.at(now));
    }

    /// The first violation, if there was any.
    #[must_use]
    pub fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    fn judge(&mut self, record: &Record<'_, Note>, truth: &Truth) -> Result<(), Broken> {
        if self.checks.reachable {
            self.reachable.check(record, truth)?;
        }
        if let Some(visible) = &mut self.visible {
            visible.record(record, truth);
        }
        if self.checks.entries {
            let since = truth.reach.judged_from(record.time);
            let owed = |owner| self.entries.known_to_most(owner, since, truth);
            self.restarts.record(record, truth, owed);
            let case = self.checks.case(record.time, truth, &self.restarts);
            self.entries.record(record, &case)?;
        }
        Ok(())
    }

    fn sweep(&mut self, now: Time, truth: &Truth, cluster: &dyn Cluster) -> Result<(), Broken> {
        if self.checks.tables {
            table_bound::check(truth.ground.hosts(), cluster)?;
        }
        if let Some(most) = self.checks.mtu {
            mtu::check(truth.ground.hosts(), cluster, most)?;
        }
        if self.checks.refused {
            refused::check(truth.ground.hosts(), cluster)?;
        }
        if self.checks.entries {
            self.restarts.sample(now, truth);
            let case = self.checks.case(now, truth, &self.restarts);
            self.entries.sample(truth, cluster, &case)?;
        }
        if self.checks.in_vain {
            self.in_vain.sample(now, truth, cluster)?;
        }
        if let Some(visible) = &mut self.visible {
            visible.sample(now, truth, cluster)?;
        }
        match &mut self.agreement {
            Some(agreement) => agreement.sample(now, truth, cluster),
            None => Ok(()),
        }
    }
}

impl Checks {
    fn case<'l>(&'l self, now: Time, truth: &'l Truth, restarts: &'l Restarts) -> Case<'l> {
        Case {
            ledger: &truth.ledger,
            ground: &truth.ground,
            now,
            leeway: &self.leeway,
            restarts,
        }
    }
}

impl Broken {
    fn at(self, at: Time) -> Violation {
        Violation {
            rule: self.rule.to_owned(),
            at,
            host: (self.host != NETWORK).then_some(self.host),
            what: self.what,
        }
    }
}
