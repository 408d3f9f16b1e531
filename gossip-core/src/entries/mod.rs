//! The entries of all owners: versioned values and tombstones.
//!
//! [`delta`] holds the rules; [`Store`] keeps what they are about, sorted by owner and key.

pub mod delta;
mod entry;
mod owner;
mod store;

pub(crate) use entry::Content;
pub use entry::{Entry, EntryRef};
pub(crate) use owner::{OwnerMap, listed};
pub(crate) use store::Fit;
pub use store::Store;
