//! How far replicas lag behind the owners.

use std::collections::BTreeMap;

use super::{BIRTH, Cluster, Inspect, Owner, Truth};
use crate::sim::outcome::{StaleSample, StalenessMeasure};
use crate::sim::{Index, Time};

/// How many entries were stale and for how long, in samples: the staleness by which van Renesse et
/// al. 2008 judge reconciliation orders.
#[derive(Clone, Debug, Default)]
pub struct Staleness {
    series: Vec<StaleSample>,
}

/// What one replica lacks.
#[derive(Clone, Copy, Debug, Default)]
struct Lack {
    entries: u64,
    /// When the oldest write that it lacks was made.
    oldest: Option<Time>,
}

impl Staleness {
    /// Compares what each running host holds with what each running owner wrote. Hosts with equal
    /// fingerprints lack the same: O(hosts), and O(owners) for each fingerprint that differs.
    pub fn sample(&mut self, now: Time, truth: &Truth, cluster: &dyn Cluster) {
        let ground = &truth.ground;
        let mut lacks: BTreeMap<u64, Lack> = BTreeMap::new();
        let mut sample = StaleSample {
            at: now,
            entries: 0,
            max_age: crate::sim::Span::ZERO,
        };
        for host in ground.live().iter() {
            let Some(node) = cluster.host(host) else {
                continue;
            };
            let lack = *lacks
                .entry(node.fingerprint())
                .or_insert_with(|| lack_of(node, truth));
            sample.entries += lack.entries;
            // A host cannot have missed anything before it came up.
            let since = lack.oldest.map(|at| at.max(ground.live_since(host)));
            let age = since.map_or(sample.max_age, |since| now.since(since));
            sample.max_age = sample.max_age.max(age);
        }
        self.series.push(sample);
    }

    /// The measure.
    #[must_use]
    pub fn finish(self) -> StalenessMeasure {
        StalenessMeasure::new(self.series)
    }
}

fn lack_of(node: &dyn Inspect, truth: &Truth) -> Lack {
    let mut lack = Lack::default();
    let owners = truth.ledger.owners();
    for (host, owner) in owners.filter(|(host, _)| truth.ground.is_live(*host)) {
        let (entries, since) = lack_from(node, host, owner);
        if entries > 0 {
            lack.entries += u64::from(entries);
            lack.oldest = [lack.oldest, since].into_iter().flatten().min();
        }
    }
    lack
}

/// How many of an owner's entries a replica has not in their latest version, and when the first
/// write that it lacks was made. Deletes count only for a replica that may show what was deleted.
fn lack_from(node: &dyn Inspect, host: Index, owner: &Owner) -> (u32, Option<Time>) {
    let held = node.held(host);
    let in_present_life = held.filter(|(life, _)| Some(*life) == owner.generation());
    let version = in_present_life.map_or(BIRTH, |(_, version)| version);
    let entries = if version <= BIRTH {
        owner.set()
    } else {
        owner.keys_above(version)
    };
    (entries, owner.first_above(version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::measure::script::{Replica, at, life, tell, truth, wrote};
    use crate::sim::{Note, Observer, Span, What};

    fn tell_truth(truth: &mut Truth, secs: u64, host: Index, what: What<Note>) {
        tell(at(secs), host, what, |record| truth.record(record));
    }

    /// A replica that holds owner 0 so far, and owner 1 up to the birth.
    fn node(held: u32) -> Option<Replica> {
        let mut replica = Replica::knowing(3);
        replica.fingerprint = held.into();
        replica.held.insert(0, (life(0), held));
        Some(replica)
    }

    fn sample(truth: &Truth, secs: u64, nodes: [Option<Replica>; 3]) -> (u64, Span) {
        let mut staleness = Staleness::default();
        staleness.sample(at(secs), truth, &nodes.to_vec());
        let measure = staleness.finish();
        (measure.peak_entries, measure.peak_age)
    }

    fn written() -> Truth {
        let mut truth = truth(3);
        tell_truth(&mut truth, 10, 0, wrote("a", 2, 1));
        tell_truth(&mut truth, 20, 0, wrote("b", 3, 1));
        tell_truth(&mut truth, 30, 0, wrote("a", 4, 2));
        tell_truth(&mut truth, 40, 0, wrote("b", 5, None));
        truth
    }

    #[test]
    fn keys_written_beyond_what_a_replica_holds_are_stale() {
        let truth = written();
        assert_eq!(
            sample(&truth, 50, [node(5), node(5), node(5)]),
            (0, Span::ZERO)
        );
        // Host 1 lacks the writes of 20 s to 40 s, of two keys; host 2 the delete.
        let lagging = [node(5), node(2), node(4)];
        assert_eq!(sample(&truth, 50, lagging), (3, Span::from_secs(30)));
    }

    #[test]
    fn a_replica_that_holds_nothing_lacks_what_is_set_since_it_came_up() {
        let mut truth = written();
        // Only a is set: of the deleted key there is nothing to lack.
        let blank = [node(5), node(5), Some(Replica::default())];
        assert_eq!(sample(&truth, 50, blank.clone()), (1, Span::from_secs(40)));
        tell_truth(&mut truth, 45, 2, What::Crashed);
        assert_eq!(sample(&truth, 50, blank.clone()), (0, Span::ZERO));
        tell_truth(&mut truth, 48, 2, What::Restarted { with_memory: false });
        assert_eq!(sample(&truth, 50, blank), (1, Span::from_secs(2)));
    }

    #[test]
    fn what_is_held_of_an_earlier_life_is_worth_nothing() {
        let mut truth = written();
        tell_truth(&mut truth, 45, 0, What::Crashed);
        assert_eq!(
            sample(&truth, 50, [None, node(2), node(4)]),
            (0, Span::ZERO)
        );
        tell_truth(&mut truth, 46, 0, What::Restarted { with_memory: false });
        let generation = life(1);
        tell_truth(&mut truth, 46, 0, What::Note(Note::Started { generation }));
        tell_truth(&mut truth, 47, 0, wrote("a", 2, 1));
        let mut owner = Replica::knowing(3);
        owner.fingerprint = 99;
        owner.held.insert(0, (generation, 2));
        let stale = sample(&truth, 50, [Some(owner), node(5), node(5)]);
        assert_eq!(stale, (2, Span::from_secs(3)));
    }
}
