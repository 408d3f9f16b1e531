//! The bytes of a datagram: a header, then self-delimiting sections.
//!
//! Byte tables and the proof of every worst case are in `docs/wire.md`; golden vectors in
//! `vectors/` guard the format. Decoding borrows from the datagram and copies nothing. A datagram is
//! validated whole before anything of it is applied.

mod claim_item;
mod codec;
mod header;
mod items;
mod kind;
pub mod limits;
mod precise;
mod section;
mod short;
mod singles;
mod tag;
mod terms;
#[cfg(test)]
mod tests;

pub use claim_item::ClaimItem;
pub(crate) use codec::Writer;
pub(crate) use header::{BARE, LASTING, begin, sizes_of};
pub use header::{Datagram, Header, WIRE_VERSION};
pub use items::{
    ClaimHead, CompareHead, Hint, Items, ListingHead, PullItem, RangesHead, Rate, Receipt, Row,
    Standing, Sum32, Summary, Suspect,
};
pub use kind::Kind;
pub(crate) use kind::Used;
pub use limits::network;
pub use precise::PreciseItem;
pub use section::Section;
pub use singles::{AskHead, SinglesHead};
pub(crate) use singles::{may_be_single, write_singles};
pub use tag::seal_tag;
pub(crate) use tag::{Maker, start_of};
pub use terms::{Parts, Terms};
