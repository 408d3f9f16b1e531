//! Leases: when values run out that were set for a time.
//!
//! A lease is the idea of Gray and Cheriton ("Leases: An Efficient Fault-Tolerant Mechanism for
//! Distributed File Cache Consistency", 1989, section 2): a promise for a time, which ends by itself
//! where its holder cannot be reached. Clocks need not agree, since the *remaining* life travels with
//! the entry and each node counts it down by its own clock.

use core::cmp::Ordering;
use core::marker::PhantomData;

use crate::id::NodeId;
use crate::storage::{Blob, List};
use crate::time::Instant;

/// When one entry's lease ends, by this node's clock.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lease<K> {
    at: Instant,
    owner: NodeId,
    key: K,
}

/// The leases of all entries, in the order of the entries and in the order of their ends: one list
/// finds an entry's lease, the other the next to end, and nothing looks at all of them.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Leases<K, L> {
    by_key: L,
    by_end: L,
    keys: PhantomData<K>,
}

impl<K, L> Leases<K, L> {
    /// Leases kept in two lists of the same bound, which must be empty.
    pub const fn new(by_key: L, by_end: L) -> Self {
        Self {
            by_key,
            by_end,
            keys: PhantomData,
        }
    }
}

impl<K: Blob, L: List<Lease<K>>> Leases<K, L> {
    /// `false` if the storage keeps no leases: what needs them is then compiled out.
    const PERMITTED: bool = L::PERMITTED;

    /// How many things the table holds, and can hold.
    pub(crate) fn usage(&self) -> (usize, usize) {
        (self.by_key.len(), self.by_key.capacity())
    }

    /// How many more leases there is room for.
    pub(crate) fn free(&self) -> usize {
        self.by_key.capacity().saturating_sub(self.by_key.len())
    }

    /// When an entry's lease ends; `None` if it has none.
    pub(crate) fn of(&self, owner: NodeId, key: &[u8]) -> Option<Instant> {
        if const { !Self::PERMITTED } {
            return None;
        }
        let index = self.find(owner, key).ok()?;
        self.by_key.get(index).map(|lease| lease.at)
    }

    /// `true` if any entry of an owner has a lease.
    pub(crate) fn any_of(&self, owner: NodeId) -> bool {
        if const { !Self::PERMITTED } {
            return false;
        }
        let (Ok(index) | Err(index)) = self.find(owner, &[]);
        self.by_key
            .get(index)
            .is_some_and(|lease| lease.owner == owner)
    }

    /// Gives an entry a lease in place of the one it has, or with `None` ends that. The caller made
    /// sure that there is room.
    pub(crate) fn set(&mut self, owner: NodeId, key: &[u8], at: Option<Instant>) {
        if const { !Self::PERMITTED } {
            return;
        }
        if let Ok(index) = self.find(owner, key) {
            self.remove(index);
        }
        let Some((at, key)) = at.zip(K::from_slice(key)) else {
            return;
        };
        let lease = Lease { at, owner, key };
        if let Err(index) = self.find(owner, lease.key.as_ref())
            && self.by_key.insert(index, lease.clone()).is_ok()
            && let Err(index) = self.by_end.search_by(|other| by_end(other, &lease))
        {
            // Both lists hold the same leases, so there is room in both or in none.
            let _ = self.by_end.insert(index, lease);
        }
    }

    /// Ends the leases of all entries of an owner.
    pub(crate) fn forget(&mut self, owner: NodeId) {
        if const { !Self::PERMITTED } {
            return;
        }
        let (Ok(index) | Err(index)) = self.find(owner, &[]);
        while self
            .by_key
            .get(index)
            .is_some_and(|lease| lease.owner == owner)
        {
            self.remove(index);
        }
    }

    /// When the next lease ends.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.by_end.get(0).map(|lease| lease.at)
    }

    /// Takes out the lease that ended first, if it ended by `now`: whose entry it was of.
    pub(crate) fn due(&mut self, now: Instant) -> Option<(NodeId, K)> {
        let lease = self.by_end.get(0).filter(|lease| lease.at <= now)?.clone();
        if let Ok(index) = self.find(lease.owner, lease.key.as_ref()) {
            self.remove(index);
        }
        Some((lease.owner, lease.key))
    }

    /// Counts every end from `epoch`.
    pub(crate) fn rebase(&mut self, epoch: Instant) {
        for list in [&mut self.by_key, &mut self.by_end] {
            for index in 0..list.len() {
                if let Some(lease) = list.get_mut(index) {
                    lease.at = lease.at.counted_from(epoch);
                }
            }
        }
    }

    /// Takes out the lease at this index of the order by key.
    fn remove(&mut self, index: usize) {
        if let Some(lease) = self.by_key.remove(index)
            && let Ok(index) = self.by_end.search_by(|other| by_end(other, &lease))
        {
            self.by_end.remove(index);
        }
    }

    fn find(&self, owner: NodeId, key: &[u8]) -> Result<usize, usize> {
        self.by_key
            .search_by(|lease| by_key(lease.owner, lease.key.as_ref(), owner, key))
    }
}

/// The order of the entries.
fn by_key(owner: NodeId, key: &[u8], other: NodeId, other_key: &[u8]) -> Ordering {
    let places = owner.place().cmp(&other.place());
    places.then_with(|| key.cmp(other_key))
}

/// The order of the ends.
fn by_end<K: Blob>(lease: &Lease<K>, other: &Lease<K>) -> Ordering {
    let (key, other_key) = (lease.key.as_ref(), other.key.as_ref());
    let ends = lease.at.cmp(&other.at);
    ends.then_with(|| by_key(lease.owner, key, other.owner, other_key))
}
