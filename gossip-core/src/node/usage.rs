//! How full the tables are.

use super::Node;
use crate::address::Address;
use crate::board::What;
use crate::id::NodeId;
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
            of("members", tables.cx.members.usage()),
            of("entries", tables.cx.entries.usage()),
            of("leases", tables.cx.entries.lease_usage()),
            of("timers", tables.swim.timers.usage()),
            of("news", tables.cx.news.usage()),
            of("duties", tables.cx.outbox.usage()),
            of("relays", tables.swim.relays.usage()),
            of("seeds", tables.swim.seeds.usage()),
            of("bygones", tables.swim.bygones.usage()),
            of("exchanges", tables.reconciler.slots.usage()),
            of("ranges", tables.reconciler.ranges.usage()),
            of("wants", tables.reconciler.wants.usage()),
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
        self.tables.cx.news.is_told(owner, What::Held)
    }
}
