//! A watcher: knows a node's entries by their changes alone.

use std::collections::BTreeMap;

use gossip_core::{Change, Cursor, Filter, Node, Storage};

/// Values by owner and key.
pub type Map = BTreeMap<(u64, String), Vec<u8>>;

/// Somebody who asks a node now and then what changed.
#[derive(Clone, Debug)]
pub struct Watcher {
    filter: Filter<'static>,
    cursor: Cursor,
    map: Map,
    /// How often it had to read afresh.
    pub gaps: u32,
    /// How many changes it was told.
    pub told: u32,
}

impl Watcher {
    pub fn new(filter: Filter<'static>) -> Self {
        Self {
            filter,
            cursor: Cursor::START,
            map: Map::new(),
            gaps: 0,
            told: 0,
        }
    }

    /// Takes everything that is new, and compares what it knows then with what the node shows.
    pub fn catch_up<S: Storage<u16>>(&mut self, node: &Node<u16, S>) -> Result<(), String> {
        let changes = node.changes(self.cursor, self.filter);
        self.begin(changes.is_afresh());
        self.cursor = changes.end();
        changes.for_each(|change| self.take(&change));
        self.compare(node)
    }

    /// Takes up to `count` changes, one by one in their order. If that were all, it compares.
    pub fn step<S: Storage<u16>>(
        &mut self,
        node: &Node<u16, S>,
        count: usize,
    ) -> Result<(), String> {
        for _ in 0..count {
            let changes = node.changes(self.cursor, self.filter);
            self.begin(changes.is_afresh());
            let end = changes.end();
            let Some(change) = changes.earliest() else {
                self.cursor = end;
                return self.compare(node);
            };
            if change.cursor <= self.cursor {
                return Err(format!("{change:?} was told before {:?}", self.cursor));
            }
            self.cursor = change.cursor;
            self.take(&change);
        }
        Ok(())
    }

    fn begin(&mut self, afresh: bool) {
        if afresh {
            self.gaps += u32::from(self.cursor != Cursor::START);
            self.map.clear();
            self.cursor = Cursor::START;
        }
    }

    fn take(&mut self, change: &Change<'_>) {
        self.told += 1;
        let key = (change.owner.get(), change.key.to_string());
        match change.entry {
            Some(entry) => self.map.insert(key, entry.value.to_vec()),
            None => self.map.remove(&key),
        };
    }

    fn compare<S: Storage<u16>>(&self, node: &Node<u16, S>) -> Result<(), String> {
        let accepted = node
            .entries()
            .filter(|entry| self.filter.accepts(entry.owner, entry.key));
        let shown: Map = accepted
            .map(|entry| {
                (
                    (entry.owner.get(), entry.key.to_string()),
                    entry.value.to_vec(),
                )
            })
            .collect();
        if self.map == shown {
            return Ok(());
        }
        Err(format!(
            "{:?} knows {:?} of node {}, which shows {shown:?}",
            self.filter,
            self.map,
            node.id()
        ))
    }
}
