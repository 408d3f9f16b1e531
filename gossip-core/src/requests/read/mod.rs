//! Reads that ask peers for a fresher value, and repair those that hold an older one (read repair,
//! DeCandia et al. 2007, section 5).
//!
//! | section | sent | means |
//! |---|---|---|
//! | `ask` | by the reader, to each peer that it chose | "of this key I hold this version: do you hold a later one?" |
//! | `singles` with the ask's token | by the peer | the entry, if it is later; else only its version |
//! | `singles` with token 0 | by the reader, at the end | the entry, to whoever holds an older one |
//!
//! A read is over when its owner has answered, when all have, and at its deadline at the latest. That a peer knows nothing
//! of a key is certain only once everything is here that the peer holds of the owner: what is missing may be a delete.

mod run;
mod serve;
mod state;
#[cfg(test)]
mod tests;

pub(crate) use serve::{take_ask, write_single};
pub(crate) use state::Known;
pub use state::{FreshRead, READ_PEERS_MAX, Read, ReadEnd, Reads};

use crate::entries::{Entry, Lease, Store};
use crate::hash::hash_bytes;
use crate::id::{NodeId, Version};
use crate::storage::{Blob, List};
use crate::wire::may_be_single;

/// The version held of a key that its owner wrote in its present life, or none.
fn version_of<K: Blob, V: Blob, E: List<Entry<K, V>>, L: List<Lease<K>>>(
    entries: &Store<K, V, E, L>,
    owner: NodeId,
    key: &str,
) -> Version {
    let entry = entries.find(owner, key);
    let version = entry.map_or(Version::NONE, |entry| entry.version);
    if may_be_single(version) {
        version
    } else {
        Version::NONE
    }
}

/// Names a key in a message owed, which has no room for the key itself.
fn short_hash(key: &str) -> u32 {
    hash_bytes(key.as_bytes()) as u32
}
