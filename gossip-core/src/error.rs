//! Why something was refused. Every error says whether the state changed.

use crate::time::Duration;
use serde::{Deserialize, Serialize};

/// Why a datagram was dropped. The state did not change, but for the counter of the reason in
/// [`Stats`](crate::Stats), what is known of strangers, and the time of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum DatagramError {
    /// Shorter than a header, or a header that does not decode.
    TooShort,
    /// A wire version that this build does not speak.
    UnknownVersion,
    /// The checksum fails: another cluster's datagram, or a damaged one.
    ForeignOrCorrupt,
    /// The checksum fails, and as for another datagram that came from there before: a cluster with
    /// another name.
    OtherCluster,
    /// The checksum is, for the second time, that of our cluster's name with another kind of addresses.
    OtherAddressKind,
    /// A sealed datagram reached a node: opening it is the layer around the node's job.
    Sealed,
    /// It carries this node's own id and life: an echo of what it sent.
    FromSelf,
    /// An id above the configured `largest_id`.
    IdTooLarge,
    /// A section's length reaches past the datagram's end.
    Truncated,
    /// A section's body does not decode, or bytes are left over in it.
    Malformed,
    /// Numbers that no honest sender puts together: a range, a claim or an order that cannot be.
    Impossible,
    /// The node has left the cluster.
    NotRunning,
}

impl core::fmt::Display for DatagramError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::TooShort => "datagram shorter than a header",
            Self::UnknownVersion => "unknown wire version",
            Self::ForeignOrCorrupt => "checksum fails: another cluster's datagram or a damaged one",
            Self::OtherCluster => "another cluster's datagram",
            Self::OtherAddressKind => "datagram of nodes with another kind of addresses",
            Self::Sealed => "sealed datagram",
            Self::FromSelf => "own datagram came back",
            Self::IdTooLarge => "id above largest_id",
            Self::Truncated => "section reaches past the end of the datagram",
            Self::Malformed => "section does not decode",
            Self::Impossible => "section holds an impossible combination of numbers",
            Self::NotRunning => "the node has left the cluster",
        })
    }
}

impl core::error::Error for DatagramError {}

/// What a key of a node's own holds: each kind is written by verbs of its own, and by no other's, so that
/// nothing that was counted or collected is overwritten by mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Kind {
    /// A value that was set, and contributes nothing.
    Plain,
    /// A value said for a shared key.
    Value,
    /// A number said for a shared key.
    Number,
    /// A part of a shared set.
    Elements,
    /// A part of a shared counter.
    Counter,
}

impl core::fmt::Display for Kind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(match self {
            Self::Plain => "a plain value",
            Self::Value => "a shared value",
            Self::Number => "a shared number",
            Self::Elements => "a shared set",
            Self::Counter => "a shared counter",
        })
    }
}

/// Why a write was refused. The state did not change, but for the counter of refused writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SetError {
    /// The key is empty or longer than `max` bytes.
    Key {
        /// The longest key that this node's storage holds, in bytes.
        max: usize,
    },
    /// The value is longer than `max` bytes.
    Value {
        /// The longest value that this node's storage holds, in bytes.
        max: usize,
    },
    /// Key and value together do not fit a datagram of `mtu_floor` bytes.
    Entry {
        /// How many bytes key and value may take together.
        max: usize,
    },
    /// The table of entries is full.
    Full {
        /// How many entries, of all owners, it holds.
        max: usize,
    },
    /// A lease is at least `min` long: the unit in which what is left of it travels.
    Lease {
        /// The shortest lease.
        min: Duration,
    },
    /// The table of leases is full.
    Leases {
        /// How many leases, of all owners, it holds; 0 if the storage permits none.
        max: usize,
    },
    /// The versions of this life and the lives of this node are used up.
    Exhausted,
    /// The value could not be serialized.
    Encoding,
    /// As many copies for shared keys are kept as the storage permits.
    Copies {
        /// How many it permits.
        max: usize,
    },
    /// This node's own key holds something of another kind than the verb writes, which would be lost:
    /// delete it first.
    Kind {
        /// What stands there.
        found: Kind,
    },
    /// Keys that begin with U+0000 are the protocol's own.
    Reserved,
    /// The node has not started, and so cannot tell what it counts now from what it counted in an
    /// earlier life: call `handle_timeout` first.
    NotStarted,
    /// The node has left the cluster.
    NotRunning,
}

impl core::fmt::Display for SetError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Key { max } => write!(f, "a key has 1 to {max} bytes"),
            Self::Value { max } => write!(f, "a value has at most {max} bytes"),
            Self::Entry { max } => {
                write!(
                    f,
                    "key and value have at most {max} bytes together at this mtu_floor"
                )
            }
            Self::Full { max } => write!(f, "the table of entries is full ({max})"),
            Self::Lease { min } => write!(f, "a lease has at least {} ms", min.as_millis()),
            Self::Leases { max: 0 } => f.write_str("this storage permits no leases"),
            Self::Leases { max } => write!(f, "the table of leases is full ({max})"),
            Self::Exhausted => f.write_str("the versions and lives of this node are used up"),
            Self::Encoding => f.write_str("the value could not be serialized"),
            Self::Copies { max } => write!(f, "at most {max} copies for shared keys are kept"),
            Self::Kind { found } => write!(f, "this node's key holds {found}: delete it first"),
            Self::Reserved => f.write_str("a key must not begin with U+0000"),
            Self::NotStarted => f.write_str("the node has not started: handle its timeout first"),
            Self::NotRunning => f.write_str("the node has left the cluster"),
        }
    }
}

impl core::error::Error for SetError {}

/// The bytes of an entry do not decode as the type that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ValueError;

impl core::fmt::Display for ValueError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the value does not decode as what was asked for")
    }
}

impl core::error::Error for ValueError {}

/// Why a sync or a read was not begun. The state did not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RequestError {
    /// The table is full; reports that nobody has taken count too.
    Full {
        /// How many it holds; 0 if this node's storage permits none at all.
        max: usize,
    },
    /// No such member is known, or it is not alive.
    UnknownPeer,
    /// It is this node itself: nothing is fresher than what it holds.
    Myself,
    /// The key is empty or longer than `max` bytes.
    Key {
        /// The longest key that this node's storage and datagrams hold, in bytes.
        max: usize,
    },
    /// The node has left the cluster.
    NotRunning,
}

impl core::fmt::Display for RequestError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Full { max: 0 } => f.write_str("this node's storage permits no such requests"),
            Self::Full { max } => write!(
                f,
                "{max} such requests are under way or wait for their reports to be taken, the most that fit"
            ),
            Self::UnknownPeer => f.write_str("no such live member is known"),
            Self::Myself => f.write_str("that is this node itself; ask for another"),
            Self::Key { max } => write!(f, "a key has 1 to {max} bytes"),
            Self::NotRunning => f.write_str("the node has left the cluster"),
        }
    }
}

impl core::error::Error for RequestError {}

/// Why an address was not taken as a seed. The state did not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum JoinError {
    /// The table of seeds is full.
    Full {
        /// How many seeds it holds.
        max: usize,
    },
    /// The node has left the cluster.
    NotRunning,
}

impl core::fmt::Display for JoinError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Full { max } => write!(f, "the table of seeds is full ({max})"),
            Self::NotRunning => f.write_str("the node has left the cluster"),
        }
    }
}

impl core::error::Error for JoinError {}
