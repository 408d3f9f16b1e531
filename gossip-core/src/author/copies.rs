//! What members that are gone contributed to shared keys is kept by others, as copies.
//!
//! Correctness depends on nobody being alone in this: a copy names its origin, and reads count an origin
//! once (`shared::Origins`). Who keeps one is chosen only to bound the cost:
//!
//! | when | who, among the live members in the common order after the one that is gone |
//! |---|---|
//! | its row begins to fade | the first |
//! | while it fades | one more with each eighth of that time, if no copy is known that is as good |
//! | it is forgotten | everybody, if no copy is known that is as good |
//! | it lives anew without memory | the first two, for what it had counted and the copies that it kept |
//!
//! Nobody takes anything of that new life before it has the copies: what was counted is read without a gap.
//!
//! With each sweep over tombstones a node drops a copy that is no longer needed: the owner is alive and
//! contributes as much itself, or has deleted the key; or another live member keeps a copy that is better,
//! or as good and nearer after the owner. That order is total, so the best copy is dropped by nobody. Whoever
//! came back counts only after a while: others may hear that the copy went before they have what it stood for.

use super::{Author, said};
use crate::address::Address;
use crate::context::{Context, Phase};
use crate::entries::delta::{Claim, Listed};
use crate::entries::{Content, Entry};
use crate::error::SetError;
use crate::id::{NodeId, Version};
use crate::shared::{
    Contribution, MARK_BYTES, OWNER_BYTES, RESERVED_PREFIX, Said, Slot, copy_of, is_reserved,
    read_copy,
};
use crate::stats::bump;
use crate::storage::{Blob, Storage};
use crate::table::Member;
use crate::time::Instant;

/// How many live members keep copies for an owner that lives anew without memory.
const HEIRS_OF_REBORN: usize = 2;

/// So many sweeps a member must have been there before a copy is dropped for what it says itself.
const SETTLED: u8 = 2;

/// So many rounds others have to keep what a node would lose: a new life is not taken before somebody has the copies of
/// what it had counted, and a copy that is read from nobody else does not go. Then it is kept here, or goes.
pub(crate) const ROUNDS_FOR_COPIES: u16 = 8;

/// In how many parts of the fading time one more member may keep copies.
const TURNS: u32 = 8;

/// In which way a member's entries are about to be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// It will be forgotten; so many eighths of the last part of its memory are over.
    Fading(u32),
    /// It is forgotten.
    Forgotten,
    /// It booted without memory.
    Reborn,
    /// It did, and nobody else seems to keep what it had counted.
    Alone,
}

impl<A: Address, S: Storage<A>> Author<A, S> {
    /// Keeps what shared keys lose with a member's entries, as far as it is this node's turn.
    pub(crate) fn inherit(&mut self, cx: &mut Context<A, S>, from: NodeId, loss: Loss) {
        if const { !Self::COPIES } || cx.phase != Phase::Running || cx.is_me(from) {
            return;
        }
        let heirs = match loss {
            Loss::Fading(turn) => (turn as usize).saturating_add(1),
            Loss::Forgotten | Loss::Alone => usize::MAX,
            Loss::Reborn => HEIRS_OF_REBORN,
        };
        if !self.is_heir(cx, from, heirs) {
            return;
        }
        let mut last: Option<S::Key> = None;
        while let Some((key, value)) = self.written_after(cx, from, last.as_ref()) {
            if let (Ok(text), Some(value)) = (core::str::from_utf8(key.as_ref()), value) {
                self.inherit_entry(cx, from, text, value.as_ref(), loss);
            }
            last = Some(key);
        }
    }

    /// Begins to keep what is about to be lost and nobody else keeps, and drops copies that are no longer
    /// needed.
    pub(crate) fn tend_copies(
        &mut self,
        cx: &mut Context<A, S>,
        now: Instant,
        timers: impl Fn(NodeId) -> Option<Instant>,
    ) {
        if const { !Self::COPIES } {
            return;
        }
        let round = cx.round_number();
        for index in 0..cx.members.len() {
            let live = cx.members.at(index).is_some_and(Member::is_live);
            if let Some(adoption) = cx.members.adoption_at(index) {
                adoption.forget_put_off(round);
                if live && adoption.sweeps < SETTLED {
                    adoption.sweeps = adoption.sweeps.saturating_add(1);
                }
            }
        }
        self.drop_copies(cx);
        let half = cx.fading_time();
        let turn_millis = half.as_millis().div_ceil(TURNS).max(1);
        for index in 0..cx.members.len() {
            let row = cx.members.at(index);
            let Some(id) = row.filter(|row| row.fading && !row.gone).map(|row| row.id) else {
                continue;
            };
            let left = timers(id).map_or(half, |at| at.since(now));
            let over = half.as_millis().saturating_sub(left.as_millis());
            self.inherit(cx, id, Loss::Fading(over.div_euclid(turn_millis)));
        }
    }

