//! Once the network is whole and the faults are over, all running hosts agree within a bound, and
//! what they agree on is the truth.

use super::Broken;
use crate::sim::measure::{Cluster, Inspect, Truth};
use crate::sim::{Index, Span, Time};

pub(super) const RULE: &str = "agreement";

/// Waits for agreement after each trouble.
#[derive(Clone, Debug)]
pub(super) struct Agreement {
    bound: Span,
    /// The calm that began then has brought agreement. What happens later in it is not judged: dead
    /// rows leave the fingerprints at slightly different times (protocol.md, Leaving, forgetting).
    reached: Option<Time>,
}

impl Agreement {
    pub(super) fn new(bound: Span) -> Self {
        Self {
            bound,
            reached: None,
        }
    }

    /// Judges the state of all hosts, unless they were found to agree since the last trouble.
    pub(super) fn sample(
        &mut self,
        now: Time,
        truth: &Truth,
        cluster: &dyn Cluster,
    ) -> Result<(), Broken> {
        let Some(since) = truth.ground.calm_since() else {
            return Ok(());
        };
        if self.reached == Some(since) {
            return Ok(());
        }
        match difference(truth, cluster) {
            Ok(()) => self.reached = Some(since),
            Err((host, what)) if now.since(since) > self.bound => {
                let (calm, bound) = (now.since(since), self.bound);
                return Err(Broken {
                    rule: RULE,
                    host,
                    what: format!(
                        "{what}, {calm} after the last trouble or write; allowed are {bound}"
                    ),
                });
            }
            Err(_) => {}
        }
        Ok(())
    }
}

/// The first thing in which a host differs from the truth, and the host.
type Difference = (Index, String);

fn difference(truth: &Truth, cluster: &dyn Cluster) -> Result<(), Difference> {
    let mut fingerprint = None;
    for host in truth.ground.live().iter() {
        let node = cluster
            .host(host)
            .ok_or_else(|| (host, "is said to run and does not".to_owned()))?;
        check_members(host, node, truth)?;
        check_entries(host, node, truth)?;
        let (other, first) = *fingerprint.get_or_insert((host, node.fingerprint()));
        if node.fingerprint() != first {
            return Err((host, format!("has another fingerprint than host {other}")));
        }
    }
    Ok(())
}

/// A host holds just the running hosts for live.
fn check_members(host: Index, node: &dyn Inspect, truth: &Truth) -> Result<(), Difference> {
    let live = truth.ground.live();
    if let Some(missed) = live.iter().find(|other| !node.holds_live(*other)) {
        return Err((host, format!("does not hold host {missed} for live")));
    }
    let (holds, run) = (node.live(), live.count());
    if holds == run {
        return Ok(());
    }
    Err((
        host,
        format!("holds {holds} hosts for live where {run} are"),
    ))
}

/// A host shows just what every running owner has set.
fn check_entries(host: Index, node: &dyn Inspect, truth: &Truth) -> Result<(), Difference> {
    let mut shown = 0u64;
    let mut wrong = None;
    node.visible(&mut |owner, key, version, value| {
        if !truth.ground.is_live(owner) || wrong.is_some() {
            return;
        }
        shown += 1;
        let written = truth.ledger.owner(owner);
        let last = written.and_then(|owner| owner.writes(owner.key(key)?).last());
        let is_true = last.is_some_and(|last| last.value == Some(value) && last.version == version);
        if !is_true {
            wrong = Some((
                host,
                format!(
                    "shows {key:?} of host {owner} at version {version}, which is not its latest"
                ),
            ));
        }
    });
    if let Some(wrong) = wrong {
        return Err(wrong);
    }
    let owners = truth.ledger.owners();
    let live = owners.filter(|(owner, _)| truth.ground.is_live(*owner));
    let set: u64 = live.map(|(_, owner)| u64::from(owner.set())).sum();
    if shown == set {
        return Ok(());
    }
    Err((
        host,
        format!("shows {shown} entries of running owners where {set} are set"),
    ))
}
