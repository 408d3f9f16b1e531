//! The table of sections: what each kind is, and what it holds.
//!
//! A further kind is a line here, and its [`Body`] where nothing like it is there yet.

use super::body::{Body, Items};
use super::claim_item::ClaimItem;
use super::claims::{ClaimHead, Hint, PullItem, Rate, Receipt};
use super::kind::{Part, Used, largest};
use super::members::{Row, Seen, Suspect};
use super::precise::PreciseItem;
use super::ranges::{CompareHead, ListingHead, RangesHead, Sum32, Summary};
use super::singles::{AskHead, SinglesHead};
use super::terms::Terms;
use crate::address::Address;
use crate::entries::Stretch;
use crate::entries::delta::Claim;
use crate::error::DatagramError;
use crate::exchange::Direction;
use crate::id::{Life, NodeId};

/// Declares the kinds, each with what a section of it holds, its number, its name, and the part that it belongs to: what
/// a storage does not permit is neither decoded nor checked. A number below 15 is the high nibble of a section's
/// head; for the others that nibble is 15 and the number is the first byte of the body.
macro_rules! sections {
    ($($(#[$doc:meta])*
    $name:ident $(($($field:ident: $holds:ty),+))? = $number:literal $text:literal of $part:ident,)+) => {
        /// What a section is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Kind { $($(#[$doc])* $name = $number,)+ }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];
            /// One more than the largest number.
            pub const COUNT: usize = largest(Self::ALL).saturating_add(1);

            /// A short name for display.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The kind with this number, if this build knows it.
            pub(super) const fn from_number(number: u8) -> Option<Self> {
                match number { $($number => Some(Self::$name),)+ _ => None }
            }

            /// Which part says and hears it.
            pub(super) const fn part(self) -> Part {
                match self { $(Self::$name => Part::$part,)+ }
            }
        }

        /// A section, decoded as far as its list, if it has one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Section<'a, A> { $($(#[$doc])* $name $(($($holds),+))?,)+ }

        impl<'a, A: Address> Section<'a, A> {
            /// Decodes the body of a section, if use is made of its kind.
            pub(super) fn decode<U: Used>(kind: Kind, body: &'a [u8]) -> Result<Self, DatagramError> {
                match kind {
                    $(Kind::$name if U::uses(Kind::$name) => {
                        let ($($($field,)+)?) = <($($($holds,)+)?)>::read(body)?;
                        Ok(Self::$name $(($($field),+))?)
                    })+
                    _ => Err(DatagramError::Malformed),
                }
            }

            /// Decodes every item and checks that an honest sender can have sent it.
            pub(super) fn check<U: Used>(&self, largest_id: NodeId) -> Result<(), DatagramError> {
                match *self {
                    $(Self::$name $(($($field),+))? if U::uses(Kind::$name) => {
                        let body: ($($($holds,)+)?) = ($($($field,)+)?);
                        body.check(largest_id)
                    })+
                    _ => Ok(()),
                }
            }
        }
    };
}

sections! {
    /// "Are you there?", with the token to give back.
    Ping(token: u16) = 1 "ping" of Membership,
    /// "I am", or "it is" from a relay, with the ping's token.
    Ack(token: u16) = 2 "ack" of Membership,
    /// "Ask it for me" (SWIM's indirect probe), with the token to give back.
    PingReq(token: u16, target: NodeId) = 3 "ping-req" of Membership,
    /// "This is the address I see you at."
    You(address: Seen<A>) = 4 "you" of Membership,
    /// Rows of the table of members.
    Rows(rows: Items<'a, Row<A>>) = 5 "rows" of Membership,
    /// Members under suspicion.
    Suspects(suspects: Items<'a, Suspect>) = 6 "suspects" of Membership,
    /// The fingerprint of everything, and the way of the exchange that it begins.
    Root(sum: u64, direction: Direction) = 7 "root" of Membership,
    /// "My fingerprint is the same."
    Same = 8 "same" of Membership,
    /// Fingerprints of parts of a range.
    Ranges(head: RangesHead, sums: Items<'a, Sum32>) = 9 "ranges" of Membership,
    /// All rows of a range, each in short.
    Listing(head: ListingHead, rows: Items<'a, Summary>) = 10 "listing" of Membership,
    /// Owners of which the sender holds this much.
    Hints(hints: Items<'a, Hint>) = 11 "hints" of Entries,
    /// "Tell me what I lack of these owners", with the token to give back.
    Pull(token: u8, owners: Items<'a, PullItem>) = 12 "pull" of Entries,
    /// "To the pull with this token I have nothing more to say."
    Answered(token: u8) = 13 "answered" of Entries,
    /// Entries of one owner: a claim of complete coverage.
    Claim(head: ClaimHead, claim: Claim, entries: Items<'a, ClaimItem<'a>>) = 14 "claim" of Entries,
    /// Entries of one owner, on their own.
    Singles(head: SinglesHead, entries: Items<'a, ClaimItem<'a>>) = 15 "singles" of Entries,
    /// How many writes a second the sender lets out, and wants to.
    Rate(rate: Rate) = 16 "rate" of Entries,
    /// A claim told by the version numbers of its values, to whom that is enough.
    Versions(head: ClaimHead, claim: Claim, stretches: Items<'a, Stretch>) = 17 "versions" of Entries,
    /// "Tell me single entries that I lack of these owners", with the token to give back.
    Precise(token: u8, owners: Items<'a, PreciseItem>) = 19 "precise" of Entries,
    /// A claim told by a hash of the versions of all its entries, to whom holds them.
    Known(head: ClaimHead, claim: Claim, hash: u64) = 20 "known" of Entries,
    /// "I have your mail."
    Receipt(receipt: Receipt) = 21 "receipt" of Mail,
    /// "Do you hold a later version of this key?"
    Ask(head: AskHead, key: &'a str) = 22 "ask" of Read,
    /// "Is your fingerprint of this range the same?"
    Compare(head: CompareHead) = 23 "compare" of Sync,
    /// "My fingerprint of the range is the same", with the comparison's token.
    Equal(token: u16) = 24 "equal" of Sync,
    /// The sender's row, and: "I have just begun this life. Do you remember another one of mine?"
    Newborn(row: Row<A>) = 25 "newborn" of Membership,
    /// "I asked it for you, and got no answer" (Lifeguard, section IV.A): the ping-req's token, and who may get
    /// through.
    Nack(token: u16, helper: Option<NodeId>) = 26 "nack" of Membership,
    /// How the sender is set up.
    Terms(terms: Terms) = 27 "terms" of Membership,
    /// What the sender still shows of earlier lives of the receiver, and its present one, of this name, does not list.
    Returned(life: Life, entries: Items<'a, ClaimItem<'a>>) = 28 "returned" of Reclaim,
}
