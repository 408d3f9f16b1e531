//! Mail, syncs and reads together: which of them a section, a message or a deadline is for.

use rand_core::Rng;

use super::{FreshRead, Mails, Reads, Synced, Syncs, mail, read, sync};
use crate::address::Address;
use crate::author::Author;
use crate::context::{Context, Sender};
use crate::event::{Event, Request};
use crate::exchange::{Base, Owed, Reconciler};
use crate::id::NodeId;
use crate::outbox::Message;
use crate::storage::{List, Storage};
use crate::table::Prefix;
use crate::time::Instant;
use crate::wire::{ClaimItem, Datagram, Items, Kind, Part, Section, SinglesHead, Used, Writer};

/// What a datagram is sent for, beside what is owed to its destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aim {
    /// The letter to this peer.
    Mail(NodeId),
    /// The comparison of this sync.
    Compare(Request),
    /// To ask this peer for the key of this read.
    Ask(Request, NodeId),
}

/// What the application asked for and is being worked on.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Requests<A: Address, S: Storage<A>> {
    /// Direct mail under way.
    pub(crate) mails: Mails<S::Mails>,
    /// Anti-entropy on demand, and its reports until they are taken.
    pub(crate) syncs: Syncs<S::Syncs>,
    /// Reads that ask peers, and their reports until they are taken.
    pub(crate) reads: Reads<S::Key, S::Reads>,
}

/// What serves entries, mail, syncs and reads is made use of only where the storage permits them.
impl<A: Address, S: Storage<A>> Used for Requests<A, S> {
    const KINDS: u32 = Part::Membership.kinds(true)
        | Part::Entries.kinds(Reconciler::<A, S>::ENTRIES)
        | Part::Reclaim.kinds(Author::<A, S>::RECLAIMS)
        | Part::Mail.kinds(Self::MAILS)
        | Part::Read.kinds(Self::READS)
        | Part::Sync.kinds(Self::SYNCS);
}

impl<A: Address, S: Storage<A>> Requests<A, S> {
    /// Whether this storage permits direct mail.
    pub(crate) const MAILS: bool = Reconciler::<A, S>::ENTRIES && <S::Mails as List<_>>::PERMITTED;

    /// Whether it permits syncs, its own and those of others.
    pub(crate) const SYNCS: bool = <S::Syncs as List<_>>::PERMITTED;

    /// Whether it permits reads that ask others, and answers to those of others.
    pub(crate) const READS: bool = Reconciler::<A, S>::ENTRIES && <S::Reads as List<_>>::PERMITTED;

    /// Direct mail, if this storage permits it: what stands behind a door that is shut is not compiled.
    fn mails(&mut self) -> Option<&mut Mails<S::Mails>> {
        const { Self::MAILS }.then_some(&mut self.mails)
    }

    /// Syncs, if it permits them.
    pub(crate) fn syncs(&mut self) -> Option<&mut Syncs<S::Syncs>> {
        const { Self::SYNCS }.then_some(&mut self.syncs)
    }

    /// Reads that ask others, if it permits them.
    pub(crate) fn reads(&mut self) -> Option<&mut Reads<S::Key, S::Reads>> {
        const { Self::READS }.then_some(&mut self.reads)
    }

    /// Around tables that are empty.
    #[must_use]
    pub const fn new(
        mails: Mails<S::Mails>,
        syncs: Syncs<S::Syncs>,
        reads: Reads<S::Key, S::Reads>,
    ) -> Self {
        Self {
            mails,
            syncs,
            reads,
        }
    }

    /// The report of a sync that is over.
    pub(crate) fn synced(&self, request: Request) -> Option<&Synced> {
        const { Self::SYNCS }
            .then_some(&self.syncs)?
            .report(request)
    }

    /// The report of a read that is over.
    pub(crate) fn fresh(&self, request: Request) -> Option<&FreshRead> {
        const { Self::READS }
            .then_some(&self.reads)?
            .report(request)
    }

    /// Deadlines are counted from `epoch`, and tokens back from the next one.
    pub(crate) fn rebase(&mut self, epoch: Instant, next_token: u16) {
        self.mails.rebase(epoch);
        self.syncs.rebase(epoch, next_token);
        self.reads.rebase(epoch, next_token);
    }

