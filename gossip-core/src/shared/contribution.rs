//! What one origin contributes to a key, and the bytes of it.
//!
//! | first byte | then | bytes |
//! |---|---|--:|
//! | `f8` value | stamp, the value itself to the end | 2-11 + value |
//! | `f9` number | stamp, the number | 3-21 |
//! | `fa` elements | stamp, each element with its length | 2-11 + elements |
//! | `fb` counter | boot (4 bytes), added, taken | 7-25 |
//!
//! Numbers are variable-length integers, signed ones in zigzag form, as in postcard. The first byte occurs
//! in no UTF-8 text, so a text that was [`set`](crate::Node::set) plainly is never taken for a contribution.

use postcard::take_from_bytes;
use serde::{Deserialize, Serialize};

use super::elements::Elements;
use super::stamp::Stamp;
use crate::error::Kind;

const VALUE: u8 = 0xf8;
const NUMBER: u8 = 0xf9;
const ELEMENTS: u8 = 0xfa;
const COUNTER: u8 = 0xfb;

/// The longest part of a contribution before the bytes of its value or elements.
pub(crate) const MARK_BYTES: usize = 25;

/// What one origin contributes to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contribution<'a> {
    /// A value of the application's.
    Value {
        /// When it was said.
        stamp: Stamp,
        /// The value.
        bytes: &'a [u8],
    },
    /// A number, which replaces what its owner said before.
    Number {
        /// When it was said.
        stamp: Stamp,
        /// The number.
        number: i64,
    },
    /// A set of strings of bytes, which replaces the one that its owner said before.
    Elements {
        /// When it was said.
        stamp: Stamp,
        /// The set.
        elements: Elements<'a>,
    },
    /// A part of a sum.
    Counter(Counter),
}

/// What a contribution is that begins with this byte.
pub(crate) fn kind_of(mark: u8) -> Kind {
    match mark {
        VALUE => Kind::Value,
        NUMBER => Kind::Number,
        ELEMENTS => Kind::Elements,
        COUNTER => Kind::Counter,
        _ => Kind::Plain,
    }
}

/// How much an owner has counted since it booted: the PN-counter of Shapiro et al. 2011, specification 7,
/// with one pair of numbers for each boot of each owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Counter {
    /// In which boot the counting was done.
    pub boot: Boot,
    /// All that was added.
    pub added: u64,
    /// All that was taken away.
    pub taken: u64,
}

/// Names one stretch of an owner's life in which it remembered all it had counted: the nonce drawn when it
/// booted. An owner that boots without memory counts anew under another name, and what it had counted
/// before stays beside that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Boot(pub [u8; 4]);

/// Room for the part of a contribution that is not bytes of the application's.
pub(crate) type Head = [u8; MARK_BYTES];

impl Counter {
    /// Nothing counted since this boot.
    #[must_use]
    pub fn new(boot: Boot) -> Self {
        Self {
            boot,
            added: 0,
            taken: 0,
        }
    }

    /// What it adds to a sum.
    #[must_use]
    pub fn balance(&self) -> i128 {
        i128::from(self.added).saturating_sub(i128::from(self.taken))
    }

    /// This counter after counting `amount` more. Neither number passes `u64::MAX`.
    #[must_use]
    pub fn plus(self, amount: i64) -> Self {
        let size = amount.unsigned_abs();
        if amount < 0 {
            let taken = self.taken.saturating_add(size);
            Self { taken, ..self }
        } else {
            let added = self.added.saturating_add(size);
            Self { added, ..self }
        }
    }
}

impl<'a> Contribution<'a> {
    /// Reads a value; `None` for everything that is not a contribution.
    #[must_use]
    pub fn decode(bytes: &'a [u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        match *kind {
            VALUE => {
                let (stamp, bytes) = take_from_bytes(rest).ok()?;
                Some(Self::Value { stamp, bytes })
            }
            NUMBER => {
                let ((stamp, number), end) = take_from_bytes(rest).ok()?;
                end.is_empty().then_some(Self::Number { stamp, number })
            }
            ELEMENTS => {
                let (stamp, listed) = take_from_bytes(rest).ok()?;
                let elements = Elements::new(listed)?;
                Some(Self::Elements { stamp, elements })
            }
            COUNTER => {
                let (counter, end) = take_from_bytes(rest).ok()?;
                end.is_empty().then_some(Self::Counter(counter))
            }
            _ => None,
        }
    }

    /// The first bytes of the encoding, made in `head`; what [`body`](Self::body) returns follows.
    pub(crate) fn head<'h>(&self, head: &'h mut Head) -> Option<&'h [u8]> {
        let bytes = match self {
            Self::Value { stamp, .. } => postcard::to_slice(&(VALUE, stamp), head),
            Self::Number { stamp, number } => postcard::to_slice(&(NUMBER, stamp, number), head),
            Self::Elements { stamp, .. } => postcard::to_slice(&(ELEMENTS, stamp), head),
            Self::Counter(counter) => postcard::to_slice(&(COUNTER, counter), head),
        };
        bytes.ok().map(|bytes| &*bytes)
    }

    /// The application's bytes of the encoding.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        match self {
            Self::Value { bytes, .. } => bytes,
            Self::Elements { elements, .. } => elements.bytes(),
            Self::Number { .. } | Self::Counter(_) => &[],
        }
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Value { .. } => Kind::Value,
            Self::Number { .. } => Kind::Number,
            Self::Elements { .. } => Kind::Elements,
            Self::Counter(_) => Kind::Counter,
        }
    }

    /// When it was said; a counter needs no stamp.
    #[must_use]
    pub fn stamp(&self) -> Option<Stamp> {
        match self {
            Self::Value { stamp, .. }
            | Self::Number { stamp, .. }
            | Self::Elements { stamp, .. } => Some(*stamp),
            Self::Counter(_) => None,
        }
    }

    /// The boot that belongs to the origin, for a counter.
    #[must_use]
    pub fn boot(&self) -> Option<Boot> {
        match self {
            Self::Counter(counter) => Some(counter.boot),
            _ => None,
        }
    }

    /// What is known of an origin by whoever has these two of it: the one said last, or for counters the
    /// greater of each number. Idempotent, commutative and associative.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::Counter(one), Self::Counter(two)) if one.boot == two.boot => {
                Self::Counter(Counter {
                    boot: one.boot,
                    added: one.added.max(two.added),
                    taken: one.taken.max(two.taken),
                })
            }
            (one, two) if one.rank() < two.rank() => two,
            (one, _) => one,
        }
    }

    /// `true` if whoever has this learns nothing from `other`, of the same origin.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self.join(other) == self
    }

    /// A total order. An honest owner says one thing with one stamp, so all after the stamp is for others.
    fn rank(&self) -> (Option<Stamp>, u8, i64, Option<Boot>, &'a [u8]) {
        let (kind, number) = match self {
            Self::Value { .. } => (VALUE, 0),
            Self::Number { number, .. } => (NUMBER, *number),
            Self::Elements { .. } => (ELEMENTS, 0),
            Self::Counter(_) => (COUNTER, 0),
        };
        (self.stamp(), kind, number, self.boot(), self.body())
    }
}

#[cfg(test)]
pub(super) mod tests;
