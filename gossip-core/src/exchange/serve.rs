//! The answers to a partner's pull: one datagram's worth of claims, each in the shortest form that
//! the asker can use.

use super::Base;
use super::Reconciler;
use super::{Bit, Reconciliation, Want};
use crate::address::Address;
use crate::author::Author;
use crate::context::Context;
use crate::context::Sender;
use crate::entries::delta::{Claim, Progress};
use crate::entries::{OwnerMap, listed, page_end, rising, stretches, values};
use crate::id::{Life, NodeId, Version};
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::Member;
use crate::time::Instant;
use crate::wire::{ClaimHead, ClaimItem, Hint, Kind, Writer, limits};

/// How one want was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Served {
    Claimed,
    Hinted,
    NoRoom,
}

/// Of what, and in answer to which pull, claims are made.
#[derive(Clone, Copy, Debug)]
struct Subject {
    now: Instant,
    token: u8,
    owner: NodeId,
    life: Life,
    progress: Progress,
    /// Among how many owners the room is shared.
    shares: usize,
}

impl<A: Address, S: Storage<A>> Reconciler<A, S> {
    /// Writes a claim that nobody pulled, of this node's own entries from `a` on, as many as fit; `false`
    /// and no change if none does.
    pub(crate) fn write_letter(
        cx: &mut Context<A, S>,
        now: Instant,
        a: Version,
        writer: &mut Writer<'_>,
    ) -> bool {
        let Some((life, progress)) = cx
            .me()
            .map(|me| (me.facts.generation.life(), *me.progress()))
        else {
            return false;
        };
        let subject = Subject {
            token: 0,
            owner: cx.id(),
            life,
            progress,
            shares: 1,
            now,
        };
        cx.write_whole(&subject, a, writer) == Served::Claimed
    }

    /// Answers the partner's pull with one datagram's worth of claims.
    pub(super) fn write_claims(
        &mut self,
        cx: &mut Context<A, S>,
        author: &Author<A, S>,
        now: Instant,
        bit: Bit,
        writer: &mut Writer<'_>,
        empty: usize,
    ) {
        let answer = self.slots.get(bit).and_then(|exchange| exchange.answer);
        let Some(token) = answer else { return };
        // The token must fit even if no claim does.
        if writer.room() < 2 {
            return;
        }
        // Told that there is nothing, the partner would ask for the same at once.
        let empty_still = writer.len() == empty;
        if self.answer_singly(cx, author, now, bit, token, writer)
            || self.has_singles_for(cx, bit) && !empty_still
        {
            return;
        }
        let mut claimed = false;
        let mut owners = self.shares(cx, bit);
        if owners == 1 {
            self.put_short_rests_first(cx, now, bit, writer.room());
        }
        while let Some(want) = self.wants.first(bit) {
            match self.serve(cx, author, (now, token), &want, owners, writer) {
                Served::Claimed => claimed = true,
                Served::Hinted => {}
                Served::NoRoom if claimed => break,
                Served::NoRoom if writer.len() > empty => return,
                Served::NoRoom => bump(&mut cx.stats.entries_too_large),
            }
            self.wants.take(bit);
            owners = owners.saturating_sub(1);
        }
        if claimed || writer.small(Kind::Answered, &token) {
            self.end_answer(bit);
        }
    }

    /// Answers with single entries; `false` and no change if there are none to tell. What they tell of
    /// needs no claim yet. The token goes first, as they take all the room there is.
    fn answer_singly(
        &mut self,
        cx: &mut Context<A, S>,
        author: &Author<A, S>,
        now: Instant,
        bit: Bit,
        token: u8,
        writer: &mut Writer<'_>,
    ) -> bool {
        let before = writer.len();
        if writer.small(Kind::Answered, &token) {
            let closed = self.close_stretches(cx, author, now, bit, token, writer);
            if self.write_precise(cx, now, bit, writer) || closed {
                self.end_answer(bit);
                return true;
            }
        }
        writer.truncate(before);
        false
    }

    fn end_answer(&mut self, bit: Bit) {
        self.wants.forget(bit);
        if let Some(exchange) = self.slots.get_mut(bit) {
            exchange.answer = None;
        }
    }

    /// Among how many owners the room is shared fairly.
    fn shares(&self, cx: &Context<A, S>, bit: Bit) -> usize {
        match cx.config.reconciliation() {
            Reconciliation::ScuttleBreadth => self.wants.count(bit),
            _ => 1,
        }
    }

