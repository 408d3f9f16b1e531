//! How far owners have let out what they wrote: flow control holds writes back for a while.

use gossip_core::Generation;

use super::{BIRTH, Cluster, Owner, Truth};
use crate::sim::{Index, Span, Time};

/// What each owner had let out in each sample.
#[derive(Clone, Debug, Default)]
pub struct LetOut {
    owners: Vec<Steps>,
    /// When it was looked at last.
    sampled: Time,
}

/// What one owner let out in its present life.
#[derive(Clone, Debug, Default)]
struct Steps {
    life: Option<Generation>,
    /// Versions in order, each with the last sample in which the owner had not let it out.
    steps: Vec<(u32, Time)>,
}

/// Writes that wait at their owners.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many keys.
    pub keys: u64,
    /// Since when the first of them has not been what its owner wrote.
    pub oldest: Option<Time>,
}

impl LetOut {
    /// Looks at the owners that run; what waits there.
    pub fn sample(&mut self, now: Time, truth: &Truth, cluster: &dyn Cluster) -> Waiting {
        let mut waiting = Waiting::default();
        let before = std::mem::replace(&mut self.sampled, now);
        for (host, owner) in truth.ledger.owners() {
            let place = host as usize;
            if place >= self.owners.len() {
                self.owners.resize_with(place + 1, Steps::default);
            }
            let held = cluster.host(host).and_then(|node| node.held(host));
            let own = held.filter(|(life, _)| Some(*life) == owner.generation());
            if let Some((_, version)) = own {
                let version = version.min(owner.version());
                self.owners[place].reach(owner.generation(), version, before);
                waiting.add(owner, version);
            }
        }
        waiting
    }

    /// Up to which version of its present life an owner has let out what it wrote.
    #[must_use]
    pub fn version(&self, host: Index, owner: &Owner) -> u32 {
        let steps = self.owners.get(host as usize);
        let present = steps.filter(|steps| steps.life == owner.generation());
        let last = present.and_then(|present| present.steps.last());
        last.map_or(BIRTH, |(version, _)| *version)
    }

    /// Since when a replica that holds a key as of `version` has not shown what was let out: the first
    /// later write that was let out before it was overwritten, or `None` if there is none.
    #[must_use]
    pub fn stale_since(&self, host: Index, owner: &Owner, key: u32, version: u32) -> Option<Time> {
        let steps = &self.owners.get(host as usize)?.steps;
        let mut writes = owner.writes_above(key, version).peekable();
        while let Some((version, written)) = writes.next() {
            let place = steps.partition_point(|(reached, _)| *reached < version);
            let (_, kept) = steps.get(place)?;
            let overwritten = writes.peek().is_some_and(|(_, next)| next < kept);
            if !overwritten {
                return Some(written.max(*kept));
            }
        }
        None
    }
}

impl Steps {
    fn reach(&mut self, life: Option<Generation>, version: u32, before: Time) {
        if self.life != life {
            *self = Self {
                life,
                steps: Vec::new(),
            };
        }
        if self.steps.last().is_none_or(|(last, _)| *last < version) {
            self.steps.push((version, before));
        }
    }
}

impl Waiting {
    fn add(&mut self, owner: &Owner, version: u32) {
        for (_, key, _) in owner.written_above(version) {
            let first = owner.writes_above(key, version).next();
            let oldest = first.map(|(_, written)| written);
            self.keys += 1;
            self.oldest = [self.oldest, oldest].into_iter().flatten().min();
        }
    }

    /// For how long the oldest has waited.
    #[must_use]
    pub fn age(&self, now: Time) -> Span {
        self.oldest.map_or(Span::ZERO, |oldest| now.since(oldest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Observer;
    use crate::sim::measure::script::{Replica, at, life, tell, truth, wrote};

    /// The owner, host 0 of 1, has let out so much.
    fn owner(version: u32) -> Vec<Option<Replica>> {
        let mut replica = Replica::knowing(1);
        replica.held.insert(0, (life(0), version));
        vec![Some(replica)]
    }

    fn written() -> Truth {
        let mut truth = truth(1);
        for (secs, key, version) in [(10, "a", 2), (21, "a", 3), (22, "b", 4), (23, "a", 5)] {
            let what = wrote(key, version, u64::from(version));
            tell(at(secs), 0, what, |record| truth.record(record));
        }
        truth
    }

    fn since(let_out: &LetOut, truth: &Truth, key: &str, held: u32) -> Option<Time> {
        let owner = truth.ledger.owner(0).unwrap();
        let_out.stale_since(0, owner, owner.key(key).unwrap(), held)
    }

    #[test]
    fn what_is_let_out_at_once_is_stale_since_it_was_written() {
        let (truth, mut let_out) = (written(), LetOut::default());
        assert_eq!(let_out.sample(at(20), &truth, &owner(2)).keys, 2);
        let nothing = let_out.sample(at(25), &truth, &owner(5));
        assert_eq!(nothing, Waiting::default());
        assert_eq!(let_out.version(0, truth.ledger.owner(0).unwrap()), 5);
        assert_eq!(since(&let_out, &truth, "a", 1), Some(at(10)));
        assert_eq!(since(&let_out, &truth, "a", 2), Some(at(21)));
        assert_eq!(since(&let_out, &truth, "a", 5), None);
    }

    #[test]
    fn what_waited_is_stale_since_it_was_let_out_and_not_at_all_if_it_was_overwritten() {
        let (truth, mut let_out) = (written(), LetOut::default());
        let_out.sample(at(20), &truth, &owner(2));
        let waiting = let_out.sample(at(30), &truth, &owner(2));
        assert_eq!((waiting.keys, waiting.age(at(30))), (2, Span::from_secs(9)));
        assert_eq!(since(&let_out, &truth, "a", 2), None, "nothing is out");
        let_out.sample(at(40), &truth, &owner(4));
        assert_eq!(since(&let_out, &truth, "b", 2), Some(at(30)));
        assert_eq!(since(&let_out, &truth, "a", 2), None, "3 never was");
        let_out.sample(at(50), &truth, &owner(5));
        assert_eq!(since(&let_out, &truth, "a", 2), Some(at(40)));
    }
}
