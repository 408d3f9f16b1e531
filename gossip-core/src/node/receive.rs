//! A received datagram: validated whole, then applied section by section.

use super::precise::{plain_want, precise_want};
use super::{Message, Node, Phase};
use crate::address::Address;
use crate::context::Sender;
use crate::error::DatagramError;
use crate::exchange::Direction;
use crate::id::{Incarnation, Life};
use crate::membership::Merged;
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::{Member, Sums};
use crate::time::Instant;
use crate::wire::{
    ClaimHead, ClaimItem, Datagram, Header, Hint, Items, PreciseItem, Row, Section, SinglesHead,
    Standing, Suspect,
};

/// What is left to do once every section was seen.
#[derive(Clone, Copy, Debug)]
struct Rest<'a, A> {
    root: Option<(u64, Direction)>,
    hints: Option<Items<'a, Hint>>,
    /// What the sender holds of single entries, of those that it asks for.
    shown: Option<Items<'a, PreciseItem>>,
    /// The token of our pull that was answered.
    answered: Option<u8>,
    /// Something that was pulled came, or turned out not to be there.
    progress: bool,
    /// Rows of ranges that were listed.
    walked: usize,
    /// A ping of ours was answered.
    acked: bool,
    /// Where the sender sees us.
    seen_at: Option<A>,
}

