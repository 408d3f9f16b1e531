//! Anti-entropy on demand: a closed loop with one peer that ends with a report.
//!
//! | section | sent | means |
//! |---|---|---|
//! | `compare` | by whoever wants to be equal | "this is my fingerprint of that range" |
//! | `equal` | by the peer | "mine is the same" |
//!
//! The fingerprints of a range are compared. Equal: done. Different: the peer narrows the difference down as in any
//! exchange, and when that has come to rest they are compared again.

mod run;
mod serve;
mod state;
#[cfg(test)]
mod tests;

pub(crate) use serve::take_compare;
pub use state::{Sync, SyncEnd, Synced, Syncs};
