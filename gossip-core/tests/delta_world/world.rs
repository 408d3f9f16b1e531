//! An owner and its replicas, with witnesses of what each replica has shown.

use std::sync::Arc;

use gossip_core::entries::delta::{Listed, Outcome, Progress};
use gossip_core::{Instant, Version};

use super::leases::Lease;
use super::replica::{Form, Held, Replica, Table, Told, key_name};
use super::rules::Rules;

/// The owner's place among a world's nodes.
pub const O: usize = 0;

/// A broken promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Broken {
    /// P1: a deleted key came back, or stays in the end.
    Returned,
    /// P2: a key vanished that its owner did not delete.
    Vanished,
    /// P3: a read went back to an older version.
    WentBack,
    /// P4: some replica does not become equal to the owner.
    Apart,
    /// `gc <= held <= as_of` does not hold.
    Disordered,
    /// A re-cover ended with something else than the owner's map at that version.
    Inexact,
    /// `held` does not mean what it should.
    Meaningless,
    /// A short form did something else than the whole claim would have done.
    Unlike,
}

/// One write of the owner: a value or a delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Write {
    pub key: usize,
    pub value: Option<u8>,
    pub lease: Lease,
}

impl Write {
    /// Whether nobody needs to show it any more, whatever is written later.
    pub fn is_over(&self) -> bool {
        self.value.is_none() || self.lease == Lease::Over
    }
}

/// The writes of one life of the owner.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Log {
    /// What the owner held before its first write.
    pub start: Version,
    pub writes: Vec<Write>,
}

impl Log {
    /// All writes with their versions, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Version, Write)> + '_ {
        let first = self.start.get() + 1;
        let number = move |index: usize| super::v(first + index as u32);
        self.writes
            .iter()
            .enumerate()
            .map(move |(index, write)| (number(index), *write))
    }

    /// The write that `key` had at `at`.
    pub fn latest(&self, key: usize, at: Version) -> Option<(Version, Write)> {
        self.iter()
            .rev()
            .find(|(version, write)| *version <= at && write.key == key)
    }

    /// Whether the owner deleted `key`, or a lease on it ran out, with the write at `from` or later.
    pub fn is_over_from(&self, key: usize, from: Version) -> bool {
        self.iter()
            .any(|(at, write)| at >= from && write.key == key && write.is_over())
    }
}

/// A node and what its readers have seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Node<const K: usize> {
    pub life: usize,
    pub replica: Replica<K>,
    /// The lowest version of each key that may be shown from now on.
    pub least: [Version; K],
}

/// The owner at [`O`], replicas behind it, and the owner's writes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World<const K: usize, const N: usize> {
    pub rules: Rules,
    pub logs: Arc<Vec<Log>>,
    pub nodes: [Node<K>; N],
}

impl<const K: usize, const N: usize> World<K, N> {
    /// Nobody holds anything; the owner's first write is version 1.
    pub fn new(rules: Rules) -> Self {
        let node = Node {
            life: 0,
            replica: Replica::default(),
            least: [Version::NONE; K],
        };
        let log = Log {
            start: Version::NONE,
            writes: Vec::new(),
        };
        Self {
            rules,
            logs: Arc::new(vec![log]),
            nodes: std::array::from_fn(|_| node.clone()),
        }
    }

    pub fn life(&self) -> usize {
        self.logs.len() - 1
    }

    pub fn progress(&self, at: usize) -> Progress {
        self.nodes[at].replica.progress
    }

    pub fn table(&self, at: usize) -> &Table<K> {
        &self.nodes[at].replica.table
    }

    /// The owner sets `key` or, with `None`, deletes it.
    pub fn write(&mut self, key: usize, value: Option<u8>) -> Version {
        self.write_with(key, value, Lease::None)
    }

    /// The owner sets or deletes `key`.
    pub(super) fn write_with(&mut self, key: usize, value: Option<u8>, lease: Lease) -> Version {
        let life = self.life();
        let owner = &mut self.nodes[O].replica;
        let version = owner.progress.held.next().expect("few writes");
        owner.table.0[key] = Some(Held {
            version,
            value,
            leased: lease != Lease::None,
            marked: false,
        });
        owner.progress.held = version;
        owner.progress.as_of = version;
        Arc::make_mut(&mut self.logs)[life]
            .writes
            .push(Write { key, value, lease });
        version
    }

    /// The owner begins a new life without memory.
    pub fn restart(&mut self) {
        let progress = self.rules.birth();
        Arc::make_mut(&mut self.logs).push(Log {
            start: progress.held,
            writes: Vec::new(),
        });
        let replica = Replica {
            progress,
            table: Table::default(),
            parked_until: None,
        };
        self.nodes[O] = Node {
            life: self.life(),
            replica,
            least: [Version::NONE; K],
        };
    }

