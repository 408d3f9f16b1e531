//! The nodes' counters summed over all hosts and lives, without their wrapping.

use gossip_core::wire::Kind;
use gossip_core::{Stats, Traffic};

use super::{Cluster, Inspect};
use crate::sim::Index;
use crate::sim::outcome::Count;

/// Sums of [`Stats`]. A node's counters wrap at 2^32 and begin anew with a restart; a host must be
/// read at least once in between.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// What was last read of each host.
    before: Vec<Option<Stats>>,
    sent: Count,
    sections: [Count; Kind::COUNT],
    counters: Vec<(&'static str, u64)>,
}

impl Tally {
    /// Reads every host that is up, of `hosts`.
    pub fn sample(&mut self, cluster: &dyn Cluster, hosts: u32) {
        for index in 0..hosts {
            if let Some(host) = cluster.host(index) {
                self.read(index, host);
            }
        }
    }

    /// Reads one host: also the last chance before it goes down.
    pub fn read(&mut self, index: Index, host: &dyn Inspect) {
        let place = index as usize;
        if place >= self.before.len() {
            self.before.resize(place + 1, None);
        }
        let now = *host.stats();
        // One that restarts at this very moment may not have been told of yet.
        let before = self.before[place].replace(now);
        let before = before.filter(|before| !is_behind(before, &now));
        self.add(&before.unwrap_or(Stats::NONE), &now);
    }

    /// What the hosts have counted until now is not part of the run.
    pub fn begin(&mut self, cluster: &dyn Cluster, hosts: u32) {
        self.sample(cluster, hosts);
        let before = std::mem::take(&mut self.before);
        *self = Self {
            before,
            ..Self::default()
        };
    }

    /// A host came up without memory: its counters begin at zero.
    pub fn restarted(&mut self, index: Index) {
        if let Some(before) = self.before.get_mut(index as usize) {
            *before = None;
        }
    }

    /// All datagrams sent so far.
    #[must_use]
    pub fn sent(&self) -> Count {
        self.sent
    }

    /// All sections of a kind sent so far.
    #[must_use]
    pub fn sections(&self, kind: Kind) -> Count {
        self.sections[kind as usize]
    }

    /// A plain counter of [`Stats`] by its name; 0 for an unknown one.
    #[must_use]
    pub fn counter(&self, name: &str) -> u64 {
        let found = self.counters.iter().find(|(known, _)| *known == name);
        found.map_or(0, |(_, total)| *total)
    }

    /// The share of the rows, hints and claims received that told nothing new; `None` if none came.
    #[must_use]
    pub fn redundant_share(&self) -> Option<f64> {
        let sum = |names: &[&str]| names.iter().map(|name| self.counter(name)).sum::<u64>();
        let heard = sum(&["rows_heard", "hints_heard", "claims_heard"]);
        let new_rows = sum(&["rows_new", "hints_new"]);
        let idle_claims = sum(&["idle_claims", "foreign_claims"]);
        let new_claims = self.counter("claims_heard").saturating_sub(idle_claims);
        let idle = heard.saturating_sub(new_rows + new_claims);
        (heard > 0).then(|| idle as f64 / heard as f64)
    }

    fn add(&mut self, before: &Stats, now: &Stats) {
        self.sent
            .add(grown(before.sent.datagrams, now.sent.datagrams));
        for kind in Kind::ALL {
            let more = grown(before.sent.of(*kind), now.sent.of(*kind));
            self.sections[*kind as usize].add(more);
        }
        if self.counters.is_empty() {
            self.counters = now.counters().map(|(name, _)| (name, 0)).collect();
        }
        let values = before.counters().zip(now.counters());
        for ((_, total), ((_, before), (_, now))) in self.counters.iter_mut().zip(values) {
            *total += u64::from(now.wrapping_sub(before));
        }
    }
}

/// What a wrapping count grew by.
/// `true` if the counters have begun anew. They wrap, but never go half of the way between two readings.
fn is_behind(before: &Stats, now: &Stats) -> bool {
    let (before, now) = (before.sent.datagrams, now.sent.datagrams);
    now.count.wrapping_sub(before.count) > u32::MAX >> 1
}

fn grown(before: Traffic, now: Traffic) -> Count {
    Count {
        count: u64::from(now.count.wrapping_sub(before.count)),
        bytes: u64::from(now.bytes.wrapping_sub(before.bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::measure::script::Replica;

    fn replica(datagrams: u32, idle_claims: u32) -> Replica {
        let mut replica = Replica::default();
        replica.stats.sent.datagrams.count = datagrams;
        replica.stats.idle_claims = idle_claims;
        replica
    }

    #[test]
    fn counters_add_up_over_hosts_wraps_and_restarts() {
        let mut tally = Tally::default();
        tally.sample(&vec![Some(replica(10, 1)), Some(replica(u32::MAX, 0))], 2);
        // Host 1 sent 3 more: past the end.
        tally.sample(&vec![Some(replica(15, 3)), Some(replica(2, 0))], 2);
        assert_eq!(tally.sent().count, 15 + u64::from(u32::MAX) + 3);
        assert_eq!(tally.counter("idle_claims"), 3);
        tally.restarted(0);
        tally.sample(&vec![Some(replica(4, 0)), None], 2);
        assert_eq!(tally.sent().count, 19 + u64::from(u32::MAX) + 3);
        assert_eq!(tally.counter("idle_claims"), 3);
        assert_eq!(tally.redundant_share(), None, "nothing was heard");
        // It began anew, and nobody was told yet.
        tally.sample(&vec![Some(replica(1, 0)), None], 2);
        assert_eq!(tally.sent().count, 20 + u64::from(u32::MAX) + 3);
    }

    #[test]
    fn what_told_nothing_new_is_redundant() {
        let mut replica = Replica::default();
        (replica.stats.rows_heard, replica.stats.rows_new) = (10, 4);
        (replica.stats.hints_heard, replica.stats.hints_new) = (6, 2);
        (replica.stats.claims_heard, replica.stats.idle_claims) = (4, 1);
        let mut tally = Tally::default();
        tally.sample(&vec![Some(replica)], 1);
        // 20 were heard; 4 rows, 2 hints and 3 claims told something.
        assert_eq!(tally.redundant_share(), Some(11.0 / 20.0));
    }
}
