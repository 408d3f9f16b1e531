//! Hosts as they are written down: by the id of their node, as in scenario files and in texts.

use serde::{Serialize, Serializer};

use super::host::Index;
use super::node_host::id_of;

/// For `#[serde(serialize_with)]`: writes a host, or none, by its node's id.
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
