//! One owner's part of the store, as the delta rules see it.

use super::delta::{Listed, Map, Progress};
use super::entry::{Content, Entry};
use super::lease::Lease;
use super::store::Store;
use crate::hash::mix;
use crate::id::{NodeId, Version};
use crate::storage::{Blob, List};
use crate::time::Instant;

/// The entries of `owner`.
pub(crate) struct OwnerMap<'s, K, V, E, L> {
    pub(crate) store: &'s mut Store<K, V, E, L>,
    pub(crate) owner: NodeId,
}

impl<K: Blob, V: Blob, E: List<Entry<K, V>>, L: List<Lease<K>>> OwnerMap<'_, K, V, E, L> {
    /// Turns the entries of an earlier life into what a replica of a new life starts from.
    pub(crate) fn reborn(&mut self) -> Progress {
        let mut any = false;
        self.each(|entry| match entry.content {
            Content::Set(_) => {
                entry.version = Version::BIRTH;
                entry.marked = false;
                any = true;
                Fate::Stay
            }
            Content::Tombstone(_) => Fate::Vanish,
            Content::Gone => Fate::Stay,
        });
        if any {
            Progress::REBORN
        } else {
            Progress::default()
        }
    }

    /// Numbers the owner's own values anew, for a new life of it. Its tombstones go, unless what they hide may
    /// come back.
    pub(crate) fn renumber(&mut self, keep_tombstones: bool) -> Progress {
        let mut progress = Progress::BIRTH;
        self.each(|entry| match entry.content {
            Content::Tombstone(_) if !keep_tombstones => Fate::Vanish,
            Content::Set(_) | Content::Tombstone(_) => {
                progress.held = progress.held.next().unwrap_or(Version::MAX);
                entry.version = progress.held;
                Fate::Stay
            }
            Content::Gone => Fate::Stay,
        });
        progress.as_of = progress.held;
        progress
    }

    /// Where a claim from `a` can end so that what it lists fits `room` bytes: the last version
    /// before the first entry that does not fit, or `held`. `None` if not even one entry fits.
    pub(crate) fn page_end(
        &self,
        now: Instant,
        a: Version,
        held: Version,
        room: usize,
    ) -> Option<Version> {
        let fits = |end: Version| self.fits(now, a, end, room);
        if fits(held) {
            return Some(held);
        }
        let (mut low, mut high) = (a.get(), held.get());
        while high.saturating_sub(low) > 1 {
            let middle = low.midpoint(high);
            match Version::new(middle) {
                Some(end) if fits(end) => low = middle,
                _ => high = middle,
            }
        }
        Version::new(low).filter(|end| *end > a)
    }

    /// `true` if the entries in `(a, end]` take at most `room` bytes in a claim. The walk ends where
    /// they do not, so that a far too distant `end` costs little.
    fn fits(&self, now: Instant, a: Version, end: Version, room: usize) -> bool {
        let left = listed(self.store, self.owner, a, end).try_fold(room, |left, entry| {
            left.checked_sub(entry.len(now, end.beyond(entry.version)))
        });
        left.is_some()
    }

    /// Shows `change` each of the owner's entries.
    fn each(&mut self, mut change: impl FnMut(&mut Entry<K, V>) -> Fate) {
        let mut index = self.store.start(self.owner);
        while let Some(entry) = self.store.own_at(index, self.owner) {
            index = match change(entry) {
                Fate::Stay => index.saturating_add(1),
                Fate::Vanish => self.store.vanish(index),
            };
        }
    }
}

enum Fate {
    Stay,
    Vanish,
}

/// The position from which a replica at `progress` asks and takes claims: of an owner of which nothing
/// was ever held, nothing is older than its birth, so it need not be covered again from zero. The
/// replica itself stays at nothing until a claim comes: to hold the birth and no more is what only an
/// owner can say that has written nothing, and one may be born with entries.
pub(crate) fn from_birth<K: Blob, V: Blob, E: List<Entry<K, V>>, L: List<Lease<K>>>(
    store: &Store<K, V, E, L>,
    owner: NodeId,
    progress: Progress,
) -> Progress {
    let nothing = progress.held == Version::NONE && progress.recover.is_none();
    let earlier = |entry: &Entry<K, V>| entry.version <= Version::BIRTH;
    if !nothing || store.of(owner).any(earlier) {
        return progress;
    }
    Progress {
        as_of: progress.as_of.max(Version::BIRTH),
        ..Progress::BIRTH
    }
}

