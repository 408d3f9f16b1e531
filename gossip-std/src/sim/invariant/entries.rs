//! What every replica shows of every owner, and the four rules about it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use gossip_core::Generation;

use super::restarts::Restarts;
use super::{Broken, backwards, outlived, resurrection, unwritten, vanished};
use crate::sim::measure::{Cluster, Ground, Inspect, Ledger, Leeway, Truth, Write};
use crate::sim::{Index, Note, Record, Time, What, id_of};

/// A sample looks at so many entries and then at no further host: the next one goes on there.
const LOOK_AT: usize = 8192;

/// What is judged by: what the owners wrote, when the judgement is, and how far from the end of a
/// lease replicas may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case<'l> {
    pub(super) ledger: &'l Ledger,
    pub(super) ground: &'l Ground,
    pub(super) now: Time,
    pub(super) leeway: &'l Leeway,
    pub(super) restarts: &'l Restarts,
}

/// The latest sights of every replica: O(replicas * entries) of memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Entries {
    replicas: Vec<Replica>,
    /// The host at which the next sample begins.
    turn: Index,
}

/// What one replica showed of each owner.
type Replica = BTreeMap<Index, Seen>;

/// What one replica showed of one owner.
#[derive(Clone, Debug)]
struct Seen {
    life: Generation,
    /// By the key's number in the ledger.
    keys: BTreeMap<u32, Sight>,
}

/// The latest sight of one key on one replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// It showed this.
    Shown(Shown),
    /// It showed nothing any more, after some deletion, or the end of some lease, no
    /// older than the one with this number.
    Gone {
        /// The deletion's place among all writes.
        deletion: u32,
    },
}

/// A write as it was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    /// Its place among all writes.
    pub(super) number: u32,
    /// The life of the owner that the replica held.
    pub(super) life: Generation,
    /// The version at which the replica held it.
    pub(super) version: u32,
    /// A hash of the value.
    pub(super) value: u64,
}

/// A replica shows this, which is to be judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Showing<'a> {
    pub(super) replica: Index,
    pub(super) owner: Index,
    pub(super) key: &'a str,
    pub(super) life: Generation,
    pub(super) version: u32,
    pub(super) value: u64,
}

impl fmt::Display for Showing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            owner,
            key,
            life,
            version,
            value,
            ..
        } = self;
        let nonce = u32::from_be_bytes(life.nonce);
        let counter = life.counter;
        write!(
            f,
            "{key:?} of node {} at version {version} of life {counter}.{nonce:08x} with the value \
             {value:016x}",
            id_of(*owner)
        )
    }
}

