//! Shared keys: what a node contributes, and what all contribute together.

use super::Node;
use crate::address::Address;
use crate::error::SetError;
use crate::shared::{Contribution, Merge, Merged, Wall, is_reserved, merge};
use crate::storage::Storage;

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Says a value for a shared key, in place of what this node said before; read it with
    /// [`Merge::Last`]. It is later than every value that this node knows, and later than `wall`; without
    /// a wall clock, writers that do not know of each other's writes are ordered by how many they know.
    ///
    /// Each verb writes what is of its kind: over anything else that this node has set for the key it is
    /// refused with [`SetError::Kind`]. [`delete`](Self::delete) withdraws what this node contributes to a
    /// key, and makes room for another kind.
    ///
    /// # Errors
    /// Why the write was refused; nothing changed.
    pub fn share(&mut self, key: &str, value: &[u8], wall: Option<Wall>) -> Result<(), SetError> {
        let bytes = value;
        self.author.say(&mut self.tables.cx, key, wall, |stamp| {
            Contribution::Value { stamp, bytes }
        })
    }

    /// Says a value for a shared key unless this node knows of one already, its own included; read it
    /// with [`Merge::First`]. `Ok(false)` if it does. Of several that claim a key without knowing of each
    /// other, the one with the earliest `wall` wins.
    ///
    /// # Errors
    /// Why the write was refused; nothing changed.
    pub fn claim(&mut self, key: &str, value: &[u8], wall: Option<Wall>) -> Result<bool, SetError> {
        if self.merged(key, Merge::First).is_some() {
            return Ok(false);
        }
        self.share(key, value, wall).map(|()| true)
    }

    /// Says a number for a shared key, in place of what this node said before; read it with
    /// [`Merge::Max`], [`Merge::Min`] or [`Merge::Sum`].
    ///
    /// # Errors
    /// Why the write was refused; nothing changed.
    pub fn share_number(&mut self, key: &str, number: i64) -> Result<(), SetError> {
        self.author.say(&mut self.tables.cx, key, None, |stamp| {
            Contribution::Number { stamp, number }
        })
    }

    /// Adds to a shared counter, or takes away from it; read it with [`Merge::Sum`] ([`Merge::Count`] says how
    /// many owners contribute, and nothing of what they counted). Everything that was
    /// counted stays counted, in all lives of all nodes, as long as anybody who heard of it is there to
    /// keep it. That needs nonces that differ from boot to boot.
    ///
    /// # Errors
    /// Why the write was refused; nothing changed. [`SetError::NotStarted`] before the first
    /// [`handle_timeout`](Self::handle_timeout).
    pub fn count(&mut self, key: &str, amount: i64) -> Result<(), SetError> {
        let done = self.author.count_on(&mut self.tables.cx, key, amount);
        self.author.counted(&mut self.tables.cx, done)
    }

    /// Adds an element to this node's part of a shared set; read it with [`Merge::Union`]. `Ok(false)` if
    /// it is there already. All elements of one node for one key share one entry.
    ///
    /// # Errors
    /// Why the write was refused; nothing changed. [`SetError::Value`] or [`SetError::Entry`] if the
    /// elements no longer fit one entry.
    pub fn include(&mut self, key: &str, element: &[u8]) -> Result<bool, SetError> {
        let done = self
            .author
            .change_set(&mut self.tables.cx, key, element, true);
        self.author.counted(&mut self.tables.cx, done)
    }

    /// Takes an element out of this node's part of a shared set; `Ok(false)` if it is not there. It stays
    /// in the union while others contribute it.
    ///
    /// # Errors
    /// Why the write was refused; nothing changed.
    pub fn exclude(&mut self, key: &str, element: &[u8]) -> Result<bool, SetError> {
        let done = self
            .author
            .change_set(&mut self.tables.cx, key, element, false);
        self.author.counted(&mut self.tables.cx, done)
    }

    /// What all owners contribute to a shared key, merged: members that are gone included, each origin
    /// once. `None` if nobody contributes what this merge reads.
    ///
    /// Costs a few binary searches for each owner that has any entry, and as much again for each origin
    /// of which there are only copies.
    pub fn merged<'a>(
        &'a self,
        key: &'a str,
        how: Merge,
    ) -> Option<Merged<'a, impl Iterator<Item = &'a [u8]> + Clone>> {
        if const { !Self::ENTRIES } || is_reserved(key) {
            return None;
        }
        merge(self.author.origins(&self.tables.cx, key), how)
    }
}
