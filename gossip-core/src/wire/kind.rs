//! The number of a kind of section in the bytes of a datagram, and sets of kinds.

use super::section::Kind;

/// The largest number of these kinds: not each number is one.
pub(super) const fn largest(kinds: &[Kind]) -> usize {
    match kinds {
        [] => 0,
        [first, rest @ ..] => {
            let (first, rest) = (*first as usize, largest(rest));
            if first > rest { first } else { rest }
        }
    }
}

/// What says and hears a kind of section, where it is a thing that a storage may not permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Members, and their comparison: what every node says.
    Membership,
    /// What tells entries, asks for them, or speaks of them.
    Entries,
    /// What gives its entries back to an owner.
    Reclaim,
    /// Direct mail, which itself is claims that nobody pulled.
    Mail,
    /// Reads that ask peers; singles answer.
    Read,
    /// Anti-entropy on demand.
    Sync,
}

impl Part {
    /// The set of its kinds, if `permitted`.
    pub(crate) const fn kinds(self, permitted: bool) -> u32 {
        let (mut set, mut rest) = (0, Kind::ALL);
        while let [kind, others @ ..] = rest {
            if permitted && kind.part() as u8 == self as u8 {
                set |= kind.bit();
            }
            rest = others;
        }
        set
    }
}

/// Which kinds a receiver makes use of. The others are skipped like those that nobody knows, and what
/// reads them is not compiled in.
pub(crate) trait Used {
    /// The bits of [`Kind::bit`].
    const KINDS: u32;

    /// `true` if the kind is made use of.
    fn uses(kind: Kind) -> bool {
        Self::KINDS & kind.bit() != 0
    }
}

/// Every kind there is.
pub(crate) struct Every;

impl Used for Every {
    const KINDS: u32 = u32::MAX;
}

/// Each number has a bit of its own.
const _: () = assert!(
    Kind::COUNT <= u32::BITS as usize,
    "sets of kinds have 32 bits"
);

/// The high nibble of a head whose kind's number is the first byte of the body.
pub(super) const EXTENDED: u8 = 15;

impl Kind {
    /// This kind alone in a set of kinds.
    pub(crate) const fn bit(self) -> u32 {
        1u32.wrapping_shl(self as u32)
    }

    /// The high nibble of a section's head.
    pub(super) const fn nibble(self) -> u8 {
        let number = self as u8;
        (if number < EXTENDED { number } else { EXTENDED }) << 4
    }

    /// What stands before the body, if the nibble does not say it all.
    pub(super) const fn prefix(self) -> Option<u8> {
        let number = self as u8;
        if number < EXTENDED {
            None
        } else {
            Some(number)
        }
    }
}
