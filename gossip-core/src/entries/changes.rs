//! Watches: what changed since somebody last looked, without a queue for each who looks.
//!
//! Every change of what is readable takes the next number, and the entry keeps it. Whoever remembers the
//! number of the last change it saw finds all later ones in the table itself, each key once, with what it
//! is now. A removal is found as long as its tombstone is kept; of those that left the table only the
//! highest number is remembered, and whoever has not seen it reads everything afresh. So a change is
//! told, or the gap is.
//!
//! Numbers mean nothing to another node: they are never sent, and a node's canonical form has none.

use super::entry::{Entry, EntryRef};
use super::lease::Lease;
use super::store::Store;
use crate::id::NodeId;
use crate::storage::{Blob, List};
use serde::{Deserialize, Serialize};

/// Where a watcher stands in the changes of one node: 12 bytes, good as long as that node runs.
///
/// A cursor of another node, or kept across a restart, means nothing and may hide changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cursor {
    /// How often the numbers had begun anew.
    round: u32,
    /// The last change seen.
    seen: u32,
    /// The newest change when the watcher last began to read afresh: what was gone by then concerns it
    /// no more, however far it has read.
    afresh: u32,
}

/// Which entries are watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct Filter<'f> {
    owner: Option<NodeId>,
    prefix: &'f str,
}

/// A key that changed, as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change<'a> {
    /// Whose key it is.
    pub owner: NodeId,
    /// The key.
    pub key: &'a str,
    /// What it is set to, or `None` if it is gone.
    pub entry: Option<EntryRef<'a>>,
    /// Where a watcher stands that has taken this change and every earlier one. Greater for later
    /// changes.
    pub cursor: Cursor,
}

/// The answer to a watcher: an iterator over what changed since its cursor, each key once, ordered by
/// owner (in the members' common order) and key.
#[derive(Clone, Debug)]
#[must_use]
pub struct Changes<I> {
    afresh: bool,
    end: Cursor,
    found: I,
}

/// The numbers of changes that a store gives out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Clock {
    round: u32,
    last: u32,
    /// The highest number of a removal that is in the table no more.
    removed: u32,
}

impl Cursor {
    /// Where a watcher stands that has seen nothing: it reads everything afresh.
    pub const START: Self = Self {
        round: 0,
        seen: 0,
        afresh: 0,
    };
}

impl<'f> Filter<'f> {
    /// Every entry of every owner.
    pub const ALL: Self = Self {
        owner: None,
        prefix: "",
    };

    /// Every entry of one owner.
    pub const fn of(owner: NodeId) -> Self {
        Self {
            owner: Some(owner),
            prefix: "",
        }
    }

    /// Of these, the entries whose keys begin so.
    pub const fn prefix(mut self, prefix: &'f str) -> Self {
        self.prefix = prefix;
        self
    }

    /// `true` if a key of this owner is watched.
    #[must_use]
    pub fn accepts(&self, owner: NodeId, key: &str) -> bool {
        self.takes(owner, key.as_bytes())
    }

    fn takes(&self, owner: NodeId, key: &[u8]) -> bool {
        self.owner.is_none_or(|own| own == owner) && key.starts_with(self.prefix.as_bytes())
    }
}

impl<'a, I: Iterator<Item = Change<'a>>> Changes<I> {
    /// `true` if removals may have been missed, or if the cursor is [`Cursor::START`]: what the watcher
    /// knew so far is void, and these are not changes but everything that is set now.
    #[must_use]
    pub fn is_afresh(&self) -> bool {
        self.afresh
    }

    /// Where a watcher stands that has taken all of these.
    #[must_use]
    pub fn end(&self) -> Cursor {
        self.end
    }

    /// With what is set now shown in another way.
    pub(crate) fn map_entries(
        self,
        show: impl Fn(EntryRef<'a>) -> EntryRef<'a>,
    ) -> Changes<impl Iterator<Item = Change<'a>>> {
        let Self { afresh, end, found } = self;
        let found = found.map(move |change| Change {
            entry: change.entry.map(&show),
            ..change
        });
        Changes { afresh, end, found }
    }

    /// The earliest of these: for a watcher that takes one at a time, in the order in which they
    /// happened. It goes on with [`Change::cursor`], and with [`end`](Self::end) where there is none.
    #[must_use]
    pub fn earliest(self) -> Option<Change<'a>> {
        self.found.min_by_key(|change| change.cursor)
    }
}

