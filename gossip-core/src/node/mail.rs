//! Direct mail (Demers et al. 1987, section 1.1): a node's own writes go to some peers, or to all, at
//! once. Whom it does not reach is left to anti-entropy and counted.
//!
//! A letter is a claim that nobody pulled, with the token 0. Whoever can take it as a claim is done
//! with it. Whoever lacks something before it takes its entries one by one, which is always safe, and
//! pulls the rest.

use rand_core::Rng;

use super::{Message, Node};
use crate::address::Address;
use crate::config::Mail;
use crate::context::Sender;
use crate::entries::delta::Claim;
use crate::id::{NodeId, Version};
use crate::rng::below;
use crate::sampling::pick;
use crate::stats::bump;
use crate::storage::{List, Storage};
use crate::table::{Member, Sums};
use crate::time::Instant;
use crate::wire::{ClaimHead, ClaimItem, Items, Kind, Receipt, Writer};

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Whether this storage permits direct mail.
    pub(super) const MAILS: bool = Self::ENTRIES && <S::Mails as List<_>>::PERMITTED;

    /// This node has written something after version `before`.
    pub(super) fn mail_write(&mut self, before: Version) {
        let wanted = const { Self::MAILS } && self.config.direct_mail() != Mail::Off;
        // Where not one letter fits, the storage permits none, whatever its type says.
        if wanted && self.tables.mails.usage().1 > 0 {
            self.tables.mails.write(before);
        }
    }

    /// When mail is due next.
    pub(super) fn next_mail(&self) -> Option<Instant> {
        if const { !Self::MAILS } {
            return None;
        }
        self.tables.mails.next()
    }

    /// Sends again what was not acknowledged, and chooses the peers for what was written.
    pub(super) fn continue_mail(&mut self, now: Instant, rng: &mut impl Rng) {
        if const { !Self::MAILS } {
            return;
        }
        let given_up = self.tables.mails.expire(now);
        self.hand_over(given_up);
        let Some(before) = self.tables.mails.take_written() else {
            return;
        };
        match self.config.direct_mail() {
            Mail::Off => {}
            Mail::To(peers) => self.mail_to(usize::from(peers), before, rng),
            Mail::All => self.mail_to_all(before, rng),
        }
    }

    /// All letters under way are left to anti-entropy: a new life numbers the entries anew.
    pub(super) fn drop_mail(&mut self) {
        if const { Self::MAILS } {
            let lost = self.tables.mails.clear();
            self.hand_over(lost);
        }
    }

    /// To whom a letter is to be sent now.
    pub(super) fn ready_mail(&mut self) -> Option<(NodeId, A)> {
        if const { !Self::MAILS } {
            return None;
        }
        while let Some((peer, _)) = self.tables.mails.ready() {
            let row = self.tables.members.get(peer).filter(|row| row.is_live());
            match row.and_then(Member::address) {
                Some(to) => return Some((peer, to)),
                None => self.lose_mail(peer),
            }
        }
        None
    }

    /// Writes the letter that is ready, which is to this peer. If it does not fit it stays ready.
    pub(super) fn write_mail(&mut self, now: Instant, peer: NodeId, writer: &mut Writer<'_>) {
        let ready = self.tables.mails.ready();
        let Some((_, from)) = ready.filter(|(ready, _)| *ready == peer) else {
            return;
        };
        let held = self.me().map_or(Version::NONE, Member::held);
        if from >= held {
            self.tables.mails.drop(peer);
        } else if self.write_letter(now, from, writer) {
            let due = now.after(self.pace_with(peer, self.reply_wait()));
            self.tables.mails.sent(peer, due);
        }
    }

    /// Leaves a letter to anti-entropy.
    pub(super) fn lose_mail(&mut self, peer: NodeId) {
        let lost = self.tables.mails.drop(peer);
        self.hand_over(usize::from(lost));
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
            self.owe(sender.from, Message::Receipt(owner, claim.b));
        }
        let claim = &kept;
        let held = self.tables.members.get(owner).map(Member::held);
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

    /// A peer has this node's writes up to there.
    pub(super) fn take_receipt(&mut self, sender: &Sender<A>, receipt: &Receipt) {
        let me = self
            .me()
            .filter(|me| me.id() == receipt.owner && me.facts.generation.life() == receipt.life);
        let Some(held) = me.map(Member::held) else {
            bump(&mut self.stats.idle_receipts);
            return;
        };
        let mails = &mut self.tables.mails;
        match mails.receipt(sender.id, receipt.version, held) {
            Some(true) => bump(&mut self.stats.mails_delivered),
            Some(false) => {}
            None => bump(&mut self.stats.idle_receipts),
        }
    }

    pub(super) fn write_receipt(
        &self,
        owner: NodeId,
        version: Version,
        writer: &mut Writer<'_>,
    ) -> Option<bool> {
        let row = self.tables.members.get(owner)?;
        let life = row.facts.generation.life();
        let receipt = Receipt {
            owner,
            life,
            version,
        };
        Some(writer.listed(Kind::Receipt, &receipt))
    }

    /// Letters to so many random peers, those under way included.
    fn mail_to(&mut self, peers: usize, before: Version, rng: &mut impl Rng) {
        let under_way = self.tables.mails.usage().0;
        for _ in under_way..peers {
            let wanted = |row: &Member<A>| {
                row.is_live()
                    && row.marks.sums > Sums::Facts
                    && !self.is_me(row.id())
                    && !self.tables.mails.has(row.id())
            };
            let Some(peer) = pick(&self.tables.members, rng, wanted).map(Member::id) else {
                return;
            };
            self.mail(peer, before);
        }
    }

    /// Letters to all live peers. Where there are more than fit, chance decides who gets one.
    fn mail_to_all(&mut self, before: Version, rng: &mut impl Rng) {
        let len = self.tables.members.len();
        let start = below(rng.next_u32(), len);
        for index in (start..len).chain(0..start) {
            let row = self.tables.members.at(index);
            let row = row.filter(|row| row.is_live() && row.marks.sums > Sums::Facts);
            if let Some(peer) = row.map(Member::id).filter(|id| !self.is_me(*id)) {
                self.mail(peer, before);
            }
        }
    }

    fn mail(&mut self, peer: NodeId, before: Version) {
        if !self.tables.mails.add(peer, before) {
            self.hand_over(1);
        }
    }

    fn hand_over(&mut self, letters: usize) {
        let counter = &mut self.stats.mails_handed_over;
        *counter = counter.wrapping_add(letters as u32);
    }
}