impl Entries {
    /// Judges one note, and forgets what a host forgot: all in a restart without memory, an owner
    /// that it says it forgot, and all where it says that it lost events.
    pub(super) fn record(
        &mut self,
        record: &Record<'_, Note>,
        case: &Case<'_>,
    ) -> Result<(), Broken> {
        let host = record.host;
        match record.what {
            // What a twin writes is written under the owner's name.
            What::Note(Note::Set { owner, .. } | Note::Deleted { owner, .. })
                if case.ground.was_doubled(*owner) => {}
            What::Restarted { with_memory: false } | What::Note(Note::Resync) => {
                self.replica(host).clear();
            }
            What::Note(Note::Forgotten { id, .. }) => {
                self.replica(host).remove(id);
            }
            What::Note(Note::Set {
                owner,
                key,
                version,
                generation,
                value,
            }) => {
                let showing = Showing {
                    replica: host,
                    owner: *owner,
                    key,
                    life: *generation,
                    version: *version,
                    value: *value,
                };
                self.shows(&showing, case)?;
            }
            What::Note(Note::Deleted { owner, key }) => {
                let known = case.ledger.owner(*owner).and_then(|owner| owner.key(key));
                if let Some(key) = known {
                    self.lacks(host, *owner, key, case)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The keys of an owner that most of the other running hosts show, and which it wrote before `since`.
    pub(super) fn known_to_most(&self, owner: Index, since: Time, truth: &Truth) -> BTreeSet<u32> {
        let mut shown: BTreeMap<u32, u32> = BTreeMap::new();
        let (mut others, written) = (0, truth.ledger.owner(owner));
        for host in truth.ground.live().iter().filter(|host| *host != owner) {
            others += 1;
            let seen = self
                .replicas
                .get(host as usize)
                .and_then(|replica| replica.get(&owner));
            for (key, sight) in seen.iter().flat_map(|seen| &seen.keys) {
                let writes = written.map_or(&[][..], |written| written.writes(*key));
                let is_it = |write: &&Write| matches!(sight, Sight::Shown(shown) if shown.number == write.number);
                let write = writes.iter().rev().find(is_it);
                *shown.entry(*key).or_default() +=
                    u32::from(write.is_some_and(|write| write.at <= since));
            }
        }
        let most = shown.into_iter().filter(|(_, hosts)| 2 * hosts > others);
        most.map(|(key, _)| key).collect()
    }

    /// Judges what some of the running hosts show, in turn.
    pub(super) fn sample(
        &mut self,
        truth: &Truth,
        cluster: &dyn Cluster,
        case: &Case<'_>,
    ) -> Result<(), Broken> {
        let hosts = truth.ground.hosts();
        let mut looked = 0;
        for _ in 0..hosts {
            let host = self.turn;
            self.turn = (host + 1) % hosts;
            if let Some(node) = running(host, truth, cluster) {
                looked += self.look(host, node, case)?;
            }
            if looked >= LOOK_AT {
                break;
            }
        }
        Ok(())
    }

    /// Judges everything that every running host shows.
    pub(super) fn finish(
        &mut self,
        truth: &Truth,
        cluster: &dyn Cluster,
        case: &Case<'_>,
    ) -> Result<(), Broken> {
        for host in 0..truth.ground.hosts() {
            if let Some(node) = running(host, truth, cluster) {
                self.look(host, node, case)?;
            }
        }
        Ok(())
    }

    /// Judges everything that one host shows, and counts it.
    fn look(&mut self, host: Index, node: &dyn Inspect, case: &Case<'_>) -> Result<usize, Broken> {
        let mut found: BTreeSet<(Index, u32)> = BTreeSet::new();
        let mut result = Ok(());
        node.visible(&mut |owner, key, version, value| {
            if result.is_err() {
                return;
            }
            if case.ground.was_doubled(owner) {
                return;
            }
            let Some((life, _)) = node.held(owner) else {
                result = Err(unwritten::unknown_owner(host, owner, key));
                return;
            };
            let showing = Showing {
                replica: host,
                owner,
                key,
                life,
                version,
                value,
            };
            match self.shows(&showing, case) {
                Ok(key) => _ = found.insert((owner, key)),
                Err(broken) => result = Err(broken),
            }
        });
        result?;
        for (owner, key) in self.missing(host, &found, case.ground) {
            self.lacks(host, owner, key, case)?;
        }
        Ok(found.len())
    }

    /// A replica shows an entry; returns the key's number.
    fn shows(&mut self, showing: &Showing<'_>, case: &Case<'_>) -> Result<u32, Broken> {
        let replica = self.replica(showing.replica);
        let seen = replica.entry(showing.owner).or_insert_with(|| Seen {
            life: showing.life,
            keys: BTreeMap::new(),
        });
        let key = unwritten::known_key(showing, case.ledger)?;
        let before = seen.keys.get(&key);
        let shown = unwritten::check(showing, key, before, case.ledger)?;
        backwards::check_life(showing, seen.life)?;
        backwards::check_write(showing, before, &shown)?;
        resurrection::check(showing, before, &shown)?;
        outlived::check(showing, key, &shown, case)?;
        seen.life = showing.life;
        seen.keys.insert(key, Sight::Shown(shown));
        Ok(key)
    }

    /// A replica shows nothing for a key.
    fn lacks(
        &mut self,
        host: Index,
        owner: Index,
        key: u32,
        case: &Case<'_>,
    ) -> Result<(), Broken> {
        let seen = self.replica(host).get_mut(&owner);
        let sight = seen.and_then(|seen| seen.keys.get_mut(&key));
        if let Some(sight) = sight
            && let Sight::Shown(shown) = *sight
        {
            let deletion = vanished::check(host, owner, key, &shown, case)?;
            *sight = Sight::Gone { deletion };
        }
        Ok(())
    }

    /// What a host showed before and does not show now.
    fn missing(
        &mut self,
        host: Index,
        found: &BTreeSet<(Index, u32)>,
        ground: &Ground,
    ) -> Vec<(Index, u32)> {
        let owners = self.replica(host).iter();
        let shown = owners.flat_map(|(owner, seen)| {
            let keys = seen.keys.iter();
            let shown = keys.filter(|(_, sight)| matches!(sight, Sight::Shown(_)));
            shown.map(move |(key, _)| (*owner, *key))
        });
        shown
            .filter(|key| !found.contains(key) && !ground.was_doubled(key.0))
            .collect()
    }

    fn replica(&mut self, host: Index) -> &mut Replica {
        let index = host as usize;
        if index >= self.replicas.len() {
            self.replicas.resize_with(index + 1, Replica::new);
        }
        &mut self.replicas[index]
    }
}

fn running<'c>(host: Index, truth: &Truth, cluster: &'c dyn Cluster) -> Option<&'c dyn Inspect> {
    let live = truth.ground.is_live(host);
    cluster.host(host).filter(|_| live)
}
