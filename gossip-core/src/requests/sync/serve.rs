//! What a node answers to the syncs of others.

use crate::address::Address;
use crate::context::{Context, Sender};
use crate::outbox::Message;
use crate::storage::Storage;
use crate::wire::CompareHead;

/// A peer's fingerprint of a range: `true` if it is the same here, which the peer is told then.
#[must_use]
pub(crate) fn take_compare<A: Address, S: Storage<A>>(
    cx: &mut Context<A, S>,
    sender: &Sender<A>,
    head: &CompareHead,
) -> bool {
    let same = cx.compared().sum(head.prefix, sender.sums) == u64::from_le_bytes(head.sum);
    if same {
        cx.send_soon(sender.from, Message::Equal(head.token));
    }
    same
}
