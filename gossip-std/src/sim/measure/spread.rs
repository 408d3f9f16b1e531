//! How tracked updates spread: coverage and epidemic, in the measures of Demers et al. 1987,
//! section 1.4.

use std::collections::BTreeMap;

use gossip_core::Generation;

use super::{Cluster, Marks, Truth};
use crate::sim::outcome::{Coverage, Epidemic, Sir};
use crate::sim::{Index, Note, Record, Span, Time, What, id_of};

/// The spread of the writes that are tracked. One bit and one delay for each host and update.
#[derive(Clone, Debug, Default)]
pub struct Spread {
    /// By owner and key.
    tracked: BTreeMap<Index, BTreeMap<String, Tracked>>,
    updates: Vec<Update>,
}

/// A key with writes that are tracked.
#[derive(Clone, Debug, Default)]
struct Tracked {
    /// How many more writes are to be.
    due: u32,
    /// Those that are, in the order in which they were written.
    ids: Vec<usize>,
}

#[derive(Clone, Debug)]
struct Update {
    name: String,
    origin: Index,
    at: Time,
    /// The owner's life in which it was written, counted from 0.
    life: u32,
    version: u32,
    value: Option<u64>,
    /// Hosts that were live when it was written, have been up since, and have not heard of it.
    awaiting: Marks,
    /// How many were there to be reached, the origin included.
    of: u32,
    delays: Vec<Span>,
    /// Claims that all hosts had sent when it was written.
    claims_before: u64,
    /// Claims sent from then until the sample in which everybody had it.
    claims: Option<u64>,
    counts: Vec<Sir>,
    /// The origin forgot it before all had heard of it, or all have, and nobody tells it any more.
    closed: bool,
}

impl Spread {
    /// Tracks the next write of one of `owner`'s keys, unless it is refused or the owner crashes
    /// before it; asked for again before then, also the one after.
    pub fn track(&mut self, owner: Index, key: &str) {
        let keys = self.tracked.entry(owner).or_default();
        keys.entry(key.to_owned()).or_default().due += 1;
    }

    /// Takes notice of one record; `claims` is how many all hosts have sent so far.
    pub fn record(&mut self, record: &Record<'_, Note>, truth: &Truth, claims: u64) {
        let (now, host) = (record.time, record.host);
        match record.what {
            What::Note(Note::Wrote { key, .. }) => self.wrote(now, host, key, truth, claims),
            What::Note(Note::Set {
                owner,
                key,
                version,
                generation,
                value,
            }) => {
                let (life, version) = (*generation, *version);
                self.reach(now, host, *owner, key, |update| {
                    update.is_told_by(truth, life, version, Some(*value))
                });
            }
            What::Note(Note::Deleted { owner, key }) => {
                self.reach(now, host, *owner, key, |update| update.value.is_none());
            }
            What::Note(Note::Refused { key }) => {
                self.due(host, key);
            }
            What::Crashed => {
                self.lose(host);
                let keys = self.tracked.get_mut(&host);
                keys.into_iter()
                    .flat_map(BTreeMap::values_mut)
                    .for_each(|key| key.due = 0);
            }
            What::Note(Note::Left) => self.lose(host),
            What::Restarted { with_memory: false } => self.close_all_of(host),
            _ => {}
        }
    }

    /// Reads from the hosts what no note tells: who holds an update without having shown it, and who
    /// still tells it. O(hosts) for each update that still spreads.
    pub fn sample(&mut self, now: Time, truth: &Truth, cluster: &dyn Cluster, claims: u64) {
        for update in self.updates.iter_mut().filter(|update| !update.closed) {
            update.sample(now, truth, cluster, claims);
        }
    }

    /// The measures at the end of a run in which all hosts sent `claims` claims.
    #[must_use]
    pub fn finish(self, claims: u64) -> (Vec<Coverage>, Vec<Epidemic>) {
        self.updates
            .into_iter()
            .map(|update| update.finish(claims))
            .unzip()
    }

