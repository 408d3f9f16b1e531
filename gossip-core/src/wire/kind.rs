//! The kinds of sections.

/// The largest number of these kinds: not each number is one.
const fn largest(kinds: &[Kind]) -> usize {
    match kinds {
        [] => 0,
        [first, rest @ ..] => {
            let (first, rest) = (*first as usize, largest(rest));
            if first > rest { first } else { rest }
        }
    }
}

/// Declares the kinds with their numbers and names, so that each stands once. A number below 15 is
/// the high nibble of a section's head; for the others that nibble is 15 and the number is the first
/// byte of the body.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $number:literal $text:literal,)*) => {
        /// What a section is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Kind { $($(#[$doc])* $name = $number,)* }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
            /// One more than the largest number.
            pub const COUNT: usize = largest(Self::ALL).saturating_add(1);

            /// A short name for display.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The kind with this number, if this build knows it.
            pub(super) const fn from_number(number: u8) -> Option<Self> {
                match number { $($number => Some(Self::$name),)* _ => None }
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
    /// Entries of one owner, on their own.
    Singles = 15 "singles",
    /// How many writes a second the sender lets out, and wants to.
    Rate = 16 "rate",
    /// A claim told by the version numbers of its values, to whom that is enough.
    Versions = 17 "versions",
    /// "Tell me single entries that I lack of these owners."
    Precise = 19 "precise",
    /// A claim told by a hash of the versions of all its entries, to whom holds them.
    Known = 20 "known",
    /// "I have your mail."
    Receipt = 21 "receipt",
    /// "Do you hold a later version of this key?"
    Ask = 22 "ask",
    /// "Is your fingerprint of this range the same?"
    Compare = 23 "compare",
    /// "My fingerprint of that range is the same."
    Equal = 24 "equal",
    /// "I have just begun this life. Do you remember another one of mine?"
    Newborn = 25 "newborn",
    /// "I asked it for you, and got no answer" (Lifeguard, section IV.A).
    Nack = 26 "nack",
    /// How the sender is set up.
    Terms = 27 "terms",
    /// What the sender still shows of earlier lives of the receiver, and its present one does not list.
    Returned = 28 "returned",
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

/// The high nibble of a head whose kind's number is the first byte of the body.
pub(super) const EXTENDED: u8 = 15;

impl Kind {
    /// Those that tell entries, ask for them, or speak of them.
    pub(crate) const OF_ENTRIES: u32 = Self::Hints.bit()
        | Self::Pull.bit()
        | Self::Answered.bit()
        | Self::Claim.bit()
        | Self::Singles.bit()
        | Self::Rate.bit()
        | Self::Versions.bit()
        | Self::Precise.bit()
        | Self::Known.bit();

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
