//! Entries that travel on their own, outside any claim.

use serde::{Deserialize, Serialize};

use super::body::{Body, Items, headed, known, possible, whole};
use super::claim_item::ClaimItem;
use super::codec::Writer;
use super::limits::{COUNTER, LIFE, MTU_MAX, section_head, varint};
use super::section::Kind;
use crate::entries::delta::Listed;
use crate::error::DatagramError;
use crate::id::{Life, NodeId, Version};
use crate::time::Instant;

/// What stands before single entries of one owner. They come in any order and claim nothing of what
/// lies between them: a receiver takes each by the entry rule and its `held` stays where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinglesHead {
    /// Of the ask that this answers, or 0 if nobody asked.
    pub token: u8,
    /// The owner.
    pub owner: NodeId,
    /// The owner's life.
    pub life: Life,
    /// How far the sender holds the owner's entries.
    pub held: Version,
    /// The versions of the entries are counted back from this one. In an answer without entries it is
    /// the version that the sender holds of the key, or 0.
    pub newest: Version,
}

/// "Of this key I hold this version: do you hold a later one?"
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskHead {
    /// To give back, not 0.
    pub token: u8,
    /// The owner.
    pub owner: NodeId,
    /// The owner's life as known to the asker.
    pub life: Life,
    /// The version held of the key, or 0.
    pub version: Version,
}

/// Whether an entry of this version may be told on its own: it must be one that a writer made in the
/// present life. What stands at the birth is left of an earlier life, and nobody's word any more. Writers and
/// receivers both ask here.
pub(crate) fn may_be_single(version: Version) -> bool {
    version > Version::BIRTH
}

/// Writes as many of the owner's entries as fit, of which none is newer than `head.newest`; how
/// many. Without entries it writes the head alone.
pub(crate) fn write_singles<'e>(
    now: Instant,
    head: &SinglesHead,
    entries: impl Iterator<Item = Listed<'e>>,
    writer: &mut Writer<'_>,
) -> Option<usize> {
    let open = writer.open(Kind::Singles)?;
    if !writer.put(head) {
        writer.cancel(&open);
        return None;
    }
    let mut entries = entries.peekable();
    let bare = entries.peek().is_none();
    let fitting = entries.take_while(|entry| writer.put(&ClaimItem::new(now, head.newest, *entry)));
    let written = fitting.count();
    if written == 0 && !bare {
        writer.cancel(&open);
        return None;
    }
    writer.close(open);
    Some(written)
}

impl<'a> Body<'a> for (AskHead, &'a str) {
    fn read(body: &'a [u8]) -> Result<Self, DatagramError> {
        whole(body)
    }

    fn check(&self, largest_id: NodeId) -> Result<(), DatagramError> {
        let (head, key) = self;
        known(head.owner, largest_id)?;
        possible(head.token != 0 && !key.is_empty())
    }
}

impl<'a> Body<'a> for (SinglesHead, Items<'a, ClaimItem<'a>>) {
    fn read(body: &'a [u8]) -> Result<Self, DatagramError> {
        headed(body)
    }

    fn check(&self, largest_id: NodeId) -> Result<(), DatagramError> {
        let (head, items) = self;
        known(head.owner, largest_id)?;
        items.check(|item| {
            let entry = item.listed(Instant::ZERO, head.newest);
            possible(entry.is_some_and(|entry| may_be_single(entry.version)))
        })
    }
}

/// The longest section of single entries of `owner` before its first entry: the section's head and
/// number, token, owner, life, and two versions.
#[must_use]
pub const fn singles_head(owner: NodeId) -> usize {
    section_head(MTU_MAX)
        .saturating_add(2)
        .saturating_add(varint(owner.get()))
        .saturating_add(LIFE)
        .saturating_add(COUNTER.saturating_mul(2))
}
