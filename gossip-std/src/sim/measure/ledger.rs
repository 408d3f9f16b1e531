//! What the owners wrote: every write of every life, and so what is true now.

use std::collections::BTreeMap;

use gossip_core::Generation;

use super::Lease;
use crate::sim::{Index, Note, Record, Time, What};

/// The version of a life's birth, which stands for "everything of my earlier lives is gone"
/// (gossip-core/docs/protocol.md, Lives).
pub const BIRTH: u32 = 1;

/// Everything that every owner ever wrote. A restart without memory counts as the deletion of all
/// that the owner had set.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    owners: Vec<Owner>,
    /// Writes so far, over all owners.
    clock: u32,
}

/// One owner's writes.
#[derive(Clone, Debug, Default)]
pub struct Owner {
    /// Its lives in order; `None` until the first timeout draws the generation.
    lives: Vec<Option<Generation>>,
    /// Where each key's writes stand.
    keys: BTreeMap<String, u32>,
    writes: Vec<Vec<Write>>,
    /// When each version of the present life was written, from [`BIRTH`] + 1 on.
    log: Vec<Time>,
    /// How many keys are set.
    set: u32,
}

/// One write of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Write {
    /// In which of its owner's lives, counted from 0.
    pub life: u32,
    /// Under which version of that life.
    pub version: u32,
    /// A hash of the value, or `None` if the key was deleted.
    pub value: Option<u64>,
    /// When it was written. A value that is carried into a new life keeps it.
    pub at: Time,
    /// Its place among all writes of all owners. A value that is carried into a new life keeps it.
    pub number: u32,
    /// How long it holds, if not for good. Its end has the next number.
    pub lease: Option<Lease>,
}

impl Ledger {
    /// Takes notice of one record.
    pub fn record(&mut self, record: &Record<'_, Note>) {
        match record.what {
            What::Restarted { with_memory: false } => self.restarted(record.host, record.time),
            What::Note(Note::Started { generation }) => {
                self.owner_mut(record.host).begin(*generation);
            }
            What::Note(Note::Wrote {
                key,
                version,
                value,
                left,
            }) => {
                let number = self.clock + 1;
                let from = record.time;
                let lease = left.map(|ttl| Lease { from, ttl });
                self.clock = number + u32::from(lease.is_some());
                let owner = self.owner_mut(record.host);
                let life = owner.life();
                let write = Write {
                    life,
                    version: *version,
                    value: *value,
                    at: from,
                    number,
                    lease,
                };
                owner.write(key, write);
            }
            What::Note(Note::Expired { key }) => self.owner_mut(record.host).expire(key),
            _ => {}
        }
    }

    /// How many writes there were so far: the number of the last one.
    #[must_use]
    pub fn clock(&self) -> u32 {
        self.clock
    }

    /// What a host wrote; `None` if it never did nor began a life.
    #[must_use]
    pub fn owner(&self, host: Index) -> Option<&Owner> {
        self.owners.get(host as usize)
    }

    /// Every host that began a life or wrote, and what it wrote.
    pub fn owners(&self) -> impl Iterator<Item = (Index, &Owner)> {
        (0..).zip(&self.owners)
    }

    fn restarted(&mut self, host: Index, at: Time) {
        let mut clock = self.clock;
        self.owner_mut(host).restart(at, &mut clock);
        self.clock = clock;
    }

    fn owner_mut(&mut self, host: Index) -> &mut Owner {
        let index = host as usize;
        if index >= self.owners.len() {
            self.owners.resize_with(index + 1, Owner::default);
        }
        &mut self.owners[index]
    }
}

impl Owner {
    /// The present life, if its generation is known.
    #[must_use]
    pub fn generation(&self) -> Option<Generation> {
        self.lives.last().copied().flatten()
    }

    /// The version of the latest write, [`BIRTH`] if there is none in this life.
    #[must_use]
    pub fn version(&self) -> u32 {
        BIRTH + self.log.len() as u32
    }

    /// How many keys are set.
    #[must_use]
    pub fn set(&self) -> u32 {
        self.set
    }

    /// Every key whose last write is above `version` of the present life: its name, its number and
    /// that write.
    pub fn written_above(&self, version: u32) -> impl Iterator<Item = (&str, u32, &Write)> {
        let least = (self.lives.len() as u32, version.max(BIRTH));
        self.keys.iter().filter_map(move |(name, key)| {
            let last = self.writes(*key).last()?;
            ((last.life + 1, last.version) > least).then_some((name.as_str(), *key, last))
        })
    }

