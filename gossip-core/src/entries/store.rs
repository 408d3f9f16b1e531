//! The table of entries, sorted by owner and key.

use core::cmp::Ordering;
use core::marker::PhantomData;

use super::changes::Clock;
use super::delta::Listed;
use super::entry::{Content, Due, Entry, EntryRef};
use super::lease::{Lease, Leases};
use super::role::Role;
use crate::id::{NodeId, Version};
use crate::storage::{Blob, List};
use crate::time::Instant;

/// All entries of all owners.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Store<K, V, E, L> {
    pub(super) list: E,
    pub(super) leases: Leases<K, L>,
    key_max: usize,
    value_max: usize,
    /// Numbers changes for watches.
    pub(super) clock: Clock,
    /// Every entry with an event due lies between these two, ends included.
    changed: Option<(usize, usize)>,
    /// Where the sweep under way goes on.
    sweep: Option<usize>,
    blobs: PhantomData<(K, V)>,
}

/// What happened to an entry, as an event tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happened {
    Set,
    Deleted,
    /// Its lease ran out.
    Expired,
}

/// Whether a claim's list can be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    Yes,
    /// The table has not enough room.
    Full,
    /// The table of leases has not enough room.
    LeasesFull,
    /// A key or a value is longer than the storage holds, or than a datagram has room for.
    TooLarge,
}

impl<K, V, E, L> Store<K, V, E, L> {
    /// A store that keeps its entries in `list`, which must be empty, with keys and values of up to
    /// so many bytes, and with leases of their own.
    pub const fn new(list: E, leases: Leases<K, L>, key_max: usize, value_max: usize) -> Self {
        Self {
            list,
            leases,
            key_max,
            value_max,
            clock: Clock::NEW,
            changed: None,
            sweep: None,
            blobs: PhantomData,
        }
    }

    pub(crate) const fn key_max(&self) -> usize {
        self.key_max
    }

    pub(crate) const fn value_max(&self) -> usize {
        self.value_max
    }
}

impl<K: Blob, V: Blob, E: List<Entry<K, V>>, L: List<Lease<K>>> Store<K, V, E, L> {
    /// How many things the table holds, and can hold.
    pub(crate) fn usage(&self) -> (usize, usize) {
        (self.list.len(), self.list.capacity())
    }

    pub(crate) fn capacity(&self) -> usize {
        self.list.capacity()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.list.is_full()
    }

    /// `true` if it is full, and nothing in it only waits for its event.
    pub(crate) fn is_full_for_good(&self) -> bool {
        self.is_full() && !self.list.iter().any(Entry::is_gone)
    }

    /// What is known of a key, a tombstone included.
    pub(crate) fn find(&self, owner: NodeId, key: &str) -> Option<&Entry<K, V>> {
        let index = self.search(owner, key.as_bytes()).ok()?;
        self.list.get(index).filter(|entry| !entry.is_gone())
    }

    /// All that is known of all owners, tombstones included.
    pub(crate) fn kept(&self) -> impl Iterator<Item = &Entry<K, V>> {
        self.list.iter().filter(|entry| entry.is_kept())
    }

    /// The entry at `index`, unless only its event remains.
    pub(crate) fn kept_at(&self, index: usize) -> Option<&Entry<K, V>> {
        self.list.get(index).filter(|entry| entry.is_kept())
    }

    /// Takes every event for told.
    pub(crate) fn hush(&mut self) {
        for index in 0..self.list.len() {
            if let Some(entry) = self.list.get_mut(index) {
                entry.due = Due::Nothing;
            }
        }
        self.changed = None;
    }

    /// An owner's entries by key, tombstones included.
    pub(crate) fn of(&self, owner: NodeId) -> impl Iterator<Item = &Entry<K, V>> + Clone {
        Walk {
            list: &self.list,
            next: self.start(owner),
            blobs: PhantomData,
        }
        .take_while(move |entry| entry.owner == owner)
        .filter(|entry| !entry.is_gone())
    }

