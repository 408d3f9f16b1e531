//! A table with less room than there are members to remember.
//!
//! The living come first. Of the dead and departed those are compared for which there is room; the others
//! *fade* early, the ones with least memory left first: a fading row is in no fingerprint and told to
//! nobody, but for those who believe something else of the member. Whoever is told a fading member's death
//! as one to be remembered longer tells it back as it is, and the other lets it fade too. So memories come
//! to the shortest one (a minimum merges in any order), and nobody compares for ever what does not fit.

use super::Swim;
use crate::address::Address;
use crate::author::{Author, Loss};
use crate::context::Context;
use crate::id::NodeId;
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::Member;
use crate::time::Instant;

/// One row in so many, and one more, is left to those that fade: room to answer whoever remembers them
/// longer.
const RESERVE: usize = 16;

impl<A: Address, S: Storage<A>> Swim<A, S> {
    /// If the table is full, frees a row: the event of one that is forgotten, else one that fades, else, for
    /// somebody who is alive, one of a member that is not. What has least memory left goes first.
    pub(crate) fn make_room_for_member(
        &mut self,
        cx: &mut Context<A, S>,
        author: &mut Author<A, S>,
        id: NodeId,
        alive: bool,
    ) {
        cx.make_room_among_forgotten(id);
        if !cx.members.is_full() {
            return;
        }
        let fading = self.first_due(cx, |row| row.fading);
        let victim = fading.or_else(|| self.first_due(cx, |row| alive && !row.is_live()));
        let Some(victim) = victim else { return };
        self.keep_bygone(cx, victim, false);
        author.inherit(cx, victim, Loss::Forgotten);
        cx.entries.forget(victim);
        self.timers.cancel(victim);
        cx.members.remove(victim);
        bump(&mut cx.stats.events_lost);
        cx.notices.resync = true;
    }

    /// A member was added: if the table is full now, as many of the dead fade as there is no room for, and
    /// one that fades is forgotten, which makes room for the next.
    pub(crate) fn relieve_crowd(
        &mut self,
        cx: &mut Context<A, S>,
        author: &mut Author<A, S>,
        now: Instant,
    ) {
        let members = &cx.members;
        let (_, room) = members.usage();
        if !members.is_full() {
            return;
        }
        let kept = room.div_euclid(RESERVE).saturating_add(1);
        let kept = kept.saturating_add(members.live());
        let compared = |row: &&Member<A>| !row.is_live() && row.is_shown();
        let dead = members.iter().filter(compared).count();
        for _ in room.saturating_sub(kept)..dead {
            let Some(id) = self.first_due(cx, |row| !row.is_live() && row.is_shown()) else {
                break;
            };
            self.fade(cx, author, now, id);
        }
        if let Some(id) = self.first_due(cx, |row| row.fading) {
            self.keep_bygone(cx, id, false);
            self.timers.cancel(id);
            self.forget(cx, author, id);
        }
    }

    /// A dead or departed member is no longer compared or told; what is read of it stays readable for the
    /// second half of a memory, if there is room.
    pub(crate) fn fade(
        &mut self,
        cx: &mut Context<A, S>,
        author: &mut Author<A, S>,
        now: Instant,
        id: NodeId,
    ) {
        cx.members.edit(id, |mut row| row.fade(true));
        self.timers.set(id, now.after(cx.fading_time()));
        author.inherit(cx, id, Loss::Fading(0));
    }

    /// The member that `wanted` takes with least memory left; never this node, or its former self.
    fn first_due(&self, cx: &Context<A, S>, wanted: impl Fn(&Member<A>) -> bool) -> Option<NodeId> {
        let mut due = self.timers.iter();
        due.find(|id| {
            let row = cx.members.get(*id);
            row.is_some_and(|row| wanted(row) && row.is_known() && !cx.is_me(row.id))
        })
    }
}
