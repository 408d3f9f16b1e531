//! Whom hosts hold for dead.

use std::collections::BTreeMap;

use gossip_core::Status;

use super::{Marks, Truth};
use crate::sim::network::HostSet;
use crate::sim::outcome::{self, BeliefGroup, BeliefPeak, BeliefSample};
use crate::sim::{Index, Note, Record, Time, What};

/// Whom each host holds for dead: one bit for each pair. A sample costs O(hosts + beliefs).
#[derive(Clone, Debug, Default)]
pub struct Beliefs {
    dead: Vec<Marks>,
    measured: outcome::Beliefs,
    /// How many there were at the peak.
    most: u64,
}

impl Beliefs {
    /// Takes notice of one record.
    pub fn record(&mut self, record: &Record<'_, Note>) {
        let host = record.host as usize;
        match record.what {
            What::Note(Note::Member { id, status, .. }) if *status == Status::Dead => {
                if host >= self.dead.len() {
                    self.dead.resize(host + 1, Marks::default());
                }
                self.dead[host].insert(*id);
            }
            What::Note(Note::Member { id, .. } | Note::Forgotten { id, .. }) => {
                if let Some(dead) = self.dead.get_mut(host) {
                    dead.remove(*id);
                }
            }
            What::Restarted { with_memory: false } => {
                if let Some(dead) = self.dead.get_mut(host) {
                    *dead = Marks::default();
                }
            }
            _ => {}
        }
    }

    /// Counts the beliefs of those that run.
    pub fn sample(&mut self, at: Time, truth: &Truth) {
        let is_up = |host: &Index| truth.ground.is_live(*host) || truth.ground.is_paused(*host);
        let held = || self.held(truth).flat_map(|(_, dead)| dead.iter());
        let wrong = held().filter(is_up).count() as u64;
        let right = held().count() as u64 - wrong;
        if right + wrong > self.most {
            self.most = right + wrong;
            self.measured.peak = Some(BeliefPeak {
                at,
                groups: self.groups(truth, is_up),
            });
        }
        let sample = BeliefSample { at, right, wrong };
        self.measured.series.push(sample);
    }

    /// The measures at the end.
    #[must_use]
    pub fn finish(self) -> outcome::Beliefs {
        self.measured
    }

    /// Those that run and hold somebody for dead, and whom.
    fn held(&self, truth: &Truth) -> impl Iterator<Item = (Index, &Marks)> {
        let held = (0..).zip(&self.dead);
        held.filter(|(host, dead)| dead.count() > 0 && truth.ground.is_live(*host))
    }

    fn groups(&self, truth: &Truth, is_up: impl Fn(&Index) -> bool) -> Vec<BeliefGroup> {
        let mut groups: BTreeMap<Vec<Index>, Vec<Index>> = BTreeMap::new();
        for (host, dead) in self.held(truth) {
            groups.entry(dead.iter().collect()).or_default().push(host);
        }
        let group = |(dead, hosts): (Vec<Index>, Vec<Index>)| {
            let (wrong, right): (Vec<Index>, Vec<Index>) = dead.into_iter().partition(&is_up);
            BeliefGroup {
                hosts: HostSet::from_iter(hosts),
                right: HostSet::from_iter(right),
                wrong: HostSet::from_iter(wrong),
            }
        };
        groups.into_iter().map(group).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Observer;
    use crate::sim::measure::script::{at, member, note, tell, truth};

    #[test]
    fn a_belief_is_right_if_the_host_is_down_and_ends_with_its_holder() {
        let (mut truth, mut beliefs) = (truth(4), Beliefs::default());
        let mut go = |secs, script: &[(Index, What<Note>)]| {
            for (host, what) in script {
                tell(at(secs), *host, what.clone(), |record| {
                    truth.record(record);
                    beliefs.record(record);
                });
            }
            beliefs.sample(at(secs), &truth);
            let last = beliefs.measured.series.last().unwrap();
            (last.right, last.wrong)
        };
        let dead = |id| member(id, Status::Dead, 3);
        assert_eq!(go(1, &[(3, What::Crashed)]), (0, 0));
        assert_eq!(go(2, &[(0, dead(3)), (1, dead(3)), (1, dead(2))]), (2, 1));
        assert_eq!(go(3, &[(1, What::Paused), (2, What::Paused)]), (1, 0));
        assert_eq!(go(4, &[(1, What::Resumed)]), (2, 1));
        assert_eq!(go(5, &[(1, member(2, Status::Alive, 3))]), (2, 0));
        let forgotten = note(Note::Forgotten { id: 3, live: 3 });
        assert_eq!(go(6, &[(0, forgotten)]), (1, 0));
        let restarted = What::Restarted { with_memory: false };
        assert_eq!(go(7, &[(1, What::Crashed), (1, restarted)]), (0, 0));
        let peak = beliefs.finish().peak.unwrap();
        let group = |hosts: &str, right: &str, wrong: &str| BeliefGroup {
            hosts: hosts.parse().unwrap(),
            right: right.parse().unwrap(),
            wrong: wrong.parse().unwrap(),
        };
        assert_eq!(peak.at, at(2));
        assert_eq!(peak.groups, [group("2", "4", "3"), group("1", "4", "none")]);
    }
}
