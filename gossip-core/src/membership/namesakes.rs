//! What a node notices of others that share an id.

use super::Swim;
use crate::address::Address;
use crate::context::{Context, Sender};
use crate::id::NodeId;
use crate::stats::bump;
use crate::storage::Storage;
use crate::time::Instant;

impl<A: Address, S: Storage<A>> Swim<A, S> {
    /// A life with another nonce gets the row of a member.
    pub(crate) fn note_replaced(
        &mut self,
        cx: &mut Context<A, S>,
        now: Instant,
        id: NodeId,
        nonces: ([u8; 4], [u8; 4]),
    ) {
        let when = (now, cx.round(), now.after(cx.fading_time()));
        if self.clashes.replaced(when, id, nonces) {
            bump(&mut cx.stats.clashes);
        }
    }

    /// A sender speaks in another life than the one that is known of it. One that lives at another address
    /// than the one that is alive there shares its id.
    pub(crate) fn note_sighted(&mut self, cx: &mut Context<A, S>, sender: &Sender<A>) {
        let row = cx.members.get(sender.id);
        let Some(row) = row.filter(|row| row.is_live() && !row.swim.suspect) else {
            return;
        };
        let earlier = sender.generation < row.facts.generation
            && sender.generation.nonce != row.facts.generation.nonce;
        let elsewhere = row.address().is_some_and(|address| address != sender.from);
        if !earlier || !elsewhere || cx.is_me(sender.id) {
            return;
        }
        let when = (sender.now, cx.round(), sender.now.after(cx.fading_time()));
        if self
            .clashes
            .sighted(when, sender.id, sender.generation.nonce)
        {
            bump(&mut cx.stats.clashes);
        }
    }
}
