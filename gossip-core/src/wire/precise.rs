//! Precise reconciliation: pulls that say which single entries are held, and claims that confirm them.

use serde::{Deserialize, Serialize};

use super::body::Item;
use crate::id::{Life, NodeId, Version};

/// "Of this life of this owner I hold everything up to `held`, and of the 64 versions after `from`
/// those that are marked: tell me others of them."
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreciseItem {
    /// The owner.
    pub owner: NodeId,
    /// The life known to the asker.
    pub life: Life,
    /// Its [`Digest::held`](crate::entries::delta::Digest::held).
    pub held: Version,
    /// Its [`Digest::recover`](crate::entries::delta::Digest::recover).
    pub recover: Option<(Version, Version)>,
    /// Where the stretch of 64 versions begins.
    pub from: Version,
    /// Which of them are held, little-endian; bit 0 stands for the first.
    pub have: [u8; 8],
}

impl Item for PreciseItem {
    fn id(&self) -> NodeId {
        self.owner
    }
}
