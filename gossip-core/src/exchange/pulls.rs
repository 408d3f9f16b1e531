//! Pulls: asking an exchange's partner for entries that it holds more of.

use super::Reconciler;
use super::{Bit, Exchange, Reconciliation, Span};
use crate::address::Address;
use crate::author::Author;
use crate::context::Context;
use crate::entries::delta::{Digest, Progress};
use crate::entries::from_birth;
use crate::id::Version;
use crate::storage::Storage;
use crate::table::Member;
use crate::time::Instant;
use crate::wire::{Kind, PullItem, Writer};

/// The most owners that one pull asks for: more than one answer has room for.
const ASKED_MAX: usize = 16;

/// Owners to ask for, the best first.
struct Picked {
    /// How much is missing of it, and where its row stands.
    rows: [(u32, usize); ASKED_MAX],
    len: usize,
    most: usize,
}

impl Picked {
    /// Keeps a row if it is among the best; one with as much missing as another comes after it.
    fn offer(&mut self, missing: u32, index: usize) {
        let better = |row: &&(u32, usize)| row.0 >= missing;
        let at = self.rows.iter().take(self.len).take_while(better).count();
        if at >= self.most {
            return;
        }
        self.len = self.len.saturating_add(1).min(self.most);
        let mut row = (missing, index);
        let places = self.rows.iter_mut().take(self.len).skip(at);
        places.for_each(|place| core::mem::swap(place, &mut row));
    }

    fn is_full(&self) -> bool {
        self.len >= self.most
    }

    fn indices(&self) -> impl Iterator<Item = usize> {
        self.rows.iter().take(self.len).map(|row| row.1)
    }
}

impl<A: Address, S: Storage<A>> Reconciler<A, S> {
    /// Asks for what the partner holds more of, unless an answer is still awaited.
    pub(super) fn write_pull(
        &mut self,
        cx: &mut Context<A, S>,
        author: &Author<A, S>,
        now: Instant,
        bit: Bit,
        writer: &mut Writer<'_>,
    ) {
        let Some(exchange) = self.slots.get(bit) else {
            return;
        };
        if exchange.pull.is_some() || exchange.pulls.is_empty() || exchange.budget.is_spent() {
            return;
        }
        let span = cx.trim(exchange.pulls, |row| row.marks.pull & bit != 0);
        let timeout = cx.pace_with(exchange.peer, cx.reply_wait());
        let picked = self.pick(cx, bit, span);
        let first = picked.indices().next();
        let singly = first.is_some_and(|index| cx.is_pulled_singly(index));
        let kind = if singly { Kind::Precise } else { Kind::Pull };
        let Some(exchange) = self.slots.get_mut(bit) else {
            return;
        };
        exchange.pulls = span;
        let Some(open) = writer.open(kind) else {
            return;
        };
        let earlier = exchange.clone();
        let token = exchange.begin_pull(now, timeout);
        if !(writer.put(&token) && self.write_pull_items(cx, author, bit, &picked, singly, writer))
        {
            if let Some(exchange) = self.slots.get_mut(bit) {
                *exchange = earlier;
            }
            writer.cancel(&open);
            return;
        }
        writer.close(open);
    }

    /// `true` if anything was asked.
    fn write_pull_items(
        &mut self,
        cx: &mut Context<A, S>,
        author: &Author<A, S>,
        bit: Bit,
        picked: &Picked,
        singly: bool,
        writer: &mut Writer<'_>,
    ) -> bool {
        let mut asked = false;
        for index in picked.indices() {
            let alike = cx.is_pulled_singly(index) == singly;
            if !alike || !self.write_pull_item(cx, author, bit, index, singly, writer) {
                break;
            }
            let Some(marks) = cx.members.marks_at(index) else {
                break;
            };
            marks.asked |= bit;
            asked = true;
            let row = cx.members.at(index);
            self.asked_up_to = row.map_or(self.asked_up_to, |row| row.id.place());
        }
        asked
    }