    /// Answers one want: with a claim, or with what makes the partner stop asking. Its fair share is
    /// one of `shares` parts of the room.
    fn serve(
        &mut self,
        cx: &mut Context<A, S>,
        author: &Author<A, S>,
        (now, token): (Instant, u8),
        want: &Want,
        shares: usize,
        writer: &mut Writer<'_>,
    ) -> Served {
        let owner = want.owner;
        let row = cx.members.get(owner).filter(|row| !row.gone);
        let Some(row) = row.filter(|_| !author.is_unannounced(cx, owner)) else {
            return write_hint(owner, Version::NONE, writer);
        };
        let life = row.facts.generation.life();
        let progress = *row.progress();
        if life != want.life {
            self.tell(cx, author, want.bit, owner);
            return write_hint(owner, Version::NONE, writer);
        }
        if let Some(written) = cx.write_known(token, want, writer) {
            return if written {
                Served::Claimed
            } else {
                Served::NoRoom
            };
        }
        let Some(a) = progress.answer(&want.digest) else {
            return write_hint(owner, want.digest.held.min(progress.held), writer);
        };
        let subject = Subject {
            now,
            token,
            owner,
            life,
            progress,
            shares,
        };
        // Whoever asks from the birth on may hold nothing at all, and has nothing to gain from it.
        let short = progress.short_of(a, want.digest.held);
        match short.filter(|end| *end > Version::BIRTH) {
            Some(end) => cx.write_short(&subject, a, end, writer),
            None => cx.write_whole(&subject, a, writer),
        }
    }

    /// Puts those owners first of whom everything that is missing fits a fair share: they take little from
    /// the others.
    fn put_short_rests_first(&mut self, cx: &Context<A, S>, now: Instant, bit: Bit, room: usize) {
        let Some(share) = room.checked_div(self.wants.count(bit)) else {
            return;
        };
        let wants = self.wants.of(bit).zip(0..u64::BITS);
        let short = wants.filter(|(want, _)| cx.is_short(now, want, share));
        let short = short.fold(0u64, |set, (_, nth)| set | 1u64.wrapping_shl(nth));
        self.wants.put_first(bit, short);
    }

    /// Claims for the owners of whom no single entry is missing where the asker looks: else they would
    /// wait until none is missing of any other owner. `true` if anything was written.
    fn close_stretches(
        &mut self,
        cx: &mut Context<A, S>,
        author: &Author<A, S>,
        now: Instant,
        bit: Bit,
        token: u8,
        writer: &mut Writer<'_>,
    ) -> bool {
        let count = self.wants.count(bit);
        let Some(share) = writer.room().checked_div(count).filter(|_| count > 1) else {
            return false;
        };
        let before = writer.len();
        for _ in 0..count {
            let wants = self.wants.of(bit).zip(0..u64::BITS);
            let filled = |(want, _): &(&Want, u32)| cx.is_filled(now, want, share);
            let found = wants.filter(filled).map(|(want, nth)| (*want, nth)).next();
            let Some((want, nth)) = found else { break };
            if self.serve(cx, author, (now, token), &want, 1, writer) == Served::NoRoom {
                break;
            }
            self.wants.put_first(bit, 1u64.wrapping_shl(nth));
            self.wants.take(bit);
        }
        writer.len() > before
    }

    /// A partner's pull replaces its earlier one.
    pub(super) fn take_pull(
        &mut self,
        base: &mut Base<A, S>,
        sender: &Sender<A>,
        token: u8,
        wants: impl Iterator<Item = Want>,
    ) {
        let Some(bit) = self.link(&mut base.cx, sender) else {
            return;
        };
        self.wants.forget(bit);
        if let Some(exchange) = self.slots.get_mut(bit) {
            exchange.answer = Some(token);
        }
        for want in wants {
            if let Some((covered, reach)) = want.digest.recover
                && base.cx.is_me(want.owner)
            {
                let Base { cx, author, swim } = base;
                if !author.end_waiting(cx, want.life, covered, reach) {
                    swim.move_on(cx, author, sender.now, cx.generation());
                }
            }
            if !self.wants.add(Want { bit, ..want }) {
                bump(&mut base.cx.stats.wants_full);
            }
        }
    }
}

