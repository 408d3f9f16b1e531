//! Where this node is seen: peers say so, and one that asserts no address of its own choice learns it.

use super::{Seed, Swim};
use crate::address::Address;
use crate::board::What;
use crate::context::{Context, Sender};
use crate::outbox::Message;
use crate::storage::Storage;
use crate::wire::{Row, Standing};

/// A seed that was tried no more often may be about to answer.
const TRIES: u8 = 2;

impl<A: Address, S: Storage<A>> Swim<A, S> {
    /// Tells a sender where it is seen, if that is not where it says it is.
    pub(crate) fn tell_address(&mut self, cx: &mut Context<A, S>, sender: &Sender<A>) {
        let row = cx.members.get(sender.id);
        if row.is_none_or(|row| row.facts.address != Some(sender.from)) {
            cx.send_soon(sender.from, Message::You);
        }
    }

    /// Where this node is by this row of its own, if it does not know yet.
    fn location(&self, cx: &Context<A, S>, row: &Row<A>) -> Option<A> {
        if !cx.is_me(row.id) || cx.config.address().is_some() {
            return None;
        }
        let me = cx.me().map(|me| me.facts)?;
        let same = row.generation == me.generation && row.incarnation == me.incarnation;
        let new = same && me.address.is_none() && row.standing == Standing::Alive;
        row.address.filter(|_| new).map(Address::canonical)
    }

    /// A peer tells the row of this node, which may not know yet where it is: whoever answers it does.
    pub(crate) fn learn_location(
        &mut self,
        cx: &mut Context<A, S>,
        sender: &Sender<A>,
        acked: bool,
        row: &Row<A>,
    ) {
        let trusted = acked || self.seeds.contains(sender.from);
        let location = self.location(cx, row).filter(|_| trusted);
        if location.is_some() {
            cx.members
                .edit(row.id, |mut me| me.facts().address = location);
            cx.announce(row.id, What::Introduction);
        }
    }

    /// `true` if this row of its own says where this node is and a seed is about to say the same: it need not be
    /// outbid.
    pub(crate) fn is_soon_located(&self, cx: &Context<A, S>, row: &Row<A>) -> bool {
        let due = |seed: &Seed<A>| !seed.has_answered() && seed.tries() <= TRIES;
        self.location(cx, row).is_some() && self.seeds.iter().any(due)
    }

    /// A peer's datagram was applied. It `acked` a ping of this node or not, and says where it sees this
    /// node, or nothing. Only who answers can be heard, so that nobody names an address by chance: the
    /// first word may come from a seed, and later ones come with the acks of pings.
    pub(crate) fn learn_address(
        &mut self,
        cx: &mut Context<A, S>,
        sender: &Sender<A>,
        acked: bool,
        told: Option<A>,
    ) {
        if cx.config.address().is_some() {
            return;
        }
        let told = told.map(Address::canonical);
        match (cx.address(), told) {
            (None, Some(told)) if acked || self.seeds.contains(sender.from) => {
                self.assert_address(cx, told);
            }
            (Some(asserted), Some(told)) if acked && asserted != told => {
                let only = cx.members.live() <= 2;
                if self.seen.differ(sender.id, told, only) {
                    self.assert_address(cx, told);
                }
            }
            _ if acked => self.seen.agree(),
            _ => {}
        }
    }

    /// From here on this node says that it is there.
    fn assert_address(&mut self, cx: &mut Context<A, S>, address: A) {
        let asserted = cx.members.edit(cx.id(), |mut me| {
            let next = me.facts.incarnation.next();
            if let Some(next) = next {
                me.facts().address = Some(address);
                me.facts().incarnation = next;
            }
            next.is_some()
        });
        if asserted == Some(true) {
            cx.announce(cx.id(), What::Facts);
        }
    }
}
