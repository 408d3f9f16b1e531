//! What one datagram tells a partner: ranges narrowed down or listed, and rows; pulls and claims have files of their own.

use super::Base;
use super::Reconciler;
use super::ranges::{part_bit, shorten};
use super::{Bit, Owed, RangeDuty, Span};
use crate::address::Address;
use crate::context::Context;
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::{Prefix, RADIX, Sums};
use crate::time::Instant;
use crate::wire::{Hint, Kind, ListingHead, RangesHead, Writer};

/// A range of up to so many rows is listed; a larger one is narrowed down.
const LIST_MAX: usize = 12;

impl<A: Address, S: Storage<A>> Reconciler<A, S> {
    /// Writes as much as fits of what the exchange owes. `empty` is the length of a datagram that
    /// holds nothing but its header. `true` if anything was written.
    pub(crate) fn write_exchange(
        &mut self,
        base: &mut Base<A, S>,
        now: Instant,
        bit: Bit,
        writer: &mut Writer<'_>,
        empty: usize,
    ) -> bool {
        if const { !Self::ENTRIES } {
            return self.write_to_partner(base, now, bit, writer);
        }
        let before = writer.len();
        self.write_pull(&mut base.cx, &base.author, now, bit, writer);
        let rows_first = base.cx.config.byte_rate().is_some();
        if rows_first {
            // Where airtime is short new comparisons must not keep back what earlier ones found.
            self.write_tells(base, now, bit, writer);
        }
        self.write_ranges(&mut base.cx, bit, writer, empty);
        if !rows_first {
            self.write_tells(base, now, bit, writer);
        }
        // A claim is worth most in a datagram of its own.
        let half_full = writer.len() > writer.room();
        if writer.len() == before || !half_full {
            self.write_claims(&mut base.cx, &base.author, now, bit, writer, empty);
        }
        let wrote = writer.len() > before;
        if wrote {
            self.slots.spend(bit);
        }
        wrote
    }

    /// Narrows down or lists the ranges owed.
    fn write_ranges(
        &mut self,
        cx: &mut Context<A, S>,
        bit: Bit,
        writer: &mut Writer<'_>,
        empty: usize,
    ) {
        let sums = self.slots.get(bit).map(|exchange| exchange.sums);
        while let Some((index, duty)) = self.ranges.first(bit) {
            let fresh = writer.len() == empty;
            let sums = sums.unwrap_or(Sums::Whole);
            let ranges = &mut self.ranges;
            let owe = |_: &mut Context<A, S>, part| ranges.owe(part);
            let rest = cx.write_owed(&duty, sums, writer, fresh, owe);
            self.ranges.settle(index, rest);
            if rest == Some(duty) {
                return;
            }
        }
    }

    /// Tells rows that the partner lacks, and how much is held of those it knows.
    fn write_tells(
        &mut self,
        base: &mut Base<A, S>,
        now: Instant,
        bit: Bit,
        writer: &mut Writer<'_>,
    ) {
        let exchange = self.slots.get(bit);
        let Some(span) = exchange.map(|exchange| exchange.tells) else {
            return;
        };
        if span.is_empty() {
            return;
        }
        Self::write_tell_rows(base, now, bit, span, writer);
        base.cx.write_tell_hints(bit, span, writer);
        let rest = base
            .cx
            .trim(span, |row| (row.marks.tell | row.marks.hint) & bit != 0);
        if let Some(exchange) = self.slots.get_mut(bit) {
            exchange.tells = rest;
        }
    }

    pub(super) fn write_tell_rows(
        base: &mut Base<A, S>,
        now: Instant,
        bit: Bit,
        span: Span,
        writer: &mut Writer<'_>,
    ) {
        let Some(open) = writer.open(Kind::Rows) else {
            return;
        };
        let mut index = base.cx.first_index(span);
        while let Some(row) = base.cx.members.at(index) {
            if !span.contains(row.id.place()) {
                break;
            }
            if row.marks.tell & bit != 0 {
                if !row.gone && !writer.put(&base.swim.row_of(&base.cx, now, row)) {
                    break;
                }
                if let Some(marks) = base.cx.members.marks_at(index) {
                    marks.tell &= !bit;
                    marks.hint &= !bit;
                }
            }
            index = index.saturating_add(1);
        }
        writer.close_or_cancel(open);
    }
}

impl<A: Address, S: Storage<A>> Context<A, S> {
    /// What is owed about one range; what is still owed then. A part that becomes a duty of its own is
    /// given to `owe`.
    pub(super) fn write_owed(
        &mut self,
        duty: &RangeDuty,
        sums: Sums,
        writer: &mut Writer<'_>,
        fresh: bool,
        owe: impl FnMut(&mut Self, RangeDuty) -> bool,
    ) -> Option<RangeDuty> {
        match duty.owed {
            Owed::Answer => duty.then(self.write_range(duty.prefix, sums, writer, fresh)),
            Owed::Reply => duty.then(self.write_reply(duty.prefix, sums, writer, fresh)),
            Owed::Sums(mask) => duty.then(self.write_sums(duty.prefix, sums, mask, writer)),
            Owed::Parts(mask) => self.write_parts((duty, mask), sums, writer, fresh, owe),
        }
    }

