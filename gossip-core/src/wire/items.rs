//! What sections hold: their heads, and the items of their lists.

use core::marker::PhantomData;

use serde::{Deserialize, Serialize};

use crate::entries::delta::Claim;
use crate::error::DatagramError;
use crate::id::{Generation, Incarnation, Life, NodeId, Version};
use crate::table::Prefix;

/// A row's liveness as it travels: with the seconds until it is forgotten, where it is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// Alive.
    Alive,
    /// Dead, to be forgotten in so many seconds.
    Dead(u16),
    /// Departed, to be forgotten in so many seconds.
    Left(u16),
    /// Alive, and slow to answer by its own word.
    Slow,
}

/// One row of the table of members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row<A> {
    /// The member.
    pub id: NodeId,
    /// Its life.
    pub generation: Generation,
    /// Its refutation counter.
    pub incarnation: Incarnation,
    /// Its liveness.
    pub standing: Standing,
    /// The address it asserts.
    pub address: Option<A>,
    /// How far the sender holds its entries.
    pub held: Version,
}

/// A suspicion of a member, in one life and incarnation of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspect {
    /// The member.
    pub id: NodeId,
    /// The life suspected.
    pub generation: Generation,
    /// The incarnation suspected.
    pub incarnation: Incarnation,
}

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

/// "I hold this owner's entries up to here."
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// The owner.
    pub id: NodeId,
    /// How far the sender holds its entries.
    pub held: Version,
}

/// "Of this life of this owner I hold this much: tell me more."
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullItem {
    /// The owner.
    pub owner: NodeId,
    /// The life known to the asker.
    pub life: Life,
    /// Its [`Digest::held`](crate::entries::delta::Digest::held).
    pub held: Version,
    /// Its [`Digest::recover`](crate::entries::delta::Digest::recover).
    pub recover: Option<(Version, Version)>,
}

/// A rate of writes, shared with the partner of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rate {
    /// Writes in 1000 seconds that the sender lets out.
    pub allowed: u32,
    /// Writes in 1000 seconds that its application made of late.
    pub wanted: u32,
    /// `true` if this answers another, so that it is not answered again.
    pub is_answer: bool,
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

/// What stands before a claim's entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimHead {
    /// Of the pull that this answers; 0 for mail, which nobody pulled.
    pub token: u8,
    /// The owner.
    pub owner: NodeId,
    /// The owner's life.
    pub life: Life,
    /// [`Claim::a`].
    pub a: Version,
    /// `b - a`.
    pub length: Version,
    /// `held - b`.
    pub more: Version,
    /// [`Claim::gc`].
    pub gc: Version,
    /// `as_of - held`.
    pub ahead: Version,
}

impl ClaimHead {
    /// A claim's bounds in their short form.
    #[must_use]
    pub fn new(token: u8, owner: NodeId, life: Life, claim: &Claim) -> Self {
        let between =
            |low: Version, high: Version| Version::new(high.beyond(low)).unwrap_or(Version::MAX);
        Self {
            token,
            owner,
            life,
            a: claim.a,
            length: between(claim.a, claim.b),
            more: between(claim.b, claim.held),
            gc: claim.gc,
            ahead: between(claim.held, claim.as_of),
        }
    }

    /// The claim's bounds, or `None` if no honest sender makes them.
    #[must_use]
    pub fn claim(&self) -> Option<Claim> {
        let b = self.a.plus(self.length.get())?;
        let held = b.plus(self.more.get())?;
        let as_of = held.plus(self.ahead.get())?;
        let claim = Claim {
            a: self.a,
            b,
            held,
            gc: self.gc,
            as_of,
        };
        claim.is_plausible().then_some(claim)
    }
}

/// "I have your mail: of this life's entries everything up to here, or what of it I can take."
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The owner.
    pub owner: NodeId,
    /// The owner's life.
    pub life: Life,
    /// The end of the claim that came.
    pub version: Version,
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

/// Items one after the other to the end of a section, decoded as they are walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Items<'a, T> {
    bytes: &'a [u8],
    item: PhantomData<T>,
}

impl<'a, T: Deserialize<'a>> Items<'a, T> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            item: PhantomData,
        }
    }

    /// The items in order.
    pub fn iter(&self) -> impl Iterator<Item = T> + Clone + use<'a, T> {
        Walk {
            bytes: self.bytes,
            item: PhantomData,
        }
    }

    /// Decodes to the end, checking each item.
    pub(super) fn check(
        &self,
        mut each: impl FnMut(T) -> Result<(), DatagramError>,
    ) -> Result<(), DatagramError> {
        let mut rest = self.bytes;
        while !rest.is_empty() {
            let (item, after) =
                postcard::take_from_bytes::<T>(rest).map_err(|_| DatagramError::Malformed)?;
            if after.len() >= rest.len() {
                return Err(DatagramError::Malformed);
            }
            each(item)?;
            rest = after;
        }
        Ok(())
    }
}

struct Walk<'a, T> {
    bytes: &'a [u8],
    item: PhantomData<T>,
}

impl<T> Clone for Walk<'_, T> {
    fn clone(&self) -> Self {
        Self {
            bytes: self.bytes,
            item: PhantomData,
        }
    }
}

impl<'a, T: Deserialize<'a>> Iterator for Walk<'a, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let (item, rest) = postcard::take_from_bytes::<T>(self.bytes).ok()?;
        if rest.len() >= self.bytes.len() {
            return None;
        }
        self.bytes = rest;
        Some(item)
    }
}
