//! Stretches of version numbers, which the short form of a claim holds.

use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::entries::Stretch;

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
