//! What the application should know.

use crate::id::NodeId;
use serde::{Deserialize, Serialize};

/// What a node believes of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Status {
    /// It is there.
    Alive,
    /// It did not answer and has some time left to refute; or it is known from an imported state, and
    /// nobody has spoken of it since.
    Suspect,
    /// It said goodbye.
    Left,
    /// It did not answer and did not refute.
    Dead,
}

impl core::fmt::Display for Status {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(match self {
            Self::Alive => "alive",
            Self::Suspect => "suspect",
            Self::Left => "left",
            Self::Dead => "dead",
        })
    }
}

/// What was asked of a node and is answered later: by an event, and a report that waits to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Request(pub(crate) u16);

impl Request {
    /// This request counted back from the next token to be given out.
    pub(crate) const fn counted_from(self, next_token: u16) -> Self {
        Self(next_token.wrapping_sub(self.0))
    }
}

/// How a node that was met does not fit this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Mismatch {
    /// It belongs to a cluster of another name.
    Cluster,
    /// It speaks this wire version.
    Version(u8),
    /// Its addresses are of this [kind](crate::Address::KIND).
    AddressKind(u8),
    /// Its [`mtu_floor`](crate::Config::mtu_floor) is this many bytes.
    MtuFloor(u16),
    /// Its [`largest_id`](crate::Config::largest_id) is another, or it speaks of ids above ours.
    LargestId,
}

impl core::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Cluster => f.write_str("another cluster's name"),
            Self::Version(version) => write!(f, "another wire version ({version})"),
            Self::AddressKind(kind) => write!(f, "another kind of addresses ({kind})"),
            Self::MtuFloor(bytes) => write!(f, "another mtu_floor ({bytes} bytes)"),
            Self::LargestId => f.write_str("another largest_id"),
        }
    }
}

/// Something changed. Events are level-triggered: each is a flag on the thing that changed, so a
/// burst of changes coalesces into one event that shows the latest state, and a slow application
/// loses nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Event<K> {
    /// The first live peer is known: this node is part of a cluster.
    Joined,
    /// A member appeared, or its status, life or address changed; this is its status now.
    Member {
        /// The member.
        id: NodeId,
        /// What it is now.
        status: Status,
    },
    /// A dead or departed member was forgotten, with all its entries.
    Forgotten {
        /// The former member.
        id: NodeId,
    },
    /// An entry was set to a new value; read it with [`Node::get`](crate::Node::get).
    Set {
        /// The entry's owner.
        owner: NodeId,
        /// The entry's key.
        key: K,
    },
    /// An entry is gone: its owner deleted it.
    Deleted {
        /// The entry's owner.
        owner: NodeId,
        /// The entry's key.
        key: K,
    },
    /// An entry is gone: the time for which it was set is over here. A node that did not hold this write
    /// before others ended it is told of an earlier one that it held as [`Deleted`](Self::Deleted).
    Expired {
        /// The entry's owner.
        owner: NodeId,
        /// The entry's key.
        key: K,
    },
    /// A sync is over: its report waits in [`Node::take_synced`](crate::Node::take_synced).
    Synced {
        /// What [`Node::sync`](crate::Node::sync) returned.
        request: Request,
    },
    /// A read that asked peers is over: its report waits in
    /// [`Node::take_read`](crate::Node::take_read).
    Read {
        /// What [`Node::read_fresh`](crate::Node::read_fresh) returned.
        request: Request,
    },
    /// What this node had written in an earlier life was taken back from its peers: read its own
    /// entries, which are written anew. [`Config::fresh`](crate::Config::fresh) says when.
    Reclaimed,
    /// Another live node uses this node's id; told again when that has been over for a while. Peers
    /// take one of the two for the member: [`Node::identity`](crate::Node::identity) says which.
    Conflict,
    /// Two live nodes use the id of a member: it lives now here and now there.
    Clash {
        /// The member.
        id: NodeId,
    },
    /// A node was met that does not fit this one: where it is, [`Node::mismatch`](crate::Node::mismatch)
    /// says. One that stays comes up again once a minute.
    Mismatch(Mismatch),
    /// Somebody that this node wants to join through does not answer, and was tried once more:
    /// [`Node::seeds`](crate::Node::seeds) says who. It comes with each try but the first ones, so ever
    /// more seldom.
    NoAnswer,
    /// The goodbye was sent: the node has left and will say nothing more.
    Left,
    /// A table was so full that changes were dropped before they could be told: read again what
    /// you need.
    Resync,
}
