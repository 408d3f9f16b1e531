//! What a node contributes to shared keys.

use super::Author;
use crate::address::Address;
use crate::context::{Context, Phase};
use crate::entries::{Entry, Role};
use crate::error::SetError;
use crate::id::NodeId;
use crate::shared::{
    Boot, Clock, Contribution, Counter, Elements, Kind, MARK_BYTES, Origins, RESERVED_PREFIX, Said,
    Stamp, Wall, copy_of, is_reserved, kind_of, read_copy,
};
use crate::stats::bump;
use crate::storage::{Blob, Storage};

/// The most bytes before an element of a set: its length.
const LENGTH_BYTES: usize = 10;

impl<A: Address, S: Storage<A>> Author<A, S> {
    /// What an owner contributes to a key in an entry of its own.
    pub(crate) fn said_by<'a>(
        &self,
        cx: &'a Context<A, S>,
        owner: NodeId,
        key: &str,
    ) -> Option<Said<'a>> {
        said(cx.entries.find(owner, key)?)
    }

    /// The copies that are kept of what others contributed to a key, each with its keeper and key.
    pub(crate) fn copies<'a>(
        &'a self,
        cx: &'a Context<A, S>,
        key: &'a str,
    ) -> impl Iterator<Item = (&'a Entry<S::Key, S::Value>, Said<'a>)> + Clone {
        let all = cx.entries.beginning((RESERVED_PREFIX, key));
        all.filter_map(move |entry| {
            let (about, _) = copy_of(entry.key())?;
            let said = read_copy(entry.value()?)?;
            (about == key).then_some((entry, said))
        })
    }

    /// These bytes one after another, as a value of an entry.
    pub(crate) fn value_of(
        &self,
        cx: &Context<A, S>,
        parts: &[&[u8]],
    ) -> Result<S::Value, SetError> {
        let max = cx.entries.value_max();
        S::Value::from_parts(parts).ok_or(SetError::Value { max })
    }

    pub(crate) fn origins<'a>(
        &'a self,
        cx: &'a Context<A, S>,
        key: &'a str,
    ) -> impl Iterator<Item = Said<'a>> + Clone {
        let own = cx.entries.across(key).filter_map(said);
        Origins::new(own, self.copies(cx, key).map(|(_, said)| said))
    }

    /// A stamp later than that of everything known of a key.
    pub(crate) fn stamp(&self, cx: &Context<A, S>, key: &str, wall: Option<Wall>) -> Stamp {
        let mut clock = Clock::default();
        let own = cx.entries.across(key).filter_map(said);
        let all = own.chain(self.copies(cx, key).map(|(_, said)| said));
        all.filter_map(|said| said.contribution.stamp())
            .for_each(|stamp| clock.observe(stamp));
        clock.tick(wall)
    }

    /// What this node contributes to a key in an entry of its own.
    pub(crate) fn contributed<'a>(
        &self,
        cx: &'a Context<A, S>,
        key: &str,
    ) -> Option<Contribution<'a>> {
        self.said_by(cx, cx.id(), key).map(|said| said.contribution)
    }

    /// Contributes what is made with the stamp of a write now.
    pub(crate) fn say<'v>(
        &mut self,
        cx: &mut Context<A, S>,
        key: &str,
        wall: Option<Wall>,
        what: impl FnOnce(Stamp) -> Contribution<'v>,
    ) -> Result<(), SetError> {
        let done = Self::check_shared(key).and_then(|()| {
            let what = what(self.stamp(cx, key, wall));
            self.check_kind(cx, key, what.kind())?;
            self.contribute(cx, key, &what)
        });
        self.counted(cx, done)
    }

    /// Whether a key can be shared at all.
    fn check_shared(key: &str) -> Result<(), SetError> {
        if const { !Self::ENTRIES } {
            return Err(SetError::Full { max: 0 });
        }
        check_key(key)
    }

    pub(crate) fn contribute(
        &mut self,
        cx: &mut Context<A, S>,
        key: &str,
        what: &Contribution<'_>,
    ) -> Result<(), SetError> {
        let mut room = [0; MARK_BYTES];
        let head = what.head(&mut room).ok_or(SetError::Encoding)?;
        let value = self.value_of(cx, &[head, what.body()])?;
        self.write_contribution(cx, key, value.as_ref())
    }

    fn write_contribution(
        &mut self,
        cx: &mut Context<A, S>,
        key: &str,
        value: &[u8],
    ) -> Result<(), SetError> {
        self.write_entry(cx, key, Some(value), None)?;
        cx.entries.note_said(cx.id(), key);
        Ok(())
    }

    /// Whether a verb that writes this kind may write this node's own key: what was counted or collected
    /// there is gone for everybody once something else is written over it.
    pub(crate) fn check_kind(
        &self,
        cx: &Context<A, S>,
        key: &str,
        kind: Kind,
    ) -> Result<(), SetError> {
        if const { !Self::ENTRIES } {
            return Ok(());
        }
        match self.kind_at(cx, key) {
            Some(found) if found != kind => Err(SetError::Kind { found }),
            _ => Ok(()),
        }
    }

    /// What this node's own key holds, or will hold once it is taken back; `None` if it is not set.
    ///
    /// Bytes of a plain value may look like a contribution, so it is noted which are one. Where the value
    /// comes from elsewhere, they alone can tell.
    fn kind_at(&self, cx: &Context<A, S>, key: &str) -> Option<Kind> {
        let store = &cx.entries;
        let (entry, noted) = match store.find(cx.id(), key) {
            Some(own) => (own, own.role == Role::Said),
            None => (store.find(NodeId::FORMER, key)?, true),
        };
        let mark = entry.value()?.first().filter(|_| noted);
        Some(mark.map_or(Kind::Plain, |mark| kind_of(*mark)))
    }

    pub(crate) fn count_on(
        &mut self,
        cx: &mut Context<A, S>,
        key: &str,
        amount: i64,
    ) -> Result<(), SetError> {
        Self::check_shared(key)?;
        self.check_kind(cx, key, Kind::Counter)?;
        match cx.phase {
            Phase::Running => {}
            Phase::Leaving(_) | Phase::Left => return Err(SetError::NotRunning),
            Phase::New | Phase::Restored { .. } => return Err(SetError::NotStarted),
        }
        let boot = Boot(cx.generation().nonce);
        let counter = match self.contributed(cx, key) {
            Some(Contribution::Counter(counter)) if counter.boot == boot => counter,
            Some(Contribution::Counter(earlier)) => {
                // Of an earlier boot, of which others may have heard more. Where no copy of it can be kept
                // here, others keep none either, or fewer than would matter: it is counted on.
                let kept = Contribution::Counter(earlier);
                match self.keep_copy(cx, key, Said::new(cx.id(), kept)) {
                    Ok(()) => Counter::new(boot),
                    Err(_) => earlier,
                }
            }
            _ => Counter::new(boot),
        };
        self.contribute(cx, key, &Contribution::Counter(counter.plus(amount)))
    }

    pub(crate) fn change_set(
        &mut self,
        cx: &mut Context<A, S>,
        key: &str,
        element: &[u8],
        there: bool,
    ) -> Result<bool, SetError> {
        Self::check_shared(key)?;
        self.check_kind(cx, key, Kind::Elements)?;
        let stamp = self.stamp(cx, key, None);
        let elements = match self.contributed(cx, key) {
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
        let value = self.value_of(cx, &parts)?;
        self.write_contribution(cx, key, value.as_ref())
            .map(|()| true)
    }

    pub(crate) fn counted<T>(
        &mut self,
        cx: &mut Context<A, S>,
        done: Result<T, SetError>,
    ) -> Result<T, SetError> {
        done.inspect_err(|_| bump(&mut cx.stats.refused_writes))
    }
}

/// Keys of copies are not the application's.
pub(crate) fn check_key(key: &str) -> Result<(), SetError> {
    if is_reserved(key) {
        Err(SetError::Reserved)
    } else {
        Ok(())
    }
}

/// Whether a value that comes from a state or from peers is to be taken for a contribution. Plain bytes
/// may look like one.
pub(crate) fn looks_said(value: &[u8]) -> bool {
    Contribution::decode(value).is_some()
}

/// What an entry contributes to the key that it has.
pub(crate) fn said<K: AsRef<[u8]>, V: AsRef<[u8]>>(entry: &Entry<K, V>) -> Option<Said<'_>> {
    Said::by(entry.owner, entry.value()?)
}
