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
    full_after: Option<Span>,
    state_after: Option<Span>,
}

impl Acquaintance {
    /// Takes notice of one record. When a host is added, the wait for everybody begins anew.
    pub fn record(&mut self, record: &Record<'_, Note>, truth: &Truth) {
        let host = record.host;
        match record.what {
            What::Added => {
                (self.full_after, self.state_after) = (None, None);
                self.knows(host, 1);
            }
            What::Restarted => self.knows(host, 1),
            What::Note(Note::Member { live, .. } | Note::Forgotten { live, .. }) => {
                self.knows(host, *live);
            }
            What::Crashed | What::Paused | What::Resumed | What::Note(Note::Left) => {}
            _ => return,
        }
        self.count(host, truth.ground.is_live(host));
        let live = truth.ground.live().count();
        let full = live > 1 && self.hosts_by_known.get(&live) == Some(&live);
        if full {
            self.full_after
                .get_or_insert(record.time.since(Time::START));
        }
    }

    /// Looks whether all replicas are equal and complete, until they are. O(hosts).
    pub fn sample(&mut self, now: Time, truth: &Truth, cluster: &dyn Cluster) {
        if self.state_after.is_none() && is_complete(truth, cluster) {
            self.state_after = Some(now.since(Time::START));
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
            full_after: self.full_after,
            state_after: self.state_after,
            known_at_end: if all == 0 {
                0.0
            } else {
                pairs as f64 / all as f64
            },
        }
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
