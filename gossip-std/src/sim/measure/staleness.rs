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
