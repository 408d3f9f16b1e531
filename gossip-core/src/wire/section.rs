//! The sections a datagram is made of.

use core::marker::PhantomData;

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::entries::delta::{Claim, Listed};
use crate::error::DatagramError;
use crate::id::{Generation, Incarnation, Life, NodeId, Version};
use crate::table::Prefix;

/// Declares the kinds with their numbers and names, so that each stands once. The number is the high
/// nibble of a section's head; 0 and 15 are kept for later versions.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $number:literal $text:literal,)*) => {
        /// What a section is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Kind { $($(#[$doc])* $name = $number,)* }

        impl Kind {
            /// One more than the largest number.
            pub const COUNT: usize = 16;
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// A short name for display.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The kind in the high nibble of `head`, if this build knows it.
            pub(super) const fn from_nibble(head: u8) -> Option<Self> {
                match head >> 4 { $($number => Some(Self::$name),)* _ => None }
            }
        }
    };
}

kinds! {
    /// "Are you there?"
    Ping = 1 "ping",
    /// "I am", or "it is" from a relay.
    Ack = 2 "ack",
    /// "Ask it for me" (SWIM's indirect probe).
    PingReq = 3 "ping-req",
    /// "This is the address I see you at."
    You = 4 "you",
    /// Rows of the table of members.
    Rows = 5 "rows",
    /// Members under suspicion.
    Suspects = 6 "suspects",
    /// The fingerprint of everything.
    Root = 7 "root",
    /// "My fingerprint is the same."
    Same = 8 "same",
    /// Fingerprints of parts of a range.
    Ranges = 9 "ranges",
    /// All rows of a range, each in short.
    Listing = 10 "listing",
    /// Owners of which the sender holds this much.
    Hints = 11 "hints",
    /// "Tell me what I lack of these owners."
    Pull = 12 "pull",
    /// "To that pull I have nothing more to say."
    Answered = 13 "answered",
    /// Entries of one owner: a claim of complete coverage.
    Claim = 14 "claim",
}

impl Kind {
    pub(super) const fn nibble(self) -> u8 {
        (self as u8) << 4
    }
}

/// A row's liveness as it travels: with the seconds until it is forgotten, where it is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// Alive.
    Alive,
    /// Dead, to be forgotten in so many seconds.
    Dead(u16),
    /// Departed, to be forgotten in so many seconds.
    Left(u16),
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
    /// Of the pull that this answers.
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

/// An entry in a claim: `back` is the distance from the claim's end, doubled, plus one for a
/// tombstone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimItem<'a> {
    back: u32,
    key: &'a str,
    value: &'a [u8],
}

impl<'a> ClaimItem<'a> {
    /// The short form of `entry` in a claim that ends at `b`.
    #[must_use]
    pub fn new(b: Version, entry: Listed<'a>) -> Self {
        let back = b.beyond(entry.version) << 1;
        match entry.value {
            Some(value) => Self {
                back,
                key: entry.key,
                value,
            },
            None => Self {
                back: back | 1,
                key: entry.key,
                value: &[],
            },
        }
    }

    /// The entry in a claim that ends at `b`.
    #[must_use]
    pub fn listed(&self, b: Version) -> Option<Listed<'a>> {
        let version = Version::new(b.get().checked_sub(self.back >> 1)?)?;
        let tombstone = self.back & 1 == 1;
        if self.key.is_empty() || (tombstone && !self.value.is_empty()) {
            return None;
        }
        Some(Listed {
            key: self.key,
            version,
            value: (!tombstone).then_some(self.value),
        })
    }
}

/// Items one after the other to the end of a section, decoded as they are walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Items<'a, T> {
    bytes: &'a [u8],
    item: PhantomData<T>,
}

