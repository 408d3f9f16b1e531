//! What the parts of a node share while one verb runs, beside the state that each has for itself.
//!
//! `told`: what is announced, tokens. `partners`: whom it talks to at random. `rows`: what everybody asks of members. `pace`: who answers late.
//! `airtime`: how long a round lasts where airtime is short. `compared`: fingerprints and listings. `replica`: what is held of
//! others' entries.

mod airtime;
mod compared;
mod pace;
mod partners;
mod replica;
mod rows;
mod told;

pub(crate) use compared::Compared;
pub(crate) use partners::Purpose;
pub use replica::Replica;

use crate::address::Address;
use crate::airtime::Bucket;
use crate::board::Board;
use crate::config::Checked;
use crate::entries::Store;
use crate::id::{Generation, NodeId, Version};
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
    /// A sync with it is under way.
    pub(crate) synced: bool,
}

/// What parts share beside the state that each has for itself: the settings, the members, the entries, what is told and
/// owed to whom, and the counters. Time comes with each call, since commands have none.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Context<A: Address, S: Storage<A>> {
    /// Those of a node once it has taken its tables.
    pub(crate) config: Checked<A>,
    pub(crate) members: Table<A, S::Members>,
    pub(crate) entries: Store<S::Key, S::Value, S::Entries, S::Leases>,
    pub(crate) news: Board<S::News>,
    pub(crate) outbox: Outbox<A, S::Duties>,
    /// The version before the first own write for which no peers to mail were chosen yet.
    pub(crate) unmailed: Option<Version>,
    /// A new life has begun since letters were written.
    pub(crate) letters_void: bool,
    /// When news gets datagrams of its own again.
    pub(crate) next_gossip: Instant,
    pub(crate) bucket: Bucket,
    pub(crate) phase: Phase,
    pub(crate) notices: Notices,
    /// How many rounds have begun.
    pub(crate) rounds: u16,
    pub(crate) next_token: u16,
    pub(crate) stats: Stats,
}

/// Where in its life a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Phase {
    /// Nothing random was drawn yet.
    New,
    /// Made from a state, and nothing random was drawn yet.
    Restored {
        /// It goes on in the life that is stored.
        same_life: bool,
    },
    Running,
    /// Saying goodbye; so many times so far.
    Leaving(u8),
    Left,
}

/// Events about the node itself that are due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Notices {
    pub(crate) joined: bool,
    pub(crate) was_joined: bool,
    pub(crate) conflict: bool,
    pub(crate) resync: bool,
    pub(crate) left: bool,
    pub(crate) reclaimed: bool,
    pub(crate) no_answer: bool,
}

impl<A: Address, S: Storage<A>> Context<A, S> {
    /// Around tables that are empty.
    #[must_use]
    pub const fn new(
        members: Table<A, S::Members>,
        entries: Store<S::Key, S::Value, S::Entries, S::Leases>,
        news: Board<S::News>,
        outbox: Outbox<A, S::Duties>,
    ) -> Self {
        Self {
            config: Checked::UNSET,
            members,
            entries,
            news,
            outbox,
            unmailed: None,
            letters_void: false,
            next_gossip: Instant::ZERO,
            bucket: Bucket::NEW,
            phase: Phase::New,
            notices: Notices {
                joined: false,
                was_joined: false,
                conflict: false,
                resync: false,
                left: false,
                reclaimed: false,
                no_answer: false,
            },
            rounds: 0,
            next_token: 0,
            stats: Stats::NONE,
        }
    }

    /// This node's id.
    pub(crate) const fn id(&self) -> NodeId {
        self.config.id()
    }

    /// The address this node asserts.
    pub(crate) fn address(&self) -> Option<A> {
        self.me().and_then(|me| me.facts.address)
    }

    /// Forgets a member and its entries; its event waits.
    pub(crate) fn forget(&mut self, id: NodeId) {
        self.entries.forget(id);
        self.members.forget(id);
    }

    /// `true` while a live peer is known.
    pub(crate) fn is_joined(&self) -> bool {
        let me = usize::from(self.me().is_some_and(Member::is_live));
        self.members.live() > me
    }

    pub(crate) fn is_me(&self, id: NodeId) -> bool {
        id == self.config.id()
    }

    /// Without what does not influence the future among members: counters, numbers of changes and rounds. Deadlines
    /// are counted from `epoch`, and tokens back from the next one.
    pub(crate) fn rebase(&mut self, epoch: Instant) {
        self.stats = Stats::NONE;
        self.entries.rebase(epoch);
        self.entries.forget_changes();
        self.outbox.rebase(self.next_token);
        let number = self.round_number();
        self.members.rebase(self.next_token, self.rounds, number);
        self.bucket.rebase(epoch);
        self.next_gossip = self.next_gossip.counted_from(epoch);
        self.rounds = 0;
        self.next_token = 0;
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
        reply_wait(&self.config, &self.members)
    }

    /// How long a peer has for what usually takes so long.
    pub(crate) fn pace_with(&self, peer: NodeId, usual: Duration) -> Duration {
        pace_with(&self.members, peer, usual)
    }

    /// How long the answer of this one is, who may be slow.
    pub(crate) fn reply_wait_of(&self, peer: NodeId) -> Duration {
        pace_with(&self.members, peer, self.reply_wait())
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
        .is_some_and(|row| row.is_slow() || row.swim.is_late());
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
