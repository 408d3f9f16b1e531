//! The receiving side of a comparison: what differs becomes marks on rows and small intents.

use super::Base;
use super::ranges::{EMPTY_SUM, part_bit, shorten};
use super::{Bit, Direction, Owed, RangeDuty, Reconciler};
use crate::address::Address;
use crate::author::Author;
use crate::board::What;
use crate::context::Context;
use crate::context::Sender;
use crate::id::{NodeId, Version};
use crate::outbox::Message;
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::Prefix;
use crate::table::RADIX;
use crate::wire::{Hint, Items, ListingHead, RangesHead, Sum32, Summary};

/// Up to so many rows are told right away to a partner that has none in their range.
const TELL_MAX: usize = 64;

impl<A: Address, S: Storage<A>> Reconciler<A, S> {
    /// The sender's fingerprint of everything. `hints` came with it: if they account for the
    /// difference, pulling is all there is to do.
    pub(super) fn take_root(
        &mut self,
        base: &mut Base<A, S>,
        sender: &Sender<A>,
        root: u64,
        direction: Direction,
        hints: Option<Items<'_, Hint>>,
    ) {
        base.swim.tell_address(&mut base.cx, sender);
        base.swim.correct(&mut base.cx, sender);
        let mine = base.cx.compared().sum(Prefix::ROOT, sender.sums);
        if root == mine {
            base.cx.send_soon(sender.from, Message::Same);
            return;
        }
        if const { !Self::ENTRIES } {
            base.cx
                .send_soon(sender.from, Message::Range(Prefix::ROOT, Owed::Answer));
            return;
        }
        let hinted = hints.iter().flat_map(Items::iter).fold(mine, |sum, hint| {
            let row = base
                .cx
                .members
                .get(hint.id)
                .filter(|row| hint.held > row.progress().held)
                .filter(|row| base.cx.compared().counts_entries(row, sender.sums));
            row.map_or(sum, |row| {
                sum.wrapping_sub(row.weight())
                    .wrapping_add(row.weight_at(hint.held))
            })
        });
        let (ways, budget) = (direction.for_second(), base.cx.exchange_budget());
        self.slots.begin(sender.id, ways, budget);
        if hinted != root
            && let Some(bit) = self.link_in(&mut base.cx, sender, ways)
        {
            self.owe_range(&mut base.cx, bit, Prefix::ROOT, Owed::Answer);
        }
    }

    /// Fingerprints of parts of a range: what differs is owed an answer.
    pub(super) fn take_ranges(
        &mut self,
        cx: &mut Context<A, S>,
        author: &Author<A, S>,
        sender: &Sender<A>,
        head: &RangesHead,
        sums: Items<'_, Sum32>,
    ) {
        let Some(bit) = self.link_begun(cx, sender) else {
            return;
        };
        let mask = u16::from_le_bytes(head.mask);
        let parts = (0..RADIX).filter(|index| mask & part_bit(*index) != 0);
        let mut differ = 0u16;
        for (index, theirs) in parts.zip(sums.iter()) {
            let Some(part) = head.prefix.part(index) else {
                return;
            };
            let mine = shorten(cx.compared().sum(part, sender.sums), head.salt);
            if mine == theirs {
                continue;
            }
            let few = cx.members.indices(part).len() <= TELL_MAX;
            if theirs == EMPTY_SUM && few {
                self.tell_all(cx, author, bit, part);
            } else {
                differ |= part_bit(index);
            }
        }
        if differ != 0 {
            self.owe_range(cx, bit, head.prefix, Owed::Parts(differ));
        }
    }

    /// All rows of a range in short: a walk along both sorted lists.
    pub(super) fn take_listing(
        &mut self,
        base: &mut Base<A, S>,
        sender: &Sender<A>,
        head: &ListingHead,
        items: Items<'_, Summary>,
        walked: &mut usize,
    ) {
        let indices = base.cx.members.indices(head.prefix);
        // An honest sender lists no row twice, so a datagram is worth one walk along the table.
        *walked = walked.saturating_add(indices.len());
        if *walked > base.cx.members.len() {
            return;
        }
        let Some(bit) = self.link_begun(&mut base.cx, sender) else {
            return;
        };
        let mut index = indices.start;
        let mut unknown = false;
        for item in items.iter() {
            index = self.tell_until(&mut base.cx, &base.author, bit, index, item.id.place());
            match base.cx.members.at(index) {
                Some(row) if row.id == item.id && !row.gone && !row.unheard => {
                    unknown |= self.compare(base, sender, bit, head.salt, &item);
                    index = index.saturating_add(1);
                }
                _ => unknown = true,
            }
        }
        while index < indices.end {
            self.tell_at(&mut base.cx, &base.author, bit, index);
            index = index.saturating_add(1);
        }
        if unknown && !head.reply {
            self.owe_range(&mut base.cx, bit, head.prefix, Owed::Reply);
        }
    }

