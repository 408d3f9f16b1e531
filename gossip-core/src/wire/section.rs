//! The sections a datagram is made of.

use serde::Deserialize;

use super::claim_item::ClaimItem;
use super::items::{
    ClaimHead, CompareHead, Hint, Items, ListingHead, PullItem, RangesHead, Rate, Receipt, Row,
    Sum32, Summary, Suspect,
};
use super::kind::{Kind, Used};
use super::precise::PreciseItem;
use super::singles::{self, AskHead, SinglesHead};
use super::terms::Terms;
use crate::address::Address;
use crate::entries::Stretch;
use crate::entries::delta::Claim;
use crate::error::DatagramError;
use crate::exchange::Direction;
use crate::id::{Life, NodeId, Version};
use crate::time::Instant;

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
    /// [`Kind::Root`], and the way of the exchange that it begins.
    Root(u64, Direction),
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
    /// [`Kind::Versions`].
    Versions(ClaimHead, Claim, Items<'a, Stretch>),
    /// [`Kind::Singles`].
    Singles(SinglesHead, Items<'a, ClaimItem<'a>>),
    /// [`Kind::Rate`].
    Rate(Rate),
    /// [`Kind::Precise`] with the token to give back.
    Precise(u8, Items<'a, PreciseItem>),
    /// [`Kind::Known`] with the hash.
    Known(ClaimHead, Claim, u64),
    /// [`Kind::Receipt`].
    Receipt(Receipt),
    /// [`Kind::Ask`] with the key.
    Ask(AskHead, &'a str),
    /// [`Kind::Compare`].
    Compare(CompareHead),
    /// [`Kind::Equal`] with the token of the comparison.
    Equal(u16),
    /// [`Kind::Newborn`] with the sender's row.
    Newborn(Row<A>),
    /// [`Kind::Nack`] with the ping-req's token, and who may get through.
    Nack(u16, Option<NodeId>),
    /// [`Kind::Terms`].
    Terms(Terms),
    /// [`Kind::Returned`] with the name of the receiver's life.
    Returned(Life, Items<'a, ClaimItem<'a>>),
}

impl<'a, A: Address> Section<'a, A> {
    /// Decodes the body of a section of which use is made, as far as its list, if it has one.
    pub(super) fn decode<U: Used>(kind: Kind, body: &'a [u8]) -> Result<Self, DatagramError> {
        Ok(match kind {
            Kind::Ping => Self::Ping(whole(body)?),
            Kind::Ack => Self::Ack(whole(body)?),
            Kind::Nack => {
                let (token, helper) = whole(body)?;
                Self::Nack(token, helper)
            }
            Kind::PingReq => {
                let (token, target) = whole(body)?;
                Self::PingReq(token, target)
            }
            Kind::You => Self::You(whole(body)?),
            Kind::Rows => Self::Rows(Items::new(body)),
            Kind::Newborn => Self::Newborn(whole(body)?),
            Kind::Suspects => Self::Suspects(Items::new(body)),
            Kind::Root => {
                let (root, rest) = front::<[u8; 8]>(body)?;
                Self::Root(u64::from_le_bytes(root), direction(rest)?)
            }
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
            Kind::Terms => Self::Terms(whole(body)?),
            Kind::Returned if U::uses(Kind::Returned) => {
                let (life, rest) = front(body)?;
                Self::Returned(life, Items::new(rest))
            }
            Kind::Returned => return Err(DatagramError::Malformed),
            Kind::Receipt | Kind::Ask | Kind::Compare | Kind::Equal => {
                Self::decode_request::<U>(kind, body)?
            }
            _ if U::uses(Kind::Claim) => Self::decode_entries(kind, body)?,
            _ => return Err(DatagramError::Malformed),
        })
    }

    /// Decodes a section that has to do with mail, syncs or reads.
    fn decode_request<U: Used>(kind: Kind, body: &'a [u8]) -> Result<Self, DatagramError> {
        Ok(match kind {
            Kind::Receipt if U::uses(Kind::Receipt) => Self::Receipt(whole(body)?),
            Kind::Ask if U::uses(Kind::Ask) => {
                let (head, key) = whole(body)?;
                Self::Ask(head, key)
            }
            Kind::Compare if U::uses(Kind::Compare) => Self::Compare(whole(body)?),
            Kind::Equal if U::uses(Kind::Equal) => Self::Equal(whole(body)?),
            _ => return Err(DatagramError::Malformed),
        })
    }

    /// Decodes a section that tells entries, or of entries.
    fn decode_entries(kind: Kind, body: &'a [u8]) -> Result<Self, DatagramError> {
        Ok(match kind {
            Kind::Hints => Self::Hints(Items::new(body)),
            Kind::Pull => {
                let (token, rest) = front(body)?;
                Self::Pull(token, Items::new(rest))
            }
            Kind::Precise => {
                let (token, rest) = front(body)?;
                Self::Precise(token, Items::new(rest))
            }
            Kind::Answered => Self::Answered(whole(body)?),
            Kind::Rate => Self::Rate(whole(body)?),
            Kind::Versions => {
                let (head, rest) = front::<ClaimHead>(body)?;
                let claim = head.claim().ok_or(DatagramError::Impossible)?;
                Self::Versions(head, claim, Items::new(rest))
            }
            Kind::Singles => {
                let (head, rest) = front(body)?;
                Self::Singles(head, Items::new(rest))
            }
            Kind::Known => {
                let (head, hash): (ClaimHead, [u8; 8]) = whole(body)?;
                let claim = head.claim().ok_or(DatagramError::Impossible)?;
                Self::Known(head, claim, u64::from_le_bytes(hash))
            }
            _ => {
                let (head, rest) = front::<ClaimHead>(body)?;
                let claim = head.claim().ok_or(DatagramError::Impossible)?;
                Self::Claim(head, claim, Items::new(rest))
            }
        })
    }

    /// Decodes every item and checks that an honest sender can have sent it.
    pub(super) fn validate<U: Used>(&self, largest_id: NodeId) -> Result<(), DatagramError> {
        let known = |id: NodeId| known(id, largest_id);
        match self {
            Self::PingReq(_, target) | Self::Nack(_, Some(target)) => known(*target),
            Self::Receipt(receipt) => known(receipt.owner),
            Self::Ask(head, key) => {
                known(head.owner)?;
                possible(head.token != 0 && !key.is_empty())
            }
            Self::Rows(rows) => rows.check(|row| known(row.id)),
            Self::Newborn(row) => known(row.id),
            Self::Suspects(suspects) => suspects.check(|suspect| known(suspect.id)),
            Self::Ranges(head, sums) => validate_ranges(head, sums),
            Self::Listing(head, items) => validate_listing(head, items, largest_id),
            _ if U::uses(Kind::Claim) => self.validate_entries(largest_id),
            _ => Ok(()),
        }
    }

    /// The same for what tells entries, asks for them, or speaks of them.
    fn validate_entries(&self, largest_id: NodeId) -> Result<(), DatagramError> {
        let known = |id: NodeId| known(id, largest_id);
        match self {
            Self::Hints(hints) => hints.check(|hint| known(hint.id)),
            Self::Pull(_, items) => items.check(|item| known(item.owner)),
            Self::Claim(head, claim, items) => {
                known(head.owner)?;
                items.check(|item| {
                    let inside = item
                        .listed(Instant::ZERO, claim.b)
                        .is_some_and(|entry| entry.version > claim.a);
                    possible(inside)
                })
            }
            Self::Versions(head, claim, stretches) => {
                known(head.owner)?;
                validate_versions(claim, stretches)
            }
            Self::Precise(_, items) => items.check(|item| known(item.owner)),
            Self::Known(head, ..) => known(head.owner),
            Self::Singles(head, items) => {
                known(head.owner)?;
                singles::validate(head, items)
            }
            Self::Returned(_, items) => items.check(|item| {
                let entry = item.listed(Instant::ZERO, Version::BIRTH);
                possible(entry.is_some_and(|entry| entry.version == Version::BIRTH))
            }),
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

fn validate_versions(claim: &Claim, stretches: &Items<'_, Stretch>) -> Result<(), DatagramError> {
    let mut told = Some(claim.a);
    stretches.check(|stretch| {
        let last = told.and_then(|told: Version| told.plus(stretch.ends().1));
        told = told.and_then(|told| told.plus(stretch.len()));
        possible(!stretch.is_empty() && last.is_some_and(|last| last <= claim.b))
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

/// The byte after a fingerprint, if there is one.
fn direction(rest: &[u8]) -> Result<Direction, DatagramError> {
    match rest {
        [] => Ok(Direction::Both),
        [number] => Direction::from_number(*number).ok_or(DatagramError::Malformed),
        _ => Err(DatagramError::Malformed),
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