    fn wrote(&mut self, now: Time, origin: Index, key: &str, truth: &Truth, claims: u64) {
        let Some(owner) = truth.ledger.owner(origin) else {
            return;
        };
        let writes = owner.key(key).map_or(&[][..], |key| owner.writes(key));
        let Some(write) = writes.last() else { return };
        let id = self.updates.len();
        let Some(tracked) = self.due(origin, key) else {
            return;
        };
        tracked.ids.push(id);
        let mut awaiting = truth.ground.live().clone();
        awaiting.remove(origin);
        self.updates.push(Update {
            name: format!("{}/{key}@{}", id_of(origin), write.version),
            origin,
            at: now,
            life: write.life,
            version: write.version,
            value: write.value,
            of: awaiting.count() + 1,
            awaiting,
            delays: Vec::new(),
            claims_before: claims,
            claims: None,
            counts: Vec::new(),
            closed: false,
        });
    }

    /// The key, if a write of it is to be tracked: this one.
    fn due(&mut self, origin: Index, key: &str) -> Option<&mut Tracked> {
        let tracked = self.tracked.get_mut(&origin)?.get_mut(key)?;
        tracked.due = tracked.due.checked_sub(1)?;
        Some(tracked)
    }

    /// `host` shows a state of the key in which these updates are contained. Whoever waits for an
    /// update waits for all later ones too, so the walk back ends where nobody waits.
    fn reach(
        &mut self,
        now: Time,
        host: Index,
        owner: Index,
        key: &str,
        is_contained: impl Fn(&Update) -> bool,
    ) {
        let keys = self.tracked.get(&owner);
        let Some(tracked) = keys.and_then(|keys| keys.get(key)) else {
            return;
        };
        for id in tracked.ids.iter().rev() {
            let update = &mut self.updates[*id];
            if update.closed || !is_contained(update) {
                continue;
            }
            if !update.reach(now, host) {
                return;
            }
        }
    }

    fn lose(&mut self, host: Index) {
        for update in &mut self.updates {
            update.of -= u32::from(update.awaiting.remove(host));
        }
    }

    fn close_all_of(&mut self, origin: Index) {
        let own = |update: &&mut Update| update.origin == origin;
        self.updates
            .iter_mut()
            .filter(own)
            .for_each(|update| update.closed = true);
    }
}

impl Update {
    /// Whether a host that holds the key so has this update, or a later one in its place.
    fn is_told_by(
        &self,
        truth: &Truth,
        generation: Generation,
        version: u32,
        value: Option<u64>,
    ) -> bool {
        if self.is_in(truth, generation) {
            return version >= self.version;
        }
        // A life that grew out of the update's carries it on under another version.
        version > super::BIRTH && value == self.value
    }

    fn is_in(&self, truth: &Truth, generation: Generation) -> bool {
        let owner = truth.ledger.owner(self.origin);
        owner.is_some_and(|owner| owner.is_life(self.life, generation))
    }

    /// The host has it now; `true` if it was waited for.
    fn reach(&mut self, now: Time, host: Index) -> bool {
        let waited = self.awaiting.remove(host);
        if waited {
            self.delays.push(now.since(self.at));
        }
        waited
    }

    fn sample(&mut self, now: Time, truth: &Truth, cluster: &dyn Cluster, claims: u64) {
        let mut infective = 0;
        for host in truth.ground.live().iter() {
            let Some(node) = cluster.host(host) else {
                continue;
            };
            let held = node.held(self.origin);
            let holds =
                held.is_some_and(|(life, held)| self.is_in(truth, life) && held >= self.version);
            if holds {
                self.reach(now, host);
            }
            let has = holds || host == self.origin;
            infective += u32::from(has && node.is_telling(self.origin));
        }
        let susceptible = self.awaiting.count();
        self.counts.push(Sir {
            at: now,
            susceptible,
            infective,
            removed: self.of.saturating_sub(susceptible + infective),
        });
        if susceptible == 0 {
            self.claims
                .get_or_insert(claims.saturating_sub(self.claims_before));
            self.closed = infective == 0;
        }
    }

