//! How nodes are set up: told with the first words to an address, compared, and answered where it differs.

use super::{Message, Node};
use crate::address::Address;
use crate::context::Sender;
use crate::event::Mismatch;
use crate::stats::bump;
use crate::storage::Storage;
use crate::wire::{Kind, Parts, Terms};

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// What this node's storage permits.
    pub const PARTS: Parts = Parts::NONE
        .with(Parts::EXCHANGES, Self::ENTRIES)
        .with(Parts::ENTRIES, Self::ENTRIES)
        .with(Parts::LEASES, Self::LEASES)
        .with(Parts::COPIES, Self::COPIES)
        .with(Parts::MAILS, Self::MAILS)
        .with(Parts::SYNCS, Self::SYNCS)
        .with(Parts::READS, Self::READS);

    /// How this node is set up.
    pub(super) fn terms(&self, is_answer: bool) -> Terms {
        Terms {
            // At most 65,507.
            mtu_floor: self.tables.cx.config.mtu_floor() as u16,
            largest_id: self.tables.cx.config.largest_id(),
            parts: Self::PARTS,
            is_answer,
        }
    }

    /// How the sender is set up. Who is set up otherwise is told so, so that both sides know it.
    pub(super) fn take_terms(&mut self, sender: &Sender<A>, theirs: &Terms) {
        let ours = self.terms(theirs.is_answer);
        if *theirs == ours {
            return;
        }
        if theirs.mtu_floor != ours.mtu_floor {
            bump(&mut self.tables.cx.stats.other_mtu_floor);
            let what = Mismatch::MtuFloor(theirs.mtu_floor);
            self.tables
                .swim
                .strangers
                .tell(sender.now, sender.from, what);
        }
        if theirs.largest_id != ours.largest_id {
            bump(&mut self.tables.cx.stats.other_largest_id);
            self.tables
                .swim
                .strangers
                .tell(sender.now, sender.from, Mismatch::LargestId);
        }
        if !theirs.is_answer {
            self.tables
                .cx
                .send_soon(sender.from, Message::Terms { is_answer: true });
        }
    }

    /// The node that was met last and does not fit this one: where it is, and what differs. It is no
    /// member, or one with other settings. [`Event::Mismatch`](crate::Event::Mismatch) says when to look.
    pub fn mismatch(&self) -> Option<(A, Mismatch)> {
        self.tables.swim.strangers.latest()
    }

    /// Tells a stranger who is here, in a datagram that it will refuse, and recognize.
    pub(super) fn write_to_stranger(&mut self, buf: &mut [u8]) -> Option<(A, usize)> {
        let to = self.tables.swim.strangers.answer()?;
        self.tables.swim.strangers.answered();
        let (mut writer, _) = self.begin(buf)?;
        if !writer.small(Kind::Terms, &self.terms(true)) {
            return None;
        }
        Some((to, self.complete(to, writer)?))
    }
}
