//! One node's copy of the owner's map, and the claims it makes.

use gossip_core::entries::accelerate::Versions;
use gossip_core::entries::delta::{Claim, Listed, Map, Progress};
use gossip_core::{Instant, Version};

const KEY_NAMES: [&str; 6] = ["A", "B", "C", "D", "E", "F"];

/// The name of key number `key`.
pub fn key_name(key: usize) -> &'static str {
    KEY_NAMES[key]
}

fn key_number(name: &str) -> usize {
    KEY_NAMES
        .iter()
        .position(|known| *known == name)
        .expect("tests use known keys")
}

/// What is held of one key: a value of one byte, or `None` for a tombstone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Held {
    pub version: Version,
    pub value: Option<u8>,
    /// Whether it was set for a time.
    pub leased: bool,
    pub marked: bool,
}

impl Held {
    pub fn is_shown(&self) -> bool {
        self.value.is_some()
    }

    /// The tombstone that a lease leaves.
    pub fn run_out(self) -> Self {
        Self {
            value: None,
            leased: false,
            marked: false,
            ..self
        }
    }
}

/// The map itself: `K` keys known by number. Small and flat, so that a model checker can keep
/// millions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Table<const K: usize>(pub [Option<Held>; K]);

impl<const K: usize> Default for Table<K> {
    fn default() -> Self {
        Self([None; K])
    }
}

impl<const K: usize> Table<K> {
    /// What a read of `key` gives, and the version it was written at.
    pub fn shown(&self, key: usize) -> Option<(Version, u8)> {
        let held = self.0[key]?;
        held.value.map(|value| (held.version, value))
    }

    pub fn tombstone(&self, key: usize) -> Option<Version> {
        self.0[key]
            .filter(|held| !held.is_shown())
            .map(|held| held.version)
    }

    pub fn version_of(&self, key: usize) -> Option<Version> {
        self.0[key].map(|held| held.version)
    }

    pub fn is_marked(&self, key: usize) -> bool {
        self.0[key].is_some_and(|held| held.marked)
    }

    /// Everything held with a version in `(a, b]`, tombstones and marked entries included.
    pub fn between(&self, a: Version, b: Version) -> Self {
        let inside = |held: &Held| a < held.version && held.version <= b;
        Self(self.0.map(|slot| {
            slot.filter(inside).map(|held| Held {
                marked: false,
                ..held
            })
        }))
    }

    pub fn listed(&self) -> impl Iterator<Item = Listed<'_>> + Clone {
        self.0.iter().enumerate().filter_map(|(key, slot)| {
            let held = slot.as_ref()?;
            let value = held.value.as_ref().map(std::slice::from_ref);
            Some(Listed {
                key: key_name(key),
                version: held.version,
                value,
                expires: held.leased.then_some(Instant::FAR),
            })
        })
    }
}

impl<const K: usize> Map for Table<K> {
    fn version(&self, key: &str) -> Option<Version> {
        self.version_of(key_number(key))
    }

    fn store(&mut self, entry: Listed<'_>) {
        let value = entry.value.map(|bytes| bytes[0]);
        let held = Held {
            version: entry.version,
            value,
            leased: entry.expires.is_some(),
            marked: false,
        };
        self.0[key_number(entry.key)] = Some(held);
    }

    fn unmark(&mut self) {
        self.0
            .iter_mut()
            .flatten()
            .for_each(|held| held.marked = false);
    }

