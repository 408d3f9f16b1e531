//! What is said of entries: how much is held, what is asked for, and claims.

use serde::{Deserialize, Serialize};

use super::body::{Body, Item, Items, front, headed, known, possible, whole, whole_bodies};
use super::claim_item::ClaimItem;
use super::limits::{COUNTER, LIFE, varint};
use crate::entries::Stretch;
use crate::entries::delta::{Claim, Progress};
use crate::error::DatagramError;
use crate::id::{Life, NodeId, Version};
use crate::time::Instant;

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

whole_bodies! { (Rate,) }

impl Item for Hint {
    fn id(&self) -> NodeId {
        self.id
    }
}

impl Item for PullItem {
    fn id(&self) -> NodeId {
        self.owner
    }
}

impl<'a> Body<'a> for (Receipt,) {
    fn read(body: &'a [u8]) -> Result<Self, DatagramError> {
        whole(body)
    }

    fn check(&self, largest_id: NodeId) -> Result<(), DatagramError> {
        known(self.0.owner, largest_id)
    }
}

/// A claim, with all its entries.
impl<'a> Body<'a> for (ClaimHead, Claim, Items<'a, ClaimItem<'a>>) {
    fn read(body: &'a [u8]) -> Result<Self, DatagramError> {
        let (head, rest) = front(body)?;
        Ok((head, claim_of(&head)?, Items::new(rest)))
    }

    fn check(&self, largest_id: NodeId) -> Result<(), DatagramError> {
        let (head, claim, items) = self;
        known(head.owner, largest_id)?;
        items.check(|item| {
            let entry = item.listed(Instant::ZERO, claim.b);
            possible(entry.is_some_and(|entry| entry.version > claim.a))
        })
    }
}

/// A claim told by version numbers.
impl<'a> Body<'a> for (ClaimHead, Claim, Items<'a, Stretch>) {
    fn read(body: &'a [u8]) -> Result<Self, DatagramError> {
        let (head, rest) = front(body)?;
        Ok((head, claim_of(&head)?, Items::new(rest)))
    }

    fn check(&self, largest_id: NodeId) -> Result<(), DatagramError> {
        let (head, claim, stretches) = self;
        known(head.owner, largest_id)?;
        let mut told = Some(claim.a);
        stretches.check(|stretch| {
            let last = told.and_then(|told: Version| told.plus(stretch.ends().1));
            told = told.and_then(|told| told.plus(stretch.len()));
            possible(!stretch.is_empty() && last.is_some_and(|last| last <= claim.b))
        })
    }
}

/// A claim told by a hash.
impl<'a> Body<'a> for (ClaimHead, Claim, u64) {
    fn read(body: &'a [u8]) -> Result<Self, DatagramError> {
        let (head, hash): (ClaimHead, [u8; 8]) = whole(body)?;
        Ok((head, claim_of(&head)?, u64::from_le_bytes(hash)))
    }

    fn check(&self, largest_id: NodeId) -> Result<(), DatagramError> {
        known(self.0.owner, largest_id)
    }
}

/// What is left of earlier lives of the receiver, for this one of its lives.
impl<'a> Body<'a> for (Life, Items<'a, ClaimItem<'a>>) {
    fn read(body: &'a [u8]) -> Result<Self, DatagramError> {
        headed(body)
    }

    fn check(&self, _largest_id: NodeId) -> Result<(), DatagramError> {
        self.1.check(|item| {
            let entry = item.listed(Instant::ZERO, Version::BIRTH);
            possible(entry.is_some_and(|entry| entry.version == Version::BIRTH))
        })
    }
}

fn claim_of(head: &ClaimHead) -> Result<Claim, DatagramError> {
    head.claim().ok_or(DatagramError::Impossible)
}

/// The longest claim before its first entry: token, owner, life, and five versions.
#[must_use]
pub const fn claim_head(largest_id: NodeId) -> usize {
    1usize
        .saturating_add(varint(largest_id.get()))
        .saturating_add(LIFE)
        .saturating_add(COUNTER.saturating_mul(5))
}

/// The most bytes that a claim from `a` by a replica at `progress` takes before its first entry.
#[must_use]
pub(crate) fn claim_head_of(owner: NodeId, a: Version, progress: &Progress) -> usize {
    let lengths = [
        owner.get(),
        u64::from(a.get()),
        u64::from(progress.held.beyond(a)),
        u64::from(progress.held.beyond(a)),
        u64::from(progress.gc.get()),
        u64::from(progress.as_of.beyond(progress.held)),
    ];
    lengths.into_iter().fold(LIFE.saturating_add(1), |sum, n| {
        sum.saturating_add(varint(n))
    })
}

/// How many bytes a stretch takes in a claim that is told by version numbers.
#[must_use]
pub const fn stretch(stretch: Stretch) -> usize {
    const SHORT: u32 = 63;
    match stretch {
        Stretch::Bits(_) => 1,
        Stretch::Gap(length) | Stretch::Run(length) if length < SHORT => 1,
        Stretch::Gap(length) | Stretch::Run(length) => {
            varint(length.saturating_sub(SHORT) as u64).saturating_add(1)
        }
    }
}
