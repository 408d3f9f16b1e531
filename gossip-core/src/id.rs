//! Who a node is, which of its lives this is, and how its writes are counted.

use serde::{Deserialize, Serialize};

use crate::hash::mix;

/// A number was outside the range its type allows on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfRange;

impl core::fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("number outside the range its type allows on the wire")
    }
}

impl core::error::Error for OutOfRange {}

/// A node's cluster-wide identity, independent of its address: at most 8 bytes on the wire, one byte
/// for ids below 128.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct NodeId(u64);

impl NodeId {
    /// The largest id, `2^56 - 1`: the most that a variable-length integer holds in 8 bytes.
    pub const MAX: Self = Self((1 << 56) - 1);

    /// Not a node: the former self of this one, while it takes back what it had written. Nothing on the
    /// wire can name it.
    pub(crate) const FORMER: Self = Self(u64::MAX);

    /// The id `number`, or `None` above [`NodeId::MAX`].
    pub const fn new(number: u64) -> Option<Self> {
        if number > Self::MAX.0 {
            None
        } else {
            Some(Self(number))
        }
    }

    /// The id made of the low 56 bits of `number`: for random or hashed ids.
    pub const fn truncated(number: u64) -> Self {
        Self(number & Self::MAX.0)
    }

    /// The id as a number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Where the id stands in the members' common order.
    #[inline]
    pub(crate) const fn place(self) -> Place {
        Place(mix(self.0))
    }
}

impl TryFrom<u64> for NodeId {
    type Error = OutOfRange;
    fn try_from(number: u64) -> Result<Self, OutOfRange> {
        Self::new(number).ok_or(OutOfRange)
    }
}

impl From<NodeId> for u64 {
    fn from(id: NodeId) -> u64 {
        id.0
    }
}

impl From<u16> for NodeId {
    fn from(number: u16) -> Self {
        Self(u64::from(number))
    }
}

impl core::fmt::Display for NodeId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::Display::fmt(&self.0, f)
    }
}

/// A position in the members' common order: `mix(id)`, so neighbours in id are not neighbours here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(pub(crate) u64);

impl Place {
    /// The place behind this one, round and round.
    pub(crate) const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

/// Which life of a node this is. A later life is greater; a restart without memory starts at
/// counter 0 and, when the cluster remembers a higher life, moves past it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Generation {
    /// Raised past what the cluster remembers.
    pub counter: u16,
    /// Drawn at boot, so that two lives with one counter still differ. Big-endian, so that the bytes
    /// order as the number does.
    pub nonce: [u8; 4],
}

impl Generation {
    /// A life greater than `seen`, with this one's nonce as long as the counter can grow; `None` if
    /// there is no greater one.
    pub(crate) fn beyond(self, seen: Self) -> Option<Self> {
        if let Some(counter) = seen.counter.checked_add(1) {
            return Some(Self {
                counter,
                nonce: self.nonce,
            });
        }
        let nonce = u32::from_be_bytes(seen.nonce).checked_add(1)?;
        Some(Self {
            counter: u16::MAX,
            nonce: nonce.to_be_bytes(),
        })
    }

    /// The short name of this life that claims and pulls carry.
    pub(crate) const fn life(self) -> Life {
        let nonce = u32::from_be_bytes(self.nonce);
        let mixed = mix(((self.counter as u64) << 32) | nonce as u64);
        Life((mixed as u32).to_le_bytes())
    }
}

/// A 32-bit name of one life of one owner: enough to tell its lives apart, not to order them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Life(pub(crate) [u8; 4]);

/// SWIM's counter inside one generation, raised only by the node itself to refute a suspicion
/// (Das, Gupta, Motivala, DSN 2002, section 4.2). At most `2^28 - 1`, 4 bytes on the wire.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "u32", into = "u32")]
pub struct Incarnation(u32);

/// An owner's write counter, one for all its entries (Scuttlebutt; van Renesse et al. 2008). At most
/// `2^28 - 1`, 4 bytes on the wire; an owner that gets there begins a new generation.
///
/// Version 0 is "nothing held". Version 1 is an owner's birth: it stands for "every entry of my
/// earlier lives is gone", so a first write takes version 2.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "u32", into = "u32")]
pub struct Version(u32);

impl Version {
    /// Nothing of the owner is held.
    pub const NONE: Self = Self(0);
    /// What an owner holds before its first write.
    pub const BIRTH: Self = Self(1);
}

macro_rules! counter28 {
    ($name:ident) => {
        impl $name {
            /// The largest value, `2^28 - 1`.
            pub const MAX: Self = Self((1 << 28) - 1);

            /// The counter at `number`, or `None` above [`Self::MAX`].
            pub const fn new(number: u32) -> Option<Self> {
                if number > Self::MAX.0 {
                    None
                } else {
                    Some(Self(number))
                }
            }

            /// The counter as a number.
            pub const fn get(self) -> u32 {
                self.0
            }

            /// One more, or `None` at the maximum.
            pub const fn next(self) -> Option<Self> {
                Self::new(self.0.saturating_add(1))
            }

            /// How far this is beyond `earlier`; 0 if it is not.
            pub const fn beyond(self, earlier: Self) -> u32 {
                self.0.saturating_sub(earlier.0)
            }

            /// This plus `distance`, or `None` past the maximum.
            pub const fn plus(self, distance: u32) -> Option<Self> {
                Self::new(self.0.saturating_add(distance))
            }
        }

        impl TryFrom<u32> for $name {
            type Error = OutOfRange;
            fn try_from(number: u32) -> Result<Self, OutOfRange> {
                Self::new(number).ok_or(OutOfRange)
            }
        }

        impl From<$name> for u32 {
            fn from(counter: $name) -> u32 {
                counter.0
            }
        }
    };
}

counter28!(Incarnation);
counter28!(Version);