    /// Keeps a copy of a contribution, joined with what this node's copy of the same origin says already.
    ///
    /// # Errors
    /// Why it was refused; nothing changed.
    pub(crate) fn keep_copy(
        &mut self,
        cx: &mut Context<A, S>,
        about: &str,
        said: Said<'_>,
    ) -> Result<(), SetError> {
        if const { !Self::COPIES } {
            return Err(SetError::Copies { max: 0 });
        }
        let (slot, said) = self.slot_for(cx, about, said)?;
        let key = self.copy_key(cx, about, slot)?;
        let key = core::str::from_utf8(key.as_ref()).map_err(|_| SetError::Encoding)?;
        let (mut owner, mut mark) = ([0; OWNER_BYTES], [0; MARK_BYTES]);
        let owner = postcard::to_slice(&said.origin.owner, &mut owner);
        let owner = owner.map_err(|_| SetError::Encoding)?;
        let head = said.contribution.head(&mut mark);
        let head = head.ok_or(SetError::Encoding)?;
        let value = self.value_of(cx, &[owner, head, said.contribution.body()])?;
        self.write_entry(cx, key, Some(value.as_ref()), None)
    }

    /// Where this node keeps a contribution, and what it then says: the slot where its origin is, joined,
    /// else the first free one.
    fn slot_for<'a>(
        &'a self,
        cx: &'a Context<A, S>,
        about: &'a str,
        said: Said<'a>,
    ) -> Result<(Slot, Said<'a>), SetError> {
        let mut free = Some(Slot::FIRST);
        for (slot, kept) in self.own_copies(cx, about) {
            if kept.origin == said.origin {
                return Ok((slot, kept.join(said)));
            }
            if free == Some(slot) {
                free = slot.next();
            }
        }
        let all = (RESERVED_PREFIX, "");
        let copies = cx.entries.beginning_of(cx.id(), all);
        let full = copies.filter(|entry| entry.is_set()).count() >= S::COPIES;
        let max = S::COPIES.min(usize::from(Slot::COUNT));
        free.filter(|_| !full)
            .map(|slot| (slot, said))
            .ok_or(SetError::Copies { max })
    }

    fn copy_key(&self, cx: &Context<A, S>, about: &str, slot: Slot) -> Result<S::Key, SetError> {
        let mut room = [0; 4];
        let parts = [
            RESERVED_PREFIX.as_bytes(),
            about.as_bytes(),
            slot.bytes(&mut room),
        ];
        let max = cx.entries.key_max();
        S::Key::from_parts(&parts).ok_or(SetError::Key { max })
    }

    fn own_copies<'a>(
        &'a self,
        cx: &'a Context<A, S>,
        about: &'a str,
    ) -> impl Iterator<Item = (Slot, Said<'a>)> {
        let prefix = (RESERVED_PREFIX, about);
        let all = cx.entries.beginning_of(cx.id(), prefix);
        all.filter_map(move |entry| {
            let (subject, slot) = copy_of(entry.key())?;
            let said = read_copy(entry.value()?)?;
            (subject == about).then_some((slot, said))
        })
    }

    fn inherit_entry(
        &mut self,
        cx: &mut Context<A, S>,
        from: NodeId,
        key: &str,
        value: &[u8],
        loss: Loss,
    ) {
        let entry = cx.entries.find(from, key);
        if entry.is_some_and(|entry| cx.entries.expires(entry).is_some()) {
            // Said for a time: it ends, whoever is there.
            return;
        }
        let found = match copy_of(key) {
            Some((about, _)) => read_copy(value).map(|said| (about, said)),
            None => Said::by(from, value).map(|said| (key, said)),
        };
        let Some((about, said)) = found else { return };
        let counts = matches!(said.contribution, Contribution::Counter(_));
        let reborn = matches!(loss, Loss::Reborn | Loss::Alone);
        let goes_on = reborn && !counts && !is_reserved(key);
        if goes_on || self.is_known_besides(cx, from, about, said) {
            return;
        }
        let counter = match self.keep_copy(cx, about, said) {
            Ok(()) => &mut cx.stats.adoptions,
            Err(_) => &mut cx.stats.adoptions_refused,
        };
        bump(counter);
    }

    /// `true` if something that a member counted in an earlier life, or kept of others, is read from nobody else
    /// yet: it would not be read for a while if the new life replaced it now.
    pub(crate) fn lacks_copies(&self, cx: &Context<A, S>, from: NodeId) -> bool {
        if const { !Self::COPIES } {
            return false;
        }
        let store = &cx.entries;
        let earlier = store
            .of(from)
            .filter(|entry| entry.version <= Version::BIRTH && store.expires(entry).is_none());
        let mut counted = earlier.filter_map(|entry| {
            let (key, value) = (entry.key(), entry.value()?);
            match copy_of(key) {
                Some((about, _)) => Some((about, read_copy(value)?)),
                None => Said::by(from, value)
                    .filter(|said| matches!(said.contribution, Contribution::Counter(_)))
                    .map(|said| (key, said)),
            }
        });
        counted.any(|(about, said)| !self.is_known_besides(cx, from, about, said))
    }

    /// `true` if entries of an owner's new life would replace what is read from nobody else: the copy that was there
    /// when the owner proved its life may be gone, and a better one on its way. Then the proof is to be asked for
    /// once more.
    pub(crate) fn would_lose(&self, cx: &Context<A, S>, owner: NodeId) -> bool {
        let row = cx.members.get(owner);
        let replaces =
            row.is_some_and(|row| !row.adoption.heirless && row.progress().held < Version::BIRTH);
        replaces && self.lacks_copies(cx, owner)
    }

    /// `true` if entries of an owner are not taken for a while: a copy would go that is read from nobody else yet. The
    /// one it goes for, or what its origin says itself, is on its way. `claim` is what they come with, if they do.
    pub(crate) fn puts_off<'l>(
        &mut self,
        cx: &mut Context<A, S>,
        owner: NodeId,
        claim: Option<&Claim>,
        list: impl Iterator<Item = Listed<'l>> + Clone,
    ) -> bool {
        if const { !Self::COPIES } || !self.withdraws_the_last(cx, owner, claim, list) {
            return false;
        }
        let round = cx.round_number();
        let adoption = cx.members.adoption(owner);
        adoption.is_some_and(|adoption| adoption.puts_off(round))
    }

    /// Something of the owner's was taken: what is put off next has its own time.
    pub(crate) fn puts_off_no_more(&mut self, cx: &mut Context<A, S>, owner: NodeId) {
        if const { Self::COPIES }
            && let Some(adoption) = cx.members.adoption(owner)
        {
            adoption.put_off = 0;
        }
    }

    /// `true` if something that the owner keeps for others is on the list as deleted or replaced, or missing where it is
    /// covered again, and known from nobody else.
    fn withdraws_the_last<'l>(
        &self,
        cx: &Context<A, S>,
        owner: NodeId,
        claim: Option<&Claim>,
        list: impl Iterator<Item = Listed<'l>> + Clone,
    ) -> bool {
        let Some(row) = cx.members.get(owner) else {
            return false;
        };
        let again = claim.filter(|claim| !row.progress().is_normal(claim));
        let goes = |entry: &Entry<S::Key, S::Value>, said: Said<'_>| {
            let mut told = list.clone();
            match told.find(|told| told.key == entry.key()) {
                // Its place may be taken by a copy of what another said.
                Some(told) => {
                    let stays = told.value.and_then(read_copy);
                    told.version > entry.version && !stays.is_some_and(|it| it.covers(said))
                }
                None => again.is_some_and(|claim| {
                    entry.marked || (claim.a < entry.version && entry.version <= claim.b)
                }),
            }
        };
        let copies = cx.entries.beginning_of(owner, (RESERVED_PREFIX, ""));
        let mut kept = copies.filter_map(|entry| {
            let (about, _) = copy_of(entry.key())?;
            let said = read_copy(entry.value()?)?;
            goes(entry, said).then_some((about, said))
        });
        kept.any(|(about, said)| {
            let origin = cx.entries.find(said.origin.owner, about);
            let deleted = origin.is_some_and(|own| matches!(own.content, Content::Tombstone(_)));
            !deleted && !self.is_known_besides(cx, owner, about, said)
        })
    }

    /// `true` if something as good as this contribution is read from others than `from`.
    fn is_known_besides(
        &self,
        cx: &Context<A, S>,
        from: NodeId,
        about: &str,
        said: Said<'_>,
    ) -> bool {
        let owner = said.origin.owner;
        let own = self.said_by(cx, owner, about).filter(|_| owner != from);
        let kept = self
            .copies(cx, about)
            .filter(|(entry, _)| entry.owner != from)
            .map(|(_, kept)| kept);
        own.into_iter().chain(kept).any(|known| known.covers(said))
    }

    /// `true` if this node is among the first `heirs` live members after `from`.
    fn is_heir(&self, cx: &Context<A, S>, from: NodeId, heirs: usize) -> bool {
        let members = &cx.members;
        let (start, end) = (members.lower(from.place()), members.len());
        let live = (start..end)
            .chain(0..start)
            .filter_map(|index| members.at(index))
            .filter(|row| row.is_live() && row.id != from);
        live.take(heirs).any(|row| cx.is_me(row.id))
    }

    fn drop_copies(&mut self, cx: &mut Context<A, S>) {
        let mut last: Option<S::Key> = None;
        while self.is_copy_next(cx, last.as_ref())
            && let Some((key, value)) = self.written_after(cx, cx.id(), last.as_ref())
        {
            let Ok(text) = core::str::from_utf8(key.as_ref()) else {
                break;
            };
            let kept = value.as_ref().and_then(|value| read_copy(value.as_ref()));
            if let (Some((about, _)), Some(said)) = (copy_of(text), kept)
                && self.stays_needless(cx, about, text, said)
                && self.write_entry(cx, text, None, None).is_err()
            {
                break;
            }
            last = Some(key);
        }
    }

    /// `true` if the copy is needless for the second sweep in a row: what it stands for had time to reach everybody
    /// before they hear that it went.
    fn stays_needless(
        &mut self,
        cx: &mut Context<A, S>,
        about: &str,
        key: &str,
        mine: Said<'_>,
    ) -> bool {
        let needless = self.is_needless(cx, about, mine);
        let me = cx.id();
        cx.entries.note_needless(me, key, needless)
    }

    /// `true` if this node's copy of a contribution may go.
    fn is_needless(&self, cx: &Context<A, S>, about: &str, mine: Said<'_>) -> bool {
        let owner = mine.origin.owner;
        // What stands at the birth is of an earlier life, and goes soon.
        let stays = |entry: &Entry<S::Key, S::Value>| entry.version > Version::BIRTH;
        let own = cx.entries.find(owner, about);
        if let Some(own) = own.filter(|own| stays(own) && self.is_trusty(cx, owner)) {
            let withdrawn = matches!(own.content, Content::Tombstone(_));
            if withdrawn || said(own).is_some_and(|own| own.covers(mine)) {
                return true;
            }
        }
        let after = |id: NodeId| id.place().0.wrapping_sub(owner.place().0);
        let my_distance = after(cx.id());
        self.copies(cx, about).any(|(entry, kept)| {
            let nearer = after(entry.owner) < my_distance;
            kept.covers(mine)
                && stays(entry)
                && (nearer || kept != mine)
                && !cx.is_me(entry.owner)
                && self.is_trusty(cx, entry.owner)
        })
    }

    /// `true` for a member that is alive and not doubted, and has been for a while.
    fn is_trusty(&self, cx: &Context<A, S>, id: NodeId) -> bool {
        let row = cx.members.get(id);
        row.is_some_and(|row| {
            let alive = row.is_live() && !row.swim.is_suspect() && !row.swim.is_unproven();
            alive && row.adoption.sweeps >= SETTLED
        })
    }

    /// `true` if a copy follows in the order of this node's own keys, in which reserved ones come first.
    fn is_copy_next(&self, cx: &Context<A, S>, last: Option<&S::Key>) -> bool {
        let store = &cx.entries;
        let next = store.following(cx.id(), last.map(AsRef::as_ref));
        next.is_some_and(|entry| core::str::from_utf8(entry.key.as_ref()).is_ok_and(is_reserved))
    }

    /// An owner's next entry by key: its key and what it is set to for good. What has a lease ends with
    /// it and is not kept.
    fn written_after(
        &self,
        cx: &Context<A, S>,
        owner: NodeId,
        last: Option<&S::Key>,
    ) -> Option<(S::Key, Option<S::Value>)> {
        let store = &cx.entries;
        let entry = store.following(owner, last.map(AsRef::as_ref))?;
        let lasting = entry.value().filter(|_| store.expires(entry).is_none());
        let value = lasting.and_then(S::Value::from_slice);
        Some((entry.key.clone(), value))
    }
}
