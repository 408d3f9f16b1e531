//! How full the tables are.

use super::Node;
use crate::address::Address;
use crate::id::NodeId;
use crate::membership::What;
use crate::storage::Storage;
use serde::Serialize;

/// How full one of a node's tables is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct Usage {
    /// The table's name in [`Tables`](crate::Tables).
    pub table: &'static str,
    /// How many things it holds.
    pub len: usize,
    /// How many it can hold.
    pub capacity: usize,
}

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// How full each table is: for sizing a storage to its need.
    pub fn usage(&self) -> impl Iterator<Item = Usage> {
        let tables = &self.tables;
        let of = |table, (len, capacity)| Usage {
            table,
            len,
            capacity,
        };
        [
            of("members", tables.members.usage()),
            of("entries", tables.entries.usage()),
            of("leases", tables.entries.lease_usage()),
            of("timers", tables.timers.usage()),
            of("news", tables.news.usage()),
            of("duties", tables.outbox.usage()),
            of("relays", tables.relays.usage()),
            of("seeds", tables.seeds.usage()),
            of("bygones", tables.bygones.usage()),
            of("exchanges", tables.exchanges.usage()),
            of("ranges", tables.ranges.usage()),
            of("wants", tables.wants.usage()),
            of("mails", tables.mails.usage()),
            of("syncs", tables.syncs.usage()),
            of("reads", tables.reads.usage()),
        ]
        .into_iter()
    }

    /// `true` while this node still tells others that it holds more of this owner's entries: it is
    /// infective, in the words of epidemics, and removed when it is done.
    #[must_use]
    pub fn is_telling(&self, owner: NodeId) -> bool {
        self.tables.news.is_told(owner, What::Held)
    }
}
