//! When hosts got to know each other, and all that there is to know.

use std::collections::BTreeMap;

use super::{Cluster, Truth};
use crate::sim::outcome::MembershipMeasure;
use crate::sim::{Index, Note, Record, Span, Time, What};

/// How well hosts know each other. O(1) for each note, by counting the hosts that hold so many
/// others for live.
#[derive(Clone, Debug, Default)]
pub struct Acquaintance {
    /// How many members each host holds for live, itself included.
    known: Vec<u32>,
    /// How many running hosts hold so many.
    hosts_by_known: BTreeMap<u32, u32>,
    /// Hosts that are counted.
    counted: Vec<bool>,
    start: Wait,
    /// Since the last heal of a partition.
    heal: Option<Wait>,
}

/// From when on everybody and everything is waited for, and how long each took.
#[derive(Clone, Copy, Debug, Default)]
struct Wait {
    since: Time,
    full: Option<Span>,
    state: Option<Span>,
}

impl Acquaintance {
    /// Takes notice of one record. When a host is added, the wait for everybody goes on from the start.
    pub fn record(&mut self, record: &Record<'_, Note>, truth: &Truth) {
        let host = record.host;
        match record.what {
            What::Added => {
                self.start = Wait::default();
                self.knows(host, 1);
            }
            What::Restarted { with_memory: false } => self.knows(host, 1),
            What::Note(Note::Member { live, .. } | Note::Forgotten { live, .. }) => {
                self.knows(host, *live);
            }
            What::Healed { .. } => {
                let since = record.time;
                self.heal = Some(Wait {
                    since,
                    ..Wait::default()
                });
            }
            What::Crashed
            | What::Restarted { with_memory: true }
            | What::Paused
            | What::Resumed
            | What::Note(Note::Left) => {}
            _ => return,
        }
        self.count(host, truth.ground.is_live(host));
        self.note_full(record.time, truth);
    }

    /// Reads from each host how many it knows: nothing else tells of what it knew from the beginning.
    pub fn begin(&mut self, truth: &Truth, cluster: &dyn Cluster) {
        for host in truth.ground.live().iter() {
            if let Some(node) = cluster.host(host) {
                self.knows(host, node.live());
                self.count(host, true);
            }
        }
        self.note_full(Time::START, truth);
    }

    fn note_full(&mut self, now: Time, truth: &Truth) {
        let live = truth.ground.live().count();
        let full = live > 1 && self.hosts_by_known.get(&live) == Some(&live);
        if full {
            for wait in self.waits() {
                wait.full.get_or_insert(now.since(wait.since));
            }
        }
    }

    /// Looks whether all replicas are equal and complete, until they are. O(hosts).
    pub fn sample(&mut self, now: Time, truth: &Truth, cluster: &dyn Cluster) {
        if self.waits().any(|wait| wait.state.is_none()) && is_complete(truth, cluster) {
            for wait in self.waits() {
                wait.state.get_or_insert(now.since(wait.since));
            }
        }
    }

    /// The measures at the end. Hosts with equal fingerprints hold the same members for live, so
    /// only one of each kind is asked about all others.
    #[must_use]
    pub fn finish(self, truth: &Truth, cluster: &dyn Cluster) -> MembershipMeasure {
        let live = truth.ground.live();
        let mut known_by: BTreeMap<u64, u32> = BTreeMap::new();
        let mut pairs = 0;
        for node in live.iter().filter_map(|host| cluster.host(host)) {
            let known = *known_by.entry(node.fingerprint()).or_insert_with(|| {
                live.iter().filter(|other| node.holds_live(*other)).count() as u32
            });
            pairs += u64::from(known.saturating_sub(1));
        }
        let hosts = u64::from(live.count());
        let all = hosts * hosts.saturating_sub(1);
        MembershipMeasure {
            full_after: self.start.full,
            state_after: self.start.state,
            full_after_heal: self.heal.and_then(|wait| wait.full),
            state_after_heal: self.heal.and_then(|wait| wait.state),
            known_at_end: if all == 0 {
                0.0
            } else {
                pairs as f64 / all as f64
            },
        }
    }

    fn waits(&mut self) -> impl Iterator<Item = &mut Wait> {
        [&mut self.start].into_iter().chain(&mut self.heal)
    }

    /// The host holds so many for live now.
    fn knows(&mut self, host: Index, known: u32) {
        let index = host as usize;
        if index >= self.known.len() {
            self.known.resize(index + 1, 0);
            self.counted.resize(index + 1, false);
        }
        self.count(host, false);
        self.known[index] = known;
    }

    /// Counts a host among those that run, or no longer.
    fn count(&mut self, host: Index, counted: bool) {
        let index = host as usize;
        let Some(known) = self.known.get(index) else {
            return;
        };
        if self.counted[index] == counted {
            return;
        }
        self.counted[index] = counted;
        let hosts = self.hosts_by_known.entry(*known).or_default();
        if counted {
            *hosts += 1;
        } else {
            *hosts -= 1;
        }
        if *hosts == 0 {
            self.hosts_by_known.remove(known);
        }
    }
}

