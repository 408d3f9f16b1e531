//! A node's own letters: to whom they go, from where on, how they end.

use rand_core::Rng;

use super::{Letter, Mails};
use crate::address::Address;
use crate::config::Mail;
use crate::context::{Context, Purpose, Sender};
use crate::id::{NodeId, Version};
use crate::rng::below;
use crate::stats::bump;
use crate::storage::{List, Storage};
use crate::table::{Member, Sums};
use crate::time::Instant;
use crate::wire::Receipt;

impl<L: List<Letter>> Mails<L> {
    /// When something is due next.
    pub(crate) fn next_due<A: Address, S: Storage<A>>(
        &self,
        cx: &Context<A, S>,
    ) -> Option<Instant> {
        // Where not one letter fits, the storage permits none, whatever its type says.
        let choice = cx.unmailed.filter(|_| self.usage().1 > 0);
        let choice = choice.map(|_| Instant::ZERO);
        choice.or_else(|| self.next().filter(|_| !cx.letters_void))
    }

    /// Sends again what was not acknowledged, and chooses the peers for what was written.
    pub(crate) fn go_on<A: Address, S: Storage<A>>(
        &mut self,
        cx: &mut Context<A, S>,
        now: Instant,
        rng: &mut impl Rng,
    ) {
        self.catch_up(cx);
        let given_up = self.expire(now);
        hand_over(cx, given_up);
        let Some(before) = cx.unmailed.take() else {
            return;
        };
        match cx.config.direct_mail() {
            _ if self.usage().1 == 0 => {}
            Mail::Off => {}
            Mail::To(peers) => self.mail_some(cx, usize::from(peers), before, rng),
            Mail::All => self.mail_all(cx, before, rng),
        }
    }

    /// A new life numbers the entries anew: the letters under way are left to anti-entropy.
    fn catch_up<A: Address, S: Storage<A>>(&mut self, cx: &mut Context<A, S>) {
        if core::mem::take(&mut cx.letters_void) {
            let lost = self.clear();
            hand_over(cx, lost);
        }
    }

    /// To whom a letter is to be sent now.
    pub(crate) fn next_letter<A: Address, S: Storage<A>>(
        &mut self,
        cx: &mut Context<A, S>,
    ) -> Option<(NodeId, A)> {
        self.catch_up(cx);
        while let Some((peer, _)) = self.ready() {
            match cx.live_address(peer) {
                Some(to) => return Some((peer, to)),
                None => self.lose(cx, peer),
            }
        }
        None
    }

    /// The version from which on the letter tells that is ready, and to this peer. If there is nothing to tell it is
    /// dropped.
    pub(crate) fn begin_letter<A: Address, S: Storage<A>>(
        &mut self,
        cx: &Context<A, S>,
        peer: NodeId,
    ) -> Option<Version> {
        let (_, from) = self.ready().filter(|(ready, _)| *ready == peer)?;
        let me = cx.members.get(cx.config.id());
        if from >= me.map_or(Version::NONE, Member::held) {
            self.drop(peer);
            return None;
        }
        Some(from)
    }

    /// The letter was written: its receipt is waited for.
    pub(crate) fn end_letter<A: Address, S: Storage<A>>(
        &mut self,
        cx: &Context<A, S>,
        now: Instant,
        peer: NodeId,
    ) {
        self.sent(peer, now.after(cx.reply_wait_of(peer)));
    }

    /// Leaves a letter to anti-entropy.
    pub(crate) fn lose<A: Address, S: Storage<A>>(&mut self, cx: &mut Context<A, S>, peer: NodeId) {
        let lost = self.drop(peer);
        hand_over(cx, usize::from(lost));
    }

    /// A peer has this node's writes up to there.
    pub(crate) fn take_receipt<A: Address, S: Storage<A>>(
        &mut self,
        cx: &mut Context<A, S>,
        sender: &Sender<A>,
        receipt: &Receipt,
    ) {
        self.catch_up(cx);
        let me = cx.members.get(cx.config.id());
        let me =
            me.filter(|me| me.id() == receipt.owner && me.facts.generation.life() == receipt.life);
        let held = me.map(Member::held);
        let done = held.and_then(|held| self.receipt(sender.id, receipt.version, held));
        match done {
            Some(true) => bump(&mut cx.stats.mails_delivered),
            Some(false) => {}
            None => bump(&mut cx.stats.idle_receipts),
        }
    }

    /// Letters to so many random peers, those under way included.
    fn mail_some<A: Address, S: Storage<A>>(
        &mut self,
        cx: &mut Context<A, S>,
        peers: usize,
        before: Version,
        rng: &mut impl Rng,
    ) {
        for _ in self.usage().0..peers {
            let unmailed = |row: &Member<A>| !self.has(row.id());
            let peer = cx.partner(rng, Purpose::Entries, unmailed);
            let Some(peer) = peer.map(Member::id) else {
                return;
            };
            self.mail(cx, peer, before);
        }
    }

    /// Letters to all live peers. Where there are more than fit, chance decides who gets one.
    fn mail_all<A: Address, S: Storage<A>>(
        &mut self,
        cx: &mut Context<A, S>,
        before: Version,
        rng: &mut impl Rng,
    ) {
        let len = cx.members.len();
        let start = below(rng.next_u32(), len);
        for index in (start..len).chain(0..start) {
            let row = cx.members.at(index);
            let row = row.filter(|row| row.is_live() && row.sums > Sums::Facts);
            if let Some(peer) = row.map(Member::id).filter(|id| !cx.is_me(*id)) {
                self.mail(cx, peer, before);
            }
        }
    }

    fn mail<A: Address, S: Storage<A>>(
        &mut self,
        cx: &mut Context<A, S>,
        peer: NodeId,
        before: Version,
    ) {
        if !self.add(peer, before) {
            hand_over(cx, 1);
        }
    }
}

fn hand_over<A: Address, S: Storage<A>>(cx: &mut Context<A, S>, letters: usize) {
    let counter = &mut cx.stats.mails_handed_over;
    *counter = counter.wrapping_add(letters as u32);
}
