//! A life that may not be whole: what peers still show of earlier ones comes back to its owner.
//!
//! A replica that hears of a later life numbers what it holds of the earlier one as the birth of the new, and
//! shows it until the new life has covered it. It has no versions left by which another could take that.
//! So if the owner crashes again before it was covered, nobody could give it back; and if the owner took its
//! life from somebody who did not remember it, nobody was asked.
//!
//! Therefore a node without a state that did not take back a whole earlier life keeps its new one *open* for a
//! while: it names one version more than it has written (`as_of`), on which everything depends. By the
//! rules of re-covers (`entries::delta`) nothing is dropped before that version is told. A replica that has
//! covered everything there is knows what it holds beyond that: it tells it to the owner itself
//! ([`Kind::Returned`]), which writes it anew. The version is told, empty, when nothing more has
//! come for a while and somebody waits for it. An owner that stops before takes nothing with it.

use super::{Author, Granted, Reclaim, looks_said};
use crate::address::Address;
use crate::context::{Context, Sender};
use crate::entries::Entry;
use crate::entries::delta::{Claim, Recover};
use crate::id::{Life, NodeId, Version};
use crate::outbox::Message;
use crate::stats::bump;
use crate::storage::Storage;
use crate::time::Instant;
use crate::wire::{ClaimItem, Items, Kind, Writer};

impl<A: Address, S: Storage<A>> Author<A, S> {
    /// `true` while this node's life is known and takes what peers still show of earlier ones.
    pub(crate) fn is_open(&self) -> bool {
        (const { Self::RECLAIMS }) && matches!(self.reclaim, Reclaim::Open { .. })
    }

    /// From now on this life is known, and not whole.
    pub(crate) fn open_life(&mut self, cx: &mut Context<A, S>, now: Instant) {
        self.await_returns(cx, now, false, false);
        self.reserve(cx);
    }

    /// Waits for something to come: until every peer has met this node, where they are few.
    pub(crate) fn await_returns(
        &mut self,
        cx: &mut Context<A, S>,
        now: Instant,
        any: bool,
        heard: bool,
    ) {
        const ROUNDS: u32 = 16;
        let live = u32::try_from(cx.members.live()).unwrap_or(u32::MAX);
        let rounds = cx.round().times(live.saturating_mul(2).min(ROUNDS));
        let until = now.after(rounds.max(self.answers(cx)));
        self.reclaim = Reclaim::Open { until, any, heard };
    }

    /// Names one version more than was written, if the life is open.
    pub(crate) fn reserve(&mut self, cx: &mut Context<A, S>) {
        if !self.is_open() {
            return;
        }
        let reserved = cx.me().and_then(|me| me.progress().as_of.next());
        match reserved {
            Some(next) => cx.name_version(next),
            None => self.reclaim = Reclaim::Over,
        }
    }

    /// The version of the latest write, which is one less than the one that is named while the life is
    /// open.
    pub(crate) fn last_version(&self, cx: &Context<A, S>) -> Version {
        let named = cx.me().map_or(Version::NONE, |me| me.progress().as_of);
        if self.is_open() {
            Version::new(named.get().saturating_sub(1)).unwrap_or(named)
        } else {
            named
        }
    }

    /// Nothing more has come for a while: the life is whole.
    pub(crate) fn close_life(&mut self, cx: &mut Context<A, S>) {
        let Reclaim::Open { any, .. } = self.reclaim else {
            return;
        };
        let last = self.last_version(cx);
        self.reclaim = Reclaim::Closed { whole: false };
        cx.name_version(last);
        cx.notices.reclaimed |= any;
    }

    /// A replica that has covered all up to `covered` waits for writes up to `reach`, as far as it says. The next one is
    /// told, empty, where it is all that is missing. `false` if it waits for more than this life has ever named:
    /// something false was told of it.
    pub(crate) fn end_waiting(
        &mut self,
        cx: &mut Context<A, S>,
        life: Life,
        covered: Version,
        reach: Version,
    ) -> bool {
        let Some(me) = cx.me().filter(|me| me.facts.generation.life() == life) else {
            return true;
        };
        let named = me.progress().as_of;
        let next = named.next();
        if next.is_some_and(|next| reach > next) {
            return false;
        }
        let due = match self.reclaim {
            Reclaim::Closed { .. } => true,
            Reclaim::Over => next == Some(reach),
            _ => false,
        };
        if covered == named && due {
            self.reclaim = Reclaim::Over;
            if let Some(version) = self.next_version(cx) {
                self.wrote(cx, version);
            }
        }
        true
    }

