//! One key across all owners, by binary search in each owner's part of the table.

use core::cmp::Ordering;

use super::entry::Entry;
use super::lease::Lease;
use super::store::Store;
use crate::id::NodeId;
use crate::storage::{Blob, List};

impl<K: Blob, V: Blob, E: List<Entry<K, V>>, L: List<Lease<K>>> Store<K, V, E, L> {
    /// What is known of `key` from each owner, in the members' common order. Costs two binary searches
    /// for each owner that has any entry.
    pub(crate) fn across<'a>(
        &'a self,
        key: &'a str,
    ) -> impl Iterator<Item = &'a Entry<K, V>> + Clone {
        self.owners().filter_map(move |owner| self.find(owner, key))
    }

    /// Every entry whose key begins with `prefix`, by owner and key. Costs two binary searches for each
    /// owner that has any entry.
    pub(crate) fn beginning<'a>(
        &'a self,
        prefix: (&'a str, &'a str),
    ) -> impl Iterator<Item = &'a Entry<K, V>> + Clone {
        self.owners()
            .flat_map(move |owner| self.beginning_of(owner, prefix))
    }

    /// Every entry of one owner whose key begins with both parts of `prefix` together, by key.
    pub(crate) fn beginning_of<'a>(
        &'a self,
        owner: NodeId,
        prefix: (&'a str, &'a str),
    ) -> impl Iterator<Item = &'a Entry<K, V>> + Clone {
        let (first, second) = prefix;
        let start = self.at_or_after(owner, || first.bytes().chain(second.bytes()));
        let begins = move |entry: &&Entry<K, V>| {
            let rest = entry.key().strip_prefix(first);
            entry.owner == owner && rest.is_some_and(|rest| rest.starts_with(second))
        };
        Indices { next: start }
            .map_while(move |index| self.list.get(index))
            .take_while(begins)
            .filter(|entry| !entry.is_gone())
    }

    /// An owner's first entry whose key is greater than `key`, or its first of all.
    pub(crate) fn following(&self, owner: NodeId, key: Option<&[u8]>) -> Option<&Entry<K, V>> {
        let start = match key {
            None => self.start(owner),
            Some(key) => match self.search(owner, key) {
                Ok(index) => index.saturating_add(1),
                Err(index) => index,
            },
        };
        Indices { next: start }
            .map_while(|index| self.list.get(index))
            .take_while(|entry| entry.owner == owner)
            .find(|entry| !entry.is_gone())
    }

    /// Every owner that has an entry.
    fn owners(&self) -> impl Iterator<Item = NodeId> + Clone {
        let first = self.list.get(0).map(|entry| entry.owner);
        core::iter::successors(first, |owner| {
            let place = owner.place();
            let past = |entry: &Entry<K, V>| match entry.owner.place().cmp(&place) {
                Ordering::Equal => Ordering::Less,
                other => other,
            };
            let (Ok(index) | Err(index)) = self.list.search_by(past);
            self.list.get(index).map(|entry| entry.owner)
        })
        .filter(|owner| *owner != NodeId::FORMER)
    }

    /// Where an owner's keys from this one on begin.
    fn at_or_after<B: Iterator<Item = u8>>(&self, owner: NodeId, key: impl Fn() -> B) -> usize {
        let place = owner.place();
        let order = |entry: &Entry<K, V>| {
            let owners = entry.owner.place().cmp(&place);
            owners.then_with(|| entry.key.as_ref().iter().copied().cmp(key()))
        };
        match self.list.search_by(order) {
            Ok(index) | Err(index) => index,
        }
    }
}

/// Every index from one on.
#[derive(Clone)]
struct Indices {
    next: usize,
}

impl Iterator for Indices {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let index = self.next;
        self.next = index.saturating_add(1);
        Some(index)
    }
}
