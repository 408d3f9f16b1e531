//! What a node's own entries are to it.

use super::entry::Entry;
use super::lease::Lease;
use super::store::Store;
use crate::id::NodeId;
use crate::storage::{Blob, List};

/// What an entry of this node's own is to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    /// One among others.
    Plain,
    /// Its contribution to a shared key, and no bytes that only look like one.
    Said,
    /// A copy that the last sweep found to be no longer needed.
    Needless,
}

impl<K: Blob, V: Blob, E: List<Entry<K, V>>, L: List<Lease<K>>> Store<K, V, E, L> {
    /// Says that what is set for this key is the owner's contribution to a shared key.
    pub(crate) fn note_said(&mut self, owner: NodeId, key: &str) {
        if let Ok(index) = self.search(owner, key.as_bytes())
            && let Some(entry) = self.own_at(index, owner)
        {
            entry.role = match entry.is_set() {
                true => Role::Said,
                false => Role::Plain,
            };
        }
    }

    /// Notes whether a sweep finds a copy of the owner's to be needless; `true` if the one before did as well.
    pub(crate) fn note_needless(&mut self, owner: NodeId, key: &str, needless: bool) -> bool {
        let Ok(index) = self.search(owner, key.as_bytes()) else {
            return false;
        };
        let Some(entry) = self.own_at(index, owner) else {
            return false;
        };
        let role = match needless {
            true => Role::Needless,
            false => Role::Plain,
        };
        core::mem::replace(&mut entry.role, role) == Role::Needless && needless
    }
}