/// Whether all running hosts have equal fingerprints, hold as many members for live as run, and hold
/// everything that each running owner wrote. Equal fingerprints mean equal holdings, so the holdings
/// of one host stand for all.
fn is_complete(truth: &Truth, cluster: &dyn Cluster) -> bool {
    let live = truth.ground.live();
    let nodes = || live.iter().map(|host| cluster.host(host));
    let Some(Some(first)) = nodes().next() else {
        return false;
    };
    let fingerprint = first.fingerprint();
    let equal = |node: Option<&dyn super::Inspect>| {
        node.is_some_and(|node| node.live() == live.count() && node.fingerprint() == fingerprint)
    };
    let holds = |host: Index| {
        let owner = truth.ledger.owner(host);
        let all = owner.and_then(|owner| Some((owner.generation()?, owner.version())));
        all.is_none() || first.held(host) == all
    };
    live.count() > 1 && nodes().all(equal) && live.iter().all(holds)
}

#[cfg(test)]
mod tests {
    use gossip_core::Status;

    use super::*;
    use crate::sim::measure::script::{Replica, at, heal, life, member, tell, wrote};
    use crate::sim::{NETWORK, Observer};

    struct Trial {
        truth: Truth,
        acquaintance: Acquaintance,
    }

    impl Trial {
        /// Three hosts that begin together.
        fn new() -> Self {
            let mut trial = Self {
                truth: Truth::new(Span::ZERO),
                acquaintance: Acquaintance::default(),
            };
            for host in 0..3 {
                trial.tell(0, host, What::Added);
            }
            trial
        }

        fn tell(&mut self, secs: u64, host: Index, what: What<Note>) {
            tell(at(secs), host, what, |record| {
                self.truth.record(record);
                self.acquaintance.record(record, &self.truth);
            });
        }

        fn full_after(&self) -> Option<Span> {
            self.acquaintance.start.full
        }
    }

    #[test]
    fn hosts_know_each_other_when_the_last_one_knows_the_last() {
        let mut trial = Trial::new();
        for (secs, host, live) in [(1, 0, 2), (1, 1, 2), (2, 0, 3), (3, 1, 3), (4, 2, 2)] {
            trial.tell(secs, host, member(0, Status::Alive, live));
        }
        assert_eq!(trial.full_after(), None);
        trial.tell(5, 2, member(1, Status::Alive, 3));
        trial.tell(6, 2, member(1, Status::Dead, 2));
        trial.tell(7, 2, member(1, Status::Alive, 3));
        assert_eq!(trial.full_after(), Some(Span::from_secs(5)));
        trial.tell(8, 3, What::Added);
        assert_eq!(trial.full_after(), None, "one more to know");
    }

    #[test]
    fn the_time_after_a_heal_is_measured_from_the_last_one() {
        let mut trial = Trial::new();
        for host in 0..3 {
            trial.tell(1, host, member(0, Status::Alive, 3));
        }
        assert_eq!(trial.acquaintance.heal.map(|wait| wait.full), None);
        trial.tell(5, 2, member(0, Status::Dead, 2));
        trial.tell(8, NETWORK, heal());
        trial.tell(9, NETWORK, heal());
        let full = |trial: &Trial| trial.acquaintance.heal.unwrap().full;
        assert_eq!(full(&trial), None);
        trial.tell(13, 2, member(0, Status::Alive, 3));
        assert_eq!(full(&trial), Some(Span::from_secs(4)));
        assert_eq!(trial.full_after(), Some(Span::from_secs(1)));
    }

    #[test]
    fn a_host_that_does_not_run_is_not_waited_for() {
        let mut trial = Trial::new();
        trial.tell(1, 0, member(1, Status::Alive, 2));
        trial.tell(2, 1, member(0, Status::Alive, 2));
        assert_eq!(trial.full_after(), None);
        trial.tell(3, 2, What::Crashed);
        assert_eq!(trial.full_after(), Some(Span::from_secs(3)));
    }

    #[test]
    fn the_state_is_full_when_replicas_are_equal_and_complete() {
        let mut trial = Trial::new();
        let generation = life(0);
        trial.tell(0, 0, What::Note(Note::Started { generation }));
        trial.tell(1, 0, wrote("a", 2, 7));
        let node = |fingerprint, version, live| {
            let mut replica = Replica::knowing(live);
            replica.fingerprint = fingerprint;
            replica.held.insert(0, (life(0), version));
            Some(replica)
        };
        let mut sample = |secs, nodes: [Option<Replica>; 3]| {
            let cluster = nodes.to_vec();
            let truth = &trial.truth;
            trial.acquaintance.sample(at(secs), truth, &cluster);
            trial.acquaintance.start.state.is_some()
        };
        let node3 = |fingerprint, version| node(fingerprint, version, 3);
        assert!(
            !sample(2, [node3(1, 2), node3(2, 1), node3(1, 2)]),
            "unequal"
        );
        assert!(
            !sample(3, [node3(2, 1), node3(2, 1), node3(2, 1)]),
            "behind"
        );
        let one_missing = || node(3, 2, 2);
        assert!(!sample(4, [one_missing(), one_missing(), one_missing()]));
        assert!(sample(5, [node3(1, 2), node3(1, 2), node3(1, 2)]));
        assert!(sample(6, [node3(2, 1), node3(2, 1), node3(2, 1)]), "once");
        let end = vec![node3(1, 2), node(2, 2, 2), node3(1, 2)];
        let measure = trial.acquaintance.finish(&trial.truth, &end);
        assert_eq!(measure.state_after, Some(Span::from_secs(5)));
        // Of 6 pairs, host 1 knows one of its two.
        assert_eq!(measure.known_at_end, 5.0 / 6.0);
    }
}
