//! Who has least memory left.

use super::Swim;
use crate::address::Address;
use crate::context::Context;
use crate::id::NodeId;
use crate::storage::Storage;
use crate::table::Member;

impl<A: Address, S: Storage<A>> Swim<A, S> {
    /// The member that `wanted` takes with least memory left; never this node, or its former self.
    pub(crate) fn first_due(
        &self,
        cx: &Context<A, S>,
        wanted: impl Fn(&Member<A>) -> bool,
    ) -> Option<NodeId> {
        let mut due = self.timers.iter();
        due.find(|id| {
            let row = cx.members.get(*id);
            row.is_some_and(|row| wanted(row) && row.is_known() && !cx.is_me(row.id))
        })
    }
}
