//! What the application asks for and is worked on until there is a report.
//!
//! Each part has a folder: its state, what it does with it, what it answers to others, and tests that drive it by hand.

pub mod mail;
pub mod read;
pub mod sync;
mod together;

pub use mail::{Letter, Mails};
pub use read::{FreshRead, Read, ReadEnd, Reads};
pub use sync::{Sync, SyncEnd, Synced, Syncs};
pub(crate) use together::Aim;
pub use together::Requests;
