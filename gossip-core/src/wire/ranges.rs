//! What a comparison says: fingerprints of ranges, and their rows in short.

use serde::{Deserialize, Serialize};

use super::body::{Body, Items, front, headed, known, possible, whole_bodies};
use crate::error::DatagramError;
use crate::exchange::Direction;
use crate::id::{NodeId, Version};
use crate::table::Prefix;

/// A range's fingerprint, shortened with the section's salt.
pub type Sum32 = [u8; 4];

/// One row of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The member.
    pub id: NodeId,
    /// A hash of its facts, shortened with the section's salt.
    pub facts: [u8; 2],
    /// How far the sender holds its entries.
    pub held: Version,
}

/// What stands before a listing's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingHead {
    /// What shortens the hashes.
    pub salt: u8,
    /// `true` if this answers a listing, so that it is not answered again.
    pub reply: bool,
    /// The range listed.
    pub prefix: Prefix,
}

/// What stands before a range's fingerprints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RangesHead {
    /// What shortens the fingerprints.
    pub salt: u8,
    /// The range.
    pub prefix: Prefix,
    /// Which of its 16 parts follow.
    pub mask: [u8; 2],
}

/// "This is my fingerprint of the range: is yours the same?"
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompareHead {
    /// To give back.
    pub token: u16,
    /// The range.
    pub prefix: Prefix,
    /// Its fingerprint, little-endian.
    pub sum: [u8; 8],
}

whole_bodies! { (CompareHead,) }

/// The fingerprint of everything, and after it the way of the exchange that it begins, if that is not both.
impl<'a> Body<'a> for (u64, Direction) {
    fn read(body: &'a [u8]) -> Result<Self, DatagramError> {
        let (root, rest) = front::<[u8; 8]>(body)?;
        let direction = match rest {
            [] => Direction::Both,
            [number] => Direction::from_number(*number).ok_or(DatagramError::Malformed)?,
            _ => return Err(DatagramError::Malformed),
        };
        Ok((u64::from_le_bytes(root), direction))
    }
}

impl<'a> Body<'a> for (RangesHead, Items<'a, Sum32>) {
    fn read(body: &'a [u8]) -> Result<Self, DatagramError> {
        headed(body)
    }

    fn check(&self, _largest_id: NodeId) -> Result<(), DatagramError> {
        let (head, sums) = self;
        let mask = u16::from_le_bytes(head.mask);
        let mut count = 0u32;
        sums.check(|_| {
            count = count.saturating_add(1);
            Ok(())
        })?;
        possible(count == mask.count_ones() && mask != 0 && head.prefix.can_split())
    }
}

/// No row stands twice, and none outside the range.
impl<'a> Body<'a> for (ListingHead, Items<'a, Summary>) {
    fn read(body: &'a [u8]) -> Result<Self, DatagramError> {
        headed(body)
    }

    fn check(&self, largest_id: NodeId) -> Result<(), DatagramError> {
        let (head, items) = self;
        let mut last = None;
        items.check(|item| {
            known(item.id, largest_id)?;
            let place = item.id.place();
            let rising = last.is_none_or(|last| last < place);
            last = Some(place);
            possible(rising && head.prefix.contains(place))
        })
    }
}
