//! What the owners wrote: every write of every life, and so what is true now.

use std::collections::BTreeMap;

use gossip_core::Generation;

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
    /// The versions of the present life that no later write of their key has replaced, in order.
    latest: Vec<u32>,
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
    /// Its place among all writes of all owners. A value that is carried into a new life keeps it.
    pub number: u32,
}

impl Ledger {
    /// Takes notice of one record.
    pub fn record(&mut self, record: &Record<'_, Note>) {
        match record.what {
            What::Restarted { with_memory: false } => self.restarted(record.host),
            What::Note(Note::Started { generation }) => {
                self.owner_mut(record.host).begin(*generation);
            }
            What::Note(Note::Wrote {
                key,
                version,
                value,
            }) => {
                self.clock += 1;
                let number = self.clock;
                self.owner_mut(record.host)
                    .write(record.time, key, *version, *value, number);
            }
            _ => {}
        }
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

    fn restarted(&mut self, host: Index) {
        let mut clock = self.clock;
        self.owner_mut(host).restart(&mut clock);
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

    /// When the first write above `version` of the present life was made, if there is one.
    #[must_use]
    pub fn first_above(&self, version: u32) -> Option<Time> {
        self.log
            .get(version.max(BIRTH) as usize - BIRTH as usize)
            .copied()
    }

    /// How many keys were written last (set or deleted) above `version` of the present life.
    #[must_use]
    pub fn keys_above(&self, version: u32) -> u32 {
        let below = self.latest.partition_point(|latest| *latest <= version);
        (self.latest.len() - below) as u32
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
        self.latest.clear();
        for writes in self.keys.values() {
            let writes = &mut self.writes[*writes as usize];
            let Some(last) = writes.last().copied().filter(|last| last.value.is_some()) else {
                continue;
            };
            let place = last.version.saturating_sub(BIRTH + 1) as usize;
            self.log.push(old.get(place).copied().unwrap_or_default());
            let version = BIRTH + self.log.len() as u32;
            self.latest.push(version);
            writes.push(Write {
                life,
                version,
                ..last
            });
        }
    }

    fn restart(&mut self, clock: &mut u32) {
        self.lives.push(None);
        let life = self.life();
        self.log.clear();
        self.latest.clear();
        self.set = 0;
        for writes in &mut self.writes {
            if writes.last().is_some_and(|last| last.value.is_some()) {
                *clock += 1;
                writes.push(Write {
                    life,
                    version: BIRTH,
                    value: None,
                    number: *clock,
                });
            }
        }
    }

    fn write(&mut self, now: Time, key: &str, version: u32, value: Option<u64>, number: u32) {
        let life = self.life();
        let next = self.writes.len() as u32;
        let key = *self.keys.entry(key.to_owned()).or_insert(next);
        if key == next {
            self.writes.push(Vec::new());
        }
        let writes = &mut self.writes[key as usize];
        let before = writes.last().copied();
        if let Some(before) = before.filter(|before| before.life == life)
            && let Ok(at) = self.latest.binary_search(&before.version)
        {
            self.latest.remove(at);
        }
        writes.push(Write {
            life,
            version,
            value,
            number,
        });
        let was_set = before.is_some_and(|before| before.value.is_some());
        self.set = self.set + u32::from(value.is_some()) - u32::from(was_set);
        self.latest.push(version);
        let versions = version.saturating_sub(BIRTH) as usize;
        self.log.resize(versions, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::measure::script::{at, life, note, tell, wrote};

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
        let above: Vec<_> = (1..8).map(|held| owner.keys_above(held)).collect();
        assert_eq!(above, [3, 3, 3, 2, 1, 0, 0]);
        assert_eq!(owner.first_above(3), Some(at(3)));
        assert_eq!(owner.first_above(6), None);
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
        assert_eq!(owner.first_above(1), Some(at(3)), "when a was written");
        assert_eq!(owner.keys_above(2), 1);
        let a = owner.key("a").unwrap();
        let lives = owner.writes(a).iter().map(|write| write.life);
        assert_eq!(lives.collect::<Vec<_>>(), [0, 1]);
        assert!(owner.is_life(1, life(7)) && !owner.is_life(0, life(7)));
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
