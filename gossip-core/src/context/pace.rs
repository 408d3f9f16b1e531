//! Who answers late.

use super::Context;
use crate::address::Address;
use crate::id::NodeId;
use crate::storage::Storage;
use crate::table::Liveness;

impl<A: Address, S: Storage<A>> Context<A, S> {
    pub(crate) fn is_slow(&self, id: NodeId) -> bool {
        self.members.get(id).is_some_and(|row| row.is_slow())
    }

    /// `true` if the member says that it is slow, or this node has just seen that its answers are late: it
    /// may be too busy to find out itself.
    pub(crate) fn is_late(&self, id: NodeId) -> bool {
        let row = self.members.get(id);
        row.is_some_and(|row| row.is_slow() || row.swim.is_late())
    }

    /// `true` if it is late and called dead here, or somewhere.
    pub(crate) fn is_late_and_dead(&self, id: NodeId) -> bool {
        let row = self.members.get(id);
        row.is_some_and(|row| row.swim.is_late() && row.facts.liveness == Liveness::Dead)
    }

    /// `true` if the member's answer may take more than a round: it is slow, or this node is.
    pub(crate) fn is_patient_with(&self, id: NodeId) -> bool {
        self.is_late(id) || self.is_slow(self.config.id())
    }

    /// Notes whether a member's ack came late. While this node is slow itself, everybody's does.
    pub(crate) fn note_pace(&mut self, id: NodeId, late: bool) {
        let slow = self.is_slow(self.config.id());
        if let Some(swim) = self.members.swim(id) {
            swim.acked(late && !slow);
        }
    }
}
