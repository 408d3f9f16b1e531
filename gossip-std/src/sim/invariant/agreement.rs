//! Once the network is whole and the faults are over, all running hosts agree within a bound, and
//! what they agree on is the truth.

use std::collections::BTreeMap;

use super::Broken;
use crate::sim::measure::{Cluster, Inspect, Truth};
use crate::sim::{Index, NETWORK, Span, Time, id_of};

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
        let late = now.since(since) > self.bound;
        if !late && !are_equal(truth, cluster) {
            return Ok(());
        }
        match difference(truth, cluster) {
            Ok(()) => self.reached = Some(since),
            Err((host, what)) if late => {
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

/// Whether there are running hosts, and all have one fingerprint.
fn are_equal(truth: &Truth, cluster: &dyn Cluster) -> bool {
    let hosts = truth.ground.live().iter();
    let mut fingerprints = hosts.map(|host| Some(cluster.host(host)?.fingerprint()));
    let first = fingerprints.next();
    first.is_some() && fingerprints.all(|fingerprint| Some(fingerprint) == first)
}

/// Hosts with equal fingerprints hold the same hosts for live, so one of each kind is asked. Where
/// nobody is left there is no agreement.
fn difference(truth: &Truth, cluster: &dyn Cluster) -> Result<(), Difference> {
    if truth.ground.live().count() == 0 {
        let what = "no host is running, so none can agree; at least one must stay up";
        return Err((NETWORK, what.to_owned()));
    }
    let mut fingerprints: BTreeMap<u64, Index> = BTreeMap::new();
    for host in truth.ground.live().iter() {
        let node = cluster
            .host(host)
            .ok_or_else(|| (host, "should run and does not".to_owned()))?;
        if fingerprints.insert(node.fingerprint(), host).is_none() {
            check_members(host, node, truth)?;
        }
        check_entries(host, node, truth)?;
    }
    let mut hosts = fingerprints.values();
    match (hosts.next(), hosts.next()) {
        (Some(one), Some(other)) => Err((
            *one,
            format!("has another fingerprint than node {}", id_of(*other)),
        )),
        _ => Ok(()),
    }
}

/// A host holds just the running hosts for live.
fn check_members(host: Index, node: &dyn Inspect, truth: &Truth) -> Result<(), Difference> {
    let live = truth.ground.live();
    if let Some(missed) = live.iter().find(|other| !node.holds_live(*other)) {
        return Err((
            host,
            format!("does not hold node {} for live", id_of(missed)),
        ));
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
                    "shows {key:?} of node {} at version {version}, which is not its latest",
                    id_of(owner)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::What;
    use crate::sim::invariant::Checks;
    use crate::sim::invariant::trial::Trial;
    use crate::sim::measure::script::{Replica, cut, heal, life, wrote};

    /// Host 0 wrote a = 7 in second 10; 30 s are allowed.
    fn trial() -> Trial {
        let mut trial = Trial::new(Checks {
            agreement: Some(Span::from_secs(30)),
            ..Checks::default()
        });
        trial.tell(10, 0, wrote("a", 2, 7));
        trial
    }

    /// A host that knows all three and shows this value of a.
    fn shows(value: u64) -> Replica {
        let mut replica = Replica::knowing(3);
        replica.held.insert(0, (life(0), 2));
        replica.shown = vec![(0, "a", 2, value)];
        replica
    }

    fn with(host: Replica) -> Vec<Option<Replica>> {
        vec![Some(shows(7)), Some(host), Some(shows(7))]
    }

    /// What was wrong with a host 1 that is like this after `secs` seconds.
    fn verdict(secs: u64, host: Replica) -> Option<Index> {
        let mut trial = trial();
        trial.sample(secs, &with(host));
        let found = !trial.what().is_empty();
        found.then(|| {
            assert_eq!(trial.broken().0, RULE);
            trial.broken().1.unwrap()
        })
    }

    #[test]
    fn replicas_that_agree_with_the_truth_pass() {
        assert_eq!(verdict(100, shows(7)), None);
    }

    #[test]
    fn every_lasting_difference_is_caught() {
        let mut differing = shows(7);
        differing.fingerprint = 5;
        let mut lonely = shows(7);
        lonely.fingerprint = 5;
        lonely.live.remove(&2);
        let mut crowded = shows(7);
        crowded.fingerprint = 5;
        crowded.live.insert(3);
        let mut empty = shows(7);
        empty.shown.clear();
        let mut old = shows(7);
        old.shown[0].2 = 1;
        for host in [lonely, crowded, empty, old, shows(8)] {
            assert_eq!(verdict(41, host.clone()), Some(1), "{host:?}");
            assert_eq!(verdict(40, host.clone()), None, "in time: {host:?}");
        }
        assert!(verdict(41, differing).is_some());
    }

    #[test]
    fn agreement_once_in_each_calm_is_enough() {
        let mut trial = trial();
        trial.sample(20, &with(shows(7)));
        trial.sample(90, &with(shows(8)));
        assert_eq!(trial.what(), "");
        trial.tell(91, 2, What::Crashed);
        trial.sample(121, &with(shows(7)));
        trial.sample(122, &with(shows(7)));
        assert_eq!(
            trial.broken(),
            (RULE, Some(0), 122.0),
            "2 is still held for live"
        );
    }

    #[test]
    fn where_nobody_is_left_nobody_agrees() {
        let mut trial = trial();
        for host in 0..3 {
            trial.tell(20, host, What::Crashed);
        }
        trial.sample(50, &vec![None, None, None]);
        assert_eq!(trial.what(), "", "in time");
        trial.sample(51, &vec![None, None, None]);
        assert_eq!(trial.broken(), (RULE, None, 51.0));
        assert!(
            trial.what().starts_with("no host is running"),
            "{}",
            trial.what()
        );
    }

    #[test]
    fn nothing_is_asked_while_a_trouble_lasts() {
        let mut trial = trial();
        trial.tell(11, crate::sim::NETWORK, cut(&[0, 1]));
        trial.sample(100, &with(shows(8)));
        trial.tell(110, crate::sim::NETWORK, heal());
        trial.tell(120, 2, What::Paused);
        trial.sample(200, &with(shows(8)));
        trial.tell(210, 2, What::Resumed);
        trial.sample(240, &with(shows(8)));
        assert_eq!(trial.what(), "");
        trial.sample(241, &with(shows(8)));
        assert_eq!(trial.broken(), (RULE, Some(1), 241.0));
    }
}