    /// The owner itself told how much there is of its entries. If all of that is covered here, and more is
    /// waited for, it may lack what it does not list: `true` if there is something like that, about which
    /// it is not to be asked.
    pub(crate) fn owe_return(
        &mut self,
        cx: &mut Context<A, S>,
        sender: &Sender<A>,
        held: Version,
    ) -> bool {
        let row = cx.members.get(sender.id);
        let waits = row.is_some_and(|row| {
            // For what reaches beyond the next write it is asked all the same.
            let reaches = |recover: Recover| held.next().is_some_and(|next| recover.finish > next);
            let covered = |recover: Recover| recover.cursor >= held && !reaches(recover);
            row.progress().recover.is_some_and(covered) && !row.swim.is_unproven()
        });
        let owed =
            const { Self::RECLAIMS } && waits && self.left_over(cx, sender.id).next().is_some();
        if owed {
            cx.send_soon(sender.from, Message::Return(sender.id));
        }
        owed
    }

    /// A claim that nothing was written in a life, as it counts here. Whoever says so of another may have it
    /// from a row, which does not say what depends on a version that is not told yet: nothing that is shown of
    /// earlier lives is dropped for it.
    pub(crate) fn weighed(
        &self,
        cx: &Context<A, S>,
        sender: &Sender<A>,
        owner: NodeId,
        claim: &Claim,
    ) -> Claim {
        let hearsay = claim.b == Version::BIRTH && sender.id != owner;
        if const { !Self::RECLAIMS } || !hearsay || self.left_over(cx, owner).next().is_none() {
            return *claim;
        }
        let as_of = Version::BIRTH.next().unwrap_or(Version::MAX);
        Claim {
            as_of: claim.as_of.max(as_of),
            ..*claim
        }
    }

    /// Tells an owner what is shown of its earlier lives and is not in its present one, as much as fits. Each
    /// peer begins elsewhere, so that together they tell more.
    pub(crate) fn write_return(
        &self,
        cx: &Context<A, S>,
        now: Instant,
        owner: NodeId,
        writer: &mut Writer<'_>,
    ) -> Option<bool> {
        if const { !Self::RECLAIMS } {
            return None;
        }
        let row = cx.members.get(owner)?;
        let all = self.left_over(cx, owner).count() as u64;
        let first = cx.id().place().0.checked_rem(all)? as usize;
        let Some(open) = writer.open(Kind::Returned) else {
            return Some(false);
        };
        let mut told = writer.put(&row.facts.generation.life());
        let rest = self.left_over(cx, owner).skip(first);
        let mut any = false;
        for entry in rest.chain(self.left_over(cx, owner).take(first)) {
            let entry = cx.entries.as_listed(entry);
            told = told && writer.put(&ClaimItem::new(now, Version::BIRTH, entry));
            if !told {
                break;
            }
            any = true;
        }
        if any {
            writer.close(open);
        } else {
            writer.cancel(&open);
        }
        Some(any)
    }

    /// What a peer still shows of earlier lives: written anew, unless it was written or deleted in this one.
    pub(crate) fn take_returned(
        &mut self,
        cx: &mut Context<A, S>,
        sender: &Sender<A>,
        life: Life,
        items: Items<'_, ClaimItem<'_>>,
    ) -> bool {
        if cx.generation().life() != life {
            return false;
        }
        let late = self.reclaim == Reclaim::Closed { whole: false };
        match self.reclaim {
            Reclaim::Open { .. } => {}
            Reclaim::Closed { whole: false } => self.open_life(cx, sender.now),
            // It began with nothing on purpose, or has all that it is to have.
            _ => {
                self.end_waiting(cx, life, self.last_version(cx), Version::NONE);
                return false;
            }
        }
        let before = cx.stats.reclaimed;
        for item in items.iter() {
            let Some(entry) = item.listed(sender.now, Version::BIRTH) else {
                continue;
            };
            let known = cx.entries.is_kept(cx.id(), entry.key);
            let Some(value) = entry.value.filter(|_| !known) else {
                continue;
            };
            let lease = entry.expires.map(|expires| Granted {
                ttl: expires.since(sender.now),
                expires,
            });
            if self.write_entry(cx, entry.key, Some(value), lease).is_ok() {
                if looks_said(value) {
                    cx.entries.note_said(cx.id(), entry.key);
                }
                bump(&mut cx.stats.reclaimed);
            }
        }
        if cx.stats.reclaimed == before {
            if late {
                // There is no room for it, and whoever shows it waits.
                self.close_life(cx);
                self.end_waiting(cx, life, self.last_version(cx), Version::NONE);
            }
            return false;
        }
        self.await_returns(cx, sender.now, true, true);
        // It has more, perhaps.
        true
    }

    /// The values of an owner's earlier lives that its present one does not list, as far as it is known here.
    fn left_over<'a>(
        &self,
        cx: &'a Context<A, S>,
        owner: NodeId,
    ) -> impl Iterator<Item = &'a Entry<S::Key, S::Value>> {
        let all = cx.entries.of(owner);
        all.filter(|entry| entry.marked && entry.version <= Version::BIRTH && entry.is_set())
    }
}