/// The entries with versions in `(a, b]`, by key.
pub(crate) fn listed<K: Blob, V: Blob, E: List<Entry<K, V>>, L: List<Lease<K>>>(
    store: &Store<K, V, E, L>,
    owner: NodeId,
    a: Version,
    b: Version,
) -> impl Iterator<Item = Listed<'_>> {
    store
        .of(owner)
        .filter(move |entry| entry.version > a && entry.version <= b)
        .map(|entry| Listed {
            key: entry.key(),
            version: entry.version,
            value: entry.value(),
            expires: store.expires(entry),
        })
}

/// The versions of everything held of an owner, by key.
pub(crate) fn every<K: Blob, V: Blob, E: List<Entry<K, V>>, L: List<Lease<K>>>(
    store: &Store<K, V, E, L>,
    owner: NodeId,
) -> impl Iterator<Item = Version> {
    store.of(owner).map(|entry| entry.version)
}

/// A sum over the writes held of an owner that its progress does not cover, the same on all replicas that
/// hold the same of them; 0 if there are none. A version names a write, so the sum needs no keys.
pub(crate) fn loose<K: Blob, V: Blob, E: List<Entry<K, V>>, L: List<Lease<K>>>(
    store: &Store<K, V, E, L>,
    owner: NodeId,
    progress: &Progress,
) -> u32 {
    let covered = progress.floor().max(Version::BIRTH);
    if progress.as_of <= covered {
        return 0;
    }
    every(store, owner)
        .filter(|version| *version > covered)
        .fold(0, |sum, version| {
            sum.wrapping_add(mix(u64::from(version.get())) as u32)
        })
}

/// The versions in `(a, b]` of the values, by key.
pub(crate) fn values<K: Blob, V: Blob, E: List<Entry<K, V>>, L: List<Lease<K>>>(
    store: &Store<K, V, E, L>,
    owner: NodeId,
    a: Version,
    b: Version,
) -> impl Iterator<Item = Version> {
    store
        .of(owner)
        .filter(move |entry| entry.is_set() && entry.version > a && entry.version <= b)
        .map(|entry| entry.version)
}

impl<K: Blob, V: Blob, E: List<Entry<K, V>>, L: List<Lease<K>>> Map for OwnerMap<'_, K, V, E, L> {
    fn version(&self, key: &str) -> Option<Version> {
        self.store.find(self.owner, key).map(|entry| entry.version)
    }

    fn store(&mut self, entry: Listed<'_>) {
        self.store.put(self.owner, entry);
    }

    fn unmark(&mut self) {
        self.each(|entry| {
            entry.marked = false;
            Fate::Stay
        });
    }

    fn mark_missing<'l>(&mut self, a: Version, b: Version, list: impl Iterator<Item = Listed<'l>>) {
        for entry in list.filter(|entry| entry.value.is_some()) {
            if let Ok(index) = self.store.search(self.owner, entry.key.as_bytes())
                && let Some(held) = self.store.own_at(index, self.owner)
                && held.version == entry.version
            {
                held.listed = true;
            }
        }
        self.each(|entry| {
            let covered = entry.version > a && entry.version <= b;
            if covered && entry.is_set() && !entry.listed {
                entry.marked = true;
            }
            entry.listed = false;
            Fate::Stay
        });
    }

    fn mark_unlisted(&mut self, a: Version, b: Version, is_listed: impl Fn(Version) -> bool) {
        self.each(|entry| {
            let covered = entry.version > a && entry.version <= b;
            if covered && entry.is_set() && !is_listed(entry.version) {
                entry.marked = true;
            }
            Fate::Stay
        });
    }

    fn values(&self, a: Version, b: Version) -> impl Iterator<Item = Version> {
        values(self.store, self.owner, a, b)
    }

    fn versions(&self, a: Version, b: Version) -> impl Iterator<Item = Version> {
        listed(self.store, self.owner, a, b).map(|entry| entry.version)
    }

    fn has_marked(&self) -> bool {
        self.store.of(self.owner).any(|entry| entry.marked)
    }

    fn drop_marked(&mut self) -> Version {
        let store = &*self.store;
        let had_lease = store
            .of(self.owner)
            .filter(|entry| entry.marked && store.expires(entry).is_some());
        let highest = had_lease.map(|entry| entry.version).max();
        self.each(|entry| {
            if entry.marked {
                Fate::Vanish
            } else {
                Fate::Stay
            }
        });
        highest.unwrap_or(Version::NONE)
    }
}
