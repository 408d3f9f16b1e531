//! The receiving side of an exchange: what differs becomes links on rows and small intents.

use super::{Message, Node};
use crate::address::Address;
use crate::board::What;
use crate::context::{Compared, Sender};
use crate::entries::delta::{Claim, Outcome, Progress};
use crate::entries::{OwnerMap, from_birth, loose};
use crate::exchange::{Bit, Budget, Direction, Owed, RangeDuty, Want, Ways};
use crate::hash::mix;
use crate::id::{Life, NodeId, Version};
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::{Prefix, RADIX, Sums};
use crate::time::Instant;
use crate::wire::{ClaimHead, ClaimItem, Hint, Items, ListingHead, RangesHead, Sum32, Summary};

/// Up to so many rows are told right away to a partner that has none in their range.
const TELL_MAX: usize = 64;

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Whether this storage permits entries. Without them members alone are compared, and that needs no table: see
    /// `node/bare.rs`.
    pub(super) const ENTRIES: bool = Compared::<A, S>::ENTRIES;

    pub(super) fn exchange_expiry(&self, now: Instant) -> Instant {
        const REPLIES: u32 = 8;
        now.after(self.tables.cx.reply_wait().times(REPLIES))
    }

    /// What answers to this node's pulls may bring in a round.
    pub(super) fn exchange_budget(&self) -> Budget {
        Budget::new(
            self.tables.cx.config.exchange_pages(),
            self.tables.cx.config.mtu_floor(),
        )
    }

    /// The exchange with the sender, begun if there is none.
    pub(super) fn link(&mut self, sender: &Sender<A>) -> Option<Bit> {
        self.link_in(sender, Ways::BOTH)
    }

    /// The exchange whose beginning the sender answers.
    fn link_begun(&mut self, sender: &Sender<A>) -> Option<Bit> {
        self.link_in(sender, self.tables.reconciler.direction.for_first())
    }

    fn link_in(&mut self, sender: &Sender<A>, ways: Ways) -> Option<Bit> {
        if const { !Self::ENTRIES } {
            return Some(self.meet_partner(sender.from));
        }
        // A sync brings both to the same, whichever way this node's exchanges go otherwise.
        let synced = const { Self::SYNCS } && self.tables.syncs.is_open(sender.id);
        let ways = if synced { Ways::BOTH } else { ways };
        let expires = self.exchange_expiry(sender.now);
        if self.tables.reconciler.slots.of_peer(sender.id).is_none() {
            self.make_room_for_exchange();
        }
        let budget = self.exchange_budget();
        let exchanges = &mut self.tables.reconciler.slots;
        let peer = (sender.id, sender.from, sender.sums);
        let bit = exchanges.open(peer, expires, ways, budget);
        if bit.is_none() {
            bump(&mut self.tables.cx.stats.exchanges_full);
        }
        bit
    }

    /// The exchange with `peer`, if there is one, goes both ways from now on, and may go on.
    pub(super) fn open_both_ways(&mut self, peer: NodeId) {
        let budget = self.exchange_budget();
        self.tables.reconciler.slots.begin(peer, Ways::BOTH, budget);
    }

    /// If all places are taken, ends an exchange in which nothing is owed or awaited, so that few
    /// places serve many partners.
    fn make_room_for_exchange(&mut self) {
        if !self.tables.reconciler.slots.is_full() {
            return;
        }
        let idle = self.tables.reconciler.slots.at_rest().find(|bit| {
            self.tables.reconciler.ranges.first(*bit).is_none()
                && self.tables.reconciler.wants.first(*bit).is_none()
        });
        if let Some(bit) = idle {
            self.close_exchange(bit);
        }
    }

    /// The sender's fingerprint of everything. `hints` came with it: if they account for the
    /// difference, pulling is all there is to do.
    pub(super) fn take_root(
        &mut self,
        sender: &Sender<A>,
        root: u64,
        direction: Direction,
        hints: Option<Items<'_, Hint>>,
    ) {
        self.tables.swim.tell_address(&mut self.tables.cx, sender);
        self.tables.swim.correct(&mut self.tables.cx, sender);
        let mine = self.sum(Prefix::ROOT, sender.sums);
        if root == mine {
            self.tables.cx.send_soon(sender.from, Message::Same);
            return;
        }
        if const { !Self::ENTRIES } {
            self.tables
                .cx
                .send_soon(sender.from, Message::Range(Prefix::ROOT, Owed::Answer));
            return;
        }
        let hinted = hints.iter().flat_map(Items::iter).fold(mine, |sum, hint| {
            let row = self
                .tables
                .cx
                .members
                .get(hint.id)
                .filter(|row| hint.held > row.replica.progress.held)
                .filter(|row| self.compared().counts_entries(row, sender.sums));
            row.map_or(sum, |row| {
                sum.wrapping_sub(row.weight())
                    .wrapping_add(row.weight_at(hint.held))
            })
        });
        let (ways, budget) = (direction.for_second(), self.exchange_budget());
        self.tables.reconciler.slots.begin(sender.id, ways, budget);
        if hinted != root
            && let Some(bit) = self.link_in(sender, ways)
        {
            self.owe_range(bit, Prefix::ROOT, Owed::Answer);
        }
    }

    /// Fingerprints of parts of a range: what differs is owed an answer.
    pub(super) fn take_ranges(
        &mut self,
        sender: &Sender<A>,
        head: &RangesHead,
        sums: Items<'_, Sum32>,
    ) {
        let Some(bit) = self.link_begun(sender) else {
            return;
        };
        let mask = u16::from_le_bytes(head.mask);
        let parts = (0..RADIX).filter(|index| mask & part_bit(*index) != 0);
        let mut differ = 0u16;
        for (index, theirs) in parts.zip(sums.iter()) {
            let Some(part) = head.prefix.part(index) else {
                return;
            };
            let mine = shorten(self.sum(part, sender.sums), head.salt);
            if mine == theirs {
                continue;
            }
            let few = self.tables.cx.members.indices(part).len() <= TELL_MAX;
            if theirs == EMPTY_SUM && few {
                self.tell_all(bit, part);
            } else {
                differ |= part_bit(index);
            }
        }
        if differ != 0 {
            self.owe_range(bit, head.prefix, Owed::Parts(differ));
        }
    }

    /// All rows of a range in short: a walk along both sorted lists.
    pub(super) fn take_listing(
        &mut self,
        sender: &Sender<A>,
        head: &ListingHead,
        items: Items<'_, Summary>,
        walked: &mut usize,
    ) {
        let indices = self.tables.cx.members.indices(head.prefix);
        // An honest sender lists no row twice, so a datagram is worth one walk along the table.
        *walked = walked.saturating_add(indices.len());
        if *walked > self.tables.cx.members.len() {
            return;
        }
        let Some(bit) = self.link_begun(sender) else {
            return;
        };
        let mut index = indices.start;
        let mut unknown = false;
        for item in items.iter() {
            index = self.tell_until(bit, index, item.id.place());
            match self.tables.cx.members.at(index) {
                Some(row) if row.id == item.id && !row.gone && !row.unheard => {
                    unknown |= self.compare(sender, bit, head.salt, &item);
                    index = index.saturating_add(1);
                }
                _ => unknown = true,
            }
        }
        while index < indices.end {
            self.tell_at(bit, index);
            index = index.saturating_add(1);
        }
        if unknown && !head.reply {
            self.owe_range(bit, head.prefix, Owed::Reply);
        }
    }

    /// The sender holds this much of an owner: a reason to pull, or to stop pulling. `true` if it
    /// was the latter.
    pub(super) fn compare_held(
        &mut self,
        sender: &Sender<A>,
        owner: NodeId,
        held: Version,
    ) -> bool {
        if self.tables.cx.is_me(owner) || self.is_bare() {
            return false;
        }
        let row = self.tables.cx.members.get(owner).filter(|row| !row.gone);
        let Some(row) = row else { return false };
        if held > row.replica.progress.held {
            let rests = self.rests(row, held);
            if row.veiled && held <= row.marks.told {
                return false;
            }
            if row.veiled {
                // What is new may need no lease.
                self.tables.cx.members.edit(owner, |row| row.veiled = false);
            }
            self.tables
                .swim
                .ask_for_proof(&mut self.tables.cx, &mut self.author, owner);
            let returns =
                sender.id == owner && self.author.owe_return(&mut self.tables.cx, sender, held);
            if let Some(bit) = Some(sender)
                .filter(|_| !rests && !returns)
                .and_then(|sender| self.link(sender))
            {
                self.link_pull(bit, owner, held);
            }
            return false;
        }
        if held == row.replica.progress.held {
            self.tables.cx.hear_again(owner, What::Held);
        }
        let exchange = self.tables.reconciler.slots.of_peer(sender.id);
        let bit = exchange.map_or(0, |exchange| exchange.bit);
        let round = self.tables.cx.round_number();
        let Some(marks) = self.tables.cx.members.marks(owner) else {
            return false;
        };
        if marks.lacks_loose && marks.asked & bit != 0 {
            marks.fruitless = round;
        }
        let stopped = marks.stop_pull(bit);
        if stopped {
            // Whoever holds no more has said so, which is an answer of another kind.
            marks.in_vain = 0;
            self.begin_anew(bit, owner);
        }
        stopped
    }

    /// A partner's pull replaces its earlier one.
    pub(super) fn take_pull(
        &mut self,
        sender: &Sender<A>,
        token: u8,
        wants: impl Iterator<Item = Want>,
    ) {
        let Some(bit) = self.link(sender) else { return };
        self.tables.reconciler.wants.forget(bit);
        if let Some(exchange) = self.tables.reconciler.slots.get_mut(bit) {
            exchange.answer = Some(token);
        }
        for want in wants {
            if let Some((covered, _)) = want.digest.recover
                && self.tables.cx.is_me(want.owner)
            {
                self.author
                    .end_waiting(&mut self.tables.cx, want.life, covered);
            }
            if !self.tables.reconciler.wants.add(Want { bit, ..want }) {
                bump(&mut self.tables.cx.stats.wants_full);
            }
        }
    }

    /// Entries of one owner; `false` if they were of no use.
    pub(super) fn take_claim(
        &mut self,
        sender: &Sender<A>,
        head: &ClaimHead,
        claim: &Claim,
        items: Items<'_, ClaimItem<'_>>,
    ) -> bool {
        let owner = head.owner;
        if !self.is_claim_of_known_life(owner, head.life) {
            return false;
        }
        let claim = &self.author.weighed(&self.tables.cx, sender, owner, claim);
        let now = sender.now;
        let list = items.iter().filter_map(|item| item.listed(now, claim.b));
        let Some(claim) = &self.take_off(now, owner, claim, list.clone()) else {
            self.refuse_claim(sender, owner);
            return false;
        };
        let list = list.filter(|entry| entry.version <= claim.b);
        if self
            .author
            .puts_off(&mut self.tables.cx, owner, Some(claim), list.clone())
        {
            self.after_claim(sender, owner, claim, None);
            return false;
        }
        let room = self.has_room(now, owner, list.clone());
        if !room && self.own_sums() == Sums::Lasting {
            // What has no lease can be shown on its own.
            for entry in list.clone().filter(|entry| entry.expires.is_none()) {
                self.apply_single(now, owner, entry);
            }
        }
        let useful = room
            && self.follow(owner, claim, |progress, map| {
                progress.apply_claim(map, claim, list)
            });
        self.after_claim(sender, owner, claim, Some(useful).filter(|_| room));
        useful
    }

    /// Counts a claim; `false` if it speaks of an owner or a life that is not known here.
    pub(super) fn is_claim_of_known_life(&mut self, owner: NodeId, life: Life) -> bool {
        bump(&mut self.tables.cx.stats.claims_heard);
        let known = self.takes_entries(owner, life)
            && self
                .tables
                .swim
                .may_replace(&mut self.tables.cx, &mut self.author, owner);
        if !known {
            bump(&mut self.tables.cx.stats.foreign_claims);
        }
        known
    }

    /// Applies a claim to an owner's progress and entries; `false` if it was ignored.
    pub(super) fn follow(
        &mut self,
        owner: NodeId,
        claim: &Claim,
        apply: impl FnOnce(
            &mut Progress,
            &mut OwnerMap<'_, S::Key, S::Value, S::Entries, S::Leases>,
        ) -> Outcome,
    ) -> bool {
        let store = &mut self.tables.cx.entries;
        let outcome = self.tables.cx.members.edit(owner, |row| {
            let before = row.replica.progress;
            if claim.a == Version::BIRTH {
                row.replica.progress = from_birth(store, owner, before);
            }
            let outcome = apply(&mut row.replica.progress, &mut OwnerMap { store, owner });
            if outcome == Outcome::Ignored {
                row.replica.progress = before;
            }
            row.replica.loose = loose(store, owner, &row.replica.progress);
            outcome
        });
        outcome.is_some_and(|outcome| outcome != Outcome::Ignored)
    }

    /// The answer to our pull with this token is complete: the next page may be asked for.
    pub(super) fn end_pull(&mut self, sender: &Sender<A>, token: u8) {
        let Some(bit) = self
            .tables
            .reconciler
            .slots
            .of_peer(sender.id)
            .map(|exchange| exchange.bit)
        else {
            return;
        };
        if self
            .tables
            .reconciler
            .slots
            .get_mut(bit)
            .is_some_and(|exchange| exchange.end_pull(token, sender.len))
        {
            self.clear_asked(bit);
        }
    }

    /// Nothing is asked of this partner any more.
    pub(super) fn clear_asked(&mut self, bit: Bit) {
        let Some(span) = self
            .tables
            .reconciler
            .slots
            .get(bit)
            .map(|exchange| exchange.pulls)
        else {
            return;
        };
        self.each_in(span, |marks| marks.asked &= !bit);
    }

    /// Ends an exchange; what it leaves undone is found again by a later one.
    pub(super) fn close_exchange(&mut self, bit: Bit) {
        let Some(exchange) = self.tables.reconciler.slots.remove(bit) else {
            return;
        };
        for span in [exchange.pulls, exchange.tells] {
            self.each_in(span, |marks| marks.forget(bit));
        }
        self.tables.reconciler.ranges.forget(bit);
        self.tables.reconciler.wants.forget(bit);
    }

    /// The sender holds older facts of this member than are held here, or none.
    pub(super) fn link_tell(&mut self, sender: &Sender<A>, id: NodeId) {
        if let Some(bit) = self.link(sender) {
            self.tell(bit, id);
        }
    }

    pub(super) fn owe_range(&mut self, bit: Bit, prefix: Prefix, owed: Owed) {
        if const { !Self::ENTRIES } {
            if let Some(to) = self.tables.reconciler.partner.map(|partner| partner.to) {
                self.tables.cx.send_soon(to, Message::Range(prefix, owed));
            }
            return;
        }
        if !self
            .tables
            .reconciler
            .ranges
            .owe(RangeDuty { bit, prefix, owed })
        {
            bump(&mut self.tables.cx.stats.ranges_full);
        }
    }
}

/// The shortened fingerprint of an empty range.
const EMPTY_SUM: Sum32 = [0; 4];

/// A fingerprint as it travels. The salt changes with each exchange, so that two sums that look
/// alike once will not look alike again.
pub(super) fn shorten(sum: u64, salt: u8) -> Sum32 {
    if sum == 0 {
        return EMPTY_SUM;
    }
    let mixed = mix(sum.wrapping_add(u64::from(salt))) as u32;
    mixed.max(1).to_le_bytes()
}

pub(super) fn part_bit(index: u32) -> u16 {
    1u16.checked_shl(index).unwrap_or(0)
}
