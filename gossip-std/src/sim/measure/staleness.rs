//! How far replicas lag behind the owners.

use std::collections::BTreeSet;

use super::{BIRTH, Cluster, Inspect, LetOut, Owner, Truth};
use crate::sim::outcome::{StaleSample, StalenessMeasure};
use crate::sim::{Span, Time};

/// How many entries were stale and for how long, in samples: the staleness by which van Renesse et
/// al. 2008 judge reconciliation orders (section 5).
#[derive(Clone, Debug, Default)]
pub struct Staleness {
    let_out: LetOut,
    series: Vec<StaleSample>,
}

/// What replicas lack at a moment.
#[derive(Clone, Copy, Debug)]
struct Lack {
    now: Time,
    entries: u64,
    max_age: Span,
    age_micros: u128,
}

impl Staleness {
    /// Compares what each running host shows with what each running owner wrote. Hosts with the
    /// fingerprint of one that lacks nothing lack nothing either; any other costs O(owners), and
    /// O(keys) for each owner of which it does not hold everything.
    pub fn sample(&mut self, now: Time, truth: &Truth, cluster: &dyn Cluster) {
        let mut complete: BTreeSet<u64> = BTreeSet::new();
        let waiting = self.let_out.sample(now, truth, cluster);
        let mut lack = Lack::none(now);
        for host in truth.ground.live().iter() {
            let Some(node) = cluster.host(host) else {
                continue;
            };
            if complete.contains(&node.fingerprint()) {
                continue;
            }
            // A host cannot have missed anything before it came up.
            let since = truth.ground.live_since(host);
            if !lack.add(node, since, truth, &self.let_out) {
                complete.insert(node.fingerprint());
            }
        }
        self.series.push(StaleSample {
            waiting: waiting.keys,
            max_wait: waiting.age(now),
            ..lack.sample()
        });
    }

    /// The measure.
    #[must_use]
    pub fn finish(self) -> StalenessMeasure {
        StalenessMeasure::new(self.series)
    }
}

impl Lack {
    fn none(now: Time) -> Self {
        Self {
            now,
            entries: 0,
            max_age: Span::ZERO,
            age_micros: 0,
        }
    }

    /// Adds what a host lacks that is there since then; `false` if it has to be told nothing at all.
    fn add(&mut self, node: &dyn Inspect, since: Time, truth: &Truth, let_out: &LetOut) -> bool {
        let owners = truth.ledger.owners();
        let mut behind = false;
        for (host, owner) in owners.filter(|(host, _)| truth.ground.is_live(*host)) {
            let held = node.held(host);
            let in_present_life = held.filter(|(life, _)| Some(*life) == owner.generation());
            let held = in_present_life.map_or(BIRTH, |(_, version)| version);
            let out = let_out.version(host, owner);
            if held < out {
                behind = true;
                let shows = |key: &str| in_present_life.and_then(|_| node.shows(host, key));
                for (key, version) in stale(owner, held, out, shows) {
                    let lost = let_out.stale_since(host, owner, key, version);
                    self.add_entry(lost.unwrap_or(self.now).max(since));
                }
            }
        }
        behind
    }

    fn add_entry(&mut self, lost: Time) {
        let age = self.now.since(lost);
        self.entries += 1;
        self.max_age = self.max_age.max(age);
        self.age_micros += u128::from(age.as_micros());
    }

    fn sample(&self) -> StaleSample {
        let mean = self.age_micros.checked_div(u128::from(self.entries));
        StaleSample {
            at: self.now,
            entries: self.entries,
            max_age: self.max_age,
            mean_age: Span::from_micros(mean.unwrap_or(0) as u64),
            ..StaleSample::default()
        }
    }
}

/// The keys of an owner, let out up to `let_out`, of which a replica that holds everything up to `held`
/// does not show the latest write, each with the version that it holds. Of single entries a replica may
/// show later versions than `held`.
fn stale(
    owner: &Owner,
    held: u32,
    let_out: u32,
    shows: impl Fn(&str) -> Option<u32>,
) -> impl Iterator<Item = (u32, u32)> {
    let written = owner.written_above(held);
    let out = written.filter(move |(.., last)| last.version <= let_out);
    out.filter_map(move |(name, key, last)| {
        let shown = shows(name);
        let is_stale = match last.value {
            Some(_) => shown.is_none_or(|version| version < last.version),
            None => shown.is_some(),
        };
        is_stale.then(|| (key, shown.map_or(held, |version| version.max(held))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::measure::script::{Replica, at, life, tell, truth, wrote};
    use crate::sim::{Index, Note, Observer, What};

    fn tell_truth(truth: &mut Truth, secs: u64, host: Index, what: What<Note>) {
        tell(at(secs), host, what, |record| truth.record(record));
    }

    /// A replica that holds owner 0 so far, and shows what that is.
    fn node(held: u32) -> Option<Replica> {
        let mut replica = Replica::knowing(3);
        replica.fingerprint = held.into();
        replica.held.insert(0, (life(0), held));
        let a = if held < 4 { 2 } else { 4 };
        replica.shown.push((0, "a", a, 1));
        if (3..5).contains(&held) {
            replica.shown.push((0, "b", 3, 1));
        }
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
        // Host 1 lacks a write of 30 s, and nothing of the key that is deleted by now; host 2 the
        // delete of 40 s.
        let lagging = [node(5), node(2), node(4)];
        assert_eq!(sample(&truth, 50, lagging), (2, Span::from_secs(20)));
        // Host 1 lacks the later write of a key that it shows, and the delete.
        let lagging = [node(5), node(3), node(5)];
        assert_eq!(sample(&truth, 50, lagging), (2, Span::from_secs(20)));
    }

    #[test]
    fn single_entries_beyond_what_a_replica_holds_are_not_stale() {
        let mut truth = written();
        tell_truth(&mut truth, 45, 0, wrote("c", 6, 1));
        let mut replica = node(2).unwrap();
        let owner = node(6);
        let lagging = [owner.clone(), Some(replica.clone()), None];
        assert_eq!(sample(&truth, 50, lagging).0, 2);
        replica.shown.push((0, "c", 6, 1));
        let lagging = [owner.clone(), Some(replica.clone()), None];
        let stale = sample(&truth, 50, lagging);
        assert_eq!(stale, (1, Span::from_secs(20)), "a alone");
        replica.shown[0].2 = 4;
        assert_eq!(sample(&truth, 50, [owner, Some(replica), None]).0, 0);
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
