//! Where letters meet the entries: a letter out is a claim of this node's own writes, a letter in is taken as one.

use super::{Message, Node};
use crate::address::Address;
use crate::context::Sender;
use crate::entries::delta::Claim;
use crate::id::NodeId;
use crate::storage::{List, Storage};
use crate::table::Member;
use crate::time::Instant;
use crate::wire::{ClaimHead, ClaimItem, Items, Writer};

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Whether this storage permits direct mail.
    pub(super) const MAILS: bool = Self::ENTRIES && <S::Mails as List<_>>::PERMITTED;

    /// Writes the letter that is ready, which is to this peer. If it does not fit it stays ready.
    pub(super) fn write_mail(&mut self, now: Instant, peer: NodeId, writer: &mut Writer<'_>) {
        let Some(from) = self.tables.mails.begin_letter(&self.tables.cx, peer) else {
            return;
        };
        if self.write_letter(now, from, writer) {
            self.tables.mails.end_letter(&self.tables.cx, now, peer);
        }
    }

    /// A claim that nobody pulled. The sender is owed a receipt unless it should try again.
    pub(super) fn take_mail(
        &mut self,
        sender: &Sender<A>,
        head: &ClaimHead,
        claim: &Claim,
        items: Items<'_, ClaimItem<'_>>,
    ) {
        let owner = head.owner;
        if !self.is_claim_of_known_life(owner, head.life) {
            return;
        }
        let list = items
            .iter()
            .filter_map(|item| item.listed(sender.now, claim.b));
        let now = sender.now;
        let Some(kept) = self.take_off(now, owner, claim, list.clone()) else {
            return;
        };
        let list = list.filter(|entry| entry.version <= kept.b);
        if !self.has_room(now, owner, list.clone()) {
            return;
        }
        if kept == *claim {
            self.tables
                .cx
                .send_soon(sender.from, Message::Receipt(owner, claim.b));
        }
        let claim = &kept;
        let held = self.tables.cx.members.get(owner).map(Member::held);
        let entries = list.clone();
        if self.follow(owner, claim, |progress, map| {
            progress.apply_claim(map, claim, list)
        }) {
            self.after_claim(sender, owner, claim, Some(true));
        } else if held.is_some_and(|held| held < claim.b) {
            for entry in entries {
                self.apply_single(now, owner, entry);
            }
            self.compare_held(sender, owner, claim.held);
        }
    }
}
