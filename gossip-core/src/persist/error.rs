//! Why a state cannot be imported.

use crate::id::NodeId;

/// Why bytes or records were refused as the state of a node. No node was made; whatever was there
/// before is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ImportError {
    /// The bytes do not begin as an exported state does.
    NotAState,
    /// They are in a version of the format that this build does not read.
    UnknownVersion {
        /// That version.
        found: u8,
    },
    /// They end before the state does.
    Truncated,
    /// The checksum fails: a part is missing, or was altered.
    Damaged,
    /// More bytes follow after the end of the state.
    Trailing,
    /// A record does not decode. Where the checksum holds, the state was written with addresses of
    /// another type.
    Malformed,
    /// The state is of a node in another cluster than the configuration names.
    OtherCluster,
    /// It is another node's state.
    OtherNode {
        /// Whose state it is.
        found: NodeId,
    },
    /// It names an id above the configured `largest_id`.
    IdTooLarge {
        /// The id.
        found: NodeId,
    },
    /// It has more members than the storage holds.
    Members {
        /// How many members the storage holds.
        max: usize,
    },
    /// It has more entries than the storage holds.
    Entries {
        /// How many entries the storage holds.
        max: usize,
    },
    /// It has more leases than the storage holds.
    Leases {
        /// How many leases the storage holds; 0 if it permits none.
        max: usize,
    },
    /// A key is longer than the storage holds.
    Key {
        /// The longest key that the storage holds, in bytes.
        max: usize,
    },
    /// A value is longer than the storage holds.
    Value {
        /// The longest value that the storage holds, in bytes.
        max: usize,
    },
    /// An entry does not fit a datagram of the configured `mtu_floor`.
    Entry {
        /// How many bytes key and value may take together.
        max: usize,
    },
    /// Records that no node exports: one that is there twice, an entry of an unknown owner, versions
    /// out of order, or no row of the node itself.
    Impossible,
}

impl core::fmt::Display for ImportError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NotAState => f.write_str("this is not the state of a node"),
            Self::UnknownVersion { found } => {
                write!(
                    f,
                    "the state has version {found}; this build reads version 1"
                )
            }
            Self::Truncated => f.write_str("the state is cut short"),
            Self::Damaged => f.write_str("the state is damaged: its checksum fails"),
            Self::Trailing => f.write_str("more bytes follow after the end of the state"),
            Self::Malformed => f.write_str("a record of the state does not decode"),
            Self::OtherCluster => f.write_str("the state is of a node in another cluster"),
            Self::OtherNode { found } => write!(f, "the state is that of node {found}"),
            Self::IdTooLarge { found } => {
                write!(f, "the state names node {found}, which is above largest_id")
            }
            Self::Members { max } => {
                write!(
                    f,
                    "the state has more members than there is room for ({max})"
                )
            }
            Self::Entries { max } => {
                write!(
                    f,
                    "the state has more entries than there is room for ({max})"
                )
            }
            Self::Leases { max } => {
                write!(
                    f,
                    "the state has more leases than there is room for ({max})"
                )
            }
            Self::Key { max } => {
                write!(
                    f,
                    "the state has a key of more than {max} bytes, or an empty one"
                )
            }
            Self::Value { max } => write!(f, "the state has a value of more than {max} bytes"),
            Self::Entry { max } => write!(
                f,
                "the state has an entry of more than {max} bytes, too many for this mtu_floor"
            ),
            Self::Impossible => f.write_str("the state holds records that contradict each other"),
        }
    }
}

impl core::error::Error for ImportError {}
