//! Who comes first in an answer. Where the room goes to one owner after the other, those of whom little is
//! missing would wait until all others are told.

use super::Node;
use super::claims::Served;
use crate::address::Address;
use crate::entries::listed;
use crate::exchange::{Bit, Want};
use crate::storage::Storage;
use crate::table::Member;
use crate::time::Instant;
use crate::wire::{Writer, limits};

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Puts those owners first of whom everything that is missing fits a fair share: they take little from
    /// the others.
    pub(super) fn put_short_rests_first(&mut self, now: Instant, bit: Bit, room: usize) {
        let Some(share) = room.checked_div(self.tables.reconciler.wants.count(bit)) else {
            return;
        };
        let wants = self.tables.reconciler.wants.of(bit).zip(0..u64::BITS);
        let short = wants.filter(|(want, _)| self.is_short(now, want, share));
        let short = short.fold(0u64, |set, (_, nth)| set | 1u64.wrapping_shl(nth));
        self.tables.reconciler.wants.put_first(bit, short);
    }

    /// Claims for the owners of whom no single entry is missing where the asker looks: else they would
    /// wait until none is missing of any other owner. `true` if anything was written.
    pub(super) fn close_stretches(
        &mut self,
        now: Instant,
        bit: Bit,
        token: u8,
        writer: &mut Writer<'_>,
    ) -> bool {
        let count = self.tables.reconciler.wants.count(bit);
        let Some(share) = writer.room().checked_div(count).filter(|_| count > 1) else {
            return false;
        };
        let before = writer.len();
        for _ in 0..count {
            let wants = self.tables.reconciler.wants.of(bit).zip(0..u64::BITS);
            let filled = |(want, _): &(&Want, u32)| self.is_filled(now, want, share);
            let found = wants.filter(filled).map(|(want, nth)| (*want, nth)).next();
            let Some((want, nth)) = found else { break };
            if self.serve(now, token, &want, 1, writer) == Served::NoRoom {
                break;
            }
            self.tables
                .reconciler
                .wants
                .put_first(bit, 1u64.wrapping_shl(nth));
            self.tables.reconciler.wants.take(bit);
        }
        writer.len() > before
    }

    /// `true` if a claim of at most `share` bytes brings the asker on, and no single entry where it looks.
    fn is_filled(&self, now: Instant, want: &Want, share: usize) -> bool {
        let row = self.tables.cx.members.get(want.owner);
        let claims = row.is_some_and(|row| row.replica.progress.answer(&want.digest).is_some());
        let missing = |window| self.missing(want, window, u32::MAX).next().is_some();
        let window = self.window_to_fill(want);
        window.is_some_and(|window| claims && !missing(window))
            && (self.covered_already(want).is_some() || self.is_short(now, want, share))
    }

    /// `true` if all that is held here of the owner beyond what the asker holds takes at most `share` bytes.
    fn is_short(&self, now: Instant, want: &Want, share: usize) -> bool {
        let row = self.tables.cx.members.get(want.owner);
        let (held, from) = (row.map_or(want.digest.held, Member::held), want.digest.held);
        let mut rest = listed(&self.tables.cx.entries, want.owner, from, held);
        let share = share.saturating_sub(limits::singles_head(want.owner));
        let left = rest.try_fold(share, |left, entry| {
            left.checked_sub(entry.len(now, held.beyond(entry.version)))
        });
        left.is_some()
    }
}
