//! Watches: what changed since a cursor.

use super::Node;
use crate::address::Address;
use crate::entries::{Change, Changes, Cursor, Filter};
use crate::storage::Storage;

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// What `filter` lets through of the entries, this node's own included, that changed since `since`:
    /// each key once, with what it is now. No change is lost: where a removal is no longer known the
    /// answer [is afresh](Changes::is_afresh), and holds everything instead.
    ///
    /// A change is a new value or the end of one, whatever ended it; the same value written again is none.
    ///
    /// ```
    /// # use gossip_core::{Config, Node, NodeId, inline};
    /// # inline! {
    /// #     struct Tiny {
    /// #         members: 4, entries: 8, key: 8, value: 8, news: 4, duties: 4,
    /// #         relays: 1, seeds: 1, exchanges: 2, ranges: 2, wants: 2,
    /// #     }
    /// # }
    /// use gossip_core::{Cursor, Filter};
    /// # let config = Config::<u16>::new(NodeId::from(1)).check().unwrap();
    /// # let mut node: Node<u16, Tiny> = Node::new(config, Tiny::tables());
    ///
    /// let (mut cursor, temperatures) = (Cursor::START, Filter::ALL.prefix("temp"));
    /// for reading in [b"20", b"21", b"22"] {
    ///     node.set("temp.in", reading).unwrap();
    ///     node.set("light", reading).unwrap();
    /// }
    /// let changes = node.changes(cursor, temperatures);
    /// cursor = changes.end();
    /// let seen: Vec<_> = changes.map(|change| (change.key, change.entry.unwrap().value)).collect();
    /// assert_eq!(seen, [("temp.in", &b"22"[..])]);
    ///
    /// node.delete("temp.in").unwrap();
    /// let gone = node.changes(cursor, temperatures).next().unwrap();
    /// assert!(gone.key == "temp.in" && gone.entry.is_none());
    /// ```
    ///
    /// Costs O(1) if nothing changed at all; else O(log n + k) for the k entries of one owner with one
    /// prefix, and O(n) without an owner. Nothing is kept for a watcher, and there may be any number.
    pub fn changes<'a>(
        &'a self,
        since: Cursor,
        filter: Filter<'a>,
    ) -> Changes<impl Iterator<Item = Change<'a>>> {
        let changes = self.tables.cx.entries.changes(since, filter);
        changes.map_entries(|entry| self.as_told(entry))
    }

    /// Where a watcher stands that is interested in what comes from now on. It differs from an earlier
    /// answer if anything readable changed since.
    #[must_use]
    pub fn newest_change(&self) -> Cursor {
        self.tables.cx.entries.newest()
    }
}
