//! Single entries: told and taken on their own, in any order, beside the claims.

use super::Base;
use super::Reconciler;
use crate::address::Address;
use crate::context::Sender;
use crate::entries::delta::Listed;

use crate::id::{Life, NodeId};
use crate::stats::bump;
use crate::storage::Storage;
use crate::time::Instant;
use crate::wire::{ClaimItem, Items, SinglesHead};

impl<A: Address, S: Storage<A>> Reconciler<A, S> {
    /// Something of an earlier life of this node came back; whoever showed it may have more.
    pub(super) fn take_returned(
        &mut self,
        base: &mut Base<A, S>,
        sender: &Sender<A>,
        life: Life,
        items: Items<'_, ClaimItem<'_>>,
    ) {
        let more = base.author.take_returned(&mut base.cx, sender, life, items);
        let me = base.cx.id();
        if more && let Some(bit) = self.link(&mut base.cx, sender) {
            self.hint(&mut base.cx, &base.author, bit, me);
        }
    }

    /// Takes single entries, each by the entry rule of `entries::delta`; `true` if one was new. They are
    /// `awaited` if they came with the answer to a pull.
    pub(super) fn take_singles(
        &self,
        base: &mut Base<A, S>,
        sender: &Sender<A>,
        awaited: bool,
        head: &SinglesHead,
        items: Items<'_, ClaimItem<'_>>,
    ) -> bool {
        if !base.cx.takes_entries(head.owner, head.life)
            || !base
                .swim
                .may_replace(&mut base.cx, &mut base.author, head.owner)
        {
            bump(&mut base.cx.stats.foreign_singles);
            return false;
        }
        let mut any = false;
        let entries = items
            .iter()
            .filter_map(|item| item.listed(sender.now, head.newest));
        for entry in entries {
            let off = base
                .author
                .puts_off(&mut base.cx, head.owner, None, core::iter::once(entry));
            any |= !off && Self::apply_single(base, sender.now, head.owner, entry);
        }
        let round = base.cx.round_number();
        if let Some(marks) = base.cx.members.marks(head.owner)
            && awaited
            && !any
        {
            marks.fruitless = round;
        }
        let useful = self.has_no_loose(&mut base.cx, sender.id, head.owner) || any;
        if awaited && !useful {
            self.answer_in_vain(&mut base.cx, sender, head.owner);
        }
        useful
    }

    /// Takes one entry of an owner whose life was checked: `true` if it was new and found room.
    pub(super) fn apply_single(
        base: &mut Base<A, S>,
        now: Instant,
        owner: NodeId,
        entry: Listed<'_>,
    ) -> bool {
        bump(&mut base.cx.stats.singles_heard);
        let stored = Self::has_room(base, now, owner, core::iter::once(entry)) && {
            let stored = base.cx.take_single(owner, entry);
            if let Some(marks) = base.cx.members.marks(owner).filter(|_| stored) {
                marks.in_vain = 0;
                marks.fruitless = 0;
            }
            stored
        };
        if !stored {
            bump(&mut base.cx.stats.idle_singles);
        }
        stored
    }
}
