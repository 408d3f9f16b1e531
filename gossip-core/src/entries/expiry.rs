//! What becomes of an entry that has a lease: it is renewed, or it runs out.

use super::entry::{Content, Due, Entry};
use super::lease::Lease;
use super::store::Store;
use crate::id::{NodeId, Version};
use crate::storage::{Blob, List};
use crate::time::Instant;

impl<K: Blob, V: Blob, E: List<Entry<K, V>>, L: List<Lease<K>>> Store<K, V, E, L> {
    /// How many leases the table holds, and can hold.
    pub(crate) fn lease_usage(&self) -> (usize, usize) {
        self.leases.usage()
    }

    /// Whether this key can have a lease.
    pub(crate) fn has_lease_room(&self, owner: NodeId, key: &str) -> bool {
        self.leases.free() > 0 || self.leases.of(owner, key.as_bytes()).is_some()
    }

    /// When the next lease ends.
    pub(crate) fn next_lease(&self) -> Option<Instant> {
        self.leases.next()
    }

    /// Makes a tombstone of the same version of the entry whose lease ended first, if it ended by
    /// `now`; `false` if none did.
    ///
    /// The tombstone obeys the rules of all others: what is told late of this version is refused
    /// because of it, and after it is collected because of the floor. A value of an earlier life goes
    /// without: it stands at the birth, which is the tombstone of all that was before.
    pub(crate) fn expire(&mut self, now: Instant) -> bool {
        let Some((owner, key)) = self.leases.due(now) else {
            return false;
        };
        let Ok(index) = self.search(owner, key.as_ref()) else {
            return true;
        };
        let Some(entry) = self.own_at(index, owner).filter(|entry| entry.is_set()) else {
            return true;
        };
        if entry.version <= Version::BIRTH {
            self.vanish(index);
        } else {
            entry.content = Content::Tombstone(0);
            entry.marked = false;
            self.note_change(index);
        }
        if let Some(entry) = self.own_at(index, owner).filter(|entry| !entry.is_set()) {
            entry.due = Due::Expired;
        }
        true
    }

    /// Writes a value again as it is, with a lease from now on. `false` if the key is not set or there
    /// is no room for the lease.
    pub(crate) fn renew(
        &mut self,
        owner: NodeId,
        key: &str,
        version: Version,
        expires: Instant,
    ) -> bool {
        if !self.has_lease_room(owner, key) {
            return false;
        }
        let Ok(index) = self.search(owner, key.as_bytes()) else {
            return false;
        };
        let Some(entry) = self.own_at(index, owner).filter(|entry| entry.is_set()) else {
            return false;
        };
        entry.version = version;
        self.leases.set(owner, key.as_bytes(), Some(expires));
        true
    }

    /// Counts the ends of leases from `epoch`.
    pub(crate) fn rebase(&mut self, epoch: Instant) {
        self.leases.rebase(epoch);
    }
}