    /// The sender holds this much of an owner: a reason to pull, or to stop pulling. `true` if it
    /// was the latter.
    pub(crate) fn compare_held(
        &mut self,
        base: &mut Base<A, S>,
        sender: &Sender<A>,
        owner: NodeId,
        held: Version,
    ) -> bool {
        if base.cx.is_me(owner) || base.cx.is_bare() {
            return false;
        }
        let row = base.cx.members.get(owner).filter(|row| !row.gone);
        let Some(row) = row else { return false };
        if held > row.progress().held {
            let rests = base.cx.rests(row, held);
            if row.veiled && held <= row.marks.told {
                return false;
            }
            if row.veiled {
                // What is new may need no lease.
                base.cx.members.edit(owner, |mut row| row.veil(false));
            }
            base.swim
                .ask_for_proof(&mut base.cx, &mut base.author, owner);
            let returns = sender.id == owner && base.author.owe_return(&mut base.cx, sender, held);
            if let Some(bit) = Some(sender)
                .filter(|_| !rests && !returns)
                .and_then(|sender| self.link(&mut base.cx, sender))
            {
                self.link_pull(&mut base.cx, bit, owner, held);
            }
            return false;
        }
        if held == row.progress().held {
            base.cx.hear_again(owner, What::Held);
        }
        let exchange = self.slots.of_peer(sender.id);
        let bit = exchange.map_or(0, |exchange| exchange.bit);
        let round = base.cx.round_number();
        let Some(marks) = base.cx.members.marks(owner) else {
            return false;
        };
        if marks.lacks_loose && marks.asked & bit != 0 {
            marks.fruitless = round;
        }
        let stopped = marks.stop_pull(bit);
        if stopped {
            // Whoever holds no more has said so, which is an answer of another kind.
            marks.in_vain = 0;
            self.begin_anew(&mut base.cx, bit, owner);
        }
        stopped
    }

    pub(crate) fn owe_range(
        &mut self,
        cx: &mut Context<A, S>,
        bit: Bit,
        prefix: Prefix,
        owed: Owed,
    ) {
        if const { !Self::ENTRIES } {
            if let Some(to) = self.partner.map(|partner| partner.to) {
                cx.send_soon(to, Message::Range(prefix, owed));
            }
            return;
        }
        if !self.ranges.owe(RangeDuty { bit, prefix, owed }) {
            bump(&mut cx.stats.ranges_full);
        }
    }

    /// Compares one row that both know; `true` if the partner should see how it is listed here.
    fn compare(
        &mut self,
        base: &mut Base<A, S>,
        sender: &Sender<A>,
        bit: Bit,
        salt: u8,
        item: &Summary,
    ) -> bool {
        let is_veiled = |cx: &Context<A, S>| {
            let row = cx.members.get(item.id);
            row.is_some_and(|row| row.veiled)
        };
        let before = is_veiled(&mut base.cx);
        if !base.cx.agrees_on_veil(item.id, sender.sums, item.held) {
            return true;
        }
        if !before && is_veiled(&mut base.cx) {
            // What it has set for good is asked for once more, since it is not compared from now on.
            self.link_pull(&mut base.cx, bit, item.id, Version::NONE);
        }
        let Some(row) = base.cx.members.get(item.id) else {
            return false;
        };
        let here = base.cx.compared().summary_of(row, sender.sums, salt);
        let same = row.is_shown() && here.facts == item.facts;
        if base.cx.compared().counts_entries(row, sender.sums) {
            self.compare_entries(base, sender, bit, same, item);
        } else if !same {
            self.give(&mut base.cx, &base.author, bit, item.id);
        }
        // Where this side tells nothing, the other tells what it sees to differ.
        !same && !self.gives(bit)
    }

    /// Compares what is held of a row whose facts are the `same`, or not.
    fn compare_entries(
        &mut self,
        base: &mut Base<A, S>,
        sender: &Sender<A>,
        bit: Bit,
        same: bool,
        item: &Summary,
    ) {
        let Some(row) = base.cx.members.get(item.id) else {
            return;
        };
        let takes = self
            .slots
            .get(bit)
            .is_some_and(|exchange| exchange.ways.takes);
        if Self::is_stuck(&base.cx, &base.swim, sender.now, row) && item.held <= row.progress().held
        {
            base.cx.give_up_recover(item.id);
            return;
        }
        let (row_is_loose, generation) = (row.replica.loose() != 0, row.facts.generation);
        let held = row.progress().held;
        if !same {
            // Single entries of a life that is not proven keep two apart as what is covered does.
            base.swim
                .ask_for_proof(&mut base.cx, &mut base.author, item.id);
            self.give(&mut base.cx, &base.author, bit, item.id);
            // Where only this side takes, it alone can ask.
            if row_is_loose || !self.gives(bit) {
                self.link_loose(&mut base.cx, bit, item.id);
            }
        } else if base.cx.is_me(item.id) && item.held > base.author.last_version(&base.cx) {
            base.swim.check_own_held(
                &mut base.cx,
                &mut base.author,
                sender.now,
                generation,
                item.held,
            );
        } else if item.held < held {
            self.hint(&mut base.cx, &base.author, bit, item.id);
        } else if takes || item.held == held {
            self.compare_held(base, sender, item.id, item.held);
        }
    }
}
