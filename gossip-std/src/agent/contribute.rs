//! Shared keys of an agent: what its node contributes, and what all contribute together.

use std::time::{SystemTime, UNIX_EPOCH};

use gossip_core::shared::{Merge, Merged, Wall};
use gossip_core::{NodeId, SetError};

use super::Agent;

/// What a [`Merge`] made of all contributions to a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MergedInfo {
    /// Of [`Merge::Last`] and [`Merge::First`].
    Value {
        /// Who said it.
        owner: NodeId,
        /// What was said.
        value: Vec<u8>,
    },
    /// Of [`Merge::Max`], [`Merge::Min`] and [`Merge::Sum`].
    Number(i64),
    /// Of [`Merge::Count`].
    Count(usize),
    /// Of [`Merge::Union`], in ascending order.
    Elements(Vec<Vec<u8>>),
}

/// What it shares with others under one key: see [`gossip_core::shared`].
impl Agent {
    /// Says a value for a shared key, later than all that this node knows and than the system's clock,
    /// which need not be right. Read it with [`Merge::Last`].
    ///
    /// # Errors
    /// See [`SetError`]. Nothing changed then, but for the counter of refused writes.
    pub fn share(&self, key: &str, value: &[u8]) -> Result<(), SetError> {
        let wall = wall();
        self.command(SetError::NotRunning, |node| node.share(key, value, wall))
    }

    /// Says a value for a shared key unless one is known already: `true` if none was. Read it with
    /// [`Merge::First`].
    ///
    /// # Errors
    /// See [`SetError`]. Nothing changed then, but for the counter of refused writes.
    pub fn claim(&self, key: &str, value: &[u8]) -> Result<bool, SetError> {
        let wall = wall();
        self.command(SetError::NotRunning, |node| node.claim(key, value, wall))
    }

    /// Says a number for a shared key. Read it with [`Merge::Max`], [`Merge::Min`] or [`Merge::Sum`].
    ///
    /// # Errors
    /// See [`SetError`]. Nothing changed then, but for the counter of refused writes.
    pub fn share_number(&self, key: &str, number: i64) -> Result<(), SetError> {
        self.command(SetError::NotRunning, |node| node.share_number(key, number))
    }

    /// Adds to a shared counter, or takes away from it. Read it with [`Merge::Sum`].
    ///
    /// # Errors
    /// See [`SetError`]. Nothing changed then, but for the counter of refused writes.
    pub fn count(&self, key: &str, amount: i64) -> Result<(), SetError> {
        self.command(SetError::NotRunning, |node| node.count(key, amount))
    }

    /// Adds an element to this node's part of a shared set: `true` if it was not there. Read it with
    /// [`Merge::Union`].
    ///
    /// # Errors
    /// See [`SetError`]. Nothing changed then, but for the counter of refused writes.
    pub fn include(&self, key: &str, element: &[u8]) -> Result<bool, SetError> {
        self.command(SetError::NotRunning, |node| node.include(key, element))
    }

    /// Takes an element out of this node's part of a shared set: `true` if it was there. It stays in the
    /// union while others contribute it.
    ///
    /// # Errors
    /// See [`SetError`]. Nothing changed then, but for the counter of refused writes.
    pub fn exclude(&self, key: &str, element: &[u8]) -> Result<bool, SetError> {
        self.command(SetError::NotRunning, |node| node.exclude(key, element))
    }

    /// What all owners contribute to a shared key, merged; `None` if nobody contributes what this merge
    /// reads.
    #[must_use]
    pub fn merged(&self, key: &str, merge: Merge) -> Option<MergedInfo> {
        self.read(|node| {
            node.merged(key, merge).map(|merged| match merged {
                Merged::Value(written) => MergedInfo::Value {
                    owner: written.owner,
                    value: written.value.into(),
                },
                Merged::Number(number) => MergedInfo::Number(number),
                Merged::Count(count) => MergedInfo::Count(count),
                Merged::Elements(elements) => {
                    MergedInfo::Elements(elements.map(Vec::from).collect())
                }
            })
        })
    }
}

/// The system's clock; `None` if it stands before 1970.
fn wall() -> Option<Wall> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    Some(Wall::from_unix_millis(millis))
}
