//! What the short forms of a claim hold: stretches of version numbers, and hashes of intervals.

use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::items::{ClaimHead, Items};
use crate::entries::Stretch;
use crate::entries::delta::Claim;
use crate::id::{Life, NodeId, Version};

/// What stands before the hashes of a claim that is told interval by interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HashesHead {
    /// Of the pull that this answers.
    pub token: u8,
    /// The owner.
    pub owner: NodeId,
    /// The owner's life.
    pub life: Life,
    /// [`Claim::a`] of the first interval.
    pub a: Version,
    /// `held` minus the end of the last interval.
    pub more: Version,
    /// [`Claim::gc`].
    pub gc: Version,
    /// `as_of - held`.
    pub ahead: Version,
}

/// One interval of versions, which begins where the one before it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HashItem {
    /// How many versions it spans.
    pub length: Version,
    /// The [hash](crate::entries::accelerate::hash) of the versions of its values, little-endian.
    pub hash: [u8; 8],
}

impl HashesHead {
    /// How many intervals one section may have.
    pub const INTERVALS_MAX: usize = 16;

    /// The head for a claim that spans all intervals.
    #[must_use]
    pub fn new(token: u8, owner: NodeId, life: Life, whole: &Claim) -> Self {
        let ClaimHead { more, ahead, .. } = ClaimHead::new(token, owner, life, whole);
        Self {
            token,
            owner,
            life,
            a: whole.a,
            more,
            gc: whole.gc,
            ahead,
        }
    }

    /// The claim that spans all intervals, or `None` if no honest sender makes it.
    #[must_use]
    pub fn whole(&self, items: &Items<'_, HashItem>) -> Option<Claim> {
        let mut b = self.a;
        for item in items.iter() {
            b = b.plus(item.length.get())?;
        }
        ClaimHead {
            token: self.token,
            owner: self.owner,
            life: self.life,
            a: self.a,
            length: Version::new(b.beyond(self.a))?,
            more: self.more,
            gc: self.gc,
            ahead: self.ahead,
        }
        .claim()
    }
}

/// A first byte above this says what follows in its other seven bits.
const BITS_MAX: u8 = 0x7f;
/// The second bit of a first byte: a run, else a gap.
const RUN: u8 = 0x40;
/// The lower six bits that say that the rest of the length follows.
const LONG: u8 = 0x3f;

/// A first byte, and the rest of the length if it is long.
fn split(stretch: Stretch) -> (u8, Option<u32>) {
    let (flag, length) = match stretch {
        Stretch::Bits(bits) => return (bits & BITS_MAX, None),
        Stretch::Gap(length) => (!BITS_MAX, length),
        Stretch::Run(length) => (!BITS_MAX | RUN, length),
    };
    match length.checked_sub(u32::from(LONG)) {
        Some(rest) => (flag | LONG, Some(rest)),
        None => (flag | length as u8, None),
    }
}

impl Serialize for Stretch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (first, rest) = split(*self);
        let mut tuple = serializer.serialize_tuple(2)?;
        tuple.serialize_element(&first)?;
        if let Some(rest) = rest {
            tuple.serialize_element(&rest)?;
        }
        tuple.end()
    }
}

impl<'de> Deserialize<'de> for Stretch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_tuple(2, StretchVisitor)
    }
}

struct StretchVisitor;

impl<'de> Visitor<'de> for StretchVisitor {
    type Value = Stretch;

    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("a stretch of version numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Stretch, A::Error> {
        let missing =
            || A::Error::invalid_length(0, &"a first byte, and the rest of a long length");
        let first: u8 = seq.next_element()?.ok_or_else(missing)?;
        if first <= BITS_MAX {
            return Ok(Stretch::Bits(first));
        }
        let mut length = u32::from(first & LONG);
        if first & LONG == LONG {
            let rest: u32 = seq.next_element()?.ok_or_else(missing)?;
            length = length.saturating_add(rest);
        }
        Ok(if first & RUN == 0 {
            Stretch::Gap(length)
        } else {
            Stretch::Run(length)
        })
    }
}
