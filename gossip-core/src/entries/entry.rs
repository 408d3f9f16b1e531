//! One entry as it is kept.

use super::role::Role;
use crate::id::{NodeId, Version};
use crate::time::Instant;

/// One key of one owner.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry<K, V> {
    pub(crate) owner: NodeId,
    pub(crate) version: Version,
    /// When it last changed, as watches count; 0 if it was never readable here.
    pub(crate) number: u32,
    pub(crate) key: K,
    pub(crate) content: Content<V>,
    /// A re-cover found it missing where it should be.
    pub(crate) marked: bool,
    /// Scratch of one claim being applied; `false` between claims.
    pub(crate) listed: bool,
    /// What it is to this node, if it is its own.
    pub(crate) role: Role,
    /// Whether an event is due.
    pub(crate) due: Due,
}

/// What an application is still to be told of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Due {
    Nothing,
    /// It was set, or is gone by its owner's word.
    Changed,
    /// Its lease ran out.
    Expired,
}

/// What is known of the key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Content<V> {
    /// It is set to this.
    Set(V),
    /// It was deleted, or its lease ran out, and so many sweeps ago.
    Tombstone(u8),
    /// It is gone and only its event remains; nothing else counts it.
    Gone,
}

/// One entry as the application reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryRef<'a> {
    /// Who wrote it.
    pub owner: NodeId,
    /// Its key.
    pub key: &'a str,
    /// Its value.
    pub value: &'a [u8],
    /// The version of the write.
    pub version: Version,
    /// When its lease ends by the clock of the node that was asked, if it was set for a time. A value
    /// is shown until the first [`handle_timeout`](crate::Node::handle_timeout) from then on.
    pub expires: Option<Instant>,
}

impl<K: AsRef<[u8]>, V: AsRef<[u8]>> Entry<K, V> {
    /// The key as text; keys are only ever made of text.
    pub(crate) fn key(&self) -> &str {
        core::str::from_utf8(self.key.as_ref()).unwrap_or_default()
    }

    /// The value, if the key is set.
    pub(crate) fn value(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Set(value) => Some(value.as_ref()),
            Content::Tombstone(_) | Content::Gone => None,
        }
    }

    pub(crate) fn is_set(&self) -> bool {
        matches!(self.content, Content::Set(_))
    }

    /// It is held of a member, and not only what is left of it or of this node's former self.
    pub(crate) fn is_kept(&self) -> bool {
        !self.is_gone() && self.owner != NodeId::FORMER
    }

    pub(crate) fn is_gone(&self) -> bool {
        matches!(self.content, Content::Gone)
    }
}
