//! What the parts of a node share while one verb runs, beside the state that each has for itself.

use crate::address::Address;
use crate::config::Checked;
use crate::entries::Store;
use crate::id::{Generation, NodeId};
use crate::outbox::{Message, Outbox};
use crate::stats::{Stats, bump};
use crate::storage::{List, Storage};
use crate::table::{Member, Sums, Table};
use crate::time::{Duration, Instant};

/// So many times as long as usual a slow node has for an answer, to and from others.
pub(crate) const PATIENCE: u32 = 12;

/// Whose datagram is being applied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sender<A> {
    pub(crate) now: Instant,
    pub(crate) id: NodeId,
    pub(crate) generation: Generation,
    pub(crate) from: A,
    /// What is compared with it.
    pub(crate) sums: Sums,
    /// How many bytes came.
    pub(crate) len: usize,
}

/// What a part sees of the others, and may change: the members, the entries, what is owed to whom, and the
/// counters. Time comes with each call, since commands have none.
pub(crate) struct Context<'n, A: Address, S: Storage<A>> {
    pub(crate) config: &'n Checked<A>,
    pub(crate) members: &'n mut Table<A, S::Members>,
    pub(crate) entries: &'n mut Store<S::Key, S::Value, S::Entries, S::Leases>,
    pub(crate) outbox: &'n mut Outbox<A, S::Duties>,
    pub(crate) stats: &'n mut Stats,
}

/// A part's own state, and what it sees of the rest.
pub(crate) type With<'n, P, A, S> = (&'n mut P, Context<'n, A, S>);

impl<A: Address, S: Storage<A>> Context<'_, A, S> {
    pub(crate) fn is_me(&self, id: NodeId) -> bool {
        id == self.config.id()
    }

    /// Owes somebody a small message; what there is no room for is counted.
    pub(crate) fn send_soon(&mut self, to: A, message: Message) {
        let in_turn = self.config.byte_rate().is_some();
        if !self.outbox.send_soon(to, message, in_turn) {
            bump(&mut self.stats.duties_full);
        }
    }

    /// Where a live member is reached.
    pub(crate) fn live_address(&self, peer: NodeId) -> Option<A> {
        let row = self.members.get(peer)?;
        row.address().filter(|_| row.is_live())
    }

    /// How long the answer of a partner is waited for.
    pub(crate) fn reply_wait(&self) -> Duration {
        reply_wait(self.config, self.members)
    }

    /// How long the answer of this one is, who may be slow.
    pub(crate) fn reply_wait_of(&self, peer: NodeId) -> Duration {
        pace_with(self.members, peer, self.reply_wait())
    }
}

/// What takes so long as usual, with a peer that may be slow.
pub(crate) fn pace_with<A: Address, M: List<Member<A>>>(
    members: &Table<A, M>,
    peer: NodeId,
    usual: Duration,
) -> Duration {
    let late = members
        .get(peer)
        .is_some_and(|row| row.is_slow() || row.swim.late);
    if late { usual.times(PATIENCE) } else { usual }
}

/// How long the answer of a partner is waited for by this node, which may be slow itself.
pub(crate) fn reply_wait<A: Address, M: List<Member<A>>>(
    config: &Checked<A>,
    members: &Table<A, M>,
) -> Duration {
    let me = members.get(config.id());
    let usual = config.reply_timeout();
    let wait = match me.is_some_and(Member::is_slow) {
        true => usual.times(PATIENCE),
        false => usual,
    };
    config.reply_within(wait)
}