impl<A> Default for Rest<'_, A> {
    fn default() -> Self {
        Self {
            root: None,
            hints: None,
            shown: None,
            answered: None,
            progress: false,
            walked: 0,
            acked: false,
            seen_at: None,
        }
    }
}

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Applies one received datagram.
    ///
    /// # Errors
    /// Why it was dropped. The state did not change, but for the counter of the reason and what is known of
    /// strangers.
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
                let reason = self.tables.swim.refuse(
                    &mut self.tables.cx,
                    now,
                    from.canonical(),
                    bytes,
                    reason,
                );
                self.tables.cx.stats.dropped(reason);
                return Err(reason);
            }
        };
        self.pass_time(now);
        self.count_received(bytes.len(), &datagram);
        let Header { sender, generation } = datagram.header;
        let sender = Sender {
            now,
            id: sender,
            generation,
            from: from.canonical(),
            sums: self.sums_with(&datagram),
            len: bytes.len(),
        };
        self.notice_time(now);
        self.tables.cx.ensure_me();
        if self.tables.cx.is_me(sender.id) {
            self.tables.swim.meet_namesake(&mut self.tables.cx, now);
        }
        self.hear(&sender);
        self.count_sync_received(&sender, &datagram);
        self.author.hear_anybody(&mut self.tables.cx, now);
        let mut rest = Rest::default();
        for section in datagram.sections_used::<A, Self>() {
            self.apply(&sender, section, &mut rest);
        }
        self.finish(&sender, &rest);
        self.tables.cx.put_off_stranger(&sender);
        self.ask_speaker(now, sender.from);
        self.tables
            .swim
            .go_on_as_former(&mut self.tables.cx, &mut self.author, now);
        self.settle_reads(now);
        // An answer that names nobody who can be written to is none: a seed that many join through may have
        // no room for more.
        if self.is_joined() && self.tables.swim.seeds.awaits(sender.from) && self.reaches_anybody()
        {
            self.tables.swim.seeds.heard(sender.from);
        }
        Ok(())
    }

    fn accept<'a>(&self, from: A, bytes: &'a [u8]) -> Result<Datagram<'a>, DatagramError> {
        if self.tables.cx.phase == Phase::Left {
            return Err(DatagramError::NotRunning);
        }
        let network = self.tables.cx.config.network(from);
        let datagram =
            Datagram::parse_used::<A, Self>(bytes, network, self.tables.cx.config.largest_id())?;
        let header = datagram.header;
        if self.tables.cx.is_me(header.sender) && header.generation == self.generation() {
            return Err(DatagramError::FromSelf);
        }
        Ok(datagram)
    }

    fn count_received(&mut self, len: usize, datagram: &Datagram<'_>) {
        self.tables.cx.stats.received.datagrams.add(len);
        for (kind, bytes) in datagram.sizes() {
            match kind {
                Some(kind) => self.tables.cx.stats.received.section(kind, bytes),
                None => bump(&mut self.tables.cx.stats.unknown_sections),
            }
        }
    }

    /// The mere fact that a datagram came.
    fn hear(&mut self, sender: &Sender<A>) {
        let expires = self.exchange_expiry(sender.now);
        let peer = (sender.id, sender.from, sender.sums);
        self.tables.reconciler.slots.refresh(peer, expires);
        self.tables.swim.hear(&mut self.tables.cx, sender);
    }

    /// `true` if the sender answered a ping of this node itself.
    fn take_ack(&mut self, sender: &Sender<A>, token: u16) -> bool {
        let tables = &mut self.tables;
        let (id, generation) = (sender.id, sender.generation);
        tables
            .swim
            .take_proof(&mut tables.cx, &mut self.author, id, generation, token);
        let (acked, quick) = tables.swim.take_ack(&mut tables.cx, sender, token);
        if let Some(late) = quick {
            let slots = &mut tables.reconciler.slots;
            slots.hurry(sender.id, sender.now.after(late));
        }
        acked
    }

    /// Something of an earlier life of this node came back; whoever showed it may have more.
    fn take_returned(&mut self, sender: &Sender<A>, life: Life, items: Items<'_, ClaimItem<'_>>) {
        let more = self
            .author
            .take_returned(&mut self.tables.cx, sender, life, items);
        if more && let Some(bit) = self.link(sender) {
            self.hint(bit, self.id());
        }
    }

    fn apply<'a>(&mut self, sender: &Sender<A>, section: Section<'a, A>, rest: &mut Rest<'a, A>) {
        match section {
            Section::Ping(token) => self.take_ping(sender, token),
            Section::Ack(token) => rest.acked |= self.take_ack(sender, token),
            Section::Nack(token, helper) => {
                self.tables
                    .swim
                    .take_nack(&mut self.tables.cx, sender.now, token, helper)
            }
            Section::PingReq(token, target) => {
                self.tables
                    .swim
                    .take_ping_req(&mut self.tables.cx, sender, token, target)
            }
            Section::You(address) => rest.seen_at = Some(address),
            Section::Rows(rows) => rows.iter().for_each(|row| {
                self.tables
                    .swim
                    .learn_location(&mut self.tables.cx, sender, rest.acked, &row);
                self.take_told_row(sender, &row);
            }),
            Section::Newborn(row) => self.take_newborn(sender, &row),
            Section::Terms(terms) => self.take_terms(sender, &terms),
            Section::Suspects(suspects) => {
                suspects
                    .iter()
                    .for_each(|suspect| self.take_suspicion(sender, &suspect));
            }
            Section::Root(root, direction) => rest.root = Some((root, direction)),
            Section::Same => {}
            Section::Compare(_) | Section::Equal(_) | Section::Receipt(_) | Section::Ask(..) => {
                self.apply_request(sender, section);
            }
            Section::Ranges(head, sums) => self.take_ranges(sender, &head, sums),
            Section::Listing(head, items) => {
                self.take_listing(sender, &head, items, &mut rest.walked)
            }
            Section::Rate(rate) if const { Self::ENTRIES } => {
                self.author
                    .take_rate(&mut self.tables.cx, sender.from, &rate)
            }
            _ if const { Self::ENTRIES } => self.apply_entries(sender, section, rest),
            _ => {}
        }
    }

    /// Applies a section that tells entries, or asks for them.
    fn apply_entries<'a>(
        &mut self,
        sender: &Sender<A>,
        section: Section<'a, A>,
        rest: &mut Rest<'a, A>,
    ) {
        match section {
            Section::Hints(hints) => {
                rest.hints = Some(hints);
                for hint in hints.iter() {
                    self.count_hint(&hint);
                    let owner = self.author.owner_hinted(&self.tables.cx, hint.id);
                    rest.progress |= self.compare_held(sender, owner, hint.held);
                }
            }
            Section::Pull(token, items) => {
                self.take_pull(sender, token, items.iter().map(plain_want));
            }
            Section::Precise(token, items) => {
                rest.shown = Some(items);
                self.take_pull(sender, token, items.iter().map(precise_want));
            }
            Section::Known(head, claim, hash) => {
                let head = self.claim_here(head);
                rest.answered = Some(head.token);
                rest.progress |= self.take_known(sender, &head, &claim, hash);
            }
            Section::Answered(token) => rest.answered = Some(token),
            Section::Returned(life, items) => self.take_returned(sender, life, items),
            Section::Claim(head, claim, items) if Self::MAILS && head.token == 0 => {
                self.take_mail(sender, &head, &claim, items);
            }
            Section::Claim(head, claim, items) => {
                let head = self.claim_here(head);
                rest.answered = Some(head.token);
                rest.progress |= self.take_claim(sender, &head, &claim, items);
            }
            Section::Versions(head, claim, stretches) => {
                let head = self.claim_here(head);
                rest.answered = Some(head.token);
                rest.progress |= self.take_versions(sender, &head, &claim, stretches);
            }
            Section::Singles(head, items) => {
                let owner = self
                    .author
                    .owner_here(&self.tables.cx, head.owner, head.life);
                let head = SinglesHead { owner, ..head };
                let awaited = rest.answered.is_some();
                rest.progress |= self.take_singles(sender, awaited, &head, items);
                if const { Self::READS } && head.token != 0 {
                    self.take_read_answer(sender, &head, items);
                }
            }
            _ => {}
        }
    }

    /// A claim's head, with the owner as it is called here.
    fn claim_here(&self, head: ClaimHead) -> ClaimHead {
        let owner = self
            .author
            .owner_here(&self.tables.cx, head.owner, head.life);
        ClaimHead { owner, ..head }
    }

    fn finish(&mut self, sender: &Sender<A>, rest: &Rest<'_, A>) {
        self.tables
            .swim
            .learn_address(&mut self.tables.cx, sender, rest.acked, rest.seen_at);
        self.tables
            .swim
            .ask_speaker_for_answer(&mut self.tables.cx, sender.now, sender.from);
        // An answer that brought nothing is waited out like none at all, so that two nodes which
        // misunderstand each other do not ask and answer as fast as the network allows.
        if let Some(token) = rest.answered.filter(|_| rest.progress) {
            self.end_pull(sender, token);
        }
        // Rows beside it say only that neither holds more of what is covered, which ends other pulls.
        if let Some(shown) = rest.shown {
            shown
                .iter()
                .for_each(|item| self.look_for_loose(sender, &precise_want(item)));
        }
        if let Some((root, direction)) = rest.root {
            self.take_root(sender, root, direction, rest.hints);
        }
    }

    fn take_ping(&mut self, sender: &Sender<A>, token: u16) {
        self.tables.cx.send_soon(sender.from, Message::Ack(token));
        self.tables.swim.tell_address(&mut self.tables.cx, sender);
        self.tables.swim.correct(&mut self.tables.cx, sender);
    }

    fn take_suspicion(&mut self, sender: &Sender<A>, suspect: &Suspect) {
        if self.tables.cx.is_me(suspect.id) {
            self.tables.swim.answer_suspicion(
                &mut self.tables.cx,
                &mut self.author,
                sender.now,
                sender.from,
                suspect,
            );
        } else {
            self.tables
                .swim
                .hear_suspicion(&mut self.tables.cx, sender, suspect);
        }
    }

    fn count_hint(&mut self, hint: &Hint) {
        bump(&mut self.tables.cx.stats.hints_heard);
        let row = self.tables.cx.members.get(hint.id).filter(|row| !row.gone);
        if row.is_some_and(|row| hint.held > row.replica.progress.held) {
            bump(&mut self.tables.cx.stats.hints_new);
        }
    }

    pub(super) fn take_row(&mut self, sender: &Sender<A>, row: &Row<A>) {
        bump(&mut self.tables.cx.stats.rows_heard);
        if self.author.is_unannounced(&self.tables.cx, row.id)
            && self.take_earlier_life(sender, row)
        {
            return;
        }
        let old = self.tables.swim.is_out_of_touch() && !self.tables.cx.is_me(row.id);
        if old
            || self
                .tables
                .swim
                .is_word_of_bygone(&mut self.tables.cx, sender, row)
            || self.tables.swim.is_soon_located(&self.tables.cx, row)
        {
            return;
        }
        if matches!(row.standing, Standing::Dead(_)) && !self.tables.cx.may_judge(sender.id) {
            let live = self
                .tables
                .cx
                .members
                .get(row.id)
                .is_some_and(Member::is_live);
            if live && !self.tables.cx.is_me(row.id) {
                return;
            }
        }
        match self
            .tables
            .swim
            .merge_row(&mut self.tables.cx, &mut self.author, sender.now, row)
        {
            Merged::Agreed if sender.sums > Sums::Facts => {
                // A slow member begins all its exchanges itself, and hears no listings.
                self.tables
                    .swim
                    .ask_for_proof(&mut self.tables.cx, &mut self.author, row.id);
                self.compare_held(sender, row.id, row.held);
                self.compare_loose(sender, row);
            }
            Merged::Agreed => {}
            // That it is dead a slow member is told when it asks: more would wait in its line.
            Merged::Known if row.id == sender.id && self.tables.cx.is_late_and_dead(row.id) => {}
            Merged::Known => self.link_tell(sender, row.id),
            Merged::Refused => {}
        }
    }

    /// Takes a row that was told. A newcomer that tells its own and does not know yet where it is, is where that comes
    /// from: so it need not be told first, and say it to all, before others can reach it. It is told, and takes
    /// it over. Where its row was not taken it would only hear of an earlier life, and tell its row again, without end.
    pub(super) fn take_told_row(&mut self, sender: &Sender<A>, row: &Row<A>) {
        let itself = row.id == sender.id && row.generation == sender.generation;
        let new = row.incarnation == Incarnation::default() && row.standing == Standing::Alive;
        if row.address.is_some() || !itself || !new {
            return self.take_row(sender, row);
        }
        let address = Some(sender.from.canonical());
        self.take_row(sender, &Row { address, ..*row });
        let held = self.tables.cx.members.get(row.id);
        if held.is_some_and(|held| held.facts.generation == row.generation) {
            self.tables.cx.send_soon(sender.from, Message::Tell(row.id));
        }
    }
}
