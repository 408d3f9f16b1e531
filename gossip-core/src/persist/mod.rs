//! A node's state as bytes: what a restart needs to go on from where it was.
//!
//! [`Node::export`](crate::Node::export) writes it, a page of any size at a time;
//! [`Node::import`](crate::Node::import) makes a node of it again, and [`Import`] does so
//! from pages that are not in memory together. Whoever keeps records in a place of their own, as in a
//! key-value store in flash, takes [`Known`], [`Kept`] and [`Past`] from a node and gives them to a
//! [`Restore`], without the bytes.
//!
//! # Format, version 1
//!
//! | bytes | what |
//! |---|---|
//! | 4 | `gsip` |
//! | 1 | the format's version: 1 |
//! | | [`Start`]: whose state, in which cluster, and how many records follow |
//! | | each member: [`Known`] |
//! | | each entry: [`Kept`] |
//! | | each forgotten member whose last-known address is kept: [`Past`] |
//! | 4 | CRC-32C of everything before, little-endian |
//!
//! Records are encoded with postcard, one directly after the other. The checksum ends the state, so
//! that neither a piece that is missing nor a bit that flipped goes unnoticed.
//!
//! # What is kept
//!
//! Of each member the facts, and `held`, `gc` and `as_of` together with the entries, as the delta rules
//! want them persisted ([`delta`](crate::entries::delta)). A re-cover under way and its marks are not
//! kept, which is safe at any time, nor is anything that is on its way to be told: the exchange finds it
//! again. Seeds are the application's to keep.

mod age;
mod bytes;
mod error;
mod export;
mod import;
mod record;
mod restore;
mod start;

pub use age::Age;
pub(crate) use bytes::check_whole;
pub use error::ImportError;
pub use export::Export;
pub(crate) use export::{kept_of, known_of, past_of};
pub use import::Import;
pub use record::{Kept, Known, Past};
pub use restore::Restore;
pub use start::{Start, seeming_start, start_of};
