//! What the application asked for and is being worked on: mail, syncs, reads.

use rand_core::Rng;

use super::{Message, Node};
use crate::address::Address;
use crate::context::Sender;
use crate::error::RequestError;
use crate::event::{Event, Request};
use crate::exchange::Owed;
use crate::id::NodeId;
use crate::requests::{FreshRead, Synced, mail, read, sync};
use crate::storage::{List, Storage};
use crate::table::Prefix;
use crate::time::Instant;
use crate::wire::{ClaimItem, Datagram, Items, Kind, Section, SinglesHead, Used, Writer};

/// What a datagram is sent for, beside what is owed to its destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    /// The letter to this peer.
    Mail(NodeId),
    /// The comparison of this sync.
    Compare(Request),
    /// To ask this peer for the key of this read.
    Ask(Request, NodeId),
}

/// What serves entries, mail, syncs and reads is made use of only where the storage permits them.
impl<A: Address, S: Storage<A>> Used for Node<A, S> {
    const KINDS: u32 = {
        let mut kinds = u32::MAX;
        if !Self::RECLAIMS {
            kinds &= !Kind::Returned.bit();
        }
        if !Self::ENTRIES {
            kinds &= !Kind::OF_ENTRIES;
        }
        if !Self::READS {
            kinds &= !Kind::Ask.bit();
        }
        if !Self::MAILS {
            kinds &= !Kind::Receipt.bit();
        }
        if !Self::SYNCS {
            kinds &= !(Kind::Compare.bit() | Kind::Equal.bit());
        }
        kinds
    };
}

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Whether this storage permits syncs, its own and those of others.
    pub(super) const SYNCS: bool = <S::Syncs as List<_>>::PERMITTED;

    /// Whether this storage permits reads that ask others, and answers to those of others.
    pub(super) const READS: bool = Self::ENTRIES && <S::Reads as List<_>>::PERMITTED;

    /// Makes a range of the table of members equal with one peer's, entries included:
    /// [`Prefix::ROOT`] is everything, [`Prefix::of`] one owner. When it is over, at `deadline` at the
    /// latest, [`Event::Synced`] comes, and the report waits for
    /// [`take_synced`](Self::take_synced). The peer's storage must permit syncs too.
    ///
    /// # Errors
    /// Why nothing was begun; nothing changed.
    pub fn sync(
        &mut self,
        peer: NodeId,
        range: Prefix,
        deadline: Instant,
    ) -> Result<Request, RequestError> {
        if const { !Self::SYNCS } {
            return Err(RequestError::Full { max: 0 });
        }
        if !self.tables.cx.is_running() {
            return Err(RequestError::NotRunning);
        }
        self.tables.syncs.check(&self.tables.cx, peer)?;
        let request = Request(self.tables.cx.take_token());
        let deadline = self.time.ahead(deadline);
        self.tables.syncs.begin(request, peer, range, deadline);
        Ok(request)
    }

    /// The report of a sync that is over.
    pub fn synced(&self, request: Request) -> Option<&Synced> {
        if const { !Self::SYNCS } {
            return None;
        }
        self.tables.syncs.report(request)
    }

    /// Takes the report of a sync that is over, which makes room for another.
    pub fn take_synced(&mut self, request: Request) -> Option<Synced> {
        if const { !Self::SYNCS } {
            return None;
        }
        self.tables.syncs.take(request)
    }

    /// Asks up to `peers` live peers (from 1 to 8), the owner before others, for a fresher value of one
    /// key. When all have answered, or the owner has, and at `deadline` at the latest,
    /// [`Event::Read`] comes, the report waits for [`take_read`](Self::take_read),
    /// and [`get`](Self::get) shows the freshest value found. Peers that hold an older one are told it.
    /// Only peers whose storage permits reads answer.
    ///
    /// # Errors
    /// Why nothing was begun; nothing changed.
    pub fn read_fresh(
        &mut self,
        owner: NodeId,
        key: &str,
        peers: u8,
        deadline: Instant,
    ) -> Result<Request, RequestError> {
        if const { !Self::READS } {
            return Err(RequestError::Full { max: 0 });
        }
        if !self.tables.cx.is_running() {
            return Err(RequestError::NotRunning);
        }
        let key = self.tables.reads.check(&self.tables.cx, owner, key)?;
        let (request, deadline) = (
            Request(self.tables.cx.take_token()),
            self.time.ahead(deadline),
        );
        self.tables
            .reads
            .start(&self.tables.cx, request, (owner, key), peers, deadline);
        Ok(request)
    }

    /// The report of a read that is over.
    pub fn read(&self, request: Request) -> Option<&FreshRead> {
        if const { !Self::READS } {
            return None;
        }
        self.tables.reads.report(request)
    }

    /// Takes the report of a read that is over, which makes room for another.
    pub fn take_read(&mut self, request: Request) -> Option<FreshRead> {
        if const { !Self::READS } {
            return None;
        }
        self.tables.reads.take(request)
    }

    /// Applies a section that has to do with mail, syncs or reads.
    pub(super) fn apply_request(&mut self, sender: &Sender<A>, section: Section<'_, A>) {
        match section {
            Section::Receipt(receipt) if Self::MAILS => {
                self.tables
                    .mails
                    .take_receipt(&mut self.tables.cx, sender, &receipt);
            }
            Section::Ask(head, key) if Self::READS => {
                read::take_ask(&mut self.tables.cx, sender, &head, key);
            }
            Section::Compare(head) if Self::SYNCS => {
                let same = sync::take_compare(&mut self.tables.cx, sender, &head);
                if !same {
                    self.narrow_down(sender, head.prefix);
                }
            }
            Section::Equal(token) if Self::SYNCS => {
                self.tables
                    .syncs
                    .take_equal(&mut self.tables.cx, sender, token);
            }
            _ => {}
        }
    }

    /// Narrows down with the sender what differs in a range.
    fn narrow_down(&mut self, sender: &Sender<A>, range: Prefix) {
        if let Some(bit) = self.link(sender) {
            self.open_both_ways(sender.id);
            self.owe_range(bit, range, Owed::Answer);
        }
    }

    /// Counts a datagram that was received, for the syncs with its sender.
    pub(super) fn count_sync_received(&mut self, sender: &Sender<A>, datagram: &Datagram<'_>) {
        if const { Self::SYNCS } {
            self.tables
                .syncs
                .count_received(&self.tables.cx, sender, datagram);
        }
    }

    /// Counts a datagram that is sent, for the syncs with whoever is there.
    pub(super) fn count_sync_sent(&mut self, to: A, bytes: &[u8]) {
        if const { Self::SYNCS } {
            self.tables
                .syncs
                .count_sent::<A, S, Self>(&self.tables.cx, to, bytes);
        }
    }

    /// Writes a message that has to do with mail, syncs or reads: `Some(false)` if it does not fit, `None`
    /// if there is nothing to say any more.
    pub(super) fn write_request(
        &mut self,
        now: Instant,
        message: Message,
        writer: &mut Writer<'_>,
    ) -> Option<bool> {
        match message {
            Message::Receipt(owner, version) if Self::MAILS => {
                mail::write_receipt(&self.tables.cx, owner, version, writer)
            }
            Message::Equal(token) if Self::SYNCS => Some(writer.small(Kind::Equal, &token)),
            Message::Single {
                token,
                owner,
                key,
                told,
            } if Self::READS => {
                read::write_single(&self.tables.cx, now, (token, owner), key, told, writer)
            }
            _ => None,
        }
    }

    /// What to send next for its own sake, and to where.
    pub(super) fn next_aim(&mut self) -> Option<(Aim, A)> {
        if const { Self::MAILS }
            && let Some((peer, to)) = self.tables.mails.next_letter(&mut self.tables.cx)
        {
            return Some((Aim::Mail(peer), to));
        }
        if const { Self::SYNCS }
            && let Some((request, to)) = self.tables.syncs.next_compare(&self.tables.cx)
        {
            return Some((Aim::Compare(request), to));
        }
        if const { !Self::READS } {
            return None;
        }
        let (request, peer, to) = self.tables.reads.next_ask(&self.tables.cx)?;
        Some((Aim::Ask(request, peer), to))
    }

    /// Writes it. If it does not fit it stays as it is.
    pub(super) fn write_aim(&mut self, now: Instant, aim: Aim, writer: &mut Writer<'_>) {
        match aim {
            Aim::Mail(peer) if Self::MAILS => self.write_mail(now, peer, writer),
            Aim::Compare(request) if Self::SYNCS => {
                if let Some(peer) =
                    self.tables
                        .syncs
                        .write_compare(&self.tables.cx, now, request, writer)
                {
                    self.open_both_ways(peer);
                }
            }
            Aim::Ask(request, peer) if Self::READS => {
                self.tables
                    .reads
                    .write_ask(&self.tables.cx, now, (request, peer), writer);
            }
            _ => {}
        }
    }

    /// Nothing was written although there was a whole datagram: this is not tried again at once.
    pub(super) fn drop_aim(&mut self, now: Instant, aim: Aim) {
        let due = now.after(self.tables.cx.reply_wait());
        match aim {
            Aim::Mail(peer) => {
                self.tables.mails.lose(&mut self.tables.cx, peer);
            }
            Aim::Compare(request) => {
                self.tables
                    .syncs
                    .await_answer(&self.tables.cx, now, request);
            }
            Aim::Ask(request, peer) => {
                if let Some(read) = self.tables.reads.of(request) {
                    read.sent(peer, due);
                }
            }
        }
    }

    /// When something is due next.
    pub(super) fn next_request(&self) -> Option<Instant> {
        if const { !(Self::MAILS || Self::SYNCS || Self::READS) } {
            return None;
        }
        let mail = const { Self::MAILS }
            .then(|| self.tables.mails.next_due(&self.tables.cx))
            .flatten();
        let sync = const { Self::SYNCS }
            .then(|| self.tables.syncs.next())
            .flatten();
        let read = const { Self::READS }
            .then(|| self.tables.reads.next())
            .flatten();
        [mail, sync, read].into_iter().flatten().min()
    }

    /// Does what is due.
    pub(super) fn continue_requests(&mut self, now: Instant, rng: &mut impl Rng) {
        if const { Self::MAILS } {
            self.tables.mails.go_on(&mut self.tables.cx, now, rng);
        }
        if const { Self::SYNCS } {
            let tables = &mut self.tables;
            let is_busy = |peer| tables.reconciler.is_busy(peer);
            tables.syncs.go_on(&tables.cx, now, is_busy);
        }
        if const { Self::READS } {
            self.tables.reads.go_on(&mut self.tables.cx, now, rng);
        }
    }

    /// Ends everything that waits for others: this node leaves.
    pub(super) fn leave_requests(&mut self) {
        if const { Self::SYNCS } {
            self.tables.syncs.leave();
        }
        if const { Self::READS } {
            self.tables.reads.leave(&mut self.tables.cx);
        }
    }

    /// Ends the reads that have their answers, or none in time.
    pub(super) fn settle_reads(&mut self, now: Instant) {
        if const { Self::READS } {
            self.tables.reads.settle(&mut self.tables.cx, now);
        }
    }

    /// A peer's answer to a read. What it does not know may be a delete, which comes with what is missing here.
    pub(super) fn take_read_answer(
        &mut self,
        sender: &Sender<A>,
        head: &SinglesHead,
        items: Items<'_, ClaimItem<'_>>,
    ) {
        let trusted = self.takes_entries(head.owner, head.life);
        if let Some(held) =
            self.tables
                .reads
                .take_answer(&mut self.tables.cx, sender, (head, items), trusted)
        {
            self.compare_held(sender, head.owner, held);
        }
    }

    /// The next request that is over.
    pub(super) fn request_event(&mut self) -> Option<Event<S::Key>> {
        if const { Self::SYNCS }
            && let Some(request) = self.tables.syncs.take_untold()
        {
            return Some(Event::Synced { request });
        }
        if const { !Self::READS } {
            return None;
        }
        let request = self.tables.reads.take_untold()?;
        Some(Event::Read { request })
    }
}
