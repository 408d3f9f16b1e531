//! Claims as they come in, in each of their forms: what of them can be kept and told on, and what follows.

use super::Base;
use super::vain::{VAIN_OFTEN, VAIN_SINGLY};
use super::{Bit, Reconciler};
use crate::address::Address;
use crate::board::What;
use crate::context::Context;
use crate::context::Sender;
use crate::entries::delta::{Claim, Listed};
use crate::entries::{Fit, Stretch, Told};
use crate::id::{Life, NodeId, Version};
use crate::outbox::Message;
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::Member;
use crate::table::Sums;
use crate::time::Instant;
use crate::wire::{ClaimHead, ClaimItem, Items};

impl<A: Address, S: Storage<A>> Reconciler<A, S> {
    /// A claim that nobody pulled. The sender is owed a receipt unless it should try again.
    pub(super) fn take_mail(
        &mut self,
        base: &mut Base<A, S>,
        sender: &Sender<A>,
        head: &ClaimHead,
        claim: &Claim,
        items: Items<'_, ClaimItem<'_>>,
    ) {
        let owner = head.owner;
        if !Self::is_claim_of_known_life(base, owner, head.life) {
            return;
        }
        let list = items
            .iter()
            .filter_map(|item| item.listed(sender.now, claim.b));
        let now = sender.now;
        let Some(kept) = base.cx.take_off(now, owner, claim, list.clone()) else {
            return;
        };
        let list = list.filter(|entry| entry.version <= kept.b);
        if !Self::has_room(base, now, owner, list.clone()) {
            return;
        }
        if kept == *claim {
            base.cx
                .send_soon(sender.from, Message::Receipt(owner, claim.b));
        }
        let claim = &kept;
        let held = base.cx.members.get(owner).map(Member::held);
        let entries = list.clone();
        if base.cx.follow(owner, claim, |progress, map| {
            progress.apply_claim(map, claim, list)
        }) {
            self.after_claim(base, sender, owner, claim, Some(true));
        } else if held.is_some_and(|held| held < claim.b) {
            for entry in entries {
                Self::apply_single(base, now, owner, entry);
            }
            self.compare_held(base, sender, owner, claim.held);
        }
    }

    /// Entries of one owner; `false` if they were of no use.
    pub(super) fn take_claim(
        &self,
        base: &mut Base<A, S>,
        sender: &Sender<A>,
        head: &ClaimHead,
        claim: &Claim,
        items: Items<'_, ClaimItem<'_>>,
    ) -> bool {
        let owner = head.owner;
        if !Self::is_claim_of_known_life(base, owner, head.life) {
            return false;
        }
        let claim = &base.author.weighed(&base.cx, sender, owner, claim);
        let now = sender.now;
        let list = items.iter().filter_map(|item| item.listed(now, claim.b));
        let Some(claim) = &base.cx.take_off(now, owner, claim, list.clone()) else {
            self.refuse_claim(&mut base.cx, sender, owner);
            return false;
        };
        let list = list.filter(|entry| entry.version <= claim.b);
        if base
            .author
            .puts_off(&mut base.cx, owner, Some(claim), list.clone())
        {
            self.after_claim(base, sender, owner, claim, None);
            return false;
        }
        let room = Self::has_room(base, now, owner, list.clone());
        if !room && base.cx.compared().own_sums() == Sums::Lasting {
            // What has no lease can be shown on its own.
            for entry in list.clone().filter(|entry| entry.expires.is_none()) {
                Self::apply_single(base, now, owner, entry);
            }
        }
        let useful = room
            && base.cx.follow(owner, claim, |progress, map| {
                progress.apply_claim(map, claim, list)
            });
        self.after_claim(base, sender, owner, claim, Some(useful).filter(|_| room));
        useful
    }

    /// Counts a claim; `false` if it speaks of an owner or a life that is not known here.
    fn is_claim_of_known_life(base: &mut Base<A, S>, owner: NodeId, life: Life) -> bool {
        bump(&mut base.cx.stats.claims_heard);
        let known = base.cx.takes_entries(owner, life)
            && base.swim.may_replace(&mut base.cx, &mut base.author, owner);
        if !known {
            bump(&mut base.cx.stats.foreign_claims);
        }
        known
    }

    /// A claim told by version numbers; `false` if it was of no use.
    pub(super) fn take_versions(
        &self,
        base: &mut Base<A, S>,
        sender: &Sender<A>,
        head: &ClaimHead,
        claim: &Claim,
        stretches: Items<'_, Stretch>,
    ) -> bool {
        if !Self::is_claim_of_known_life(base, head.owner, head.life) {
            return false;
        }
        let told = Told(stretches.iter());
        let useful = base.cx.follow(head.owner, claim, |progress, map| {
            progress.apply_versions(map, claim, &told)
        });
        self.after_claim(base, sender, head.owner, claim, Some(useful));
        useful
    }

