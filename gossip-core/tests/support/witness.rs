//! Knows what owners wrote, watches what replicas show, and says when a promise is broken.
//!
//! The promises (P1 to P3): a deleted key never comes back to a replica that dropped it; a key that
//! its owner did not delete never disappears from a replica that has shown it; what a replica shows
//! of a key never goes back to an older write. A restart of an owner without memory counts as the
//! deletion of everything it had written.

use std::collections::{BTreeMap, HashMap};

use gossip_core::{Node, Storage};

/// One owner's key.
type Key = (u64, String);

/// What happened, numbered through all owners and lives.
#[derive(Clone, Default)]
pub struct Witness {
    clock: u32,
    /// Each key's writes: their numbers, and whether they deleted.
    writes: HashMap<Key, Vec<(u32, bool)>>,
    /// Each replica's latest sight of each key.
    seen: BTreeMap<(u16, Key), Sight>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    /// It showed this write.
    Shown(u32),
    /// It showed nothing any more, after some deletion no older than this one.
    Gone(u32),
}

impl Witness {
    /// Sets a key on its owner, with a value that tells this write from every other.
    pub fn set<S: Storage<u16>>(&mut self, node: &mut Node<u16, S>, key: &str) -> bool {
        let number = self.clock + 1;
        if node.set(key, &number.to_le_bytes()).is_err() {
            return false;
        }
        self.note(node.id().get(), key, false);
        true
    }

    /// Deletes a key on its owner.
    pub fn delete<S: Storage<u16>>(&mut self, node: &mut Node<u16, S>, key: &str) {
        if node.delete(key) == Ok(true) {
            self.note(node.id().get(), key, true);
        }
    }

    /// The node at `address` begins anew without memory: what it saw is forgotten, what it wrote
    /// counts as deleted.
    pub fn restart(&mut self, address: u16, id: u64) {
        self.seen.retain(|(replica, _), _| *replica != address);
        let keys: Vec<Key> = self
            .writes
            .keys()
            .filter(|key| key.0 == id)
            .cloned()
            .collect();
        for (owner, key) in keys {
            self.note(owner, &key, true);
        }
    }

    /// Looks at everything a replica shows.
    pub fn look<S: Storage<u16>>(
        &mut self,
        address: u16,
        node: &Node<u16, S>,
    ) -> Result<(), String> {
        let mut shown = BTreeMap::new();
        for entry in node.entries() {
            let number =
                u32::from_le_bytes(entry.value.try_into().map_err(|_| "a value nobody wrote")?);
            shown.insert((entry.owner.get(), entry.key.to_string()), number);
        }
        for (key, number) in &shown {
            self.check_shown(address, key, *number)?;
        }
        let before: Vec<_> = self
            .seen
            .range((address, (0, String::new()))..)
            .map(|(k, s)| (k.clone(), *s))
            .collect();
        for ((replica, key), sight) in before {
            if replica == address && !shown.contains_key(&key) {
                self.check_gone(address, &key, sight)?;
            }
        }
        for (key, number) in shown {
            self.seen.insert((address, key), Sight::Shown(number));
        }
        Ok(())
    }

    fn check_shown(&self, address: u16, key: &Key, number: u32) -> Result<(), String> {
        let written = self
            .writes
            .get(key)
            .is_some_and(|all| all.contains(&(number, false)));
        if !written {
            return Err(format!(
                "node {address} shows {key:?} = {number}, which nobody wrote"
            ));
        }
        match self.seen.get(&(address, key.clone())) {
            Some(Sight::Shown(before)) if number < *before => Err(format!(
                "P3: node {address} went back from {before} to {number} of {key:?}"
            )),
            Some(Sight::Gone(deletion)) if number < *deletion => Err(format!(
                "P1: node {address} shows {number} of {key:?} again, deleted at {deletion}"
            )),
            _ => Ok(()),
        }
    }

    fn check_gone(&mut self, address: u16, key: &Key, sight: Sight) -> Result<(), String> {
        let Sight::Shown(number) = sight else {
            return Ok(());
        };
        let deletion = self.writes.get(key).and_then(|all| {
            all.iter()
                .find(|(at, deleted)| *deleted && *at > number)
                .map(|(at, _)| *at)
        });
        match deletion {
            Some(at) => {
                self.seen.insert((address, key.clone()), Sight::Gone(at));
                Ok(())
            }
            None => Err(format!(
                "P2: {number} of {key:?} vanished from node {address}, never deleted"
            )),
        }
    }

    fn note(&mut self, owner: u64, key: &str, deleted: bool) {
        self.clock += 1;
        self.writes
            .entry((owner, key.to_string()))
            .or_default()
            .push((self.clock, deleted));
    }
}
