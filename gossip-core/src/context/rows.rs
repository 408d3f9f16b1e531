//! Questions about members that every part asks.

use super::{Context, Phase, Replica, Sender};
use crate::address::Address;
use crate::entries::delta::Progress;
use crate::id::{Generation, Incarnation, NodeId};
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::{Facts, Liveness, Member};
use crate::time::Duration;

impl<A: Address, S: Storage<A>> Context<A, S> {
    /// The second half of a memory, in which the member is no longer compared or told.
    pub(crate) fn fading_time(&self) -> Duration {
        let memory = self
            .config
            .forget_after()
            .as_millis()
            .min(u32::from(u16::MAX).saturating_mul(1000));
        Duration::from_millis(memory >> 1)
    }

    /// The same in whole seconds, as a row tells it: what fades tells that much at most. Compared with
    /// less, two who let one member fade would correct each other at the speed of the network.
    pub(crate) fn fading_time_told(&self) -> Duration {
        Duration::from_secs(self.fading_time().as_secs_ceil())
    }

    /// What a member that is suspected, dead or slow itself says of others is not taken: the fault may be its own. If it
    /// is right, others will say so.
    pub(crate) fn may_judge(&self, teller: NodeId) -> bool {
        let row = self.members.get(teller);
        row.is_none_or(|row| row.is_live() && !row.swim.is_suspect() && !row.is_slow())
    }

    /// `true` if another node has outbid the sender: that this one is there says nothing of the other, who may have
    /// asserted its address. A life with the counter 0 may be of one that just begins, and knows nothing yet.
    pub(crate) fn is_outbid(&self, sender: &Sender<A>) -> bool {
        let row = self.members.get(sender.id);
        let (its, known) = (sender.generation, row.map(|row| row.facts.generation));
        known.is_some_and(|known| its < known && its.nonce != known.nonce && its.counter > 0)
    }

    /// `true` unless this is the first time that a member without an address comes up for a probe. While
    /// many join, those that would be asked to probe it know no address either, and their silence
    /// would say nothing.
    pub(crate) fn is_met_again(&mut self, id: NodeId) -> bool {
        let swim = self.members.swim(id);
        swim.is_none_or(|swim| swim.meet_again())
    }

    /// Gives up the event of a forgotten member for the row of `id`, if it is of the same or in its place.
    pub(crate) fn make_room_among_forgotten(&mut self, id: NodeId) {
        if self.members.make_room_among_forgotten(id) {
            bump(&mut self.stats.events_lost);
            self.notices.resync = true;
        }
    }

    pub(crate) fn is_running(&self) -> bool {
        matches!(
            self.phase,
            Phase::New | Phase::Restored { .. } | Phase::Running
        )
    }

    /// Makes sure that there is a row of this node.
    pub(crate) fn ensure_me(&mut self) {
        if self.me().is_some() {
            return;
        }
        let facts = Facts {
            generation: Generation::default(),
            incarnation: Incarnation::default(),
            liveness: Liveness::Alive,
            address: self.config.address().map(Address::canonical),
        };
        let mut row = Member::new(self.config.id(), facts);
        row.changed = false;
        row.replica = Replica::at(Progress::BIRTH);
        // A table has room for one row at least.
        let _ = self.members.insert(row);
    }

    /// This node's life, as far as it is known.
    pub(crate) fn generation(&self) -> Generation {
        self.me()
            .map_or(Generation::default(), |me| me.facts.generation)
    }

    pub(crate) fn note_conflict(&mut self) {
        self.notices.conflict = true;
        bump(&mut self.stats.conflicts);
    }

    /// `true` if a live peer can be written to.
    pub(crate) fn reaches_anybody(&self) -> bool {
        let mut members = self.members.iter();
        members.any(|row| row.is_live() && row.address().is_some() && !self.is_me(row.id))
    }
}