impl<'a, T: Deserialize<'a>> Items<'a, T> {
    fn new(bytes: &'a [u8]) -> Self {
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
    fn check(
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

/// A section, decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section<'a, A> {
    /// [`Kind::Ping`] with the token to give back.
    Ping(u16),
    /// [`Kind::Ack`] with the ping's token.
    Ack(u16),
    /// [`Kind::PingReq`] with the token to give back, and whom to ask.
    PingReq(u16, NodeId),
    /// [`Kind::You`].
    You(A),
    /// [`Kind::Rows`].
    Rows(Items<'a, Row<A>>),
    /// [`Kind::Suspects`].
    Suspects(Items<'a, Suspect>),
    /// [`Kind::Root`].
    Root(u64),
    /// [`Kind::Same`].
    Same,
    /// [`Kind::Ranges`].
    Ranges(RangesHead, Items<'a, Sum32>),
    /// [`Kind::Listing`].
    Listing(ListingHead, Items<'a, Summary>),
    /// [`Kind::Hints`].
    Hints(Items<'a, Hint>),
    /// [`Kind::Pull`] with the token to give back.
    Pull(u8, Items<'a, PullItem>),
    /// [`Kind::Answered`] with the pull's token.
    Answered(u8),
    /// [`Kind::Claim`].
    Claim(ClaimHead, Claim, Items<'a, ClaimItem<'a>>),
}

impl<'a, A: Address> Section<'a, A> {
    /// Decodes a section's body as far as its list, if it has one.
    pub(super) fn decode(kind: Kind, body: &'a [u8]) -> Result<Self, DatagramError> {
        Ok(match kind {
            Kind::Ping => Self::Ping(whole(body)?),
            Kind::Ack => Self::Ack(whole(body)?),
            Kind::PingReq => {
                let (token, target) = whole(body)?;
                Self::PingReq(token, target)
            }
            Kind::You => Self::You(whole(body)?),
            Kind::Rows => Self::Rows(Items::new(body)),
            Kind::Suspects => Self::Suspects(Items::new(body)),
            Kind::Root => Self::Root(u64::from_le_bytes(whole(body)?)),
            Kind::Same => {
                whole::<()>(body)?;
                Self::Same
            }
            Kind::Ranges => {
                let (head, rest) = front(body)?;
                Self::Ranges(head, Items::new(rest))
            }
            Kind::Listing => {
                let (head, rest) = front(body)?;
                Self::Listing(head, Items::new(rest))
            }
            Kind::Hints => Self::Hints(Items::new(body)),
            Kind::Pull => {
                let (token, rest) = front(body)?;
                Self::Pull(token, Items::new(rest))
            }
            Kind::Answered => Self::Answered(whole(body)?),
            Kind::Claim => {
                let (head, rest) = front::<ClaimHead>(body)?;
                let claim = head.claim().ok_or(DatagramError::Impossible)?;
                Self::Claim(head, claim, Items::new(rest))
            }
        })
    }

    /// Decodes every item and checks that an honest sender can have sent it.
    pub(super) fn validate(&self, largest_id: NodeId) -> Result<(), DatagramError> {
        let known = |id: NodeId| known(id, largest_id);
        match self {
            Self::PingReq(_, target) => known(*target),
            Self::Rows(rows) => rows.check(|row| known(row.id)),
            Self::Suspects(suspects) => suspects.check(|suspect| known(suspect.id)),
            Self::Ranges(head, sums) => validate_ranges(head, sums),
            Self::Listing(head, items) => validate_listing(head, items, largest_id),
            Self::Hints(hints) => hints.check(|hint| known(hint.id)),
            Self::Pull(_, items) => items.check(|item| known(item.owner)),
            Self::Claim(head, claim, items) => {
                known(head.owner)?;
                items.check(|item| {
                    let inside = item
                        .listed(claim.b)
                        .is_some_and(|entry| entry.version > claim.a);
                    possible(inside)
                })
            }
            _ => Ok(()),
        }
    }
}

fn validate_ranges(head: &RangesHead, sums: &Items<'_, Sum32>) -> Result<(), DatagramError> {
    let mask = u16::from_le_bytes(head.mask);
    let mut count = 0u32;
    sums.check(|_| {
        count = count.saturating_add(1);
        Ok(())
    })?;
    possible(count == mask.count_ones() && mask != 0 && head.prefix.can_split())
}

fn validate_listing(
    head: &ListingHead,
    items: &Items<'_, Summary>,
    largest_id: NodeId,
) -> Result<(), DatagramError> {
    let mut last = None;
    items.check(|item| {
        known(item.id, largest_id)?;
        let place = item.id.place();
        let rising = last.is_none_or(|last| last < place);
        last = Some(place);
        possible(rising && head.prefix.contains(place))
    })
}

fn known(id: NodeId, largest_id: NodeId) -> Result<(), DatagramError> {
    if id <= largest_id {
        Ok(())
    } else {
        Err(DatagramError::IdTooLarge)
    }
}

fn possible(holds: bool) -> Result<(), DatagramError> {
    if holds {
        Ok(())
    } else {
        Err(DatagramError::Impossible)
    }
}

/// Decodes `body` to its last byte.
fn whole<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, DatagramError> {
    match front(body)? {
        (value, []) => Ok(value),
        _ => Err(DatagramError::Malformed),
    }
}

fn front<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<(T, &'a [u8]), DatagramError> {
    postcard::take_from_bytes(body).map_err(|_| DatagramError::Malformed)
}