    /// Every value that is set.
    pub(crate) fn visible(&self) -> impl Iterator<Item = EntryRef<'_>> {
        self.list
            .iter()
            .filter_map(|entry| self.visible_entry(entry))
    }

    /// Every value that an owner has set.
    pub(crate) fn visible_of(&self, owner: NodeId) -> impl Iterator<Item = EntryRef<'_>> {
        self.of(owner).filter_map(|entry| self.visible_entry(entry))
    }

    /// An entry as the application reads it, if it is set.
    pub(crate) fn visible_entry<'a>(&self, entry: &'a Entry<K, V>) -> Option<EntryRef<'a>> {
        if entry.owner == NodeId::FORMER {
            return None;
        }
        Some(EntryRef {
            owner: entry.owner,
            key: entry.key(),
            value: entry.value()?,
            version: entry.version,
            expires: self.expires(entry),
        })
    }

    /// `true` if any entry of an owner has a lease.
    pub(crate) fn has_leases(&self, owner: NodeId) -> bool {
        self.leases.any_of(owner)
    }

    /// When an entry's lease ends.
    pub(crate) fn expires(&self, entry: &Entry<K, V>) -> Option<Instant> {
        self.leases.of(entry.owner, entry.key.as_ref())
    }

    /// Stores a write over whatever is held of its key. The caller made sure that it fits.
    pub(crate) fn put(&mut self, owner: NodeId, entry: Listed<'_>) -> bool {
        let Some(content) = content_of::<V>(entry.value) else {
            return false;
        };
        let stored = match self.search(owner, entry.key.as_bytes()) {
            Ok(index) => self.replace(index, entry.version, content),
            Err(index) => self.add(index, owner, entry, content),
        };
        if stored {
            self.leases.set(owner, entry.key.as_bytes(), entry.expires);
        }
        stored
    }

    /// `true` if an entry is larger than the storage holds, or than the `room` that a datagram has for it.
    pub(crate) fn is_too_large(&self, now: Instant, room: usize, entry: Listed<'_>) -> bool {
        let value = entry.value.map_or(0, <[u8]>::len);
        entry.key.len() > self.key_max || value > self.value_max || entry.len(now, 0) > room
    }

    /// `true` if an earlier write of the entry's key is held, or none.
    pub(crate) fn is_news(&self, owner: NodeId, entry: Listed<'_>) -> bool {
        let held = self.find(owner, entry.key);
        held.is_none_or(|held| held.version < entry.version)
    }

    /// Whether there is room for everything on `list`.
    pub(crate) fn fits<'l>(&self, owner: NodeId, list: impl Iterator<Item = Listed<'l>>) -> Fit {
        let mut free = self.list.capacity().saturating_sub(self.list.len());
        let mut leases = self.leases.free();
        for entry in list {
            if self.search(owner, entry.key.as_bytes()).is_err() {
                match free.checked_sub(1) {
                    Some(left) => free = left,
                    None => return Fit::Full,
                }
            }
            if entry.expires.is_some() && self.leases.of(owner, entry.key.as_bytes()).is_none() {
                match leases.checked_sub(1) {
                    Some(left) => leases = left,
                    None => return Fit::LeasesFull,
                }
            }
        }
        Fit::Yes
    }

    /// Where an owner's entries begin.
    pub(crate) fn start(&self, owner: NodeId) -> usize {
        let place = owner.place();
        let found = self
            .list
            .search_by(|entry| match entry.owner.place().cmp(&place) {
                Ordering::Equal => Ordering::Greater,
                other => other,
            });
        match found {
            Ok(index) | Err(index) => index,
        }
    }

    /// The entry at `index`, if it is this owner's.
    pub(crate) fn own_at(&mut self, index: usize, owner: NodeId) -> Option<&mut Entry<K, V>> {
        self.list
            .get_mut(index)
            .filter(|entry| entry.owner == owner)
    }

    /// Makes the entry at `index` disappear: at once, or after its event was told. Returns the
    /// index of the entry that follows.
    pub(crate) fn vanish(&mut self, index: usize) -> usize {
        let after = index.saturating_add(1);
        let Some(entry) = self.list.get_mut(index) else {
            return after;
        };
        self.leases.set(entry.owner, entry.key.as_ref(), None);
        let was_set = entry.is_set();
        if entry.owner == NodeId::FORMER || !was_set && entry.due == Due::Nothing {
            self.take_out(index);
            return index;
        }
        entry.content = Content::Gone;
        entry.marked = false;
        if was_set {
            self.note_change(index);
        }
        after
    }

    /// Forgets an owner: all its entries, at once.
    pub(crate) fn forget(&mut self, owner: NodeId) {
        self.leases.forget(owner);
        let index = self.start(owner);
        while self.own_at(index, owner).is_some() {
            self.take_out(index);
        }
    }

    /// Makes room by dropping entries that are gone and only wait for their event. `true` if any
    /// event was lost that way.
    pub(crate) fn drop_gone(&mut self) -> bool {
        let (mut index, mut lost) = (0, false);
        while let Some(entry) = self.list.get(index) {
            if entry.is_gone() {
                self.take_out(index);
                lost = true;
            } else {
                index = index.saturating_add(1);
            }
        }
        lost
    }

    /// Begins a sweep over the tombstones, unless one is under way.
    pub(crate) fn begin_sweep(&mut self) {
        self.sweep.get_or_insert(0);
    }

    /// The next tombstone of the sweep under way that has been kept long enough, looking at no more
    /// than `budget` entries. Collect it with [`vanish`](Self::vanish).
    pub(crate) fn sweep(&mut self, budget: &mut usize) -> Option<(usize, NodeId, Version)> {
        const SWEEPS_KEPT: u8 = 2;
        while let Some(index) = self.sweep {
            let Some(entry) = self.list.get_mut(index) else {
                self.sweep = None;
                break;
            };
            // What only waits for its event costs nothing, or whether events are drained would decide how
            // far a sweep gets.
            if !entry.is_gone() {
                let Some(left) = budget.checked_sub(1) else {
                    break;
                };
                *budget = left;
            }
            self.sweep = Some(index.saturating_add(1));
            if let Content::Tombstone(age) = &mut entry.content {
                if *age >= SWEEPS_KEPT {
                    self.sweep = Some(index);
                    return Some((index, entry.owner, entry.version));
                }
                *age = age.saturating_add(1);
            }
        }
        None
    }

    /// Leaves the tombstone at the sweep's position where it is.
    pub(crate) fn skip_sweep(&mut self) {
        self.sweep = self.sweep.map(|index| index.saturating_add(1));
    }

    /// The next entry with an event due: its owner, its key, and what happened to it. What was gone is
    /// removed with its event.
    pub(crate) fn take_changed(&mut self) -> Option<(NodeId, K, Happened)> {
        let (from, to) = self.changed?;
        let mut index = from;
        while let Some(entry) = self.list.get_mut(index).filter(|_| index <= to) {
            if entry.due != Due::Nothing {
                let what = match entry.due {
                    _ if entry.is_set() => Happened::Set,
                    Due::Expired => Happened::Expired,
                    Due::Changed | Due::Nothing => Happened::Deleted,
                };
                entry.due = Due::Nothing;
                let told = (entry.owner, entry.key.clone(), what);
                self.changed = Some((index, to));
                if entry.is_gone() {
                    self.take_out(index);
                }
                return Some(told);
            }
            index = index.saturating_add(1);
        }
        self.changed = None;
        None
    }

    pub(super) fn replace(&mut self, index: usize, version: Version, content: Content<V>) -> bool {
        let Some(entry) = self.list.get_mut(index) else {
            return false;
        };
        let changed =
            entry.content != content && (entry.is_set() || matches!(content, Content::Set(_)));
        entry.version = version;
        entry.content = content;
        entry.marked = false;
        entry.role = Role::Plain;
        if changed {
            self.note_change(index);
        }
        true
    }

    fn add(&mut self, index: usize, owner: NodeId, entry: Listed<'_>, content: Content<V>) -> bool {
        let Some(key) = K::from_slice(entry.key.as_bytes()) else {
            return false;
        };
        let changed = matches!(content, Content::Set(_));
        let row = Entry {
            owner,
            version: entry.version,
            number: 0,
            key,
            content,
            marked: false,
            listed: false,
            role: Role::Plain,
            due: Due::Nothing,
        };
        let added = self.put_in(index, row);
        if added && changed {
            self.note_change(index);
        }
        added
    }

    /// What is readable at `index` changed: events and watches are to tell it.
    pub(super) fn note_change(&mut self, index: usize) {
        let entry = self.list.get(index);
        if entry.is_some_and(|entry| entry.owner == NodeId::FORMER) {
            return;
        }
        let number = self.number_change();
        if let Some(entry) = self.list.get_mut(index) {
            entry.due = Due::Changed;
            entry.number = number;
        }
        let (from, to) = self.changed.unwrap_or((index, index));
        self.changed = Some((from.min(index), to.max(index)));
    }

    /// Removes an entry, which is a change if it was readable.
    fn take_out(&mut self, index: usize) {
        let removed = self.remove(index);
        if let Some(entry) = removed.filter(|entry| entry.owner != NodeId::FORMER) {
            self.note_taken_out(&entry);
        }
    }

    /// Removes an entry. What follows it moves up, and so do the marks that point behind it.
    pub(super) fn remove(&mut self, index: usize) -> Option<Entry<K, V>> {
        let removed = self.list.remove(index)?;
        let up = |mark: usize| {
            if mark > index {
                mark.saturating_sub(1)
            } else {
                mark
            }
        };
        self.changed = self.changed.map(|(from, to)| (up(from), up(to)));
        self.sweep = self.sweep.map(up);
        Some(removed)
    }

    /// Inserts an entry; `false` if there is no room. What follows it moves down.
    pub(super) fn put_in(&mut self, index: usize, entry: Entry<K, V>) -> bool {
        let added = self.list.insert(index, entry).is_ok();
        let down = |mark: usize| mark.saturating_add(usize::from(added && mark >= index));
        self.changed = self.changed.map(|(from, to)| (down(from), down(to)));
        self.sweep = self.sweep.map(down);
        added
    }

    pub(super) fn search(&self, owner: NodeId, key: &[u8]) -> Result<usize, usize> {
        let place = owner.place();
        self.list.search_by(|entry| {
            entry
                .owner
                .place()
                .cmp(&place)
                .then_with(|| entry.key.as_ref().cmp(key))
        })
    }
}

/// A walk along a list by index, which can be repeated from where it stands.
struct Walk<'a, K, V, E> {
    list: &'a E,
    next: usize,
    blobs: PhantomData<(K, V)>,
}

impl<K, V, E> Clone for Walk<'_, K, V, E> {
    fn clone(&self) -> Self {
        Self {
            list: self.list,
            next: self.next,
            blobs: PhantomData,
        }
    }
}

impl<'a, K: Blob + 'a, V: Blob + 'a, E: List<Entry<K, V>>> Iterator for Walk<'a, K, V, E> {
    type Item = &'a Entry<K, V>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.list.get(self.next)?;
        self.next = self.next.saturating_add(1);
        Some(entry)
    }
}

fn content_of<V: Blob>(value: Option<&[u8]>) -> Option<Content<V>> {
    match value {
        Some(bytes) => V::from_slice(bytes).map(Content::Set),
        None => Some(Content::Tombstone(0)),
    }
}
