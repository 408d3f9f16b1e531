//! The first record of a state.

use serde::{Deserialize, Serialize};

use super::bytes::{PRELUDE, check_whole, take_record};
use super::error::ImportError;
use crate::id::NodeId;

/// Whose state it is, and how much follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// The checksum of the cluster's name, with the kind of its addresses laid over it:
    /// [`network`](crate::wire::network).
    pub cluster: u32,
    /// The node.
    pub id: NodeId,
    /// How many members follow, the node itself included.
    pub members: u32,
    /// How many entries follow them.
    pub entries: u32,
    /// How many forgotten members follow those.
    pub bygones: u32,
}

/// Whose state these bytes are, without the rest of it.
///
/// # Errors
/// Why they are not a whole state.
pub fn start_of(bytes: &[u8]) -> Result<Start, ImportError> {
    check_whole(bytes)?;
    let records = bytes.get(PRELUDE.len()..).unwrap_or_default();
    let (start, _) = take_record(records)?.ok_or(ImportError::Truncated)?;
    Ok(start)
}

/// How a state begins, whether or not it is whole: of damaged bytes the best guess, which may be wrong.
#[must_use]
pub fn seeming_start(bytes: &[u8]) -> Option<Start> {
    let records = bytes.get(PRELUDE.len()..)?;
    let found = take_record(records).ok().flatten();
    found.map(|(start, _)| start)
}
