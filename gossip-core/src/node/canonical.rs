//! The part of a node's state that decides how it will behave.

use super::Node;
use crate::address::Address;
use crate::storage::Storage;
use crate::time::Instant;

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// This node without what does not influence its future among members: counters are zero, strangers
    /// that were met are forgotten, changes have no numbers, deadlines are counted from `now`, and tokens back from the next one to be given out.
    /// Nodes whose canonical forms are equal will behave alike. For comparison only: a canonical form
    /// is not meant to run.
    #[must_use]
    pub fn canonical(&self, now: Instant) -> Self {
        let mut node = self.clone();
        let now = self.time.of(now);
        let tables = &mut node.tables;
        let next_token = tables.cx.next_token;
        tables.swim.rebase(now, next_token);
        tables.reconciler.rebase(now);
        tables.mails.rebase(now);
        tables.syncs.rebase(now, next_token);
        tables.reads.rebase(now, next_token);
        tables.cx.rebase(now);
        node.time.rebase(now);
        node.author.pace.rebase(now);
        node.author.rebase_reclaim(now);
        node.next_sweep = node.next_sweep.counted_from(now);
        node
    }
}
