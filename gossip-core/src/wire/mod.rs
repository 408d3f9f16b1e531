//! The bytes of a datagram: a header, then self-delimiting sections.
//!
//! Byte tables and the proof of every worst case are in `docs/wire.md`; golden vectors in
//! `vectors/` guard the format. Decoding borrows from the datagram and copies nothing. A datagram is
//! validated whole before anything of it is applied.

mod body;
mod claim_item;
mod claims;
mod codec;
mod header;
mod kind;
pub mod limits;
mod members;
mod precise;
mod ranges;
mod section;
mod short;
mod singles;
mod tag;
mod terms;
#[cfg(test)]
mod tests;

pub use body::Items;
pub use claim_item::ClaimItem;
pub use claims::{ClaimHead, Hint, PullItem, Rate, Receipt};
pub(crate) use codec::Writer;
pub(crate) use header::{BARE, LASTING, begin, sizes_of};
pub use header::{Datagram, Header, WIRE_VERSION};
pub(crate) use kind::{Part, Used};
pub use limits::network;
pub use members::{Row, Seen, Standing, Suspect};
pub use precise::PreciseItem;
pub use ranges::{CompareHead, ListingHead, RangesHead, Sum32, Summary};
pub use section::{Kind, Section};
pub use singles::{AskHead, SinglesHead};
pub(crate) use singles::{may_be_single, write_singles};
pub use tag::seal_tag;
pub(crate) use tag::{Maker, start_of};
pub use terms::{Parts, Terms};