    /// Applies a section that has to do with mail, syncs or reads.
    pub(crate) fn take(
        &mut self,
        reconciler: &mut Reconciler<A, S>,
        base: &mut Base<A, S>,
        sender: &Sender<A>,
        section: Section<'_, A>,
    ) {
        match section {
            Section::Receipt(receipt) => {
                if let Some(mails) = self.mails() {
                    mails.take_receipt(&mut base.cx, sender, &receipt);
                }
            }
            Section::Ask(head, key) if Self::READS => {
                read::take_ask(&mut base.cx, sender, &head, key);
            }
            Section::Compare(head) if Self::SYNCS => {
                let same = sync::take_compare(&mut base.cx, sender, &head);
                if !same {
                    Self::narrow_down(reconciler, base, sender, head.prefix);
                }
            }
            Section::Equal(token) => {
                if let Some(syncs) = self.syncs() {
                    syncs.take_equal(&mut base.cx, sender, token);
                }
            }
            _ => {}
        }
    }

    /// Narrows down with the sender what differs in a range.
    fn narrow_down(
        reconciler: &mut Reconciler<A, S>,
        base: &mut Base<A, S>,
        sender: &Sender<A>,
        range: Prefix,
    ) {
        if let Some(bit) = reconciler.link(&mut base.cx, sender) {
            reconciler.open_both_ways(&base.cx, sender.id);
            reconciler.owe_range(&mut base.cx, bit, range, Owed::Answer);
        }
    }

    /// `true` while a sync with this peer is under way.
    pub(crate) fn is_syncing_with(&self, peer: NodeId) -> bool {
        Self::SYNCS && self.syncs.is_open(peer)
    }

    /// Counts a datagram that was received, for the syncs with its sender.
    pub(crate) fn count_received(
        &mut self,
        cx: &Context<A, S>,
        sender: &Sender<A>,
        datagram: &Datagram<'_>,
    ) {
        if let Some(syncs) = self.syncs() {
            syncs.count_received(cx, sender, datagram);
        }
    }

    /// Counts a datagram that is sent, for the syncs with whoever is there.
    pub(crate) fn count_sent(&mut self, cx: &Context<A, S>, to: A, bytes: &[u8]) {
        if let Some(syncs) = self.syncs() {
            syncs.count_sent::<A, S, Self>(cx, to, bytes);
        }
    }

    /// Writes a message that has to do with mail, syncs or reads: `Some(false)` if it does not fit, `None`
    /// if there is nothing to say any more.
    pub(crate) fn write_message(
        &mut self,
        cx: &Context<A, S>,
        now: Instant,
        message: Message,
        writer: &mut Writer<'_>,
    ) -> Option<bool> {
        match message {
            Message::Receipt(owner, version) if Self::MAILS => {
                mail::write_receipt(cx, owner, version, writer)
            }
            Message::Equal(token) if Self::SYNCS => Some(writer.small(Kind::Equal, &token)),
            Message::Single {
                token,
                owner,
                key,
                told,
            } if Self::READS => read::write_single(cx, now, (token, owner), key, told, writer),
            _ => None,
        }
    }

    /// What to send next for its own sake, and to where.
    pub(crate) fn next_aim(&mut self, cx: &mut Context<A, S>) -> Option<(Aim, A)> {
        if let Some((peer, to)) = self.mails().and_then(|mails| mails.next_letter(cx)) {
            return Some((Aim::Mail(peer), to));
        }
        if let Some((request, to)) = self.syncs().and_then(|syncs| syncs.next_compare(cx)) {
            return Some((Aim::Compare(request), to));
        }
        let (request, peer, to) = self.reads()?.next_ask(cx)?;
        Some((Aim::Ask(request, peer), to))
    }

    /// Writes it. If it does not fit it stays as it is.
    pub(crate) fn write_aim(
        &mut self,
        reconciler: &mut Reconciler<A, S>,
        cx: &mut Context<A, S>,
        now: Instant,
        aim: Aim,
        writer: &mut Writer<'_>,
    ) {
        match aim {
            Aim::Mail(peer) => self.write_mail(cx, now, peer, writer),
            Aim::Compare(request) => {
                let syncs = self.syncs();
                let written = syncs.and_then(|syncs| syncs.write_compare(cx, now, request, writer));
                if let Some(peer) = written {
                    reconciler.open_both_ways(cx, peer);
                }
            }
            Aim::Ask(request, peer) => {
                if let Some(reads) = self.reads() {
                    reads.write_ask(cx, now, (request, peer), writer);
                }
            }
        }
    }

