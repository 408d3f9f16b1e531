//! Copies of contributions of owners that are gone: entries of whoever keeps them.
//!
//! | part | bytes |
//! |---|---|
//! | key | `00`, the key that it is about, a slot |
//! | value | the owner's id as a variable-length integer, then its contribution as it was |
//!
//! A slot is one character, U+0001 to U+07FF, that tells the copies apart which one node keeps of one key.
//! No application can write such a key: the node refuses keys that begin with U+0000. A copy takes 2 or 3
//! bytes of key and 1 to 8 of value more than the contribution itself.

use postcard::take_from_bytes;

use super::origins::Said;
use crate::id::NodeId;

/// What every key of a copy begins with.
pub(crate) const RESERVED_PREFIX: &str = "\0";

/// The most bytes of an owner's id.
pub(crate) const OWNER_BYTES: usize = 8;

/// Tells apart the copies of one key that one node keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(char);

impl Slot {
    /// The first one.
    pub const FIRST: Self = Self('\u{1}');
    /// The last one: a node keeps up to 2,047 copies of one key.
    pub const LAST: Self = Self('\u{7ff}');

    /// How many there are.
    pub const COUNT: u16 = 0x7ff;

    /// The one after it, if there is one.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        let next = char::from_u32(u32::from(self.0).saturating_add(1))?;
        (next <= Self::LAST.0).then_some(Self(next))
    }

    /// The bytes that end the key of the copy, made in `room`.
    pub fn bytes(self, room: &mut [u8; 4]) -> &[u8] {
        // A slot has two bytes at most.
        self.0.encode_utf8(room).as_bytes()
    }
}

/// `true` for a key that only the protocol writes.
#[must_use]
pub fn is_reserved(key: &str) -> bool {
    key.starts_with(RESERVED_PREFIX)
}

/// The key that a reserved key is about, and the slot; `None` if it is not the key of a copy.
#[must_use]
pub fn copy_of(key: &str) -> Option<(&str, Slot)> {
    let mut inside = key.strip_prefix(RESERVED_PREFIX)?.chars();
    let slot = Slot(inside.next_back()?);
    let about = inside.as_str();
    let is_slot = (Slot::FIRST..=Slot::LAST).contains(&slot);
    (is_slot && !about.is_empty()).then_some((about, slot))
}

/// The key that an entry is about: for a copy the shared key, else the key itself. For applications that
/// see both in events.
#[must_use]
pub fn subject(key: &str) -> &str {
    copy_of(key).map_or(key, |(about, _)| about)
}

/// What the value of a copy says.
pub(crate) fn read_copy(value: &[u8]) -> Option<Said<'_>> {
    let (owner, contribution) = take_from_bytes::<NodeId>(value).ok()?;
    Said::by(owner, contribution)
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    #[test]
    fn a_key_of_a_copy_is_read_as_it_was_written() {
        let mut slot = Slot::FIRST;
        let mut count = 1;
        loop {
            let mut room = [0; 4];
            let end = core::str::from_utf8(slot.bytes(&mut room)).unwrap();
            let key = format!("\0visits{end}");
            assert!(is_reserved(&key) && key.len() <= "visits".len() + 3);
            assert_eq!(copy_of(&key), Some(("visits", slot)));
            assert_eq!(subject(&key), "visits");
            match slot.next() {
                Some(next) => slot = next,
                None => break,
            }
            count += 1;
        }
        assert_eq!((slot, count), (Slot::LAST, Slot::COUNT));
    }

    #[test]
    fn other_keys_are_no_copies() {
        for key in [
            "",
            "visits",
            "\0",
            "\0\u{1}",
            "\0visits\0",
            "\0visits\u{800}",
        ] {
            assert_eq!(copy_of(key), None, "{key:?}");
            assert_eq!(subject(key), key);
        }
    }
}
