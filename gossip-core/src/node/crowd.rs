//! A table with less room than there are members to remember.
//!
//! The living come first. Of the dead and departed those are compared for which there is room; the others
//! *fade* early, the ones with least memory left first: a fading row is in no fingerprint and told to
//! nobody, but for those who believe something else of the member. Whoever is told a fading member's death
//! as one to be remembered longer tells it back as it is, and the other lets it fade too. So memories come
//! to the shortest one (a minimum merges in any order), and nobody compares for ever what does not fit.

use super::Node;
use super::inherit::Loss;
use crate::address::Address;
use crate::id::NodeId;
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::Member;
use crate::time::Instant;

/// One row in so many, and one more, is left to those that fade: room to answer whoever remembers them
/// longer.
const RESERVE: usize = 16;

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// If the table is full, frees a row: the event of one that is forgotten, else one that fades, else, for
    /// somebody who is alive, one of a member that is not. What has least memory left goes first.
    pub(super) fn make_room_for_member(&mut self, id: NodeId, alive: bool) {
        self.make_room_among_forgotten(id);
        if !self.tables.members.is_full() {
            return;
        }
        let fading = self.first_due(|row| row.fading);
        let victim = fading.or_else(|| self.first_due(|row| alive && !row.is_live()));
        let Some(victim) = victim else { return };
        self.keep_bygone(victim, false);
        self.inherit(victim, Loss::Forgotten);
        self.tables.entries.forget(victim);
        self.tables.timers.cancel(victim);
        self.tables.members.remove(victim);
        bump(&mut self.stats.events_lost);
        self.notices.resync = true;
    }

    /// A member was added: if the table is full now, as many of the dead fade as there is no room for, and
    /// one that fades is forgotten, which makes room for the next.
    pub(super) fn relieve_crowd(&mut self, now: Instant) {
        let members = &self.tables.members;
        let (_, room) = members.usage();
        if !members.is_full() {
            return;
        }
        let kept = room.div_euclid(RESERVE).saturating_add(1);
        let kept = kept.saturating_add(members.live());
        let compared = |row: &&Member<A>| !row.is_live() && row.is_shown();
        let dead = members.iter().filter(compared).count();
        for _ in room.saturating_sub(kept)..dead {
            let Some(id) = self.first_due(|row| !row.is_live() && row.is_shown()) else {
                break;
            };
            self.fade(now, id);
        }
        if let Some(id) = self.first_due(|row| row.fading) {
            self.keep_bygone(id, false);
            self.tables.timers.cancel(id);
            self.forget(id);
        }
    }

    /// A dead or departed member is no longer compared or told; what is read of it stays readable for the
    /// second half of a memory, if there is room.
    pub(super) fn fade(&mut self, now: Instant, id: NodeId) {
        self.tables.members.edit(id, |row| row.fading = true);
        self.tables.timers.set(id, now.after(self.fading_time()));
        self.inherit(id, Loss::Fading(0));
    }

    /// The member that `wanted` takes with least memory left; never this node, or its former self.
    fn first_due(&self, wanted: impl Fn(&Member<A>) -> bool) -> Option<NodeId> {
        let mut due = self.tables.timers.iter();
        due.find(|id| {
            let row = self.tables.members.get(*id);
            row.is_some_and(|row| wanted(row) && row.is_known() && !self.is_me(row.id))
        })
    }
}
