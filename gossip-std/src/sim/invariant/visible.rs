//! What was written without an error is seen by all that the writer reaches and that knew it, within a
//! stated time.

use std::collections::VecDeque;

use gossip_core::Generation;

use super::Broken;
use crate::sim::measure::{Cluster, Inspect, Marks, Truth, Write};
use crate::sim::{Index, Note, Record, Span, Time, What, id_of};

pub(super) const RULE: &str = "visible";

/// The writes that need not be seen yet, in the order in which they were made.
#[derive(Clone, Debug)]
pub(super) struct Visible {
    bound: Span,
    waiting: VecDeque<Waiting>,
    /// So many at the end of those came after the last sample.
    new: usize,
}

#[derive(Clone, Debug)]
struct Waiting {
    at: Time,
    owner: Index,
    key: String,
    version: u32,
    life: Generation,
    /// The hosts that held the writer for live in the first sample after the write.
    known_to: Marks,
}

impl Visible {
    pub(super) fn new(bound: Span) -> Self {
        Self {
            bound,
            waiting: VecDeque::new(),
            new: 0,
        }
    }

    /// Takes notice of one record, which `truth` has seen already.
    pub(super) fn record(&mut self, record: &Record<'_, Note>, truth: &Truth) {
        let What::Note(Note::Wrote { key, version, .. }) = record.what else {
            return;
        };
        let owner = truth.ledger.owner(record.host);
        // What is written before the first life is told again with it.
        if let Some(life) = owner.and_then(|owner| owner.generation()) {
            self.waiting.push_back(Waiting {
                at: record.time,
                owner: record.host,
                key: key.clone(),
                version: *version,
                life,
                known_to: Marks::default(),
            });
            self.new += 1;
        }
    }

    /// Judges each write once, in the first sample in which it must be seen. O(hosts^2) for each.
    pub(super) fn sample(
        &mut self,
        now: Time,
        truth: &Truth,
        cluster: &dyn Cluster,
    ) -> Result<(), Broken> {
        let new = self.waiting.iter_mut().rev().take(self.new);
        new.for_each(|write| write.note_who_knows(truth, cluster));
        self.new = 0;
        while let Some(first) = self.waiting.front()
            && now.since(first.at) > self.bound
        {
            let write = self.waiting.pop_front();
            write.map_or(Ok(()), |write| self.judge(now, &write, truth, cluster))?;
        }
        Ok(())
    }

    fn judge(
        &self,
        now: Time,
        write: &Waiting,
        truth: &Truth,
        cluster: &dyn Cluster,
    ) -> Result<(), Broken> {
        let owner = truth.ledger.owner(write.owner);
        let same_life = owner.and_then(|owner| owner.generation()) == Some(write.life);
        if !same_life || !truth.is_well_placed(write.at, write.owner) {
            return Ok(());
        }
        for host in truth
            .ground
            .live()
            .iter()
            .filter(|host| *host != write.owner)
        {
            let judged = write.known_to.contains(host)
                && truth.are_together(write.at, write.owner, host)
                && truth.is_well_placed(write.at, host);
            let node = cluster.host(host).filter(|_| judged);
            if node.is_some_and(|node| !is_seen(write, node, truth)) {
                return Err(self.broken(now, write, host));
            }
        }
        Ok(())
    }

    fn broken(&self, now: Time, write: &Waiting, host: Index) -> Broken {
        let (key, version, owner) = (&write.key, write.version, id_of(write.owner));
        let (age, bound) = (now.since(write.at), self.bound);
        Broken {
            rule: RULE,
            host,
            what: format!(
                "does not see version {version} of node {owner}, which wrote {key:?} {age} ago within \
                 its reach and that of most others; allowed are {bound}"
            ),
        }
    }
}

impl Waiting {
    fn note_who_knows(&mut self, truth: &Truth, cluster: &dyn Cluster) {
        for host in truth.ground.live().iter() {
            let node = cluster.host(host);
            if node.is_some_and(|node| node.holds_live(self.owner)) {
                self.known_to.insert(host);
            }
        }
    }
}

/// Whether a host shows a write, or a later one of the same key.
fn is_seen(write: &Waiting, node: &dyn Inspect, truth: &Truth) -> bool {
    let Some((life, _)) = node.held(write.owner) else {
        return false;
    };
    if life != write.life {
        return false;
    }
    match node.shows(write.owner, &write.key) {
        Some(version) if version > write.version => true,
        Some(version) => version == write.version && !is_deletion(write, truth),
        None => later(write, truth).any(|later| later.value.is_none() || later.lease.is_some()),
    }
}

