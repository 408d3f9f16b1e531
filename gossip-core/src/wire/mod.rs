//! The bytes of a datagram: a header, then self-delimiting sections.
//!
//! Byte tables and the proof of every worst case are in `docs/wire.md`; golden vectors in
//! `vectors/` guard the format. Decoding borrows from the datagram and copies nothing. A datagram is
//! validated whole before anything of it is applied.

mod codec;
mod header;
pub mod limits;
mod section;
#[cfg(test)]
mod tests;

pub(crate) use codec::Writer;
pub use header::{Datagram, Header, WIRE_VERSION, seal_tag};
pub(crate) use header::{begin, sizes_of};
pub use section::{
    ClaimHead, ClaimItem, Hint, Items, Kind, ListingHead, PullItem, RangesHead, Row, Section,
    Standing, Sum32, Summary, Suspect,
};