    /// Writes the letter that is ready, which is to this peer. If it does not fit it stays ready.
    pub(crate) fn write_mail(
        &mut self,
        cx: &mut Context<A, S>,
        now: Instant,
        peer: NodeId,
        writer: &mut Writer<'_>,
    ) {
        let Some(mails) = self.mails() else { return };
        if let Some(from) = mails.begin_letter(cx, peer)
            && Reconciler::write_letter(cx, now, from, writer)
        {
            mails.end_letter(cx, now, peer);
        }
    }

    /// Nothing was written although there was a whole datagram: this is not tried again at once.
    pub(crate) fn drop_aim(&mut self, cx: &mut Context<A, S>, now: Instant, aim: Aim) {
        let due = now.after(cx.reply_wait());
        match aim {
            Aim::Mail(peer) => {
                if let Some(mails) = self.mails() {
                    mails.lose(cx, peer);
                }
            }
            Aim::Compare(request) => {
                if let Some(syncs) = self.syncs() {
                    syncs.await_answer(cx, now, request);
                }
            }
            Aim::Ask(request, peer) => {
                let read = self.reads().and_then(|reads| reads.of(request));
                if let Some(read) = read {
                    read.sent(peer, due);
                }
            }
        }
    }

    /// When something is due next.
    pub(crate) fn next(&self, cx: &Context<A, S>) -> Option<Instant> {
        let mail = const { Self::MAILS }.then(|| self.mails.next_due(cx));
        let sync = const { Self::SYNCS }.then(|| self.syncs.next());
        let read = const { Self::READS }.then(|| self.reads.next());
        let due = [mail.flatten(), sync.flatten(), read.flatten()];
        due.into_iter().flatten().min()
    }

    /// Does what is due.
    pub(crate) fn go_on(
        &mut self,
        reconciler: &Reconciler<A, S>,
        cx: &mut Context<A, S>,
        now: Instant,
        rng: &mut impl Rng,
    ) {
        if let Some(mails) = self.mails() {
            mails.go_on(cx, now, rng);
        }
        if let Some(syncs) = self.syncs() {
            syncs.go_on(cx, now, |peer| reconciler.is_busy(peer));
        }
        if let Some(reads) = self.reads() {
            reads.go_on(cx, now, rng);
        }
    }

    /// Ends the reads that have their answers, or none in time.
    pub(crate) fn settle(&mut self, cx: &mut Context<A, S>, now: Instant) {
        if let Some(reads) = self.reads() {
            reads.settle(cx, now);
        }
    }

    /// Ends everything that waits for others: this node leaves.
    pub(crate) fn leave(&mut self, cx: &mut Context<A, S>) {
        if let Some(syncs) = self.syncs() {
            syncs.leave();
        }
        if let Some(reads) = self.reads() {
            reads.leave(cx);
        }
    }

    /// A peer's answer to a read. What it does not know may be a delete, which comes with what is missing here.
    pub(crate) fn take_answer(
        &mut self,
        reconciler: &mut Reconciler<A, S>,
        base: &mut Base<A, S>,
        sender: &Sender<A>,
        head: &SinglesHead,
        items: Items<'_, ClaimItem<'_>>,
    ) {
        let Some(reads) = self.reads().filter(|_| head.token != 0) else {
            return;
        };
        let owner = base.author.owner_here(&base.cx, head.owner, head.life);
        let head = &SinglesHead { owner, ..*head };
        let trusted = base.cx.takes_entries(head.owner, head.life);
        if let Some(held) = reads.take_answer(&mut base.cx, sender, (head, items), trusted) {
            reconciler.compare_held(base, sender, head.owner, held);
        }
    }

    /// The next request that is over.
    pub(crate) fn take_untold(&mut self) -> Option<Event<S::Key>> {
        if let Some(request) = self.syncs().and_then(Syncs::take_untold) {
            return Some(Event::Synced { request });
        }
        let request = self.reads()?.take_untold()?;
        Some(Event::Read { request })
    }
}
