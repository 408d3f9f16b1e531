//! The records of a state, after the first.

use serde::{Deserialize, Serialize};

use crate::id::{Life, NodeId, Version};
use crate::wire::Row;

/// What a node knows of a member, or of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known<A> {
    /// The row as it travels: the facts, what is left of its memory in seconds, and `held`.
    pub row: Row<A>,
    /// [`Progress::gc`](crate::entries::delta::Progress::gc).
    pub gc: Version,
    /// [`Progress::as_of`](crate::entries::delta::Progress::as_of).
    pub as_of: Version,
    /// Where datagrams of it came from, if it asserts no address.
    pub observed: Option<A>,
    /// It is suspected.
    pub suspect: bool,
    /// It has yet to prove that it lives this life.
    pub unproven: bool,
    /// It came from a state, and nobody has spoken of it since.
    pub unheard: bool,
}

/// What remains of a member that was forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past<A> {
    /// Who it was.
    pub id: NodeId,
    /// The life that was known of it.
    pub life: Life,
    /// Where it was last known to be, unless it said goodbye.
    pub address: Option<A>,
    /// Its memory ran out, and not only the room for it.
    pub over: bool,
}

/// One entry, a tombstone included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept<'a> {
    /// Who wrote it.
    pub owner: NodeId,
    /// The version of the write.
    pub version: Version,
    /// Its key.
    pub key: &'a str,
    /// The value set, or `None` if the key was deleted.
    #[serde(borrow)]
    pub value: Option<&'a [u8]>,
    /// Milliseconds until its lease ends, if it was set for a time.
    pub left_millis: Option<u32>,
}
