//! Shared keys: what a node contributes, and what all contribute together.

use super::{Node, Phase};
use crate::address::Address;
use crate::entries::{Entry, Role};
use crate::error::SetError;
use crate::id::NodeId;
use crate::shared::{
    Boot, Clock, Contribution, Counter, Elements, Kind, MARK_BYTES, Merge, Merged, Origins,
    RESERVED_PREFIX, Said, Stamp, Wall, copy_of, is_reserved, kind_of, merge, read_copy,
};
use crate::stats::bump;
use crate::storage::{Blob, Storage};

/// The most bytes before an element of a set: its length.
const LENGTH_BYTES: usize = 10;

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Says a value for a shared key, in place of what this node said before; read it with
    /// [`Merge::Last`]. It is later than every value that this node knows, and later than `wall`; without
    /// a wall clock, writers that do not know of each other's writes are ordered by how many they know.
    ///
    /// Each verb writes what is of its kind: over anything else that this node has set for the key it is
    /// refused with [`SetError::Kind`]. [`delete`](Self::delete) withdraws what this node contributes to a
    /// key, and makes room for another kind.
    ///
    /// # Errors
    /// Why the write was refused; nothing changed.
    pub fn share(&mut self, key: &str, value: &[u8], wall: Option<Wall>) -> Result<(), SetError> {
        let bytes = value;
        self.say(key, wall, |stamp| Contribution::Value { stamp, bytes })
    }

    /// Says a value for a shared key unless this node knows of one already, its own included; read it
    /// with [`Merge::First`]. `Ok(false)` if it does. Of several that claim a key without knowing of each
    /// other, the one with the earliest `wall` wins.
    ///
    /// # Errors
    /// Why the write was refused; nothing changed.
    pub fn claim(&mut self, key: &str, value: &[u8], wall: Option<Wall>) -> Result<bool, SetError> {
        if self.merged(key, Merge::First).is_some() {
            return Ok(false);
        }
        self.share(key, value, wall).map(|()| true)
    }

    /// Says a number for a shared key, in place of what this node said before; read it with
    /// [`Merge::Max`], [`Merge::Min`] or [`Merge::Sum`].
    ///
    /// # Errors
    /// Why the write was refused; nothing changed.
    pub fn share_number(&mut self, key: &str, number: i64) -> Result<(), SetError> {
        self.say(key, None, |stamp| Contribution::Number { stamp, number })
    }

    /// Adds to a shared counter, or takes away from it; read it with [`Merge::Sum`] ([`Merge::Count`] says how
    /// many owners contribute, and nothing of what they counted). Everything that was
    /// counted stays counted, in all lives of all nodes, as long as anybody who heard of it is there to
    /// keep it. That needs nonces that differ from boot to boot.
    ///
    /// # Errors
    /// Why the write was refused; nothing changed. [`SetError::NotStarted`] before the first
    /// [`handle_timeout`](Self::handle_timeout).
    pub fn count(&mut self, key: &str, amount: i64) -> Result<(), SetError> {
        let done = self.count_on(key, amount);
        self.counted(done)
    }

    /// Adds an element to this node's part of a shared set; read it with [`Merge::Union`]. `Ok(false)` if
    /// it is there already. All elements of one node for one key share one entry.
    ///
    /// # Errors
    /// Why the write was refused; nothing changed. [`SetError::Value`] or [`SetError::Entry`] if the
    /// elements no longer fit one entry.
    pub fn include(&mut self, key: &str, element: &[u8]) -> Result<bool, SetError> {
        let done = self.change_set(key, element, true);
        self.counted(done)
    }

    /// Takes an element out of this node's part of a shared set; `Ok(false)` if it is not there. It stays
    /// in the union while others contribute it.
    ///
    /// # Errors
    /// Why the write was refused; nothing changed.
    pub fn exclude(&mut self, key: &str, element: &[u8]) -> Result<bool, SetError> {
        let done = self.change_set(key, element, false);
        self.counted(done)
    }

    /// What all owners contribute to a shared key, merged: members that are gone included, each origin
    /// once. `None` if nobody contributes what this merge reads.
    ///
    /// Costs a few binary searches for each owner that has any entry, and as much again for each origin
    /// of which there are only copies.
    pub fn merged<'a>(
        &'a self,
        key: &'a str,
        how: Merge,
    ) -> Option<Merged<'a, impl Iterator<Item = &'a [u8]> + Clone>> {
        if const { !Self::ENTRIES } || is_reserved(key) {
            return None;
        }
        merge(self.origins(key), how)
    }

    /// What an owner contributes to a key in an entry of its own.
    pub(super) fn said_by(&self, owner: NodeId, key: &str) -> Option<Said<'_>> {
        said(self.tables.entries.find(owner, key)?)
    }

    /// The copies that are kept of what others contributed to a key, each with its keeper and key.
    pub(super) fn copies<'a>(
        &'a self,
        key: &'a str,
    ) -> impl Iterator<Item = (&'a Entry<S::Key, S::Value>, Said<'a>)> + Clone {
        let all = self.tables.entries.beginning((RESERVED_PREFIX, key));
        all.filter_map(move |entry| {
            let (about, _) = copy_of(entry.key())?;
            let said = read_copy(entry.value()?)?;
            (about == key).then_some((entry, said))
        })
    }

    /// These bytes one after another, as a value of an entry.
    pub(super) fn value_of(&self, parts: &[&[u8]]) -> Result<S::Value, SetError> {
        let max = self.tables.entries.value_max();
        S::Value::from_parts(parts).ok_or(SetError::Value { max })
    }

    fn origins<'a>(&'a self, key: &'a str) -> impl Iterator<Item = Said<'a>> + Clone {
        let own = self.tables.entries.across(key).filter_map(said);
        Origins::new(own, self.copies(key).map(|(_, said)| said))
    }

    /// A stamp later than that of everything known of a key.
    fn stamp(&self, key: &str, wall: Option<Wall>) -> Stamp {
        let mut clock = Clock::default();
        let own = self.tables.entries.across(key).filter_map(said);
        let all = own.chain(self.copies(key).map(|(_, said)| said));
        all.filter_map(|said| said.contribution.stamp())
            .for_each(|stamp| clock.observe(stamp));
        clock.tick(wall)
    }

    /// What this node contributes to a key in an entry of its own.
    fn contributed(&self, key: &str) -> Option<Contribution<'_>> {
        self.said_by(self.id(), key).map(|said| said.contribution)
    }

    /// Contributes what is made with the stamp of a write now.
    fn say<'v>(
        &mut self,
        key: &str,
        wall: Option<Wall>,
        what: impl FnOnce(Stamp) -> Contribution<'v>,
    ) -> Result<(), SetError> {
        let done = Self::check_shared(key).and_then(|()| {
            let what = what(self.stamp(key, wall));
            self.check_kind(key, what.kind())?;
            self.contribute(key, &what)
        });
        self.counted(done)
    }

    /// Whether a key can be shared at all.
    fn check_shared(key: &str) -> Result<(), SetError> {
        if const { !Self::ENTRIES } {
            return Err(SetError::Full { max: 0 });
        }
        check_key(key)
    }

    fn contribute(&mut self, key: &str, what: &Contribution<'_>) -> Result<(), SetError> {
        let mut room = [0; MARK_BYTES];
        let head = what.head(&mut room).ok_or(SetError::Encoding)?;
        let value = self.value_of(&[head, what.body()])?;
        self.write_contribution(key, value.as_ref())
    }

    fn write_contribution(&mut self, key: &str, value: &[u8]) -> Result<(), SetError> {
        self.write_entry(key, Some(value), None)?;
        self.tables.entries.note_said(self.id(), key);
        Ok(())
    }

    /// Whether a verb that writes this kind may write this node's own key: what was counted or collected
    /// there is gone for everybody once something else is written over it.
    pub(super) fn check_kind(&self, key: &str, kind: Kind) -> Result<(), SetError> {
        if const { !Self::ENTRIES } {
            return Ok(());
        }
        match self.kind_at(key) {
            Some(found) if found != kind => Err(SetError::Kind { found }),
            _ => Ok(()),
        }
    }

    /// What this node's own key holds, or will hold once it is taken back; `None` if it is not set.
    ///
    /// Bytes of a plain value may look like a contribution, so it is noted which are one. Where the value
    /// comes from elsewhere, they alone can tell.
    fn kind_at(&self, key: &str) -> Option<Kind> {
        let store = &self.tables.entries;
        let (entry, noted) = match store.find(self.id(), key) {
            Some(own) => (own, own.role == Role::Said),
            None => (store.find(NodeId::FORMER, key)?, true),
        };
        let mark = entry.value()?.first().filter(|_| noted);
        Some(mark.map_or(Kind::Plain, |mark| kind_of(*mark)))
    }

    fn count_on(&mut self, key: &str, amount: i64) -> Result<(), SetError> {
        Self::check_shared(key)?;
        self.check_kind(key, Kind::Counter)?;
        match self.phase {
            Phase::Running => {}
            Phase::Leaving(_) | Phase::Left => return Err(SetError::NotRunning),
            Phase::New | Phase::Restored { .. } => return Err(SetError::NotStarted),
        }
        let boot = Boot(self.generation().nonce);
        let counter = match self.contributed(key) {
            Some(Contribution::Counter(counter)) if counter.boot == boot => counter,
            Some(Contribution::Counter(earlier)) => {
                // Of an earlier boot, of which others may have heard more. Where no copy of it can be kept
                // here, others keep none either, or fewer than would matter: it is counted on.
                let kept = Contribution::Counter(earlier);
                match self.keep_copy(key, Said::new(self.id(), kept)) {
                    Ok(()) => Counter::new(boot),
                    Err(_) => earlier,
                }
            }
            _ => Counter::new(boot),
        };
        self.contribute(key, &Contribution::Counter(counter.plus(amount)))
    }

    fn change_set(&mut self, key: &str, element: &[u8], there: bool) -> Result<bool, SetError> {
        Self::check_shared(key)?;
        self.check_kind(key, Kind::Elements)?;
        let stamp = self.stamp(key, None);
        let elements = match self.contributed(key) {
            Some(Contribution::Elements { elements, .. }) => elements,
            _ => Elements::default(),
        };
        let place = elements.place(element);
        if place.found == there {
            return Ok(false);
        }
        let (mut room, mut length) = ([0; MARK_BYTES], [0; LENGTH_BYTES]);
        let mark = Contribution::Elements { stamp, elements };
        let head = mark.head(&mut room).ok_or(SetError::Encoding)?;
        let length = postcard::to_slice(&element.len(), &mut length);
        let length = length.map_err(|_| SetError::Encoding)?;
        let parts: [&[u8]; 5] = if there {
            [head, place.before, length, element, place.after]
        } else {
            [head, place.before, &[], &[], place.after]
        };
        let value = self.value_of(&parts)?;
        self.write_contribution(key, value.as_ref()).map(|()| true)
    }

    fn counted<T>(&mut self, done: Result<T, SetError>) -> Result<T, SetError> {
        done.inspect_err(|_| bump(&mut self.stats.refused_writes))
    }
}

/// Keys of copies are not the application's.
pub(super) fn check_key(key: &str) -> Result<(), SetError> {
    if is_reserved(key) {
        Err(SetError::Reserved)
    } else {
        Ok(())
    }
}

/// Whether a value that comes from a state or from peers is to be taken for a contribution. Plain bytes
/// may look like one.
pub(super) fn looks_said(value: &[u8]) -> bool {
    Contribution::decode(value).is_some()
}

/// What an entry contributes to the key that it has.
pub(super) fn said<K: AsRef<[u8]>, V: AsRef<[u8]>>(entry: &Entry<K, V>) -> Option<Said<'_>> {
    Said::by(entry.owner, entry.value()?)
}