    fn mark_missing<'l>(
        &mut self,
        a: Version,
        b: Version,
        mut list: impl Iterator<Item = Listed<'l>>,
    ) {
        let mut listed = [None; K];
        list.by_ref()
            .filter(|entry| entry.value.is_some())
            .for_each(|entry| listed[key_number(entry.key)] = Some(entry.version));
        for (slot, listed) in self.0.iter_mut().zip(listed) {
            if let Some(held) = slot
                && held.is_shown()
                && a < held.version
                && held.version <= b
                && listed != Some(held.version)
            {
                held.marked = true;
            }
        }
    }

    fn mark_unlisted(&mut self, a: Version, b: Version, is_listed: impl Fn(Version) -> bool) {
        for held in self.0.iter_mut().flatten() {
            let covered = a < held.version && held.version <= b;
            held.marked |= covered && held.is_shown() && !is_listed(held.version);
        }
    }

    fn values(&self, a: Version, b: Version) -> impl Iterator<Item = Version> {
        let values = self.0.iter().flatten().filter(|held| held.is_shown());
        let inside = move |version: &Version| a < *version && *version <= b;
        values.map(|held| held.version).filter(inside)
    }

    fn versions(&self, a: Version, b: Version) -> impl Iterator<Item = Version> {
        let all = self.0.iter().flatten().map(|held| held.version);
        all.filter(move |version| a < *version && *version <= b)
    }

    fn has_marked(&self) -> bool {
        self.0.iter().flatten().any(|held| held.marked)
    }

    fn drop_marked(&mut self) -> Version {
        let mut highest = Version::NONE;
        for slot in &mut self.0 {
            if let Some(held) = slot.take_if(|held| held.marked)
                && held.leased
            {
                highest = highest.max(held.version);
            }
        }
        highest
    }
}

/// The version numbers of a claim's list.
impl<const K: usize> Versions for Table<K> {
    fn mark_untold(&self, map: &mut impl Map, claim: &Claim) {
        map.mark_unlisted(claim.a, claim.b, |version| {
            self.values(claim.a, claim.b).any(|told| told == version)
        });
    }
}

/// In which form a claim travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// With its entries.
    Whole,
    /// With the version numbers of its values.
    Versions,
    /// With a hash of the versions of everything on its list.
    Known,
}

impl Form {
    pub const ALL: [Self; 3] = [Self::Whole, Self::Versions, Self::Known];
}

/// A claim with its list, and the life of the owner that it speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Told<const K: usize> {
    pub life: usize,
    pub form: Form,
    pub claim: Claim,
    pub list: Table<K>,
}

/// A node's position and its entries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Replica<const K: usize> {
    pub progress: Progress,
    pub table: Table<K>,
    /// Used by the parking variants of [`Rules`](super::Rules) alone.
    pub parked_until: Option<Version>,
}

impl<const K: usize> Default for Replica<K> {
    fn default() -> Self {
        Self {
            progress: Progress::default(),
            table: Table::default(),
            parked_until: None,
        }
    }
}

impl<const K: usize> Told<K> {
    /// The same claim in another form.
    pub fn in_form(self, form: Form) -> Self {
        Self { form, ..self }
    }
}

impl<const K: usize> Replica<K> {
    /// The claim `(a, b]` of this node as it is now.
    pub fn tell(&self, life: usize, a: Version, b: Version) -> Told<K> {
        let claim = self.progress.claim(a, b);
        Told {
            life,
            form: Form::Whole,
            claim,
            list: self.table.between(a, b),
        }
    }

    /// Where a page from `a` ends that has room for `room` entries, at least one.
    pub fn page_end(&self, a: Version, room: usize) -> Version {
        let mut ahead: Vec<u32> = self
            .table
            .between(a, self.progress.held)
            .listed()
            .map(|entry| entry.version.get())
            .collect();
        ahead.sort_unstable();
        ahead
            .get(room.max(1))
            .map_or(self.progress.held, |first_out| super::v(first_out - 1))
    }

    /// Turns a copy of an earlier life into the beginning of one of the next: old values stand at
    /// the birth until a re-cover replaces them, old tombstones have nothing left to forbid.
    pub fn reborn(&mut self) {
        for slot in &mut self.table.0 {
            let value = slot
                .take()
                .and_then(|held| Some((held.value?, held.leased)));
            *slot = value.map(|(value, leased)| Held {
                version: Version::BIRTH,
                value: Some(value),
                leased,
                marked: false,
            });
        }
        let is_empty = self.table.0.iter().all(Option::is_none);
        self.progress = if is_empty {
            Progress::default()
        } else {
            Progress::REBORN
        };
    }
}