    /// A replica learns that the owner lives anew.
    pub fn hear_of_life(&mut self, at: usize, life: usize) {
        let node = &mut self.nodes[at];
        if node.life < life {
            node.replica.reborn();
            node.life = life;
            node.least = node.replica.table.0.map(|_| Version::NONE);
        }
    }

    /// The claim `(a, b]` of node `from` as it is now.
    pub fn tell(&self, from: usize, a: Version, b: Version) -> Told<K> {
        let node = &self.nodes[from];
        node.replica.tell(node.life, a, b)
    }

    /// A claim arrives.
    pub fn take_claim(&mut self, at: usize, told: &Told<K>) -> Result<Outcome, Broken> {
        if !told.claim.is_plausible() {
            return Err(Broken::Disordered);
        }
        self.hear_of_life(at, told.life);
        if self.nodes[at].life > told.life {
            return Ok(Outcome::Ignored);
        }
        let before = self.nodes[at].replica.clone();
        let outcome = self.rules.take_claim(&mut self.nodes[at].replica, told);
        if outcome == Outcome::Ignored {
            assert_eq!(
                self.nodes[at].replica, before,
                "an ignored claim changes nothing"
            );
        }
        self.witness(at, &before.table, outcome)?;
        if outcome == Outcome::Finished && self.rules == Rules::Real {
            self.check_finish(at)?;
        }
        if told.form != Form::Whole && outcome != Outcome::Ignored && self.rules == Rules::Real {
            self.check_short_form(at, before, told)?;
        }
        Ok(outcome)
    }

    /// One of the owner's writes arrives alone, at whatever time.
    pub fn take_write(&mut self, at: usize, life: usize, version: Version) -> Result<bool, Broken> {
        self.hear_of_life(at, life);
        if self.nodes[at].life > life {
            return Ok(false);
        }
        let logs = Arc::clone(&self.logs);
        let (_, write) = logs[life]
            .iter()
            .find(|(at, _)| *at == version)
            .expect("the owner wrote it");
        let value = write.value.as_ref().map(std::slice::from_ref);
        let entry = Listed {
            key: key_name(write.key),
            version,
            value,
            expires: (write.lease != Lease::None).then_some(Instant::FAR),
        };
        let before = self.nodes[at].replica.clone();
        let stored = self.rules.take_entry(&mut self.nodes[at].replica, entry);
        if !stored {
            assert_eq!(
                self.nodes[at].replica, before,
                "an entry that is not stored changes nothing"
            );
        }
        self.witness(at, &before.table, Outcome::Ignored)?;
        Ok(stored)
    }

    /// Removes a tombstone if the rules allow it.
    pub fn collect(&mut self, at: usize, key: usize) -> bool {
        let replica = &mut self.nodes[at].replica;
        let Some(version) = replica.table.tombstone(key) else {
            return false;
        };
        let may = self.rules.may_collect(replica, version);
        if may {
            replica.table.0[key] = None;
            replica.progress.collected(version);
        }
        may
    }

    /// A replica gives up its re-cover.
    pub fn give_up_recover(&mut self, at: usize) {
        let replica = &mut self.nodes[at].replica;
        replica.progress.give_up_recover(&mut replica.table);
    }

    /// A replica covers what came alone; `true` if anything.
    pub fn absorb(&mut self, at: usize) -> bool {
        let replica = &mut self.nodes[at].replica;
        replica.progress.absorb(&replica.table)
    }

    /// A replica loses everything it knows, and its readers know it.
    pub fn wipe(&mut self, at: usize) {
        let life = self.nodes[at].life;
        self.nodes[at] = Node {
            life,
            replica: Replica::default(),
            least: [Version::NONE; K],
        };
    }

    /// Compares what node `at` shows with what it has shown.
    fn witness(&mut self, at: usize, before: &Table<K>, outcome: Outcome) -> Result<(), Broken> {
        let node = &mut self.nodes[at];
        let log = &self.logs[node.life];
        for key in 0..K {
            let (old, new) = (before.0[key], node.replica.table.0[key]);
            if old.map(|held| held.version) == new.map(|held| held.version) {
                continue;
            }
            let shown = node.replica.table.shown(key);
            if let Some((version, _)) = shown
                && version < node.least[key]
            {
                let was_shown = old.is_some_and(|held| held.is_shown());
                return Err(if was_shown {
                    Broken::WentBack
                } else {
                    Broken::Returned
                });
            }
            if let Some(was) = old.filter(Held::is_shown) {
                let of_earlier_life = node.life > 0 && was.version == Version::BIRTH;
                let by_birth = of_earlier_life && outcome == Outcome::Finished;
                let over = log.is_over_from(key, was.version);
                if shown.is_none() && !over && !by_birth {
                    return Err(Broken::Vanished);
                }
                node.least[key] = node.least[key].max(super::v(was.version.get() + 1));
            }
            if let Some(held) = new {
                let beyond = u32::from(!held.is_shown());
                node.least[key] = node.least[key].max(super::v(held.version.get() + beyond));
            }
        }
        Ok(())
    }
}
