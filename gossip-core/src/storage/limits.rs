//! Bounds given at run time.

use serde::{Deserialize, Serialize};

/// The most exchanges that a node keeps track of at a time.
const EXCHANGES_MAX: usize = 8;

/// The fewest members and duties that a node can work with.
const LEAST: usize = 2;

/// What the tables of a storage hold at most, whose bounds are given at run time. The unit is elements, but for `key` and
/// `value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Limits {
    /// Known nodes, this one included; less than 2 counts as 2. Default 10,000.
    pub members: usize,
    /// Entries of all owners together, tombstones included. With 0 the node keeps members alone, and
    /// compares no more with others. Default 200,000.
    pub entries: usize,
    /// Entries of all owners that were set for a time. Default 200,000.
    pub leases: usize,
    /// Bytes of one key. Default 255.
    pub key: usize,
    /// Bytes of one value. A datagram of `mtu_floor` bytes bounds key and value together as well,
    /// and usually more tightly. Default 60,000.
    pub value: usize,
    /// Changes being told at a time. Default 256.
    pub news: usize,
    /// Acks, pings and the like owed at a time; less than 2 counts as 2. Default 256.
    pub duties: usize,
    /// Indirect probes served at a time. Default 64.
    pub relays: usize,
    /// Addresses to join through. Default 16.
    pub seeds: usize,
    /// Forgotten members of whom something is kept, their last-known addresses above all. Each is tried in turn, so
    /// more of them would be tried later. Default 16.
    pub bygones: usize,
    /// Reconciliations at a time, from 1 to 8; what is outside counts as the nearer. Default 8.
    pub exchanges: usize,
    /// Differing ranges owed at a time, over all exchanges; at least 1. Default 64.
    pub ranges: usize,
    /// Unanswered pulls at a time, over all exchanges; at least 1. Default 256.
    pub wants: usize,
    /// Peers with direct mail under way at a time. Default 1024.
    pub mails: usize,
    /// Syncs on demand at a time, with reports that nobody took. Default 16.
    pub syncs: usize,
    /// Reads that ask peers at a time, with reports that nobody took. Default 64.
    pub reads: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            members: 10_000,
            entries: 200_000,
            leases: 200_000,
            key: 255,
            value: 60_000,
            news: 256,
            duties: 256,
            relays: 64,
            seeds: 16,
            bygones: 16,
            exchanges: EXCHANGES_MAX,
            ranges: 64,
            wants: 256,
            mails: 1024,
            syncs: 16,
            reads: 64,
        }
    }
}

impl Limits {
    /// The nearest with which a node can work.
    #[doc(hidden)]
    #[must_use]
    pub fn usable(self) -> Self {
        Self {
            members: self.members.max(LEAST),
            duties: self.duties.max(LEAST),
            exchanges: self.exchanges.clamp(1, EXCHANGES_MAX),
            ranges: self.ranges.max(1),
            wants: self.wants.max(1),
            ..self
        }
    }
}
