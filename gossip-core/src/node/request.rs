//! What the application asked for and is being worked on: mail, syncs, reads.

use rand_core::Rng;

use super::receive::Sender;
use super::{Message, Node};
use crate::address::Address;
use crate::event::{Event, Request};
use crate::id::NodeId;
use crate::storage::Storage;
use crate::time::Instant;
use crate::wire::{Kind, Section, Used, Writer};

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
    /// Applies a section that has to do with mail, syncs or reads.
    pub(super) fn apply_request(&mut self, sender: &Sender<A>, section: Section<'_, A>) {
        match section {
            Section::Receipt(receipt) if Self::MAILS => self.take_receipt(sender, &receipt),
            Section::Ask(head, key) if Self::READS => self.take_ask(sender, &head, key),
            Section::Compare(head) if Self::SYNCS => self.take_compare(sender, &head),
            Section::Equal(token) if Self::SYNCS => self.take_equal(sender, token),
            _ => {}
        }
    }

    /// Writes a message that has to do with mail, syncs or reads: `Some(false)` if it does not fit, `None`
    /// if there is nothing to say any more.
    pub(super) fn write_request(
        &self,
        now: Instant,
        message: Message,
        writer: &mut Writer<'_>,
    ) -> Option<bool> {
        match message {
            Message::Receipt(owner, version) if Self::MAILS => {
                self.write_receipt(owner, version, writer)
            }
            Message::Equal(token) if Self::SYNCS => Some(writer.small(Kind::Equal, &token)),
            Message::Single {
                token,
                owner,
                key,
                told,
            } if Self::READS => self.write_single(now, (token, owner), key, told, writer),
            _ => None,
        }
    }

    /// What to send next for its own sake, and to where.
    pub(super) fn next_aim(&mut self) -> Option<(Aim, A)> {
        if let Some((peer, to)) = self.ready_mail() {
            return Some((Aim::Mail(peer), to));
        }
        if let Some((request, to)) = self.ready_sync() {
            return Some((Aim::Compare(request), to));
        }
        let (request, peer, to) = self.ready_ask()?;
        Some((Aim::Ask(request, peer), to))
    }

    /// Writes it. If it does not fit it stays as it is.
    pub(super) fn write_aim(&mut self, now: Instant, aim: Aim, writer: &mut Writer<'_>) {
        match aim {
            Aim::Mail(peer) if Self::MAILS => self.write_mail(now, peer, writer),
            Aim::Compare(request) if Self::SYNCS => self.write_compare(now, request, writer),
            Aim::Ask(request, peer) if Self::READS => {
                self.write_ask(now, (request, peer), writer);
            }
            _ => {}
        }
    }

    /// Nothing was written although there was a whole datagram: this is not tried again at once.
    pub(super) fn drop_aim(&mut self, now: Instant, aim: Aim) {
        let due = now.after(self.reply_wait());
        match aim {
            Aim::Mail(peer) => self.lose_mail(peer),
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
        let due = [self.next_mail(), self.next_sync(), self.next_read()];
        due.into_iter().flatten().min()
    }

    /// Does what is due.
    pub(super) fn continue_requests(&mut self, now: Instant, rng: &mut impl Rng) {
        self.continue_mail(now, rng);
        self.continue_syncs(now);
        self.continue_reads(now, rng);
    }

    /// Ends everything that waits for others: this node leaves.
    pub(super) fn leave_requests(&mut self) {
        if const { Self::SYNCS } {
            self.tables.syncs.leave();
        }
        self.leave_reads();
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
