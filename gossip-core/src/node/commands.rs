//! What the application asks of its node.

use super::lease::Granted;
use super::shared::check_key;
use super::{Node, Phase};
use crate::address::Address;
use crate::entries::delta::Listed;
use crate::entries::{Content, OwnerMap};
use crate::error::{JoinError, SetError};
use crate::id::{Generation, Incarnation, NodeId, Version};
use crate::membership::{Seed, What};
use crate::shared::Kind;
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::Liveness;
use crate::time::Instant;
use crate::wire::limits;

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Joins the cluster through the node at `seed`, trying ever more slowly (from every 250 ms to
    /// once a minute) until it answers. May be called for several seeds, and again.
    ///
    /// # Errors
    /// The table of seeds is full, or the node has left; nothing changed.
    pub fn join(&mut self, seed: A) -> Result<(), JoinError> {
        if !self.is_running() {
            return Err(JoinError::NotRunning);
        }
        if self.tables.seeds.add(seed.canonical()) {
            self.begin_reclaim();
            Ok(())
        } else {
            Err(JoinError::Full {
                max: self.tables.seeds.capacity(),
            })
        }
    }

    /// The addresses to join through, and how often each was tried.
    pub fn seeds(&self) -> impl Iterator<Item = Seed<A>> {
        let seeds = self.tables.seeds.iter();
        seeds.map(|seed| seed.told_by(|at| self.time.told(at)))
    }

    /// An address to join through is tried again, after so many tries that were not answered. The
    /// application hears of it from the third on, two seconds after the first.
    pub(super) fn note_unanswered(&mut self, seed: A, tries: u8) {
        const TRIES: u8 = 3;
        // Nobody answers himself.
        if tries == 0 || self.address() == Some(seed) {
            return;
        }
        bump(&mut self.stats.joins_unanswered);
        self.notices.no_answer |= tries >= TRIES;
    }

    /// Joins through this address no longer; `false` if it was not named. What is known of a member there
    /// stays.
    pub fn forget_seed(&mut self, seed: A) -> bool {
        self.tables.seeds.remove(seed.canonical())
    }

    /// Says goodbye: peers hold the node for departed at once. When that is told,
    /// [`Event::Left`](crate::Event::Left) comes and the node stays silent.
    pub fn leave(&mut self) {
        match self.phase {
            Phase::New | Phase::Restored { .. } => {
                // Nothing was ever said, so there is nobody to tell.
                self.phase = Phase::Left;
                self.notices.left = true;
                return;
            }
            Phase::Running => self.phase = Phase::Leaving(0),
            Phase::Leaving(_) | Phase::Left => return,
        }
        self.leave_reclaim();
        self.tables
            .members
            .edit(self.id(), |me| me.facts.liveness = Liveness::Left);
        self.announce(self.id(), What::Facts);
        self.leave_requests();
        self.next_gossip = Instant::ZERO;
    }

    /// Sets one of this node's own keys for everybody to read, until it is set again or deleted.
    /// [`set_for`](Self::set_for) sets it for a time. What this node contributes to a shared key is not
    /// overwritten: the write is refused with [`SetError::Kind`].
    ///
    /// # Errors
    /// Why the write was refused; nothing changed.
    pub fn set(&mut self, key: &str, value: &[u8]) -> Result<(), SetError> {
        check_key(key)
            .and_then(|()| self.check_kind(key, Kind::Plain))
            .and_then(|()| self.write_entry(key, Some(value), None))
            .inspect_err(|_| bump(&mut self.stats.refused_writes))
    }

    /// Sets a key to the postcard encoding of `value`, made in `scratch`.
    ///
    /// # Errors
    /// As [`set`](Self::set), or [`SetError::Encoding`] if the value does not encode into `scratch`.
    pub fn set_value<T: serde::Serialize>(
        &mut self,
        key: &str,
        value: &T,
        scratch: &mut [u8],
    ) -> Result<(), SetError> {
        match postcard::to_slice(value, scratch) {
            Ok(bytes) => self.set(key, bytes),
            Err(_) => {
                bump(&mut self.stats.refused_writes);
                Err(SetError::Encoding)
            }
        }
    }

    /// Deletes one of this node's own keys everywhere; `Ok(false)` if it was not set.
    ///
    /// # Errors
    /// The node has left; nothing changed.
    pub fn delete(&mut self, key: &str) -> Result<bool, SetError> {
        if !self.is_running() {
            bump(&mut self.stats.refused_writes);
            return Err(SetError::NotRunning);
        }
        check_key(key).inspect_err(|_| bump(&mut self.stats.refused_writes))?;
        if self.get(self.id(), key).is_some() {
            return self.write_entry(key, None, None).map(|()| true);
        }
        if self.may_reclaim() && self.check_write(key, 0, None).is_ok() {
            // What is taken back may bring it.
            self.write_entry(key, None, None)?;
        }
        Ok(false)
    }

    /// Writes one of this node's own keys: a value, for good or for a time, or a tombstone.
    pub(super) fn write_entry(
        &mut self,
        key: &str,
        value: Option<&[u8]>,
        lease: Option<Granted>,
    ) -> Result<(), SetError> {
        self.check_write(key, value.unwrap_or_default().len(), lease)?;
        self.ensure_me();
        let version = self.next_version().ok_or(SetError::Exhausted)?;
        let id = self.id();
        if !self.tables.entries.put(
            id,
            Listed {
                key,
                version,
                value,
                expires: lease.map(|lease| lease.expires),
            },
        ) {
            return Err(SetError::Full {
                max: self.tables.entries.capacity(),
            });
        }
        self.wrote(version);
        Ok(())
    }

    /// One of this node's own keys was written under this version.
    pub(super) fn wrote(&mut self, version: Version) {
        let id = self.id();
        self.tables
            .members
            .edit(id, |me| me.replica.progress.as_of = version);
        self.reserve();
        if self.config.flow_control() {
            self.pace.note_write();
        } else {
            self.let_out(version);
        }
    }

    /// Whether a key with a value of so many bytes can be written.
    pub(super) fn check_write(
        &mut self,
        key: &str,
        value: usize,
        lease: Option<Granted>,
    ) -> Result<(), SetError> {
        if !self.is_running() {
            return Err(SetError::NotRunning);
        }
        if const { !Self::ENTRIES } {
            return Err(SetError::Full { max: 0 });
        }
        let key_max = self.tables.entries.key_max();
        if key.is_empty() || key.len() > key_max {
            return Err(SetError::Key { max: key_max });
        }
        let value_max = self.tables.entries.value_max();
        if value > value_max {
            return Err(SetError::Value { max: value_max });
        }
        let for_lease = lease.map_or(0, |lease| limits::lease(lease.ttl));
        let room = self.config.entry_room().saturating_sub(for_lease);
        if limits::entry(0, key.len(), value) > room {
            return Err(SetError::Entry {
                max: self.entry_max().saturating_sub(for_lease),
            });
        }
        if lease.is_some() {
            self.check_lease_room(key)?;
        }
        let is_new = self.tables.entries.find(self.id(), key).is_none();
        let full = is_new && self.tables.entries.is_full();
        // What is written now need not be taken back.
        if full && !self.make_room_for_entries() && !self.tables.entries.drop_former(key) {
            return Err(SetError::Full {
                max: self.tables.entries.capacity(),
            });
        }
        Ok(())
    }

    /// The version of the next write; where they run out, a new life begins.
    pub(super) fn next_version(&mut self) -> Option<Version> {
        if self.last_version().next().is_none() {
            let generation = self.generation();
            self.begin_life(generation);
        }
        self.me().and_then(|_| self.last_version().next())
    }

    /// Begins a life of this node that is later than `seen`, keeping its entries; `false` if there
    /// is none.
    pub(super) fn begin_life(&mut self, seen: Generation) -> bool {
        let Some(generation) = self.generation().beyond(seen) else {
            return false;
        };
        let (id, keep) = (self.id(), self.may_reclaim());
        let store = &mut self.tables.entries;
        let progress = OwnerMap { store, owner: id }.renumber(keep);
        self.tables.members.edit(id, |me| {
            me.facts.generation = generation;
            me.facts.incarnation = Incarnation::default();
            me.replica.progress = progress;
        });
        self.reserve();
        self.drop_mail();
        self.announce(id, What::Facts);
        self.next_gossip = Instant::ZERO;
        true
    }

    /// Drops what only waits for its event; `true` if that made room.
    pub(super) fn make_room_for_entries(&mut self) -> bool {
        let made = self.tables.entries.drop_gone();
        if made {
            bump(&mut self.stats.events_lost);
            self.notices.resync = true;
        }
        made
    }

    pub(super) fn is_running(&self) -> bool {
        matches!(
            self.phase,
            Phase::New | Phase::Restored { .. } | Phase::Running
        )
    }

    /// `true` if the key was deleted and that is still remembered.
    #[must_use]
    pub fn is_tombstone(&self, owner: NodeId, key: &str) -> bool {
        let found = self.tables.entries.find(owner, key);
        found.is_some_and(|entry| matches!(entry.content, Content::Tombstone(_)))
    }
}
