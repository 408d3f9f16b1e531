//! Ranges of the members' common order: all places that begin with the same nibbles.

use serde::{Deserialize, Serialize};

use crate::id::{NodeId, OutOfRange, Place};

/// How many parts a range splits into.
pub(crate) const RADIX: u32 = 16;

/// A range of places: those whose first `depth` nibbles are these. Depth 0 is everything, depth 16 a
/// single place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "(u8, u64)", into = "(u8, u64)")]
pub struct Prefix {
    /// The nibbles, left-aligned; zero below.
    bits: u64,
    depth: u8,
}

impl Prefix {
    /// Everything.
    pub const ROOT: Self = Self { bits: 0, depth: 0 };
    const DEPTH_MAX: u8 = 16;

    /// One member alone.
    #[must_use]
    pub const fn of(member: NodeId) -> Self {
        Self {
            bits: member.place().0,
            depth: Self::DEPTH_MAX,
        }
    }

    /// `true` if the range holds more than one place.
    #[must_use]
    pub const fn can_split(self) -> bool {
        self.depth < Self::DEPTH_MAX
    }

    /// The part `index` of 16, or `None` if the range is a single place.
    #[must_use]
    pub(crate) fn part(self, index: u32) -> Option<Self> {
        if !self.can_split() {
            return None;
        }
        let shift = self.width().saturating_sub(4);
        let nibble = u64::from(index % RADIX).checked_shl(shift).unwrap_or(0);
        Some(Self {
            bits: self.bits | nibble,
            depth: self.depth.saturating_add(1),
        })
    }

    /// `true` if `place` lies in the range.
    #[must_use]
    pub(crate) fn contains(self, place: Place) -> bool {
        self.first() <= place && place <= self.last()
    }

    /// The lowest place of the range.
    pub(crate) const fn first(self) -> Place {
        Place(self.bits)
    }

    /// The highest place of the range.
    pub(crate) fn last(self) -> Place {
        let below = 1u64
            .checked_shl(self.width())
            .map_or(u64::MAX, |bit| bit.wrapping_sub(1));
        Place(self.bits | below)
    }

    /// How many bits are free.
    const fn width(self) -> u32 {
        64u32.saturating_sub((self.depth as u32).saturating_mul(4))
    }
}

/// The wire form: the depth, and the nibbles as a right-aligned number.
impl From<Prefix> for (u8, u64) {
    fn from(prefix: Prefix) -> Self {
        (
            prefix.depth,
            prefix.bits.checked_shr(prefix.width()).unwrap_or(0),
        )
    }
}

impl TryFrom<(u8, u64)> for Prefix {
    type Error = OutOfRange;

    fn try_from((depth, number): (u8, u64)) -> Result<Self, OutOfRange> {
        if depth > Self::DEPTH_MAX {
            return Err(OutOfRange);
        }
        let width = Self { bits: 0, depth }.width();
        let bits = number.checked_shl(width).unwrap_or(0);
        if bits.checked_shr(width).unwrap_or(0) == number {
            Ok(Self { bits, depth })
        } else {
            Err(OutOfRange)
        }
    }
}