impl<'a, I: Iterator<Item = Change<'a>>> Iterator for Changes<I> {
    type Item = Change<'a>;

    fn next(&mut self) -> Option<Change<'a>> {
        self.found.next()
    }
}

impl Clock {
    /// No cursor is of the first round but those that a store gave out.
    pub(super) const NEW: Self = Self {
        round: 1,
        last: 0,
        removed: 0,
    };

    /// Where a watcher stands that has seen everything.
    fn end(&self) -> Cursor {
        Cursor {
            round: self.round,
            seen: self.last,
            afresh: self.last,
        }
    }

    /// The position of a watcher with this cursor, and whether it has to read afresh.
    fn resume(&self, since: Cursor) -> (Cursor, bool) {
        let known = since.round == self.round && since.seen <= self.last;
        if known && self.removed <= since.seen.max(since.afresh) {
            return (since, false);
        }
        let start = Cursor {
            seen: 0,
            ..self.end()
        };
        (start, true)
    }
}

impl<K: Blob, V: Blob, E: List<Entry<K, V>>, L: List<Lease<K>>> Store<K, V, E, L> {
    /// What changed since `since` of what `filter` lets through.
    pub(crate) fn changes<'a>(
        &'a self,
        since: Cursor,
        filter: Filter<'a>,
    ) -> Changes<impl Iterator<Item = Change<'a>>> {
        let (since, afresh) = self.clock.resume(since);
        let news = E::PERMITTED && since.seen < self.clock.last;
        let from = match filter.owner {
            Some(owner) if news => match self.search(owner, filter.prefix.as_bytes()) {
                Ok(index) | Err(index) => index,
            },
            _ => 0,
        };
        // One owner's keys with one prefix stand side by side.
        let takes = move |entry: &&Entry<K, V>| filter.takes(entry.owner, entry.key.as_ref());
        let found = self
            .list
            .iter_from(from)
            .take(if news { usize::MAX } else { 0 })
            .take_while(move |entry| filter.owner.is_none() || takes(entry))
            .filter(takes)
            .filter_map(move |entry| change(entry, self.visible_entry(entry), since));
        Changes {
            afresh,
            end: self.clock.end(),
            found,
        }
    }

    /// Where a watcher stands that has seen everything.
    pub(crate) fn newest(&self) -> Cursor {
        self.clock.end()
    }

    /// Forgets which change came when.
    pub(crate) fn forget_changes(&mut self) {
        self.clock = Clock::NEW;
        for index in 0..self.list.len() {
            if let Some(entry) = self.list.get_mut(index) {
                entry.number = 0;
            }
        }
    }

    /// The number of a change of what is readable. Where the numbers run out they begin anew, with those
    /// of what is set now, and cursors of the round before mean "everything".
    pub(super) fn number_change(&mut self) -> u32 {
        if self.clock.last == u32::MAX {
            self.renumber_changes();
        }
        self.clock.last = self.clock.last.saturating_add(1);
        self.clock.last
    }

    /// An entry has left the table: if it was readable that is a change, and if it had told of a removal,
    /// nothing does any more.
    pub(super) fn note_taken_out(&mut self, entry: &Entry<K, V>) {
        let number = if entry.is_set() {
            self.number_change()
        } else {
            entry.number
        };
        self.clock.removed = self.clock.removed.max(number);
    }

    fn renumber_changes(&mut self) {
        let mut last = 0_u32;
        for index in 0..self.list.len() {
            let Some(entry) = self.list.get_mut(index) else {
                break;
            };
            entry.number = 0;
            if entry.is_set() {
                last = last.saturating_add(1);
                entry.number = last;
            }
        }
        self.clock = Clock {
            // Zero is the round of `Cursor::START`.
            round: self.clock.round.checked_add(1).unwrap_or(1),
            last,
            removed: 0,
        };
    }
}

/// What a watcher at `since` is told of an entry, if anything.
fn change<'e, K: Blob, V: Blob>(
    entry: &'e Entry<K, V>,
    set: Option<EntryRef<'e>>,
    since: Cursor,
) -> Option<Change<'e>> {
    let known = match set {
        Some(_) => since.seen,
        None => since.seen.max(since.afresh),
    };
    (entry.number > known).then_some(Change {
        owner: entry.owner,
        key: entry.key(),
        entry: set,
        cursor: Cursor {
            seen: entry.number,
            ..since
        },
    })
}

#[cfg(test)]
mod tests;
