//! How nodes are set up: told with the first words to an address, compared, and answered where it differs.

use super::Swim;
use crate::address::Address;
use crate::context::{Context, Sender};
use crate::event::Mismatch;
use crate::outbox::Message;
use crate::stats::bump;
use crate::storage::Storage;
use crate::wire::{Parts, Terms};

/// How this node is set up, whose storage permits these parts.
pub(crate) fn terms<A: Address, S: Storage<A>>(
    cx: &Context<A, S>,
    parts: Parts,
    is_answer: bool,
) -> Terms {
    Terms {
        // At most 65,507.
        mtu_floor: cx.config.mtu_floor() as u16,
        largest_id: cx.config.largest_id(),
        parts,
        is_answer,
    }
}

impl<A: Address, S: Storage<A>> Swim<A, S> {
    /// How the sender is set up. Who is set up otherwise is told so, so that both sides know it.
    pub(crate) fn take_terms(
        &mut self,
        cx: &mut Context<A, S>,
        sender: &Sender<A>,
        parts: Parts,
        theirs: &Terms,
    ) {
        let ours = terms(cx, parts, theirs.is_answer);
        if *theirs == ours {
            return;
        }
        if theirs.mtu_floor != ours.mtu_floor {
            bump(&mut cx.stats.other_mtu_floor);
            let what = Mismatch::MtuFloor(theirs.mtu_floor);
            self.strangers.tell(sender.now, sender.from, what);
        }
        if theirs.largest_id != ours.largest_id {
            bump(&mut cx.stats.other_largest_id);
            self.strangers
                .tell(sender.now, sender.from, Mismatch::LargestId);
        }
        if !theirs.is_answer {
            cx.send_soon(sender.from, Message::Terms { is_answer: true });
        }
    }
}
