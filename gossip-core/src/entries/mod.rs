//! The entries of all owners: versioned values, tombstones, and leases that make one of the other.
//!
//! [`delta`] holds the rules, [`accelerate`] short forms of what they exchange; [`Store`] keeps what
//! they are about, sorted by owner and key; [`Changes`] tell what is new in it.

pub mod accelerate;
mod across;
mod changes;
pub mod delta;
mod entry;
mod expiry;
mod former;
mod lease;
mod owner;
mod role;
mod store;
mod stretch;

pub use changes::{Change, Changes, Cursor, Filter};
pub(crate) use entry::Content;
pub use entry::{Entry, EntryRef};
pub use lease::{Lease, Leases};
pub(crate) use owner::{OwnerMap, every, from_birth, listed, loose, values};
pub(crate) use role::Role;
pub use store::Store;
pub(crate) use store::{Fit, Happened};
pub use stretch::Stretch;
pub(crate) use stretch::{Told, page_end, rising, stretches};