    /// The writes of a key, by its number, above `version` of the present life: each version and when
    /// it was written.
    pub fn writes_above(&self, key: u32, version: u32) -> impl Iterator<Item = (u32, Time)> {
        let least = (self.lives.len() as u32, version.max(BIRTH));
        let writes = self.writes(key);
        let held = writes.partition_point(|write| (write.life + 1, write.version) <= least);
        let above = writes.get(held..).unwrap_or_default().iter();
        above.filter_map(|write| {
            let place = (write.version - BIRTH) as usize - 1;
            Some((write.version, *self.log.get(place)?))
        })
    }

    /// The number by which a key is known here, if it was ever written.
    #[must_use]
    pub fn key(&self, key: &str) -> Option<u32> {
        self.keys.get(key).copied()
    }

    /// A key by its number; empty for an unknown one.
    #[must_use]
    pub fn name(&self, key: u32) -> &str {
        let found = self.keys.iter().find(|(_, number)| **number == key);
        found.map_or("", |(name, _)| name)
    }

    /// A key's writes in the order in which they were made, by the key's number.
    #[must_use]
    pub fn writes(&self, key: u32) -> &[Write] {
        self.writes.get(key as usize).map_or(&[], Vec::as_slice)
    }

    /// Whether `life`, counted from 0, has this generation.
    #[must_use]
    pub fn is_life(&self, life: u32, generation: Generation) -> bool {
        self.lives.get(life as usize) == Some(&Some(generation))
    }

    /// Every key that is set now, with its last write.
    pub fn shown(&self) -> impl Iterator<Item = (&str, &Write)> {
        self.keys.iter().filter_map(|(key, number)| {
            let last = self.writes(*number).last()?;
            last.value.is_some().then_some((key.as_str(), last))
        })
    }

    /// The life being lived, counted from 0.
    fn life(&mut self) -> u32 {
        if self.lives.is_empty() {
            self.lives.push(None);
        }
        self.lives.len() as u32 - 1
    }

    /// A life has begun: the first of a start takes over what was written before its generation was
    /// drawn; one that grew out of another numbers the values it carries on anew, in the order of
    /// their keys.
    fn begin(&mut self, generation: Generation) {
        let life = self.life() as usize;
        match self.lives[life] {
            Some(present) if present == generation => {}
            None => self.lives[life] = Some(generation),
            Some(_) => {
                self.lives.push(Some(generation));
                self.renumber();
            }
        }
    }

    fn renumber(&mut self) {
        let life = self.life();
        let old = std::mem::take(&mut self.log);
        for writes in self.keys.values() {
            let writes = &mut self.writes[*writes as usize];
            let Some(last) = writes.last().copied().filter(|last| last.value.is_some()) else {
                continue;
            };
            let place = last.version.saturating_sub(BIRTH + 1) as usize;
            self.log.push(old.get(place).copied().unwrap_or_default());
            let version = BIRTH + self.log.len() as u32;
            writes.push(Write {
                life,
                version,
                ..last
            });
        }
    }

    fn restart(&mut self, at: Time, clock: &mut u32) {
        self.lives.push(None);
        let life = self.life();
        self.log.clear();
        self.set = 0;
        for writes in &mut self.writes {
            if writes.last().is_some_and(|last| last.value.is_some()) {
                *clock += 1;
                writes.push(Write {
                    life,
                    version: BIRTH,
                    value: None,
                    at,
                    number: *clock,
                    lease: None,
                });
            }
        }
    }

    /// A key's lease ran out on its owner: a deletion under the version of the write.
    fn expire(&mut self, key: &str) {
        let number = self.key(key);
        let writes = number.and_then(|number| self.writes.get_mut(number as usize));
        let Some(writes) = writes else { return };
        if let Some(last) = writes.last().copied().filter(|last| last.lease.is_some()) {
            self.set -= 1;
            writes.push(Write {
                value: None,
                number: last.number + 1,
                lease: None,
                ..last
            });
        }
    }