impl<A: Address, S: Storage<A>> Context<A, S> {
    /// A claim from `a` with its entries.
    fn write_whole(&mut self, subject: &Subject, a: Version, writer: &mut Writer<'_>) -> Served {
        let Some(open) = writer.open(Kind::Claim) else {
            return Served::NoRoom;
        };
        let Subject {
            now,
            owner,
            progress,
            ..
        } = *subject;
        let reserve = limits::claim_head_of(owner, a, &progress);
        let room = writer.room().saturating_sub(reserve);
        let share = writer.room().checked_div(subject.shares).unwrap_or(room);
        let share = share.saturating_sub(reserve).min(room);
        let store = &mut self.entries;
        let map = OwnerMap { store, owner };
        // One entry at least, if it fits at all.
        let page = map.page_end(now, a, progress.held, share);
        let Some(b) = page.or_else(|| map.page_end(now, a, progress.held, room)) else {
            writer.cancel(&open);
            return Served::NoRoom;
        };
        let mut complete = writer.put(&subject.head(a, b));
        for entry in listed(&self.entries, owner, a, b) {
            complete = complete && writer.put(&ClaimItem::new(now, b, entry));
        }
        if complete {
            writer.close(open);
            Served::Claimed
        } else {
            writer.cancel(&open);
            Served::NoRoom
        }
    }

    /// Claims from `a` towards `end`, up to where the asker holds everything: version numbers as far
    /// as they get. Where they get to the end, entries follow.
    fn write_short(
        &mut self,
        subject: &Subject,
        a: Version,
        end: Version,
        writer: &mut Writer<'_>,
    ) -> Served {
        let Some(b) = self.write_versions(subject, a, end, writer) else {
            return Served::NoRoom;
        };
        if b == end {
            self.write_whole(subject, end, writer);
        }
        Served::Claimed
    }

    /// A claim from `a` with version numbers alone; where it ends.
    fn write_versions(
        &self,
        subject: &Subject,
        a: Version,
        end: Version,
        writer: &mut Writer<'_>,
    ) -> Option<Version> {
        let open = writer.open(Kind::Versions)?;
        let reserve = limits::claim_head_of(subject.owner, a, &subject.progress);
        let room = writer.room().saturating_sub(reserve);
        let walk = |a, b| values(&self.entries, subject.owner, a, b);
        let Some(b) = page_end(a, end, rising(a, end, walk), room) else {
            writer.cancel(&open);
            return None;
        };
        let mut complete = writer.put(&subject.head(a, b));
        for (_, stretch) in stretches(a, rising(a, b, walk)) {
            complete = complete && writer.put(&stretch);
        }
        if !complete {
            writer.cancel(&open);
            return None;
        }
        writer.close(open);
        Some(b)
    }

    /// `true` if a claim of at most `share` bytes brings the asker on, and no single entry where it looks.
    fn is_filled(&self, now: Instant, want: &Want, share: usize) -> bool {
        let row = self.members.get(want.owner);
        let claims = row.is_some_and(|row| row.progress().answer(&want.digest).is_some());
        let missing = |window| self.missing(want, window, u32::MAX).next().is_some();
        let window = self.window_to_fill(want);
        window.is_some_and(|window| claims && !missing(window))
            && (self.covered_already(want).is_some() || self.is_short(now, want, share))
    }

    /// `true` if all that is held here of the owner beyond what the asker holds takes at most `share` bytes.
    fn is_short(&self, now: Instant, want: &Want, share: usize) -> bool {
        let row = self.members.get(want.owner);
        let (held, from) = (row.map_or(want.digest.held, Member::held), want.digest.held);
        let mut rest = listed(&self.entries, want.owner, from, held);
        let share = share.saturating_sub(limits::singles_head(want.owner));
        let left = rest.try_fold(share, |left, entry| {
            left.checked_sub(entry.len(now, held.beyond(entry.version)))
        });
        left.is_some()
    }
}

impl Subject {
    fn claim(&self, a: Version, b: Version) -> Claim {
        self.progress.claim(a, b)
    }

    fn head(&self, a: Version, b: Version) -> ClaimHead {
        ClaimHead::new(self.token, self.owner, self.life, &self.claim(a, b))
    }
}

fn write_hint(id: NodeId, held: Version, writer: &mut Writer<'_>) -> Served {
    if writer.listed(Kind::Hints, &Hint { id, held }) {
        Served::Hinted
    } else {
        Served::NoRoom
    }
}
