//! What a node takes back of an earlier life of its own, until it is its own again.

use super::delta::Listed;
use super::entry::Entry;
use super::lease::Lease;
use super::role::Role;
use super::store::Store;
use crate::id::{NodeId, Version};
use crate::storage::{Blob, List};

impl<K: Blob, V: Blob, E: List<Entry<K, V>>, L: List<Lease<K>>> Store<K, V, E, L> {
    /// Drops what was taken back of keys that `owner` has written since, or deleted, and what was deleted
    /// in the earlier life.
    pub(crate) fn drop_outdated_former(&mut self, owner: NodeId) {
        let mut index = self.start(NodeId::FORMER);
        while let Some(entry) = self.list.get(index).filter(|entry| is_former(entry)) {
            let written = self.search(owner, entry.key.as_ref());
            let written = written.is_ok_and(|own| self.kept_at(own).is_some());
            if written || !entry.is_set() {
                self.take_former_out(index);
            } else {
                index = index.saturating_add(1);
            }
        }
    }

    /// `true` if `owner` has set or deleted the key, as far as that is still known.
    pub(crate) fn is_kept(&self, owner: NodeId, key: &str) -> bool {
        let found = self.search(owner, key.as_bytes());
        found.is_ok_and(|index| self.kept_at(index).is_some())
    }

    /// An entry as it travels.
    pub(crate) fn as_listed<'e>(&self, entry: &'e Entry<K, V>) -> Listed<'e> {
        Listed {
            key: entry.key(),
            version: entry.version,
            value: entry.value(),
            expires: self.expires(entry),
        }
    }

    /// Drops what was taken back of one key; `false` if nothing was.
    pub(crate) fn drop_former(&mut self, key: &str) -> bool {
        let found = self.search(NodeId::FORMER, key.as_bytes());
        found.is_ok_and(|index| self.take_former_out(index).is_some())
    }

    /// Makes the first entry that was taken back `owner`'s own, written with this version; `false` if there
    /// is none. `is_said` tells contributions to shared keys from other values.
    pub(crate) fn reclaim(
        &mut self,
        owner: NodeId,
        version: Version,
        is_said: impl FnOnce(&[u8]) -> bool,
    ) -> bool {
        let index = self.start(NodeId::FORMER);
        let Some(entry) = self.list.get(index).filter(|entry| is_former(entry)) else {
            return false;
        };
        let expires = self.expires(entry);
        let said = entry.value().is_some_and(is_said);
        let Some(mut entry) = self.take_former_out(index) else {
            return false;
        };
        let place = match self.search(owner, entry.key.as_ref()) {
            // What is gone and waits for its event has the key still.
            Ok(place) => {
                self.replace(place, version, entry.content);
                place
            }
            Err(place) => {
                entry.owner = owner;
                entry.version = version;
                self.put_in(place, entry);
                self.note_change(place);
                place
            }
        };
        if let Some(entry) = self.list.get_mut(place) {
            entry.role = if said { Role::Said } else { Role::Plain };
            let key = entry.key.clone();
            self.leases.set(owner, key.as_ref(), expires);
        }
        true
    }

    fn take_former_out(&mut self, index: usize) -> Option<Entry<K, V>> {
        let entry = self.list.get(index)?;
        self.leases.set(entry.owner, entry.key.as_ref(), None);
        self.remove(index)
    }
}

fn is_former<K, V>(entry: &Entry<K, V>) -> bool {
    entry.owner == NodeId::FORMER
}