    fn write(&mut self, key: &str, write: Write) {
        let Write {
            version, value, at, ..
        } = write;
        let next = self.writes.len() as u32;
        let key = *self.keys.entry(key.to_owned()).or_insert(next);
        if key == next {
            self.writes.push(Vec::new());
        }
        let writes = &mut self.writes[key as usize];
        let before = writes.last().copied();
        writes.push(write);
        let was_set = before.is_some_and(|before| before.value.is_some());
        self.set = self.set + u32::from(value.is_some()) - u32::from(was_set);
        let versions = version.saturating_sub(BIRTH) as usize;
        self.log.resize(versions, at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Span;
    use crate::sim::measure::script::{at, leased, life, note, tell, wrote};

    fn record(ledger: &mut Ledger, secs: u64, what: What<Note>) {
        tell(at(secs), 0, what, |record| ledger.record(record));
    }

    /// a is set, b set and set again, c set and deleted.
    fn ledger() -> Ledger {
        let mut ledger = Ledger::default();
        record(&mut ledger, 1, wrote("b", 2, 20));
        let generation = life(0);
        record(&mut ledger, 1, note(Note::Started { generation }));
        record(&mut ledger, 2, wrote("c", 3, 30));
        record(&mut ledger, 3, wrote("a", 4, 40));
        record(&mut ledger, 4, wrote("b", 5, 50));
        record(&mut ledger, 5, wrote("c", 6, None));
        ledger
    }

    fn shown(owner: &Owner) -> Vec<(&str, u32, Option<u64>, u32)> {
        let shown = owner.shown();
        shown
            .map(|(key, write)| (key, write.version, write.value, write.number))
            .collect()
    }

    #[test]
    fn what_is_true_is_the_last_write_of_each_key() {
        let ledger = ledger();
        let owner = ledger.owner(0).unwrap();
        assert_eq!(shown(owner), [("a", 4, Some(40), 3), ("b", 5, Some(50), 4)]);
        assert_eq!((owner.version(), owner.set()), (6, 2));
        assert_eq!(owner.generation(), Some(life(0)), "also of earlier writes");
        let above: Vec<_> = (1..8)
            .map(|held| owner.written_above(held).count())
            .collect();
        assert_eq!(above, [3, 3, 3, 2, 1, 0, 0]);
        let b = owner.key("b").unwrap();
        let writes = |held| owner.writes_above(b, held).collect::<Vec<_>>();
        assert_eq!(writes(1), [(2, at(1)), (5, at(4))]);
        assert_eq!((writes(2), writes(5)), (vec![(5, at(4))], vec![]));
        let c = owner.key("c").unwrap();
        assert_eq!((owner.name(c), owner.writes(c).len()), ("c", 2));
        assert_eq!(owner.key("d"), None);
    }

    #[test]
    fn a_life_that_grows_numbers_its_values_anew_and_keeps_them() {
        let mut ledger = ledger();
        let generation = life(7);
        record(&mut ledger, 9, note(Note::Started { generation }));
        let owner = ledger.owner(0).unwrap();
        assert_eq!(shown(owner), [("a", 2, Some(40), 3), ("b", 3, Some(50), 4)]);
        assert_eq!((owner.version(), owner.set()), (3, 2));
        let a = owner.key("a").unwrap();
        let writes: Vec<_> = owner.writes_above(a, 1).collect();
        assert_eq!(writes, [(2, at(3))], "when it was written");
        assert_eq!(owner.written_above(2).count(), 1);
        let lives = owner.writes(a).iter().map(|write| write.life);
        assert_eq!(lives.collect::<Vec<_>>(), [0, 1]);
        assert!(owner.is_life(1, life(7)) && !owner.is_life(0, life(7)));
    }

    #[test]
    fn what_runs_out_on_its_owner_is_deleted_under_the_version_of_the_write() {
        let mut ledger = ledger();
        record(&mut ledger, 6, leased("d", 7, 70, 10));
        record(&mut ledger, 7, wrote("e", 8, 80));
        let owner = ledger.owner(0).unwrap();
        let d = owner.key("d").unwrap();
        let write = owner.writes(d)[0];
        let (from, ttl) = (at(6), Span::from_secs(10));
        assert_eq!(write.lease, Some(Lease { from, ttl }));
        assert_eq!(owner.set(), 4);
        let key = "d".to_owned();
        record(&mut ledger, 16, note(Note::Expired { key }));
        let owner = ledger.owner(0).unwrap();
        let last = owner.writes(d).last().unwrap();
        assert_eq!((last.value, last.version, last.number), (None, 7, 7));
        assert_eq!((owner.set(), owner.version()), (3, 8));
        let e = owner.key("e").unwrap();
        assert_eq!(owner.writes(e)[0].number, 8, "after the end of d");
    }

    #[test]
    fn a_restart_deletes_everything() {
        let mut ledger = ledger();
        record(&mut ledger, 9, What::Restarted { with_memory: false });
        let owner = ledger.owner(0).unwrap();
        assert_eq!((shown(owner), owner.set()), (Vec::new(), 0));
        assert_eq!((owner.version(), owner.generation()), (BIRTH, None));
        let a = owner.key("a").unwrap();
        let last = owner.writes(a).last().unwrap();
        assert_eq!((last.value, last.number), (None, 7));
        record(&mut ledger, 10, wrote("a", 2, 70));
        let owner = ledger.owner(0).unwrap();
        assert_eq!(shown(owner), [("a", 2, Some(70), 8)]);
    }
}
