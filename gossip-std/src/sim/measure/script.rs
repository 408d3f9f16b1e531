//! For tests: runs written down as scripts, and hosts whose state is written by hand.

use std::collections::{BTreeMap, BTreeSet};

use gossip_core::{Generation, Stats, Status};

use super::{Cluster, Demand, Inspect, Truth};
use crate::sim::{Index, Note, Observer, Record, Span, Time, What};

/// A moment in whole seconds.
pub fn at(secs: u64) -> Time {
    Time::START + Span::from_secs(secs)
}

/// Makes a record and shows it to `observe`.
pub fn tell(time: Time, host: Index, what: What<Note>, observe: impl FnOnce(&Record<'_, Note>)) {
    observe(&Record {
        time,
        host,
        what: &what,
    });
}

/// A life with this counter.
pub fn life(counter: u16) -> Generation {
    Generation {
        counter,
        nonce: [0; 4],
    }
}

/// A truth that forgives for 10 s, with so many hosts, each in its first life.
pub fn truth(hosts: Index) -> Truth {
    let calm = Span::from_secs(10);
    let demand = Demand {
        within: Span::from_millis(100),
        failing: 0.02,
        calm,
        memory: Span::from_secs(60),
        keeps_up: None,
    };
    let mut truth = Truth::with_reach(calm, demand);
    for host in 0..hosts {
        tell(Time::START, host, What::Added, |record| {
            truth.record(record)
        });
        let generation = life(0);
        tell(
            Time::START,
            host,
            note(Note::Started { generation }),
            |record| {
                truth.record(record);
            },
        );
    }
    truth
}

pub fn note(note: Note) -> What<Note> {
    What::Note(note)
}

pub fn wrote(key: &str, version: u32, value: impl Into<Option<u64>>) -> What<Note> {
    note(Note::Wrote {
        key: key.to_owned(),
        version,
        value: value.into(),
        left: None,
    })
}

/// A write that holds for so many seconds.
pub fn leased(key: &str, version: u32, value: u64, secs: u64) -> What<Note> {
    note(Note::Wrote {
        key: key.to_owned(),
        version,
        value: Some(value),
        left: Some(Span::from_secs(secs)),
    })
}

pub fn set(
    owner: Index,
    key: &str,
    generation: Generation,
    version: u32,
    value: u64,
) -> What<Note> {
    note(Note::Set {
        owner,
        key: key.to_owned(),
        version,
        generation,
        value,
    })
}

pub fn deleted(owner: Index, key: &str) -> What<Note> {
    let key = key.to_owned();
    note(Note::Deleted { owner, key })
}

pub fn member(id: Index, status: Status, live: u32) -> What<Note> {
    note(Note::Member { id, status, live })
}

/// A partition with this side for each host.
pub fn cut(sides: &[u32]) -> What<Note> {
    What::Partitioned {
        name: "cut".to_owned(),
        sides: sides.to_vec(),
    }
}

pub fn heal() -> What<Note> {
    let name = "cut".to_owned();
    What::Healed { name }
}

/// A host whose state is written by hand.
#[derive(Clone, Debug)]
pub struct Replica {
    pub fingerprint: u64,
    pub live: BTreeSet<Index>,
    pub stats: Stats,
    pub held: BTreeMap<Index, (Generation, u32)>,
    pub telling: bool,
    pub longest: usize,
    /// Owner, key, version, value.
    pub shown: Vec<(Index, &'static str, u32, u64)>,
    pub tables: Vec<(&'static str, usize, usize)>,
}

impl Default for Replica {
    fn default() -> Self {
        Self {
            fingerprint: 0,
            live: BTreeSet::new(),
            stats: Stats::NONE,
            held: BTreeMap::new(),
            telling: false,
            longest: 0,
            shown: Vec::new(),
            tables: Vec::new(),
        }
    }
}

impl Replica {
    /// A replica that knows hosts 0 to `live`, and holds them in their first life up to the birth.
    pub fn knowing(live: Index) -> Self {
        Self {
            live: (0..live).collect(),
            held: (0..live).map(|host| (host, (life(0), 1))).collect(),
            ..Self::default()
        }
    }
}

impl Inspect for Replica {
    fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    fn live(&self) -> u32 {
        self.live.len() as u32
    }

    fn holds_live(&self, member: Index) -> bool {
        self.live.contains(&member)
    }

    fn stats(&self) -> &Stats {
        &self.stats
    }

    fn held(&self, owner: Index) -> Option<(Generation, u32)> {
        self.held.get(&owner).copied()
    }

    fn shows(&self, owner: Index, key: &str) -> Option<u32> {
        let mut shown = self.shown.iter();
        let found = shown.find(|(of, name, ..)| (*of, *name) == (owner, key));
        found.map(|(_, _, version, _)| *version)
    }

    fn is_telling(&self, _: Index) -> bool {
        self.telling
    }

    fn visible(&self, tell: &mut dyn FnMut(Index, &str, u32, u64)) {
        for (owner, key, version, value) in &self.shown {
            tell(*owner, key, *version, *value);
        }
    }

    fn tables(&self, tell: &mut dyn FnMut(&'static str, usize, usize)) {
        for (name, len, capacity) in &self.tables {
            tell(name, *len, *capacity);
        }
    }
}

impl Cluster for Vec<Option<Replica>> {
    fn host(&self, index: Index) -> Option<&dyn Inspect> {
        let replica = self.get(index as usize)?.as_ref()?;
        Some(replica)
    }

    fn longest(&self, index: Index) -> usize {
        let replica = self.get(index as usize).and_then(Option::as_ref);
        replica.map_or(0, |replica| replica.longest)
    }
}