fn is_deletion(write: &Waiting, truth: &Truth) -> bool {
    later(write, truth)
        .next()
        .is_some_and(|write| write.value.is_none() && write.lease.is_none())
}

/// The writes of the same key in the same life, from this one on.
fn later<'t>(write: &Waiting, truth: &'t Truth) -> impl Iterator<Item = &'t Write> {
    let owner = truth.ledger.owner(write.owner);
    let writes = owner.and_then(|owner| Some(owner.writes(owner.key(&write.key)?)));
    let (life, version) = (write.life, write.version);
    let of_life = move |write: &&Write| {
        write.version >= version && owner.is_some_and(|owner| owner.is_life(write.life, life))
    };
    writes.unwrap_or_default().iter().filter(of_life)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::invariant::Checks;
    use crate::sim::invariant::trial::Trial;
    use crate::sim::measure::script::{Replica, leased, life, note, wrote};
    use crate::sim::network::{Network, NetworkConfig};

    /// Host 0 wrote a = 7 in second 10; 30 s are allowed.
    fn trial() -> Trial {
        let mut trial = Trial::new(Checks {
            visible: Some(Span::from_secs(30)),
            ..Checks::default()
        });
        let network = Network::new(&NetworkConfig::default(), 3, 1).unwrap();
        trial.rewired(0, &network);
        trial.tell(10, 0, wrote("a", 2, 7));
        trial
    }

    /// Hosts 0 and 2 see the write; host 1 holds this version of it.
    fn with(version: Option<u32>) -> Vec<Option<Replica>> {
        let shows = |version: Option<u32>| {
            let mut replica = Replica::knowing(3);
            replica.shown = version
                .map(|version| (0, "a", version, 7))
                .into_iter()
                .collect();
            Some(replica)
        };
        vec![shows(Some(2)), shows(version), shows(Some(2))]
    }

    #[test]
    fn a_write_that_is_not_seen_in_time_is_caught() {
        for (version, seen) in [
            (Some(2), true),
            (Some(3), true),
            (Some(1), false),
            (None, false),
        ] {
            let mut trial = trial();
            trial.sample(40, &with(version));
            assert_eq!(trial.what(), "", "in time");
            trial.sample(41, &with(version));
            assert_eq!(trial.what().is_empty(), seen, "{version:?}");
        }
        let mut trial = trial();
        trial.sample(41, &with(Some(2)));
        trial.sample(90, &with(None));
        assert_eq!(trial.what(), "", "each write is judged once");
    }

    #[test]
    fn a_replica_that_knows_another_life_or_nobody_does_not_see_it() {
        for held in [Some((life(1), 2)), None] {
            let mut hosts = with(Some(2));
            let replica = hosts[1].as_mut().unwrap();
            replica.held.remove(&0);
            replica.held.extend(held.map(|held| (0, held)));
            let mut trial = trial();
            trial.sample(41, &hosts);
            assert_eq!(trial.broken(), (RULE, Some(1), 41.0));
        }
    }

    #[test]
    fn who_did_not_know_the_writer_need_not_see_what_it_wrote_then() {
        for knew in [true, false] {
            let mut first = with(None);
            if !knew {
                first[1].as_mut().unwrap().live.remove(&0);
            }
            let mut trial = trial();
            trial.sample(11, &first);
            trial.sample(41, &with(None));
            assert_eq!(trial.what().is_empty(), !knew);
        }
    }

    #[test]
    fn what_was_deleted_since_or_may_have_run_out_need_not_be_shown() {
        for later in [wrote("a", 3, None), leased("a", 3, 9, 1)] {
            let mut trial = trial();
            trial.tell(30, 0, later);
            trial.sample(41, &with(None));
            assert_eq!(trial.what(), "");
        }
        let mut trial = trial();
        trial.tell(11, 0, wrote("a", 3, None));
        trial.sample(50, &with(Some(2)));
        assert_eq!(
            trial.broken(),
            (RULE, Some(1), 50.0),
            "a deletion is seen, too"
        );
    }

    #[test]
    fn nothing_is_asked_of_a_pair_that_was_in_trouble_or_of_a_life_that_is_over() {
        let generation = life(5);
        for trouble in [
            (1, What::Paused),
            (0, What::Paused),
            (0, What::Crashed),
            (0, note(Note::Started { generation })),
        ] {
            let mut trial = trial();
            trial.tell(12, trouble.0, trouble.1);
            trial.sample(60, &with(None));
            assert_eq!(trial.what(), "");
        }
    }
}
