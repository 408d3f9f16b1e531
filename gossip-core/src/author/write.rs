//! A node's own writes, a life that begins, and entries whose lease is over.

use super::{Author, check_key};
use crate::address::Address;
use crate::board::What;
use crate::context::{Context, Replica};
use crate::entries::OwnerMap;
use crate::entries::delta::Listed;
use crate::error::SetError;
use crate::id::{Generation, Incarnation, Version};
use crate::stats::bump;
use crate::storage::Storage;
use crate::time::{Duration, Instant};
use crate::wire::limits;

/// A lease as it is granted with a write.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Granted {
    pub(crate) ttl: Duration,
    pub(crate) expires: Instant,
}

impl Granted {
    pub(crate) fn new(now: Instant, ttl: Duration) -> Result<Self, SetError> {
        if ttl < limits::LEASE_STEP {
            return Err(SetError::Lease {
                min: limits::LEASE_STEP,
            });
        }
        Ok(Self {
            ttl,
            expires: now.after(ttl),
        })
    }
}

/// How many entries a sweep over tombstones looks at in one go, and how many leases end in one go.
pub(crate) const SWEEP_BUDGET: usize = 512;

impl<A: Address, S: Storage<A>> Author<A, S> {
    /// Writes one of this node's own keys: a value, for good or for a time, or a tombstone.
    pub(crate) fn write_entry(
        &mut self,
        cx: &mut Context<A, S>,
        key: &str,
        value: Option<&[u8]>,
        lease: Option<Granted>,
    ) -> Result<(), SetError> {
        self.check_write(cx, key, value.unwrap_or_default().len(), lease)?;
        cx.ensure_me();
        let version = self.next_version(cx).ok_or(SetError::Exhausted)?;
        let id = cx.id();
        if !cx.entries.put(
            id,
            Listed {
                key,
                version,
                value,
                expires: lease.map(|lease| lease.expires),
            },
        ) {
            return Err(SetError::Full {
                max: cx.entries.capacity(),
            });
        }
        self.wrote(cx, version);
        Ok(())
    }

    /// One of this node's own keys was written under this version.
    pub(crate) fn wrote(&mut self, cx: &mut Context<A, S>, version: Version) {
        cx.name_version(version);
        self.reserve(cx);
        if cx.config.flow_control() {
            self.pace.note_write();
        } else {
            self.let_out(cx, version);
        }
    }

    /// Whether a key with a value of so many bytes can be written.
    pub(crate) fn check_write(
        &mut self,
        cx: &mut Context<A, S>,
        key: &str,
        value: usize,
        lease: Option<Granted>,
    ) -> Result<(), SetError> {
        if !cx.is_running() {
            return Err(SetError::NotRunning);
        }
        if const { !Self::ENTRIES } {
            return Err(SetError::Full { max: 0 });
        }
        let key_max = cx.entries.key_max();
        if key.is_empty() || key.len() > key_max {
            return Err(SetError::Key { max: key_max });
        }
        let value_max = cx.entries.value_max();
        if value > value_max {
            return Err(SetError::Value { max: value_max });
        }
        let for_lease = lease.map_or(0, |lease| limits::lease(lease.ttl));
        let room = cx.config.entry_room().saturating_sub(for_lease);
        if limits::entry(0, key.len(), value) > room {
            return Err(SetError::Entry {
                max: cx.config.entry_max().saturating_sub(for_lease),
            });
        }
        if lease.is_some() {
            self.check_lease_room(cx, key)?;
        }
        let is_new = cx.entries.find(cx.id(), key).is_none();
        let full = is_new && cx.entries.is_full();
        // What is written now need not be taken back.
        if full && !self.make_room_for_entries(cx) && !cx.entries.drop_former(key) {
            return Err(SetError::Full {
                max: cx.entries.capacity(),
            });
        }
        Ok(())
    }

    /// The version of the next write; where they run out, a new life begins.
    pub(crate) fn next_version(&mut self, cx: &mut Context<A, S>) -> Option<Version> {
        if self.last_version(cx).next().is_none() {
            let generation = cx.generation();
            self.begin_life(cx, generation);
        }
        cx.me().and_then(|_| self.last_version(cx).next())
    }

    /// Begins a life of this node that is later than `seen`, keeping its entries; `false` if there
    /// is none.
    pub(crate) fn begin_life(&mut self, cx: &mut Context<A, S>, seen: Generation) -> bool {
        let Some(generation) = cx.generation().beyond(seen) else {
            return false;
        };
        let (id, keep) = (cx.id(), self.may_reclaim(cx));
        let store = &mut cx.entries;
        let progress = OwnerMap { store, owner: id }.renumber(keep);
        cx.members.edit(id, |mut me| {
            me.facts().generation = generation;
            me.facts().incarnation = Incarnation::default();
            *me.replica() = Replica::at(progress);
        });
        self.reserve(cx);
        // Letters number the entries as they were.
        cx.unmailed = None;
        cx.letters_void = true;
        cx.announce(id, What::Facts);
        cx.next_gossip = Instant::ZERO;
        true
    }

    /// Drops what only waits for its event; `true` if that made room.
    pub(crate) fn make_room_for_entries(&mut self, cx: &mut Context<A, S>) -> bool {
        let made = cx.entries.drop_gone();
        if made {
            bump(&mut cx.stats.events_lost);
            cx.notices.resync = true;
        }
        made
    }

    pub(crate) fn renew_lease(
        &mut self,
        cx: &mut Context<A, S>,
        now: Instant,
        key: &str,
        ttl: Duration,
    ) -> Result<bool, SetError> {
        check_key(key)?;
        let entry = cx.entries.find(cx.id(), key);
        let entry = entry.and_then(|entry| cx.entries.visible_entry(entry));
        let Some(value) = entry.map(|entry| entry.value.len()) else {
            return Ok(false);
        };
        let lease = Granted::new(now, ttl)?;
        self.check_write(cx, key, value, Some(lease))?;
        let version = self.next_version(cx).ok_or(SetError::Exhausted)?;
        let id = cx.id();
        cx.entries.renew(id, key, version, lease.expires);
        self.wrote(cx, version);
        Ok(true)
    }

    /// Whether one of this node's own keys can have a lease.
    fn check_lease_room(&self, cx: &Context<A, S>, key: &str) -> Result<(), SetError> {
        if const { Self::LEASES } && cx.entries.has_lease_room(cx.id(), key) {
            return Ok(());
        }
        let (_, max) = cx.entries.lease_usage();
        Err(SetError::Leases { max })
    }

    /// When the next lease ends.
    pub(crate) fn next_lease(&self, cx: &Context<A, S>) -> Option<Instant> {
        if const { !Self::LEASES } {
            return None;
        }
        cx.entries.next_lease()
    }

    /// Ends the leases that have run out, so many in one go.
    pub(crate) fn expire_leases(&mut self, cx: &mut Context<A, S>, now: Instant) {
        if const { !Self::LEASES } {
            return;
        }
        for _ in 0..SWEEP_BUDGET {
            if !cx.entries.expire(now) {
                return;
            }
            bump(&mut cx.stats.expired);
        }
    }
}
