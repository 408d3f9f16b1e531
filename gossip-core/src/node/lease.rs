//! Values that are set for a time, and what a node does when the time is over.

use super::Node;
use super::shared::check_key;
use super::timeout::SWEEP_BUDGET;
use crate::address::Address;
use crate::error::SetError;
use crate::shared::Kind;
use crate::stats::bump;
use crate::storage::{List, Storage};
use crate::time::{Duration, Instant};
use crate::wire::limits;

/// A lease as it is granted with a write.
#[derive(Clone, Copy, Debug)]
pub(super) struct Granted {
    pub(super) ttl: Duration,
    pub(super) expires: Instant,
}

impl Granted {
    fn new(now: Instant, ttl: Duration) -> Result<Self, SetError> {
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

impl<A: Address, S: Storage<A>> Node<A, S> {
    pub(super) const LEASES: bool = Self::ENTRIES && S::Leases::PERMITTED;

    /// Sets one of this node's own keys for everybody to read, for `ttl` from `now` on, or until it is
    /// written again or deleted: a lease. Every node ends it by itself, also when this one is dead.
    ///
    /// What is left of the lease travels with the value, rounded down to steps of 100 ms at each node
    /// that passes it on; no clocks are compared. So a value is shown `ttl` at most, plus the time that
    /// datagrams took to bring it. A `ttl` is 100 ms at least and takes 1 to 4 bytes of the entry's
    /// room.
    ///
    /// # Errors
    /// Why the write was refused; nothing changed.
    pub fn set_for(
        &mut self,
        now: Instant,
        key: &str,
        value: &[u8],
        ttl: Duration,
    ) -> Result<(), SetError> {
        let now = self.time.of(now);
        check_key(key)
            .and_then(|()| self.check_kind(key, Kind::Plain))
            .and_then(|()| Granted::new(now, ttl))
            .and_then(|lease| self.write_entry(key, Some(value), Some(lease)))
            .inspect_err(|_| bump(&mut self.stats.refused_writes))
    }

    /// Writes the value that one of this node's own keys has once more, for `ttl` from `now` on;
    /// `Ok(false)` if the key is not set. Renew when half a lease is over, or the value may be missed
    /// for a while where the news comes late.
    ///
    /// # Errors
    /// Why the write was refused; nothing changed.
    pub fn renew(&mut self, now: Instant, key: &str, ttl: Duration) -> Result<bool, SetError> {
        self.renew_lease(self.time.of(now), key, ttl)
            .inspect_err(|_| bump(&mut self.stats.refused_writes))
    }

    fn renew_lease(&mut self, now: Instant, key: &str, ttl: Duration) -> Result<bool, SetError> {
        check_key(key)?;
        let Some(value) = self.get(self.id(), key).map(<[u8]>::len) else {
            return Ok(false);
        };
        let lease = Granted::new(now, ttl)?;
        self.check_write(key, value, Some(lease))?;
        let version = self.next_version().ok_or(SetError::Exhausted)?;
        let id = self.id();
        self.tables.entries.renew(id, key, version, lease.expires);
        self.wrote(version);
        Ok(true)
    }

    /// Whether one of this node's own keys can have a lease.
    pub(super) fn check_lease_room(&self, key: &str) -> Result<(), SetError> {
        if const { Self::LEASES } && self.tables.entries.has_lease_room(self.id(), key) {
            return Ok(());
        }
        let (_, max) = self.tables.entries.lease_usage();
        Err(SetError::Leases { max })
    }

    /// When the next lease ends.
    pub(super) fn next_lease(&self) -> Option<Instant> {
        if const { !Self::LEASES } {
            return None;
        }
        self.tables.entries.next_lease()
    }

    /// Ends the leases that have run out, so many in one go.
    pub(super) fn expire_leases(&mut self, now: Instant) {
        if const { !Self::LEASES } {
            return;
        }
        for _ in 0..SWEEP_BUDGET {
            if !self.tables.entries.expire(now) {
                return;
            }
            bump(&mut self.stats.expired);
        }
    }
}