    fn finish(self, claims: u64) -> (Coverage, Epidemic) {
        let sent = claims.saturating_sub(self.claims_before);
        let sent = self.claims.unwrap_or(sent);
        let epidemic = Epidemic {
            update: self.name.clone(),
            counts: self.counts,
        };
        let coverage = Coverage::new(self.name, self.origin, self.at, self.of, sent, self.delays);
        (coverage, epidemic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Observer;
    use crate::sim::measure::script::{Replica, at, deleted, life, note, set, tell, truth, wrote};

    struct Trial {
        truth: Truth,
        spread: Spread,
    }

    impl Trial {
        fn new(hosts: Index) -> Self {
            Self {
                truth: truth(hosts),
                spread: Spread::default(),
            }
        }

        /// Every write of `a` is tracked.
        fn tell(&mut self, secs: u64, host: Index, what: What<Note>) {
            if matches!(&what, What::Note(Note::Wrote { key, .. }) if key == "a") {
                self.spread.track(host, "a");
            }
            self.tell_untracked(secs, host, what);
        }

        fn tell_untracked(&mut self, secs: u64, host: Index, what: What<Note>) {
            tell(at(secs), host, what, |record| {
                self.truth.record(record);
                self.spread.record(record, &self.truth, 100);
            });
        }

        fn sample(&mut self, secs: u64, cluster: &Vec<Option<Replica>>, claims: u64) {
            self.spread.sample(at(secs), &self.truth, cluster, claims);
        }

        fn coverage(self) -> Vec<Coverage> {
            self.spread.finish(140).0
        }
    }

    #[test]
    fn an_update_is_covered_by_those_who_show_it() {
        let mut trial = Trial::new(5);
        trial.tell(10, 0, wrote("a", 2, 7));
        trial.tell(10, 0, wrote("b", 3, 7));
        trial.tell(11, 1, set(0, "a", life(0), 2, 7));
        trial.tell(12, 1, set(0, "a", life(0), 2, 7));
        trial.tell(12, 2, set(0, "b", life(0), 3, 7));
        trial.tell(14, 3, set(0, "a", life(0), 2, 7));
        let coverage = trial.coverage();
        let [update] = coverage.as_slice() else {
            panic!("only one is tracked: {coverage:?}");
        };
        assert_eq!((update.update.as_str(), update.at), ("1/a@2", at(10)));
        assert_eq!((update.reached, update.of), (3, 5));
        assert_eq!(update.residue, 0.4);
        assert_eq!(update.t_ave, Some(Span::from_millis(2500)));
        assert_eq!(update.t_last, Some(Span::from_secs(4)));
        assert_eq!(update.traffic, 8.0, "40 claims for 5 hosts");
    }

    #[test]
    fn only_the_writes_that_were_asked_for_are_measured() {
        let mut trial = Trial::new(2);
        let refused = || {
            note(Note::Refused {
                key: "a".to_owned(),
            })
        };
        trial.tell_untracked(10, 0, wrote("a", 2, 1));
        trial.spread.track(0, "a");
        trial.spread.track(0, "a");
        trial.tell_untracked(11, 0, refused());
        trial.tell_untracked(12, 0, wrote("a", 3, 2));
        trial.tell_untracked(13, 0, wrote("a", 4, 3));
        trial.spread.track(0, "a");
        trial.tell_untracked(14, 0, What::Crashed);
        trial.tell_untracked(15, 0, What::Restarted { with_memory: false });
        trial.tell_untracked(16, 0, wrote("a", 5, 4));
        let names: Vec<_> = trial.coverage().into_iter().map(|one| one.update).collect();
        assert_eq!(names, ["1/a@3"]);
    }

    #[test]
    fn a_later_version_covers_the_earlier_ones() {
        let mut trial = Trial::new(3);
        trial.tell(10, 0, wrote("a", 2, 7));
        trial.tell(20, 0, wrote("a", 3, 8));
        trial.tell(21, 1, set(0, "a", life(0), 3, 8));
        trial.tell(22, 2, set(0, "a", life(0), 2, 7));
        trial.tell(30, 0, wrote("a", 4, None));
        trial.tell(31, 1, deleted(0, "a"));
        let reached = |coverage: &Coverage| (coverage.reached, coverage.t_last);
        let coverage: Vec<_> = trial.coverage().iter().map(reached).collect();
        let secs = |secs| Some(Span::from_secs(secs));
        assert_eq!(coverage, [(3, secs(12)), (2, secs(1)), (2, secs(1))]);
    }

    #[test]
    fn a_host_that_goes_down_unreached_does_not_count() {
        let mut trial = Trial::new(4);
        trial.tell(10, 0, wrote("a", 2, 7));
        trial.tell(11, 1, set(0, "a", life(0), 2, 7));
        trial.tell(12, 1, What::Crashed);
        trial.tell(12, 2, What::Crashed);
        trial.tell(13, 2, What::Restarted { with_memory: false });
        trial.tell(14, 2, set(0, "a", life(0), 2, 7));
        let coverage = trial.coverage();
        assert_eq!((coverage[0].reached, coverage[0].of), (2, 3));
    }

    #[test]
    fn a_new_life_of_the_origin_covers_only_what_it_carries_on() {
        let mut trial = Trial::new(4);
        trial.tell(10, 0, wrote("a", 5, 7));
        let generation = life(1);
        trial.tell(11, 0, note(Note::Started { generation }));
        trial.tell(12, 1, set(0, "a", life(1), 1, 6));
        trial.tell(13, 1, set(0, "a", life(1), 2, 7));
        trial.tell(14, 0, What::Crashed);
        trial.tell(15, 0, What::Restarted { with_memory: false });
        let generation = life(2);
        trial.tell(16, 0, note(Note::Started { generation }));
        trial.tell(17, 0, wrote("a", 2, 7));
        trial.tell(18, 2, set(0, "a", life(2), 2, 7));
        let coverage = trial.coverage();
        let reached: Vec<_> = coverage.iter().map(|update| update.reached).collect();
        assert_eq!(reached, [2, 2], "the first was lost in the crash");
        assert_eq!(coverage[0].t_last, Some(Span::from_secs(3)));
    }

    #[test]
    fn samples_count_the_susceptible_the_infective_and_the_removed() {
        let mut trial = Trial::new(4);
        trial.tell(10, 0, wrote("a", 2, 7));
        trial.tell(11, 1, set(0, "a", life(0), 2, 7));
        let node = |version, telling| {
            let mut replica = Replica::knowing(4);
            replica.held.insert(0, (life(0), version));
            replica.telling = telling;
            Some(replica)
        };
        // Host 2 holds it without having shown it; host 3 tells other news of the owner.
        let first = vec![node(2, false), node(2, true), node(2, true), node(1, true)];
        trial.sample(12, &first, 110);
        let all = vec![
            node(2, false),
            node(2, false),
            node(2, false),
            node(3, false),
        ];
        trial.sample(13, &all, 120);
        trial.sample(14, &all, 130);
        let (coverage, epidemic) = trial.spread.finish(140);
        let sir = |secs, susceptible, infective, removed| Sir {
            at: at(secs),
            susceptible,
            infective,
            removed,
        };
        // When all is over no more is counted.
        assert_eq!(epidemic[0].counts, [sir(12, 1, 2, 1), sir(13, 0, 0, 4)]);
        assert_eq!((coverage[0].reached, coverage[0].residue), (4, 0.0));
        assert_eq!(coverage[0].traffic, 5.0, "20 claims until all had it");
    }
}
