//! What all nodes that share entries must have in common, or know of each other.

use serde::{Deserialize, Serialize};

use super::body::whole_bodies;
use crate::id::NodeId;

/// How the sender is set up: with its first words to an address, and in answer to those of a node that is
/// set up otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Terms {
    /// The sender's [`mtu_floor`](crate::Config::mtu_floor).
    pub mtu_floor: u16,
    /// The sender's [`largest_id`](crate::Config::largest_id).
    pub largest_id: NodeId,
    /// What the sender's storage permits.
    pub parts: Parts,
    /// `true` if this answers another, so that it is not answered again.
    pub is_answer: bool,
}

/// A set of parts that a storage permits. Bits that this build knows no part for are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Parts(u8);

impl Parts {
    /// Membership alone, which every storage permits.
    pub const NONE: Self = Self(0);
    /// Anti-entropy of entries; that of members needs no permission.
    pub const EXCHANGES: Self = Self(1);
    /// Entries.
    pub const ENTRIES: Self = Self(2);
    /// Entries that are set for a time.
    pub const LEASES: Self = Self(4);
    /// Copies of what forgotten members contributed to shared keys.
    pub const COPIES: Self = Self(8);
    /// Direct mail.
    pub const MAILS: Self = Self(16);
    /// Syncs on demand.
    pub const SYNCS: Self = Self(32);
    /// Reads that ask peers.
    pub const READS: Self = Self(64);

    /// These parts, and those if they are permitted.
    #[must_use]
    pub const fn with(self, those: Self, permitted: bool) -> Self {
        Self(if permitted { self.0 | those.0 } else { self.0 })
    }

    /// `true` if all of `those` are among these.
    #[must_use]
    pub const fn has(self, those: Self) -> bool {
        self.0 & those.0 == those.0
    }
}

whole_bodies! { (Terms,) }
