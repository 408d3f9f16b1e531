//! An entry as it travels in a claim.

use core::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::limits;
use crate::entries::delta::Listed;
use crate::id::Version;
use crate::time::Instant;

/// An entry in a claim: `back` is the distance from the claim's end, doubled, plus one if the value has
/// an end. Then `left` says how far off that is, in steps of [`limits::LEASE_STEP`]; zero is a
/// tombstone, which has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimItem<'a> {
    back: u32,
    key: &'a str,
    left: u32,
    value: &'a [u8],
}

impl<'a> ClaimItem<'a> {
    /// The short form of `entry` in a claim that ends at `b`, written at `now`. What is left of a lease
    /// is rounded down; a value that has less than a step left is told as a tombstone.
    #[must_use]
    pub fn new(now: Instant, b: Version, entry: Listed<'a>) -> Self {
        let left = entry.expires.map(|at| limits::lease_steps(at.since(now)));
        let (ends, left, value) = match (entry.value, left) {
            (Some(value), None) => (0, 0, value),
            (Some(value), Some(left)) if left > 0 => (1, left, value),
            _ => (1, 0, [].as_slice()),
        };
        Self {
            back: b.beyond(entry.version) << 1 | ends,
            key: entry.key,
            left,
            value,
        }
    }

    /// The entry in a claim that ends at `b`, received at `now`; `None` if no honest sender makes it.
    #[must_use]
    pub fn listed(&self, now: Instant, b: Version) -> Option<Listed<'a>> {
        let version = Version::new(b.get().checked_sub(self.back >> 1)?)?;
        let expires = limits::lease_of(self.left)?;
        if self.key.is_empty() {
            return None;
        }
        let lives = !self.ends() || self.left > 0;
        Some(Listed {
            key: self.key,
            version,
            value: lives.then_some(self.value),
            expires: (self.left > 0).then(|| now.after(expires)),
        })
    }

    fn ends(&self) -> bool {
        self.back & 1 == 1
    }
}

impl Serialize for ClaimItem<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            back,
            key,
            left,
            value,
        } = self;
        match (self.ends(), left) {
            (false, _) => (back, key, value).serialize(serializer),
            (true, 0) => (back, key, left).serialize(serializer),
            (true, _) => (back, key, left, value).serialize(serializer),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for ClaimItem<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const FIELDS_MAX: usize = 4;
        deserializer.deserialize_tuple(FIELDS_MAX, Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = ClaimItem<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an entry of a claim")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut fields: S) -> Result<Self::Value, S::Error> {
        let mut item = ClaimItem {
            back: next(&mut fields)?,
            key: next(&mut fields)?,
            left: 0,
            value: &[],
        };
        if item.ends() {
            item.left = next(&mut fields)?;
        }
        if !item.ends() || item.left > 0 {
            item.value = next(&mut fields)?;
        }
        Ok(item)
    }
}

fn next<'de, T: Deserialize<'de>, S: SeqAccess<'de>>(fields: &mut S) -> Result<T, S::Error> {
    fields
        .next_element()?
        .ok_or_else(|| S::Error::custom("too short"))
}
