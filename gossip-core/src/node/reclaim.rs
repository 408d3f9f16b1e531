//! A node that starts without a state: how the parts work together at it (`author/former.rs`, `author/life.rs`).

use super::{Message, Node};
use crate::address::Address;
use crate::author::{Author, Heard};
use crate::context::Sender;
use crate::id::{NodeId, Version};
use crate::storage::Storage;
use crate::time::Instant;
use crate::wire::Row;

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Whether what was written in an earlier life is taken back.
    pub(super) const RECLAIMS: bool = Author::<A, S>::RECLAIMS;

    /// Whether entries may be set for a time.
    pub(super) const LEASES: bool = Author::<A, S>::LEASES;

    /// Whether copies of what others contribute are kept at all.
    pub(super) const COPIES: bool = Author::<A, S>::COPIES;

    /// `true` while this node asks its seeds whether an earlier life of it is remembered, or takes back
    /// what it had written in that: see [`Config::fresh`](crate::Config::fresh). A state that is exported
    /// now has not got what comes.
    pub fn is_reclaiming(&self) -> bool {
        self.author.is_hidden() || self.author.is_open()
    }

    /// There is a seed, and it is not the node itself.
    pub(super) fn has_seeds(&self) -> bool {
        let (seeds, own) = (&self.tables.swim.seeds, self.address());
        (0..seeds.len()).any(|index| seeds.at(index) != own)
    }

    /// A node that starts says who it is. Where an earlier life of it is remembered, with entries, the
    /// answer is that, and the new one is not noticed yet.
    pub(super) fn take_newborn(&mut self, sender: &Sender<A>, row: &Row<A>) {
        if row.id != sender.id || self.tables.cx.is_me(row.id) {
            return;
        }
        let held = self.tables.cx.members.get(row.id).filter(|held| !held.gone);
        if self.is_bare() && held.is_some_and(|held| held.facts.generation != row.generation) {
            // Whoever keeps no entries cannot say whether there are any; others are asked.
            return;
        }
        let remembered = held.is_some_and(|held| {
            let other =
                held.facts.generation != row.generation || held.replica.progress.held > row.held;
            other && held.replica.progress.held > Version::BIRTH
        });
        if !remembered {
            self.take_told_row(sender, row);
        }
        self.tables.cx.send_soon(sender.from, Message::Tell(row.id));
    }

    /// Whoever speaks to a node that asks is asked too, before anybody knows its new life: it may have no
    /// seeds, since it is the one that all others have, or hear nothing of those that it has.
    pub(super) fn ask_speaker(&mut self, now: Instant, from: A) {
        if self.author.asks_for_earlier_life()
            && self.tables.swim.may_ask_speaker(&mut self.tables.cx, now)
        {
            self.tables.cx.send_soon(from, Message::Tell(self.id()));
        }
    }

    /// What comes before anything else happens at `now`.
    pub(super) fn notice_time(&mut self, now: Instant) {
        if self.tables.swim.look_back(&mut self.tables.cx, now) {
            for bit in (0..8).map(|index| 1u8.wrapping_shl(index)) {
                self.close_exchange(bit);
            }
        }
    }

    /// Somebody tells of an earlier life of this node. `true` if nothing else is to be made of it.
    pub(super) fn take_earlier_life(&mut self, sender: &Sender<A>, row: &Row<A>) -> bool {
        match self
            .author
            .hear_of_earlier_life(&mut self.tables.cx, sender, row)
        {
            Heard::Nothing => return false,
            Heard::Earlier => {}
            Heard::Pull => {
                if let Some(bit) = self.link(sender) {
                    self.link_pull(bit, NodeId::FORMER, row.held);
                }
            }
        }
        true
    }
}
