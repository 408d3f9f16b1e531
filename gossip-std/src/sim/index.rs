//! The numbers of hosts, and the ids by which their nodes are written down.

use gossip_core::NodeId;
use serde::{Serialize, Serializer};

/// A host's number in the simulated network: its address there. Hosts are numbered from 0 in the
/// order in which they were added.
pub type Index = u32;

/// The id of a host's node.
#[must_use]
pub fn id_of(host: Index) -> NodeId {
    NodeId::truncated(u64::from(host) + 1)
}

/// The host whose node has this id.
#[must_use]
pub fn host_of(id: NodeId) -> Index {
    Index::try_from(id.get().wrapping_sub(1)).unwrap_or(Index::MAX)
}

/// For `#[serde(serialize_with)]`: writes a host, or none, by its node's id, as in scenario files and in
/// texts.
pub(in crate::sim) fn by_id<T: Numbered, S: Serializer>(
    host: &T,
    to: S,
) -> Result<S::Ok, S::Error> {
    host.id().serialize(to)
}

/// What names a host.
pub(in crate::sim) trait Numbered {
    /// The form that is written.
    fn id(&self) -> impl Serialize;
}

impl Numbered for Index {
    fn id(&self) -> impl Serialize {
        id_of(*self).get()
    }
}

impl Numbered for Option<Index> {
    fn id(&self) -> impl Serialize {
        self.map(|host| id_of(host).get())
    }
}
