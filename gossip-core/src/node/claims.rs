//! The answers to a partner's pull: one datagram's worth of claims, each in the shortest form that
//! the asker can use.

use super::Node;
use crate::address::Address;
use crate::entries::delta::{Claim, Progress};
use crate::entries::{OwnerMap, listed, page_end, rising, stretches, values};
use crate::exchange::{Bit, Reconciliation, Want};
use crate::id::{Life, NodeId, Version};
use crate::stats::bump;
use crate::storage::Storage;
use crate::time::Instant;
use crate::wire::{ClaimHead, ClaimItem, Hint, Kind, Writer, limits};

/// How one want was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Served {
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

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Answers the partner's pull with one datagram's worth of claims.
    pub(super) fn write_claims(
        &mut self,
        now: Instant,
        bit: Bit,
        writer: &mut Writer<'_>,
        empty: usize,
    ) {
        let answer = self
            .tables
            .reconciler
            .slots
            .get(bit)
            .and_then(|exchange| exchange.answer);
        let Some(token) = answer else { return };
        // The token must fit even if no claim does.
        if writer.room() < 2 {
            return;
        }
        // Told that there is nothing, the partner would ask for the same at once.
        let empty_still = writer.len() == empty;
        if self.answer_singly(now, bit, token, writer) || self.has_singles_for(bit) && !empty_still
        {
            return;
        }
        let mut claimed = false;
        let mut owners = self.shares(bit);
        if owners == 1 {
            self.put_short_rests_first(now, bit, writer.room());
        }
        while let Some(want) = self.tables.reconciler.wants.first(bit) {
            match self.serve(now, token, &want, owners, writer) {
                Served::Claimed => claimed = true,
                Served::Hinted => {}
                Served::NoRoom if claimed => break,
                Served::NoRoom if writer.len() > empty => return,
                Served::NoRoom => bump(&mut self.tables.cx.stats.entries_too_large),
            }
            self.tables.reconciler.wants.take(bit);
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
        now: Instant,
        bit: Bit,
        token: u8,
        writer: &mut Writer<'_>,
    ) -> bool {
        let before = writer.len();
        if writer.small(Kind::Answered, &token) {
            let closed = self.close_stretches(now, bit, token, writer);
            if self.write_precise(now, bit, writer) || closed {
                self.end_answer(bit);
                return true;
            }
        }
        writer.truncate(before);
        false
    }

    fn end_answer(&mut self, bit: Bit) {
        self.tables.reconciler.wants.forget(bit);
        if let Some(exchange) = self.tables.reconciler.slots.get_mut(bit) {
            exchange.answer = None;
        }
    }

    /// Writes a claim that nobody pulled, of this node's own entries from `a` on, as many as fit; `false`
    /// and no change if none does.
    pub(super) fn write_letter(
        &mut self,
        now: Instant,
        a: Version,
        writer: &mut Writer<'_>,
    ) -> bool {
        let Some((life, progress)) = self
            .tables
            .cx
            .me()
            .map(|me| (me.facts.generation.life(), me.replica.progress))
        else {
            return false;
        };
        let subject = Subject {
            token: 0,
            owner: self.id(),
            life,
            progress,
            shares: 1,
            now,
        };
        self.write_whole(&subject, a, writer) == Served::Claimed
    }

    /// Among how many owners the room is shared fairly.
    fn shares(&self, bit: Bit) -> usize {
        match self.tables.cx.config.reconciliation() {
            Reconciliation::ScuttleBreadth => self.tables.reconciler.wants.count(bit),
            _ => 1,
        }
    }

    /// Answers one want: with a claim, or with what makes the partner stop asking. Its fair share is
    /// one of `shares` parts of the room.
    pub(super) fn serve(
        &mut self,
        now: Instant,
        token: u8,
        want: &Want,
        shares: usize,
        writer: &mut Writer<'_>,
    ) -> Served {
        let owner = want.owner;
        let row = self.tables.cx.members.get(owner).filter(|row| !row.gone);
        let Some(row) = row.filter(|_| !self.author.is_unannounced(&self.tables.cx, owner)) else {
            return write_hint(owner, Version::NONE, writer);
        };
        let life = row.facts.generation.life();
        let progress = row.replica.progress;
        if life != want.life {
            self.tell(want.bit, owner);
            return write_hint(owner, Version::NONE, writer);
        }
        if let Some(written) = self.write_known(token, want, writer) {
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
            Some(end) => self.write_short(&subject, a, end, writer),
            None => self.write_whole(&subject, a, writer),
        }
    }

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
        let store = &mut self.tables.cx.entries;
        let map = OwnerMap { store, owner };
        // One entry at least, if it fits at all.
        let page = map.page_end(now, a, progress.held, share);
        let Some(b) = page.or_else(|| map.page_end(now, a, progress.held, room)) else {
            writer.cancel(&open);
            return Served::NoRoom;
        };
        let mut complete = writer.put(&subject.head(a, b));
        for entry in listed(&self.tables.cx.entries, owner, a, b) {
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
        let walk = |a, b| values(&self.tables.cx.entries, subject.owner, a, b);
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
