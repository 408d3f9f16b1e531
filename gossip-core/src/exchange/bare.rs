//! Anti-entropy of a node that keeps no entries: members are compared as everywhere, but without a
//! table of exchanges.
//!
//! Roots, ranges and listings are answered as they come: what is owed about a range is a small message
//! among the others, and the rows that a listing shows to be missing are marked for one partner at a
//! time. So a storage without exchanges converges too, and pays for nothing that only entries need.

use super::Base;
use super::Reconciler;
use super::{Bit, Owed, Partner, RangeDuty, Span};
use crate::address::Address;
use crate::context::Context;
use crate::outbox::Message;
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::{Prefix, Sums};
use crate::time::Instant;
use crate::wire::Writer;

/// The mark of the one partner.
const PARTNER: Bit = 1;

impl<A: Address, S: Storage<A>> Reconciler<A, S> {
    /// Writes what is owed about a range to the node at `to`: `Some(false)` if none of it fits, and what
    /// is owed then in its place.
    pub(crate) fn write_owed_range(
        cx: &mut Context<A, S>,
        to: A,
        (prefix, owed): (Prefix, Owed),
        writer: &mut Writer<'_>,
        fresh: bool,
    ) -> (Option<bool>, Option<Message>) {
        let duty = RangeDuty {
            bit: PARTNER,
            prefix,
            owed,
        };
        let owe = |cx: &mut Context<A, S>, part: RangeDuty| {
            let message = Message::Range(part.prefix, part.owed);
            cx.send_soon(to, message);
            true
        };
        let rest = cx.write_owed(&duty, Sums::Facts, writer, fresh, owe);
        match rest {
            Some(rest) if rest == duty => (Some(false), None),
            rest => {
                let message = rest.map(|rest| Message::Range(rest.prefix, rest.owed));
                (Some(true), message)
            }
        }
    }

    /// The exchange with the node at `to`, if it may send.
    pub(crate) fn exchange_with(&self, to: A) -> Option<Bit> {
        if const { Self::ENTRIES } {
            return self.slots.ready_for(to);
        }
        let (ready, bit) = self.partner_ready()?;
        (ready == to).then_some(bit)
    }

    /// The partner to whom rows are to be told and may be.
    pub(crate) fn partner_ready(&self) -> Option<(A, Bit)> {
        let partner = self.partner.filter(|partner| partner.credit > 0)?;
        Some((partner.to, PARTNER))
    }

    /// Something came from `to` that rows may have to answer.
    pub(super) fn meet_partner(&mut self, cx: &mut Context<A, S>, to: A) -> Bit {
        let earlier = self.partner.replace(Partner::new(to));
        if let Some(earlier) = earlier {
            if earlier.to == to {
                self.partner = Some(Partner {
                    tells: earlier.tells,
                    ..Partner::new(to)
                });
            } else if !earlier.tells.is_empty() {
                bump(&mut cx.stats.exchanges_full);
                cx.each_in(earlier.tells, |marks| marks.forget(PARTNER));
            }
        }
        PARTNER
    }

    /// Tells the partner as many of the marked rows as fit; `true` if any was told.
    pub(super) fn write_to_partner(
        &mut self,
        base: &mut Base<A, S>,
        now: Instant,
        bit: Bit,
        writer: &mut Writer<'_>,
    ) -> bool {
        let (before, tells) = (writer.len(), self.tells());
        Self::write_tell_rows(base, now, bit, tells, writer);
        let wrote = writer.len() > before;
        let rest = base.cx.trim(tells, |row| row.marks.tell & bit != 0);
        // What nothing can be told of any more is at an end.
        self.partner = self.partner.filter(|_| !rest.is_empty()).map(|partner| {
            let credit = partner.credit.saturating_sub(u8::from(wrote));
            Partner {
                credit,
                tells: rest,
                ..partner
            }
        });
        wrote
    }

    fn tells(&self) -> Span {
        self.partner.map_or(Span::EMPTY, |partner| partner.tells)
    }
}
