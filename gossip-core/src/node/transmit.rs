//! The best next datagram: intents become bytes when the link is ready for them.

use super::{Message, Node, Phase};
use crate::address::Address;
use crate::airtime::Allowance;
use crate::exchange::Base;
use crate::exchange::Reconciler;
use crate::exchange::{Bit, Direction};
use crate::membership::Told;
use crate::membership::terms;
use crate::requests::Aim;
use crate::stats::bump;
use crate::storage::{Storage, Tables};
use crate::table::Prefix;
use crate::time::Instant;
use crate::transmit::Transmit;
use crate::wire::{Header, Kind, Writer, begin, limits, seal_tag, sizes_of};

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Writes the best next datagram into `buf`, never more than it holds or than 65,507 bytes; `None` if there is
    /// nothing to say now. `buf` must have at least `mtu_floor` bytes, or nothing is written and
    /// that is counted.
    pub fn poll_transmit(&mut self, now: Instant, buf: &mut [u8]) -> Option<Transmit<A>> {
        let now = self.tell_time(now);
        if matches!(
            self.tables.base.cx.phase,
            Phase::New | Phase::Restored { .. } | Phase::Left
        ) {
            return None;
        }
        if buf.len() < self.tables.base.cx.config.mtu_floor() {
            bump(&mut self.tables.base.cx.stats.small_buffers);
            return None;
        }
        let most = buf.len().min(limits::MTU_MAX);
        let buf = buf.get_mut(..most)?;
        let allowance = self.tables.base.cx.allowance(now);
        if allowance < Allowance::Everything {
            return self.transmit_urgent(now, allowance, buf);
        }
        while let Some(to) = self.next_duty() {
            let bit = self.tables.reconciler.exchange_with(to);
            if let Some(len) = self.write(now, to, bit, None, buf) {
                return Some(Transmit::to_one(to, len));
            }
        }
        while let Some((aim, to)) = self.next_aim() {
            if let Some(len) = self.write(now, to, None, Some(aim), buf) {
                return Some(Transmit::to_one(to, len));
            }
            let Tables { base, requests, .. } = &mut self.tables;
            requests.drop_aim(&mut base.cx, now, aim);
        }
        if const { !Self::ENTRIES }
            && let Some((to, bit)) = self.tables.reconciler.partner_ready()
            && let Some(len) = self.write(now, to, Some(bit), None, buf)
        {
            return Some(Transmit::to_one(to, len));
        }
        for index in self.tables.reconciler.slots.in_turn() {
            let Some((to, bit)) = self.tables.reconciler.slots.ready_at(index) else {
                continue;
            };
            if let Some(len) = self.write(now, to, Some(bit), None, buf) {
                return Some(Transmit::to_one(to, len));
            }
        }
        // Here, where airtime is short, exchanges had their turn before news.
        while let Some(to) = self.tables.base.cx.outbox.first() {
            if let Some(len) = self.write(now, to, None, None, buf) {
                return Some(Transmit::to_one(to, len));
            }
        }
        self.transmit_put_off(now, allowance, buf)
    }

    /// To whom the most urgent message goes. Where airtime is short, datagrams for news alone take turns with
    /// exchanges, which find what the news does not reach, or both would wait for the other.
    fn next_duty(&self) -> Option<A> {
        let yields = self.news_first && self.tables.base.cx.config.byte_rate().is_some();
        let first = self.tables.base.cx.outbox.first()?;
        Some(first).filter(|_| !yields || self.tables.base.cx.outbox.is_more_than_news())
    }

    fn next_aim(&mut self) -> Option<(Aim, A)> {
        let Tables { base, requests, .. } = &mut self.tables;
        requests.next_aim(&mut base.cx)
    }

    /// Nothing else is to be sent.
    fn transmit_put_off(
        &mut self,
        now: Instant,
        allowance: Allowance,
        buf: &mut [u8],
    ) -> Option<Transmit<A>> {
        while let Some(to) = self.tables.base.cx.outbox.first_put_off() {
            if allowance < Allowance::Plenty {
                self.note_blocked(Allowance::Plenty);
                return None;
            }
            if let Some(len) = self.write(now, to, None, None, buf) {
                return Some(Transmit::to_one(to, len));
            }
        }
        if allowance < Allowance::Plenty {
            return None;
        }
        let (to, len) = self.write_to_stranger(buf)?;
        Some(Transmit::to_one(to, len))
    }

    /// Airtime is used up: only what cannot wait goes, as long as even that may, and own pings.
    fn transmit_urgent(
        &mut self,
        now: Instant,
        allowance: Allowance,
        buf: &mut [u8],
    ) -> Option<Transmit<A>> {
        while allowance == Allowance::Urgent && self.tables.base.cx.outbox.is_urgent() {
            let to = self.tables.base.cx.outbox.first()?;
            let whole = self.tables.base.cx.bucket.is_turn_of_rest();
            let written = if whole {
                let bit = self.tables.reconciler.slots.ready_for(to);
                self.write(now, to, bit, None, buf)
            } else {
                self.write_urgent(now, to, buf)
            };
            if let Some(len) = written {
                return Some(Transmit::to_one(to, len));
            }
        }
        while let Some(to) = self.own_ping() {
            if let Some(len) = self.write_urgent(now, to, buf) {
                return Some(Transmit::to_one(to, len));
            }
        }
        let waits = self.tables.base.cx.outbox.first().is_some()
            || self.tables.reconciler.slots.any_at_work()
            || self.tables.reconciler.partner_ready().is_some();
        if self.tables.base.cx.outbox.is_urgent() {
            self.note_blocked(Allowance::Urgent);
        } else if waits || self.next_aim().is_some() {
            if self.tables.base.cx.news.has_verdicts() {
                // Suspicions last so many rounds, in which refutations must get through.
                self.tables.base.cx.bucket.lengthen();
            }
            self.note_blocked(Allowance::Everything);
        } else if self.tables.base.cx.outbox.first_put_off().is_some() {
            self.note_blocked(Allowance::Plenty);
        }
        None
    }

    fn write_urgent(&mut self, now: Instant, to: A, buf: &mut [u8]) -> Option<usize> {
        let (mut writer, empty) = self.begin(buf)?;
        self.write_small(now, to, Message::rides, &mut writer, empty);
        if writer.len() <= empty {
            return None;
        }
        self.complete(to, writer)
    }

    /// A datagram with nothing but its header, and how long that is.
    pub(super) fn begin<'b>(&self, buf: &'b mut [u8]) -> Option<(Writer<'b>, usize)> {
        let header = Header {
            sender: self.id(),
            generation: self.generation(),
        };
        let mut writer = Writer::new(buf);
        let begun = begin(&mut writer, &header, self.tables.base.cx.flags());
        let empty = writer.len();
        begun.then_some((writer, empty))
    }

    /// Writes one datagram to `to`; `None` if it would hold nothing but its header.
    fn write(
        &mut self,
        now: Instant,
        to: A,
        bit: Option<Bit>,
        aim: Option<Aim>,
        buf: &mut [u8],
    ) -> Option<usize> {
        let (mut writer, empty) = self.begin(buf)?;
        // News rides along; only a duty to tell it is a reason for a datagram of its own.
        let news_owed = self.write_small(now, to, |_| true, &mut writer, empty);
        if let Some(aim) = aim {
            let Tables {
                base,
                reconciler,
                requests,
            } = &mut self.tables;
            requests.write_aim(reconciler, &mut base.cx, now, aim, &mut writer);
        }
        let owed = news_owed || writer.len() > empty;
        let news_first = owed && self.news_first;
        if news_first {
            self.write_news(now, Told::All, &mut writer);
        }
        let exchanged = bit.is_some_and(|bit| {
            let Tables {
                base, reconciler, ..
            } = &mut self.tables;
            reconciler.write_exchange(base, now, bit, &mut writer, empty)
        });
        if owed && !news_first {
            self.write_news(now, Told::All, &mut writer);
        } else if exchanged && !owed {
            self.write_news(now, Told::Verdicts, &mut writer);
        }
        if writer.len() <= empty {
            return None;
        }
        self.news_first = !self.news_first;
        self.complete(to, writer)
    }

    pub(super) fn complete(&mut self, to: A, mut writer: Writer<'_>) -> Option<usize> {
        let bytes = writer.written();
        seal_tag(bytes, self.tables.base.cx.config.network(to));
        if self.tables.base.cx.config.byte_rate().is_some() {
            self.tables.base.cx.bucket.spend(bytes.len());
        }
        self.tables.base.cx.stats.sent.datagrams.add(bytes.len());
        for (kind, len) in sizes_of(bytes) {
            if let Some(kind) = kind {
                self.tables.base.cx.stats.sent.section(kind, len);
            }
        }
        self.tables
            .requests
            .count_sent(&self.tables.base.cx, to, bytes);
        Some(bytes.len())
    }

    /// Writes those messages owed to `to` that are `wanted`, which the most urgent ones are. What does
    /// not fit waits, unless it would never fit. `true` if news was owed.
    fn write_small(
        &mut self,
        now: Instant,
        to: A,
        wanted: impl Fn(Message) -> bool,
        writer: &mut Writer<'_>,
        empty: usize,
    ) -> bool {
        let (mut index, mut news_owed) = (0, false);
        while let Some((at, message)) = self.tables.base.cx.outbox.next_to(to, index) {
            if !wanted(message) {
                break;
            }
            let (written, rest) = match message {
                Message::Range(prefix, owed) if const { !Self::ENTRIES } => {
                    let fresh = writer.len() == empty;
                    Reconciler::write_owed_range(
                        &mut self.tables.base.cx,
                        to,
                        (prefix, owed),
                        writer,
                        fresh,
                    )
                }
                _ => (self.write_message(now, to, message, writer), None),
            };
            if written == Some(false) && writer.len() > empty {
                index = at.saturating_add(1);
            } else {
                news_owed |= message == Message::News;
                self.tables.base.cx.outbox.done(at);
                index = at;
            }
            if let Some(rest) = rest {
                self.tables.base.cx.send_soon(to, rest);
            }
        }
        news_owed
    }

    /// `Some(false)` if the message does not fit, `None` if there is nothing to say any more.
    fn write_message(
        &mut self,
        now: Instant,
        to: A,
        message: Message,
        writer: &mut Writer<'_>,
    ) -> Option<bool> {
        let Base { cx, author, swim } = &self.tables.base;
        Some(match message {
            Message::Ping(token) => {
                let written = writer.small(Kind::Ping, &token);
                if written {
                    self.note_ping(now, token);
                }
                written
            }
            Message::Same => writer.small(Kind::Same, &()),
            Message::Root(direction, sums) => {
                let root = cx.compared().sum(Prefix::ROOT, sums).to_le_bytes();
                match direction {
                    Direction::Both => writer.small(Kind::Root, &root),
                    other => writer.small(Kind::Root, &(root, other as u8)),
                }
            }
            Message::Rate(rate) => writer.small(Kind::Rate, &rate),
            Message::Terms { is_answer } => {
                writer.small(Kind::Terms, &terms(cx, Self::PARTS, is_answer))
            }
            Message::Receipt(..) | Message::Equal(_) | Message::Single { .. } => self
                .tables
                .requests
                .write_message(cx, now, message, writer)?,
            // Where it is ever owed it is written by `write_owed_range`.
            Message::Range(..) => return None,
            Message::Return(owner) => author.write_return(cx, now, owner, writer)?,
            // News goes into every datagram; this one is sent for nothing else.
            Message::News => return None,
            _ => swim.write_message(cx, author, now, (to, message), writer)?,
        })
    }

    fn write_news(&mut self, now: Instant, told: Told, writer: &mut Writer<'_>) {
        let Base { cx, author, swim } = &mut self.tables.base;
        swim.write_news(cx, author, now, told, writer);
    }

    /// A ping goes out: its probe counts from now, and the round lasts as long.
    pub(super) fn note_ping(&mut self, now: Instant, token: u16) {
        let ends = now.after(self.tables.base.cx.round());
        if !self.tables.base.swim.prober.sent(
            token,
            now.after(self.tables.base.cx.patience()),
            ends,
        ) || ends <= self.tables.base.swim.next_round
        {
            return;
        }
        if self.tables.reconciler.next_exchange == self.tables.base.swim.next_round {
            self.tables.reconciler.next_exchange = ends;
        }
        self.tables.base.swim.next_round = ends;
    }

    /// The target of the node's own probe, while its ping waits. Whatever else is owed, it goes: a round
    /// is long enough for that, and without it nobody would find a crash.
    pub(super) fn own_ping(&self) -> Option<A> {
        let Base { cx, swim, .. } = &self.tables.base;
        let token = swim.prober.token()?;
        cx.outbox.owed(Message::Ping(token))
    }

    /// Something has to wait until so much may be sent.
    pub(super) fn note_blocked(&mut self, until: Allowance) {
        let Base { cx, author, .. } = &mut self.tables.base;
        cx.bucket.block(until);
        if until != Allowance::Plenty {
            author.note_overload(cx);
        }
    }

    /// Tells a stranger who is here, in a datagram that it will refuse, and recognize.
    pub(super) fn write_to_stranger(&mut self, buf: &mut [u8]) -> Option<(A, usize)> {
        let to = self.tables.base.swim.strangers.answer()?;
        self.tables.base.swim.strangers.answered();
        let (mut writer, _) = self.begin(buf)?;
        if !writer.small(Kind::Terms, &terms(&self.tables.base.cx, Self::PARTS, true)) {
            return None;
        }
        Some((to, self.complete(to, writer)?))
    }
}
