//! What the application asked for and is being worked on: mail, syncs, reads.

use rand_core::Rng;

use super::{Message, Node};
use crate::address::Address;
use crate::context::Sender;
use crate::error::RequestError;
use crate::event::{Event, Request};
use crate::id::NodeId;
use crate::requests::{FreshRead, mail, read};
use crate::storage::{List, Storage};
use crate::time::Instant;
use crate::wire::{ClaimItem, Items, Kind, Section, SinglesHead, Used, Writer};

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
    /// Whether this storage permits reads that ask others, and answers to those of others.
    pub(super) const READS: bool = Self::ENTRIES && <S::Reads as List<_>>::PERMITTED;

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
        if !self.is_running() {
            return Err(RequestError::NotRunning);
        }
        let (reads, cx) = self.reads();
        let key = reads.check(&cx, owner, key)?;
        let (request, deadline) = (Request(self.take_token()), self.time.ahead(deadline));
        let (reads, cx) = self.reads();
        reads.start(&cx, request, (owner, key), peers, deadline);
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
                let (mails, mut cx) = self.mails();
                mails.take_receipt(&mut cx, sender, &receipt);
            }
            Section::Ask(head, key) if Self::READS => {
                read::take_ask(&mut self.context(), sender, &head, key);
            }
            Section::Compare(head) if Self::SYNCS => self.take_compare(sender, &head),
            Section::Equal(token) if Self::SYNCS => self.take_equal(sender, token),
            _ => {}
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
                mail::write_receipt(&self.context(), owner, version, writer)
            }
            Message::Equal(token) if Self::SYNCS => Some(writer.small(Kind::Equal, &token)),
            Message::Single {
                token,
                owner,
                key,
                told,
            } if Self::READS => {
                read::write_single(&self.context(), now, (token, owner), key, told, writer)
            }
            _ => None,
        }
    }

    /// What to send next for its own sake, and to where.
    pub(super) fn next_aim(&mut self) -> Option<(Aim, A)> {
        if const { Self::MAILS } {
            let (mails, mut cx) = self.mails();
            if let Some((peer, to)) = mails.next_letter(&mut cx) {
                return Some((Aim::Mail(peer), to));
            }
        }
        if let Some((request, to)) = self.ready_sync() {
            return Some((Aim::Compare(request), to));
        }
        if const { !Self::READS } {
            return None;
        }
        let (reads, cx) = self.reads();
        let (request, peer, to) = reads.next_ask(&cx)?;
        Some((Aim::Ask(request, peer), to))
    }

    /// Writes it. If it does not fit it stays as it is.
    pub(super) fn write_aim(&mut self, now: Instant, aim: Aim, writer: &mut Writer<'_>) {
        match aim {
            Aim::Mail(peer) if Self::MAILS => self.write_mail(now, peer, writer),
            Aim::Compare(request) if Self::SYNCS => self.write_compare(now, request, writer),
            Aim::Ask(request, peer) if Self::READS => {
                let (reads, cx) = self.reads();
                reads.write_ask(&cx, now, (request, peer), writer);
            }
            _ => {}
        }
    }

    /// Nothing was written although there was a whole datagram: this is not tried again at once.
    pub(super) fn drop_aim(&mut self, now: Instant, aim: Aim) {
        let due = now.after(self.reply_wait());
        match aim {
            Aim::Mail(peer) => {
                let (mails, mut cx) = self.mails();
                mails.lose(&mut cx, peer);
            }
            Aim::Compare(request) => self.tables.syncs.compared(request, due),
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
            .then(|| self.tables.mails.next())
            .flatten();
        let due = [mail, self.next_sync(), self.next_read()];
        due.into_iter().flatten().min()
    }

    /// Does what is due.
    pub(super) fn continue_requests(&mut self, now: Instant, rng: &mut impl Rng) {
        if const { Self::MAILS } {
            let (mails, mut cx) = self.mails();
            mails.go_on(&mut cx, now, rng);
        }
        self.continue_syncs(now);
        if const { Self::READS } {
            let (reads, mut cx) = self.reads();
            reads.go_on(&mut cx, now, rng);
        }
    }

    /// Ends everything that waits for others: this node leaves.
    pub(super) fn leave_requests(&mut self) {
        if const { Self::SYNCS } {
            self.tables.syncs.leave();
        }
        if const { Self::READS } {
            let (reads, mut cx) = self.reads();
            reads.leave(&mut cx);
        }
    }

    /// Ends the reads that have their answers, or none in time.
    pub(super) fn settle_reads(&mut self, now: Instant) {
        if const { Self::READS } {
            let (reads, mut cx) = self.reads();
            reads.settle(&mut cx, now);
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
        let (reads, mut cx) = self.reads();
        if let Some(held) = reads.take_answer(&mut cx, sender, (head, items), trusted) {
            self.compare_held(sender, head.owner, held);
        }
    }

    /// When a read is due next.
    fn next_read(&self) -> Option<Instant> {
        if const { !Self::READS } {
            return None;
        }
        self.tables.reads.next()
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
