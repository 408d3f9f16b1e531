//! A received datagram: validated whole, then applied section by section.

use super::merge::Merged;
use super::precise::{plain_want, precise_want};
use super::{Message, Node, Phase};
use crate::address::Address;
use crate::context::Sender;
use crate::error::DatagramError;
use crate::exchange::Direction;
use crate::id::NodeId;
use crate::membership::{Nacked, Silence};
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::{Member, Sums};
use crate::time::{Duration, Instant};
use crate::wire::{
    ClaimHead, Datagram, Header, Hint, Items, PreciseItem, Row, Section, SinglesHead, Standing,
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
                let reason = self.refuse(now, from.canonical(), bytes, reason);
                self.stats.dropped(reason);
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
        self.ensure_me();
        if self.is_me(sender.id) {
            self.meet_namesake(now);
        }
        self.hear(&sender, &datagram.header);
        self.count_sync_received(&sender, &datagram);
        self.hear_anybody(now);
        let mut rest = Rest::default();
        for section in datagram.sections_used::<A, Self>() {
            self.apply(&sender, section, &mut rest);
        }
        self.finish(&sender, &rest);
        self.put_off_stranger(&sender);
        self.ask_speaker(now, sender.from);
        self.continue_reclaim(now);
        self.settle_reads(now);
        // An answer that names nobody who can be written to is none: a seed that many join through may have
        // no room for more.
        if self.is_joined() && self.tables.seeds.awaits(sender.from) && self.reaches_anybody() {
            self.tables.seeds.heard(sender.from);
        }
        Ok(())
    }

    fn accept<'a>(&self, from: A, bytes: &'a [u8]) -> Result<Datagram<'a>, DatagramError> {
        if self.phase == Phase::Left {
            return Err(DatagramError::NotRunning);
        }
        let network = self.config.network(from);
        let datagram = Datagram::parse_used::<A, Self>(bytes, network, self.config.largest_id())?;
        let header = datagram.header;
        if self.is_me(header.sender) && header.generation == self.generation() {
            return Err(DatagramError::FromSelf);
        }
        Ok(datagram)
    }

    fn count_received(&mut self, len: usize, datagram: &Datagram<'_>) {
        self.stats.received.datagrams.add(len);
        for (kind, bytes) in datagram.sizes() {
            match kind {
                Some(kind) => self.stats.received.section(kind, bytes),
                None => bump(&mut self.stats.unknown_sections),
            }
        }
    }

    /// The mere fact that a datagram came.
    fn hear(&mut self, sender: &Sender<A>, header: &Header) {
        let peer = (sender.id, sender.from, sender.sums);
        let expires = self.exchange_expiry(sender.now);
        self.tables.exchanges.refresh(peer, expires);
        // Whoever was outbid is not the one that is asked, which may be gone: nothing waits in line behind it.
        if self.prober.token().is_some() && !self.is_outbid(sender) {
            self.lateness.heard();
        }
        let members = &mut self.tables.members;
        if members.hear(sender.id, header.generation, sender.from, sender.sums) {
            self.prober.heard();
        }
    }

    fn apply<'a>(&mut self, sender: &Sender<A>, section: Section<'a, A>, rest: &mut Rest<'a, A>) {
        match section {
            Section::Ping(token) => self.take_ping(sender, token),
            Section::Ack(token) => {
                self.take_proof(sender.id, sender.generation, token);
                rest.acked |= self.take_ack(sender, token);
            }
            Section::Nack(token, helper) => self.take_nack(sender.now, token, helper),
            Section::PingReq(token, target) => self.take_ping_req(sender, token, target),
            Section::You(address) => rest.seen_at = Some(address),
            Section::Rows(rows) => rows.iter().for_each(|row| {
                self.learn_location(sender, rest.acked, &row);
                self.take_told_row(sender, &row);
            }),
            Section::Newborn(row) => self.take_newborn(sender, &row),
            Section::Terms(terms) => self.take_terms(sender, &terms),
            Section::Suspects(suspects) => {
                suspects
                    .iter()
                    .for_each(|suspect| self.merge_suspect(sender, &suspect));
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
            Section::Rate(rate) if const { Self::ENTRIES } => self.take_rate(sender.from, &rate),
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
                    let owner = self.owner_hinted(hint.id);
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
                let owner = self.owner_here(head.owner, head.life);
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
        let owner = self.owner_here(head.owner, head.life);
        ClaimHead { owner, ..head }
    }

    fn finish(&mut self, sender: &Sender<A>, rest: &Rest<'_, A>) {
        self.learn_address(sender, rest.acked, rest.seen_at);
        self.ask_speaker_for_answer(sender.now, sender.from);
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
        self.owe(sender.from, Message::Ack(token));
        self.tell_address(sender);
        self.correct(sender);
    }

    /// `true` if the sender answered a ping of this node itself.
    fn take_ack(&mut self, sender: &Sender<A>, token: u16) -> bool {
        self.take_answer_of_touch(sender, token);
        if self.is_outbid(sender) {
            // It says nothing of the member, but that this node is heard, and who is there instead.
            if self.prober.belie(token, sender.id) {
                self.note_usurped(sender);
            }
            return false;
        }
        // What a relay gets from an address where another life answers is that one's.
        let members = &self.tables.members;
        let acked = self.prober.acked(token, sender.id, |target| {
            members.get(target).is_none_or(|row| !row.swim.usurped)
        });
        if self.take_late_ack(sender.now, sender.id, token) {
            self.greet_reborn(sender);
            return true;
        }
        if let Some(acked) = acked {
            if acked.in_time {
                self.lateness.in_time();
                self.note_pace(sender.id, false);
                let usual = self.config.reply_timeout().max(self.round());
                let late = self.config.reply_within(usual);
                self.tables
                    .exchanges
                    .hurry(sender.id, sender.now.after(late));
            }
            self.greet_reborn(sender);
            self.note_answer();
            self.clear_suspicion(acked.target);
            return acked.target == sender.id;
        }
        if let Some((asker, asker_token)) = self.tables.relays.take(token, sender.id) {
            // What this node passes on it has seen itself.
            self.clear_suspicion(sender.id);
            self.owe(asker, Message::Ack(asker_token));
            return false;
        }
        self.take_proof_of_bygone(sender.from, token);
        false
    }

    /// The sender, which was outbid, answers at the address where the life that outbid it is to be found.
    fn note_usurped(&mut self, sender: &Sender<A>) {
        let row = self.tables.members.get(sender.id);
        let there = row.and_then(Member::address) == Some(sender.from);
        if let Some(swim) = self.tables.members.swim(sender.id).filter(|_| there) {
            swim.usurped = true;
        }
    }

    /// A slow member answers in another life than the one known here: it may know nobody, and nobody begins an exchange
    /// with a slow one.
    fn greet_reborn(&mut self, sender: &Sender<A>) {
        let row = self.tables.members.get(sender.id);
        let reborn = |row: &&Member<A>| row.facts.generation != sender.generation;
        if row.filter(reborn).is_some_and(Member::is_slow) {
            self.say_hello(sender.from);
        }
    }

    /// `true` if another node has outbid the sender: that this one is there says nothing of the other, who may have
    /// asserted its address. A life with the counter 0 may be of one that just begins, and knows nothing yet.
    fn is_outbid(&self, sender: &Sender<A>) -> bool {
        let row = self.tables.members.get(sender.id);
        let (its, known) = (sender.generation, row.map(|row| row.facts.generation));
        known.is_some_and(|known| its < known && its.nonce != known.nonce && its.counter > 0)
    }

    fn take_nack(&mut self, now: Instant, token: u16, helper: Option<NodeId>) {
        match self.prober.nacked(token, helper) {
            Some(Nacked::Late(target)) => self.judge(now, target, Silence::Witnessed),
            Some(Nacked::Ask(helper, token, target)) => {
                let row = self.tables.members.get(helper);
                let row =
                    row.filter(|row| row.is_live() && !row.swim.suspect && row.id != self.id());
                if let Some(to) = row.and_then(Member::address) {
                    self.owe(to, Message::PingReq(token, target));
                }
            }
            None => {}
        }
    }

    fn take_ping_req(&mut self, sender: &Sender<A>, token: u16, target: NodeId) {
        if self.is_me(target) {
            self.owe(sender.from, Message::Ack(token));
            return;
        }
        let row = self.tables.members.get(target);
        let Some(address) = row.and_then(|row| row.address()) else {
            // Or a member whose address nobody ever heard of would live for ever.
            return self.owe(sender.from, Message::Nack(token));
        };
        if self.is_put_off(sender) {
            return;
        }
        let own_token = self.take_token();
        // The asker waits for the rest of its round; half of that is for the way of the answer.
        let rest = self
            .round()
            .as_millis()
            .saturating_sub(self.patience_alone().as_millis());
        let nack_at = sender.now.after(Duration::from_millis(rest >> 1));
        let times = (nack_at, sender.now.after(self.round()));
        let (probe, answer) = ((own_token, target), (sender.from, token));
        if self.tables.relays.add(probe, answer, times) {
            self.owe(address, Message::Ping(own_token));
        } else {
            bump(&mut self.stats.relays_full);
        }
    }

    fn count_hint(&mut self, hint: &Hint) {
        bump(&mut self.stats.hints_heard);
        let row = self.tables.members.get(hint.id).filter(|row| !row.gone);
        if row.is_some_and(|row| hint.held > row.replica.progress.held) {
            bump(&mut self.stats.hints_new);
        }
    }

    pub(super) fn take_row(&mut self, sender: &Sender<A>, row: &Row<A>) {
        bump(&mut self.stats.rows_heard);
        if self.is_unannounced(row.id) && self.hear_of_earlier_life(sender, row) {
            return;
        }
        let old = self.is_out_of_touch() && !self.is_me(row.id);
        if old || self.is_word_of_bygone(sender, row) || self.is_soon_located(row) {
            return;
        }
        if matches!(row.standing, Standing::Dead(_)) && !self.may_judge(sender.id) {
            let live = self.tables.members.get(row.id).is_some_and(Member::is_live);
            if live && !self.is_me(row.id) {
                return;
            }
        }
        match self.merge_row(sender.now, row) {
            Merged::Agreed if sender.sums > Sums::Facts => {
                // A slow member begins all its exchanges itself, and hears no listings.
                self.ask_for_proof(row.id);
                self.compare_held(sender, row.id, row.held);
                self.compare_loose(sender, row);
            }
            Merged::Agreed => {}
            // That it is dead a slow member is told when it asks: more would wait in its line.
            Merged::Known if row.id == sender.id && self.is_late_and_dead(row.id) => {}
            Merged::Known => self.link_tell(sender, row.id),
            Merged::Refused => {}
        }
    }
}