    /// A claim of what is held here already; `false` if it was of no use.
    pub(super) fn take_known(
        &self,
        base: &mut Base<A, S>,
        sender: &Sender<A>,
        head: &ClaimHead,
        claim: &Claim,
        told: u64,
    ) -> bool {
        if !Self::is_claim_of_known_life(base, head.owner, head.life) {
            return false;
        }
        let useful = base.cx.follow(head.owner, claim, |progress, map| {
            progress.apply_known(map, claim, told)
        });
        self.after_claim(base, sender, head.owner, claim, Some(useful));
        useful
    }

    /// A claim was taken or ignored; `None` if it found no room.
    fn after_claim(
        &self,
        base: &mut Base<A, S>,
        sender: &Sender<A>,
        owner: NodeId,
        claim: &Claim,
        useful: Option<bool>,
    ) {
        if let Some(marks) = base.cx.members.marks(owner) {
            // The latest word: by an older one its sender seems to have less to say than it has.
            marks.told = claim.held;
        }
        if useful == Some(true) {
            base.author.puts_off_no_more(&mut base.cx, owner);
            base.author.note_reclaimed(&mut base.cx, sender.now, owner);
            if sender.id == owner {
                base.author.owe_return(&mut base.cx, sender, claim.held);
            }
        } else {
            self.stop_asking(&mut base.cx, sender, owner);
        }
        if useful == Some(false) {
            self.answer_in_vain(&mut base.cx, sender, owner);
        }
        if useful != Some(true) {
            return;
        }
        let row = base.cx.members.get(owner);
        let caught_up = row.is_some_and(|row| row.progress().held >= claim.held);
        let Some(marks) = base.cx.members.marks(owner) else {
            return;
        };
        if caught_up || marks.in_vain < VAIN_SINGLY {
            marks.in_vain = 0;
        }
        if caught_up {
            marks.stop_pull(Bit::MAX);
            if owner != NodeId::FORMER {
                base.cx.announce(owner, What::Held);
            }
        }
    }

    /// A claim begins with what is too large. Whoever else holds it can say nothing better, so the owner
    /// is asked for ever more rarely.
    fn refuse_claim(&self, cx: &mut Context<A, S>, sender: &Sender<A>, owner: NodeId) {
        self.stop_asking(cx, sender, owner);
        if let Some(marks) = cx.members.marks(owner) {
            marks.in_vain = marks.in_vain.saturating_add(1).max(VAIN_OFTEN);
        }
    }

    /// Whether everything on `list` can be stored and told on; counts why if not.
    pub(super) fn has_room<'l>(
        base: &mut Base<A, S>,
        now: Instant,
        owner: NodeId,
        list: impl Iterator<Item = Listed<'l>> + Clone,
    ) -> bool {
        // A claim may lower the floor to `held` before it stores, so room is counted from there.
        let Some(held) = base.cx.members.get(owner).map(|row| row.progress().held) else {
            return false;
        };
        let room = base.cx.config.entry_room();
        let fit = |cx: &Context<A, S>| {
            let store = &cx.entries;
            let above = list.clone().filter(|entry| entry.version > held);
            if above
                .clone()
                .any(|entry| store.is_too_large(now, room, entry))
            {
                return Fit::TooLarge;
            }
            store.fits(owner, above)
        };
        let mut found = fit(&mut base.cx);
        if found == Fit::Full && base.author.make_room_for_entries(&mut base.cx) {
            found = fit(&mut base.cx);
        }
        match found {
            Fit::Yes => return true,
            Fit::Full => bump(&mut base.cx.stats.entries_full),
            Fit::LeasesFull => bump(&mut base.cx.stats.leases_full),
            Fit::TooLarge => bump(&mut base.cx.stats.entries_too_large),
        }
        false
    }
}

impl<A: Address, S: Storage<A>> Context<A, S> {
    /// A claim up to where its entries can be kept and told on: it ends before the first that is too large
    /// for this storage or for a datagram of `mtu_floor` bytes. What is left is a claim that its sender could
    /// have made, so nothing is half applied, and replicas with one floor stop at one version. What one of
    /// them showed and could tell nobody would divide them for ever. `None` if nothing is left.
    fn take_off<'l>(
        &mut self,
        now: Instant,
        owner: NodeId,
        claim: &Claim,
        list: impl Iterator<Item = Listed<'l>>,
    ) -> Option<Claim> {
        let held = self.members.get(owner)?.progress().held;
        let room = self.config.entry_room();
        let store = &self.entries;
        let large = list
            .filter(|entry| entry.version > held && store.is_too_large(now, room, *entry))
            .filter(|entry| store.is_news(owner, *entry));
        let Some(first) = large.map(|entry| entry.version).min() else {
            return Some(*claim);
        };
        bump(&mut self.stats.entries_too_large);
        let b = Version::new(first.get().saturating_sub(1))?;
        (b > claim.a).then_some(Claim { b, ..*claim })
    }
}
