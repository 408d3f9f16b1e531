//! A received datagram: validated whole, then applied section by section.

use super::{Node, Phase};
use crate::address::Address;
use crate::context::Sender;
use crate::error::DatagramError;
use crate::exchange::Base;
use crate::exchange::Shown;
use crate::requests::Requests;
use crate::stats::bump;
use crate::storage::{Storage, Tables};
use crate::time::Instant;
use crate::wire::{Datagram, Header, Section, Seen};

/// What a datagram said of this node itself, to be acted on once every section was seen.
#[derive(Clone, Copy, Debug)]
struct Told<A> {
    /// A ping of ours was answered.
    acked: bool,
    /// Where the sender sees us.
    seen_at: Option<A>,
}

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Applies one received datagram.
    ///
    /// # Errors
    /// Why it was dropped. The state did not change, but for the counter of the reason, what is known of
    /// strangers, and the time of the call.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        from: A,
        bytes: &[u8],
    ) -> Result<(), DatagramError> {
        let now = self.tell_time(now);
        let datagram = match self.accept(from, bytes) {
            Ok(datagram) => datagram,
            Err(reason) => {
                let Base { cx, swim, .. } = &mut self.tables.base;
                let reason = swim.refuse(cx, now, from.canonical(), bytes, reason);
                cx.stats.dropped(reason);
                return Err(reason);
            }
        };
        self.pass_time(now);
        self.count_received(bytes.len(), &datagram);
        let Header { sender, generation } = datagram.header;
        let mut sender = Sender {
            now,
            id: sender,
            generation,
            from: from.canonical(),
            sums: self.tables.base.cx.sums_with(&datagram),
            len: bytes.len(),
            synced: false,
        };
        self.notice_time(now);
        self.hear(&sender);
        let Tables { base, requests, .. } = &mut self.tables;
        requests.count_received(&base.cx, &sender, &datagram);
        self.apply_all(&mut sender, &datagram);
        let Base { cx, author, swim } = &mut self.tables.base;
        cx.put_off_stranger(&sender);
        swim.ask_speaker_for_former(cx, author, &sender);
        swim.go_on_as_former(cx, author, now);
        // An answer that names nobody who can be written to is none: a seed that many join through may have
        // no room for more.
        if cx.is_joined() && swim.seeds.awaits(sender.from) && cx.reaches_anybody() {
            swim.seeds.heard(sender.from);
        }
        self.tables.requests.settle(&mut self.tables.base.cx, now);
        Ok(())
    }

    /// The mere fact that a datagram came.
    fn hear(&mut self, sender: &Sender<A>) {
        let Tables {
            base, reconciler, ..
        } = &mut self.tables;
        let Base { cx, author, swim } = base;
        cx.ensure_me();
        if cx.is_me(sender.id) {
            swim.meet_namesake(cx, sender.now);
        }
        reconciler.hear(cx, sender);
        swim.hear(cx, sender);
        author.hear_anybody(cx, sender.now);
    }

    fn apply_all(&mut self, sender: &mut Sender<A>, datagram: &Datagram<'_>) {
        let mut told = Told {
            acked: false,
            seen_at: None,
        };
        let mut shown = Shown::default();
        for section in datagram.sections_used::<A, Requests<A, S>>() {
            sender.synced = self.tables.requests.is_syncing_with(sender.id);
            self.apply(sender, section, &mut told, &mut shown);
        }
        sender.synced = self.tables.requests.is_syncing_with(sender.id);
        self.finish(sender, &told, &shown);
    }

    fn accept<'a>(&self, from: A, bytes: &'a [u8]) -> Result<Datagram<'a>, DatagramError> {
        if self.tables.base.cx.phase == Phase::Left {
            return Err(DatagramError::NotRunning);
        }
        let network = self.tables.base.cx.config.network(from);
        let datagram = Datagram::parse_used::<A, Requests<A, S>>(
            bytes,
            network,
            self.tables.base.cx.config.largest_id(),
        )?;
        let header = datagram.header;
        if self.tables.base.cx.is_me(header.sender) && header.generation == self.generation() {
            return Err(DatagramError::FromSelf);
        }
        Ok(datagram)
    }

    fn count_received(&mut self, len: usize, datagram: &Datagram<'_>) {
        let cx = &mut self.tables.base.cx;
        cx.stats.received.datagrams.add(len);
        for (kind, bytes) in datagram.sizes() {
            match kind {
                Some(kind) => cx.stats.received.section(kind, bytes),
                None => bump(&mut cx.stats.unknown_sections),
            }
        }
    }

    /// `true` if the sender answered a ping of this node itself.
    fn take_ack(&mut self, sender: &Sender<A>, token: u16) -> bool {
        let Tables {
            base, reconciler, ..
        } = &mut self.tables;
        let Base { cx, author, swim } = base;
        swim.take_proof(cx, author, sender.id, sender.generation, token);
        let (acked, quick) = swim.take_ack(cx, sender, token);
        if let Some(late) = quick {
            let until = sender.now.after(late);
            reconciler.slots.hurry(sender.id, until);
        }
        acked
    }

    fn apply<'a>(
        &mut self,
        sender: &Sender<A>,
        section: Section<'a, A>,
        told: &mut Told<A>,
        shown: &mut Shown<'a>,
    ) {
        match section {
            Section::Ack(token) => told.acked |= self.take_ack(sender, token),
            Section::Rows(_) | Section::Newborn(_) => self.apply_rows(sender, section, told.acked),
            Section::You(Seen(address)) => told.seen_at = Some(address),
            Section::Terms(terms) => {
                let Base { cx, swim, .. } = &mut self.tables.base;
                swim.take_terms(cx, sender, Self::PARTS, &terms);
            }
            Section::Ping(_) | Section::Nack(..) | Section::PingReq(..) | Section::Suspects(_) => {
                let Base { cx, author, swim } = &mut self.tables.base;
                swim.take(cx, author, sender, section);
            }
            Section::Compare(_) | Section::Equal(_) | Section::Receipt(_) | Section::Ask(..) => {
                let Tables {
                    base,
                    reconciler,
                    requests,
                } = &mut self.tables;
                requests.take(reconciler, base, sender, section);
            }
            Section::Rate(rate) if const { Self::ENTRIES } => {
                let Base { cx, author, .. } = &mut self.tables.base;
                author.take_rate(cx, sender.from, &rate);
            }
            _ => self.apply_exchange(sender, section, shown),
        }
    }

    fn apply_rows(&mut self, sender: &Sender<A>, section: Section<'_, A>, acked: bool) {
        let Tables {
            base, reconciler, ..
        } = &mut self.tables;
        match section {
            Section::Rows(rows) => rows.iter().for_each(|row| {
                let Base { cx, swim, .. } = base;
                swim.learn_location(cx, sender, acked, &row);
                reconciler.take_told_row(base, sender, &row);
            }),
            Section::Newborn(row) => reconciler.take_newborn(base, sender, &row),
            _ => {}
        }
    }

    fn apply_exchange<'a>(
        &mut self,
        sender: &Sender<A>,
        section: Section<'a, A>,
        shown: &mut Shown<'a>,
    ) {
        let Tables {
            base,
            reconciler,
            requests,
        } = &mut self.tables;
        reconciler.take(base, sender, section, shown);
        if let Section::Singles(head, items) = section {
            requests.take_answer(reconciler, base, sender, &head, items);
        }
    }

    fn finish(&mut self, sender: &Sender<A>, told: &Told<A>, shown: &Shown<'_>) {
        let Tables {
            base, reconciler, ..
        } = &mut self.tables;
        let swim = &mut base.swim;
        swim.learn_address(&mut base.cx, sender, told.acked, told.seen_at);
        swim.ask_speaker_for_answer(&mut base.cx, sender.now, sender.from);
        reconciler.finish(base, sender, shown);
    }
}
