//! What a sample reads from the hosts of a run.

use gossip_core::{Generation, Stats};

use crate::sim::Index;

/// One running host, seen from outside. Nothing read here may change what it does.
pub trait Inspect {
    /// The fingerprint of all it knows (`Node::fingerprint`).
    fn fingerprint(&self) -> u64;

    /// How many members it holds for live, itself included.
    fn live(&self) -> u32;

    /// Whether it holds `member` for live; itself always.
    fn holds_live(&self, member: Index) -> bool;

    /// Its counters, which begin at zero with each restart.
    fn stats(&self) -> &Stats;

    /// Which life of `owner` it knows, and up to which version it holds that life's entries; `None`
    /// if it does not know the owner.
    fn held(&self, owner: Index) -> Option<(Generation, u32)>;

    /// At which version it shows this key of `owner`, as [`visible`](Self::visible) would tell it.
    fn shows(&self, owner: Index, key: &str) -> Option<u32>;

    /// Whether it still tells of `owner`'s latest writes as news: infective, in the words of Demers
    /// et al. 1987, section 1.4.
    fn is_telling(&self, owner: Index) -> bool;

    /// Tells every value it shows, its own included: owner, key, the version at which it is held
    /// and a hash of the value. All of one owner come together.
    fn visible(&self, tell: &mut dyn FnMut(Index, &str, u32, u64));

    /// Tells every bounded table: its name, how many rows it holds, and its capacity.
    fn tables(&self, tell: &mut dyn FnMut(&'static str, usize, usize));
}

/// All hosts of a run.
pub trait Cluster {
    /// A host that is up; `None` for one that is down or does not exist. A paused host is up.
    fn host(&self, index: Index) -> Option<&dyn Inspect>;

    /// The longest datagram that a host has sent in the run, in bytes of UDP payload; 0 for none.
    fn longest(&self, index: Index) -> usize;
}
