//! What becomes of entries that were told: what is too large for this node or its peers, what finds no
//! room, and answers that change nothing.

use super::Node;
use crate::address::Address;
use crate::board::What;
use crate::context::Sender;
use crate::entries::delta::{Claim, Listed, Recover};
use crate::entries::{Fit, OwnerMap, loose};
use crate::exchange::Bit;
use crate::id::{NodeId, Version};
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::Member;
use crate::time::Instant;

/// After so many answers in a row that changed nothing, single entries of an owner are not asked for any
/// more, but claims.
const VAIN_SINGLY: u8 = 2;

/// After so many an owner is not asked for in each round.
const VAIN_OFTEN: u8 = 4;

/// One round of so many, as a power of two, at the rarest.
const REST_MOST: u8 = 5;

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// A claim up to where its entries can be kept and told on: it ends before the first that is too large
    /// for this storage or for a datagram of `mtu_floor` bytes. What is left is a claim that its sender could
    /// have made, so nothing is half applied, and replicas with one floor stop at one version. What one of
    /// them showed and could tell nobody would divide them for ever. `None` if nothing is left.
    pub(super) fn take_off<'l>(
        &mut self,
        now: Instant,
        owner: NodeId,
        claim: &Claim,
        list: impl Iterator<Item = Listed<'l>>,
    ) -> Option<Claim> {
        let held = self.tables.cx.members.get(owner)?.replica.progress.held;
        let room = self.tables.cx.config.entry_room();
        let store = &self.tables.cx.entries;
        let large = list
            .filter(|entry| entry.version > held && store.is_too_large(now, room, *entry))
            .filter(|entry| store.is_news(owner, *entry));
        let Some(first) = large.map(|entry| entry.version).min() else {
            return Some(*claim);
        };
        bump(&mut self.tables.cx.stats.entries_too_large);
        let b = Version::new(first.get().saturating_sub(1))?;
        (b > claim.a).then_some(Claim { b, ..*claim })
    }

    /// Whether everything on `list` can be stored and told on; counts why if not.
    pub(super) fn has_room<'l>(
        &mut self,
        now: Instant,
        owner: NodeId,
        list: impl Iterator<Item = Listed<'l>> + Clone,
    ) -> bool {
        // A claim may lower the floor to `held` before it stores, so room is counted from there.
        let Some(held) = self
            .tables
            .cx
            .members
            .get(owner)
            .map(|row| row.replica.progress.held)
        else {
            return false;
        };
        let room = self.tables.cx.config.entry_room();
        let fit = |node: &Self| {
            let store = &node.tables.cx.entries;
            let above = list.clone().filter(|entry| entry.version > held);
            if above
                .clone()
                .any(|entry| store.is_too_large(now, room, entry))
            {
                return Fit::TooLarge;
            }
            store.fits(owner, above)
        };
        let mut found = fit(self);
        if found == Fit::Full && self.author.make_room_for_entries(&mut self.tables.cx) {
            found = fit(self);
        }
        match found {
            Fit::Yes => return true,
            Fit::Full => bump(&mut self.tables.cx.stats.entries_full),
            Fit::LeasesFull => bump(&mut self.tables.cx.stats.leases_full),
            Fit::TooLarge => bump(&mut self.tables.cx.stats.entries_too_large),
        }
        false
    }

    /// A claim was taken or ignored; `None` if it found no room.
    pub(super) fn after_claim(
        &mut self,
        sender: &Sender<A>,
        owner: NodeId,
        claim: &Claim,
        useful: Option<bool>,
    ) {
        if let Some(marks) = self.tables.cx.members.marks(owner) {
            // The latest word: by an older one its sender seems to have less to say than it has.
            marks.told = claim.held;
        }
        if useful == Some(true) {
            self.author.puts_off_no_more(&mut self.tables.cx, owner);
            self.author
                .note_reclaimed(&mut self.tables.cx, sender.now, owner);
            if sender.id == owner {
                self.author
                    .owe_return(&mut self.tables.cx, sender, claim.held);
            }
        } else {
            self.stop_asking(sender, owner);
        }
        if useful == Some(false) {
            self.answer_in_vain(sender, owner);
        }
        if useful != Some(true) {
            return;
        }
        let row = self.tables.cx.members.get(owner);
        let caught_up = row.is_some_and(|row| row.replica.progress.held >= claim.held);
        let Some(marks) = self.tables.cx.members.marks(owner) else {
            return;
        };
        if caught_up || marks.in_vain < VAIN_SINGLY {
            marks.in_vain = 0;
        }
        if caught_up {
            marks.stop_pull(Bit::MAX);
            if owner != NodeId::FORMER {
                self.tables.cx.announce(owner, What::Held);
            }
        }
    }

    /// A claim begins with what is too large. Whoever else holds it can say nothing better, so the owner
    /// is asked for ever more rarely.
    pub(super) fn refuse_claim(&mut self, sender: &Sender<A>, owner: NodeId) {
        self.stop_asking(sender, owner);
        if let Some(marks) = self.tables.cx.members.marks(owner) {
            marks.in_vain = marks.in_vain.saturating_add(1).max(VAIN_OFTEN);
        }
    }

    fn stop_asking(&mut self, sender: &Sender<A>, owner: NodeId) {
        let bit = self.bit_of(sender);
        if let Some(marks) = self.tables.cx.members.marks(owner) {
            marks.stop_pull(bit);
            bump(&mut self.tables.cx.stats.idle_claims);
        }
    }

    /// What a partner was asked for about an owner, and answered, changed nothing here.
    ///
    /// Who asks for single entries says which it holds in a short stretch; the partner cannot see what lies
    /// beyond, and may tell what is superseded here, again and again. Claims always bring a replica on that
    /// holds less (see [`delta`](crate::entries::delta)), so after two such answers they are asked for,
    /// until the owner is caught up with.
    pub(super) fn answer_in_vain(&mut self, sender: &Sender<A>, owner: NodeId) {
        let bit = self.bit_of(sender);
        let Some(marks) = self.tables.cx.members.marks(owner) else {
            return;
        };
        if marks.asked & bit == 0 {
            return;
        }
        marks.in_vain = marks.in_vain.saturating_add(1);
        if marks.in_vain > VAIN_SINGLY {
            bump(&mut self.tables.cx.stats.vain_answers);
        }
    }

    /// `true` if answers with single entries of this owner have changed something, or not been tried.
    pub(super) fn may_ask_singly(row: &Member<A>) -> bool {
        row.marks.in_vain < VAIN_SINGLY
    }

    /// `true` while an owner is not asked for because answers about it were in vain: the more there were, the
    /// rarer the rounds in which it is. That a partner holds more than was told so far, `held`, is a reason to
    /// ask at once: what was in the way may be gone.
    pub(super) fn rests(&self, row: &Member<A>, held: Version) -> bool {
        let Some(power) = row.marks.in_vain.checked_sub(VAIN_OFTEN) else {
            return false;
        };
        // A round takes two tokens.
        let round = self.tables.cx.next_token >> 1;
        let rounds = 1u16.wrapping_shl(u32::from(power.saturating_add(1).min(REST_MOST)));
        held <= row.marks.told && !round.is_multiple_of(rounds)
    }

    /// A partner has no more for a re-cover of an owner that is gone, which got further than any claim that
    /// the partner can make, and cannot end: what it waits for may be held by nobody. It begins anew with that
    /// partner, so that both come to stand at one version; what is held beyond is told as single entries.
    pub(super) fn begin_anew(&mut self, bit: Bit, owner: NodeId) {
        let Some(row) = self.tables.cx.members.get(owner) else {
            return;
        };
        let (held, told) = (row.replica.progress.held, row.marks.told);
        let further = |cursor: Version| held < told && told < cursor;
        if !row.is_live()
            && row
                .replica
                .progress
                .recover
                .is_some_and(|r| further(r.cursor))
        {
            self.give_up_recover(owner);
            let row = self.tables.cx.members.get(owner);
            if row.is_some_and(|row| row.replica.progress.held < told) {
                self.link_pull(bit, owner, told);
            }
        }
    }

    /// Gives up a re-cover, which is safe at any time.
    pub(super) fn give_up_recover(&mut self, owner: NodeId) {
        let store = &mut self.tables.cx.entries;
        let covers_more = self.tables.cx.members.edit(owner, |row| {
            let before = row.replica.progress.held;
            row.replica
                .progress
                .give_up_recover(&mut OwnerMap { store, owner });
            row.replica.loose = loose(store, owner, &row.replica.progress);
            row.replica.progress.held > before
        });
        if covers_more == Some(true) {
            self.tables.cx.announce(owner, What::Held);
        }
    }

    /// `true` if a re-cover of an owner that is gone waits for what nobody has offered. It stands where its
    /// cursor is, and can make no claims up to there, so a partner that holds no more than is covered here
    /// would never get what it brought. Given up, its entries are single ones, and reach everybody.
    ///
    /// The partner may only be slower on the same way. So there are times for it, after the death, and each
    /// time between them is twice as long as the one before it.
    pub(super) fn is_stuck(&self, now: Instant, row: &Member<A>) -> bool {
        const FIRST: u32 = 8;
        let further = |recover: Recover| recover.cursor > row.replica.progress.held;
        if row.is_live()
            || row.marks.pull != 0
            || !row.replica.progress.recover.is_some_and(further)
        {
            return false;
        }
        let left =
            u32::from(self.tables.swim.memory_left(&self.tables.cx, now, row)).saturating_mul(1000);
        let memory = self.tables.cx.fading_time().as_millis().saturating_mul(2);
        let round = self.tables.cx.config.probe_interval().as_millis().max(1);
        let rounds = memory.saturating_sub(left).div_euclid(round);
        let half_octave = rounds.checked_ilog2().unwrap_or(0).saturating_sub(1);
        rounds >= FIRST && rounds.wrapping_shr(half_octave) & 1 == 0
    }

    fn bit_of(&self, sender: &Sender<A>) -> Bit {
        let exchange = self.tables.reconciler.slots.of_peer(sender.id);
        exchange.map_or(0, |exchange| exchange.bit)
    }
}