    /// What a partner is told of where this node stands with an owner, which may be the partner itself.
    pub(super) fn digest_for(&self, bit: Bit, row: &Member<A>, position: &Progress) -> Digest {
        let exchange = self.slots.get(bit);
        match exchange.is_some_and(|exchange| exchange.peer == row.id) {
            true => position.digest_for_owner(row.marks.told),
            false => position.digest(),
        }
    }

    /// What is asked about one owner; `false` if it does not fit.
    fn write_pull_item(
        &self,
        cx: &Context<A, S>,
        author: &Author<A, S>,
        bit: Bit,
        index: usize,
        singly: bool,
        writer: &mut Writer<'_>,
    ) -> bool {
        let Some(row) = cx.members.at(index) else {
            return false;
        };
        if singly {
            return writer.put(&self.precise_item(cx, author, bit, row));
        }
        let digest = self.digest_for(bit, row, &cx.position_of(row));
        writer.put(&PullItem {
            owner: author.owner_there(cx, row.id),
            life: row.facts.generation.life(),
            held: digest.held,
            recover: digest.recover,
        })
    }

    /// The owners to ask for: those with most missing, or in turn. Where depth decides it does so in every
    /// other pull, or an owner of whom little is missing would wait until all others are here.
    fn pick(&self, cx: &Context<A, S>, bit: Bit, span: Span) -> Picked {
        let mut picked = Picked {
            rows: [(0, 0); ASKED_MAX],
            len: 0,
            // About as many as one answer has room for.
            most: cx.config.mtu_floor().div_ceil(64).clamp(1, ASKED_MAX),
        };
        let start = cx.first_index(span);
        let by_depth = matches!(
            cx.config.reconciliation(),
            Reconciliation::ScuttleDepth | Reconciliation::PreciseOldest
        );
        let exchange = self.slots.get(bit);
        let by_depth = by_depth && exchange.is_some_and(Exchange::pulls_by_depth);
        let turn = if by_depth {
            start
        } else {
            let next = cx.members.lower(self.asked_up_to.next());
            next.max(start)
        };
        cx.pick_from(bit, span, turn..usize::MAX, by_depth, &mut picked);
        cx.pick_from(bit, span, start..turn, by_depth, &mut picked);
        picked
    }
}

impl<A: Address, S: Storage<A>> Context<A, S> {
    /// From where an owner is asked for. Whoever holds the birth and no more would have nothing to say to
    /// one that asks from there.
    pub(super) fn position_of(&self, row: &Member<A>) -> Progress {
        if row.marks.told > Version::BIRTH {
            from_birth(&self.entries, row.id, *row.progress())
        } else {
            *row.progress()
        }
    }

    fn pick_from(
        &self,
        bit: Bit,
        span: Span,
        indices: core::ops::Range<usize>,
        by_depth: bool,
        picked: &mut Picked,
    ) {
        for index in indices {
            let Some(row) = self.members.at(index) else {
                return;
            };
            if !span.contains(row.id.place()) || (!by_depth && picked.is_full()) {
                return;
            }
            let wanted = row.marks.pull & bit != 0 && row.marks.asked & !bit == 0;
            if wanted && !row.swim.is_unproven() {
                let missing = row.marks.told.beyond(row.progress().held);
                picked.offer(if by_depth { missing } else { 0 }, index);
            }
        }
    }

    /// Drops the front of a span up to the first row that is `marked`.
    pub(super) fn trim(&self, mut span: Span, marked: impl Fn(&Member<A>) -> bool) -> Span {
        let mut index = self.first_index(span);
        while let Some(row) = self.members.at(index) {
            let place = row.id.place();
            if !span.contains(place) {
                break;
            }
            if marked(row) {
                span.trim(place);
                return span;
            }
            index = index.saturating_add(1);
        }
        Span::EMPTY
    }

    pub(super) fn first_index(&self, span: Span) -> usize {
        span.first()
            .map_or(usize::MAX, |first| self.members.lower(first))
    }
}