    /// An answer for each differing part; what is still owed. A part that is too large for a listing
    /// becomes a duty of its own, if need be in place of this one.
    fn write_parts(
        &mut self,
        (duty, mut mask): (&RangeDuty, u16),
        sums: Sums,
        writer: &mut Writer<'_>,
        mut fresh: bool,
        mut owe: impl FnMut(&mut Self, RangeDuty) -> bool,
    ) -> Option<RangeDuty> {
        while mask != 0 {
            let index = mask.trailing_zeros();
            let prefix = duty.prefix.part(index)?;
            match self.write_range(prefix, sums, writer, fresh) {
                None => fresh = false,
                Some(Owed::Answer) => return duty.then(Some(Owed::Parts(mask))),
                Some(owed) => {
                    let part = RangeDuty {
                        bit: duty.bit,
                        prefix,
                        owed,
                    };
                    if !owe(self, part) {
                        bump(&mut self.stats.ranges_full);
                        return Some(part);
                    }
                }
            }
            mask &= !part_bit(index);
        }
        None
    }

    /// A range's listing if it is short, else the fingerprints of its parts. Returns what is still
    /// owed.
    fn write_range(
        &self,
        prefix: Prefix,
        sums: Sums,
        writer: &mut Writer<'_>,
        fresh: bool,
    ) -> Option<Owed> {
        let few = self.members.indices(prefix).len() <= LIST_MAX;
        if few && self.write_listing(prefix, sums, false, writer) {
            None
        } else if few && !fresh {
            Some(Owed::Answer)
        } else {
            Some(Owed::Sums(u16::MAX))
        }
    }

    fn write_reply(
        &self,
        prefix: Prefix,
        sums: Sums,
        writer: &mut Writer<'_>,
        fresh: bool,
    ) -> Option<Owed> {
        if self.write_listing(prefix, sums, true, writer) {
            None
        } else if fresh {
            Some(Owed::Sums(u16::MAX))
        } else {
            Some(Owed::Reply)
        }
    }

    /// Fingerprints of as many parts as fit; what is still owed.
    fn write_sums(
        &self,
        prefix: Prefix,
        sums: Sums,
        mask: u16,
        writer: &mut Writer<'_>,
    ) -> Option<Owed> {
        const BYTES_EACH: usize = 4;
        if !prefix.can_split() {
            return None;
        }
        let salt = self.salt();
        let Some(open) = writer.open(Kind::Ranges) else {
            return Some(Owed::Sums(mask));
        };
        let head_len = writer.len();
        let probe = RangesHead {
            salt,
            prefix,
            mask: [0; 2],
        };
        if !writer.put(&probe) || writer.room() < BYTES_EACH {
            writer.cancel(&open);
            return Some(Owed::Sums(mask));
        }
        let fitting = writer.room().div_euclid(BYTES_EACH);
        let (mut now, mut later) = (0u16, mask);
        for _ in 0..fitting.min(RADIX as usize) {
            let lowest = later & later.wrapping_neg();
            now |= lowest;
            later &= !lowest;
        }
        writer.truncate(head_len);
        let head = RangesHead {
            salt,
            prefix,
            mask: now.to_le_bytes(),
        };
        let mut complete = writer.put(&head);
        for index in (0..RADIX).filter(|index| now & part_bit(*index) != 0) {
            let sum = prefix
                .part(index)
                .map_or(0, |part| self.compared().sum(part, sums));
            complete = complete && writer.put(&shorten(sum, salt));
        }
        if !complete {
            writer.cancel(&open);
            return Some(Owed::Sums(mask));
        }
        writer.close(open);
        (later != 0).then_some(Owed::Sums(later))
    }

    /// All rows of a range in short; `false` and no change if they do not fit.
    fn write_listing(
        &self,
        prefix: Prefix,
        sums: Sums,
        reply: bool,
        writer: &mut Writer<'_>,
    ) -> bool {
        let salt = self.salt();
        let Some(open) = writer.open(Kind::Listing) else {
            return false;
        };
        let mut complete = writer.put(&ListingHead {
            salt,
            reply,
            prefix,
        });
        for row in self.members.range(prefix) {
            let summary = self.compared().summary_of(row, sums, salt);
            complete = complete && writer.put(&summary);
        }
        if complete {
            writer.close(open);
        } else {
            writer.cancel(&open);
        }
        complete
    }

    /// Changes from round to round.
    fn salt(&self) -> u8 {
        self.next_token as u8
    }

    fn write_tell_hints(&mut self, bit: Bit, span: Span, writer: &mut Writer<'_>) {
        let Some(open) = writer.open(Kind::Hints) else {
            return;
        };
        let mut index = self.first_index(span);
        while let Some(row) = self.members.at(index) {
            if !span.contains(row.id.place()) {
                break;
            }
            if row.marks.hint & bit != 0 {
                if !writer.put(&Hint {
                    id: row.id,
                    held: row.progress().held,
                }) {
                    break;
                }
                if let Some(marks) = self.members.marks_at(index) {
                    marks.hint &= !bit;
                }
            }
            index = index.saturating_add(1);
        }
        writer.close_or_cancel(open);
    }
}
