//! A node that starts without a state takes back what it had written in an earlier life.
//!
//! It does not announce its new life before a peer has told it back, which is the peer's word that it
//! remembers no other one. A peer that holds entries of an earlier life tells that instead, and takes no
//! notice of the new one. Then the node becomes a replica of its former self, under an id that no node
//! has: it pulls and takes claims by the same rules as any replica, from every peer that remembers. When
//! it has what they hold, or when nothing more comes, all of it is written anew in the new life, and that is
//! announced. What the application has written meanwhile stands.

use super::receive::Sender;
use super::{Message, Node};
use crate::address::Address;
use crate::entries::OwnerMap;
use crate::entries::delta::Map;
use crate::id::{Generation, Incarnation, Life, NodeId, Version};
use crate::membership::What;
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::{Facts, Liveness, Member};
use crate::time::{Duration, Instant};
use crate::wire::Row;

/// How far a node has got with what it had written in an earlier life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Reclaim {
    /// There is nothing to take back, or it is done.
    Over,
    /// Nobody was spoken to yet.
    Silent,
    /// The peers that are spoken to first are asked for an earlier life; that ends then at the latest.
    Asking(Instant),
    /// What peers hold of it up to `told` is pulled. If nothing comes until then, that must do.
    Pulling { told: Version, until: Instant },
}

impl<A: Address, S: Storage<A>> Node<A, S> {
    const RECLAIMS: bool = Self::EXCHANGES && Self::ENTRIES;

    /// A node without a state starts.
    pub(super) fn prepare_reclaim(&mut self) {
        if const { Self::RECLAIMS } && !self.config.fresh() {
            self.reclaim = Reclaim::Silent;
            self.begin_reclaim();
        }
    }

    /// Asks the seeds, where there are any, unless the node has spoken to somebody already.
    pub(super) fn begin_reclaim(&mut self) {
        if self.reclaim == Reclaim::Silent && self.tables.seeds.len() > 0 {
            self.reclaim = Reclaim::Asking(Instant::FAR);
        }
    }

    /// `true` for this node itself while its new life is not to be spoken of.
    pub(super) fn is_unannounced(&self, id: NodeId) -> bool {
        let asks = matches!(self.reclaim, Reclaim::Asking(_) | Reclaim::Pulling { .. });
        asks && const { Self::RECLAIMS } && self.is_me(id)
    }

    /// `true` while peers are asked for an earlier life.
    pub(super) fn asks_for_earlier_life(&self) -> bool {
        matches!(self.reclaim, Reclaim::Asking(_))
    }

    /// When that ends at the latest, or nothing more is waited for.
    pub(super) fn next_reclaim(&self) -> Option<Instant> {
        match self.reclaim {
            Reclaim::Over | Reclaim::Silent => None,
            Reclaim::Asking(until) | Reclaim::Pulling { until, .. } => Some(until),
        }
    }

    /// Whose entries these are here, of an owner as it is named on the wire.
    pub(super) fn owner_here(&self, owner: NodeId, life: Life) -> NodeId {
        let former = || self.former().is_some_and(|former| former.life() == life);
        if self.is_unannounced(owner) && former() {
            NodeId::FORMER
        } else {
            owner
        }
    }

    /// How an owner is named on the wire.
    pub(super) fn owner_there(&self, owner: NodeId) -> NodeId {
        if owner == NodeId::FORMER {
            self.id()
        } else {
            owner
        }
    }

    /// A node that starts says who it is. Where an earlier life of it is remembered, with entries, the
    /// answer is that, and the new one is not noticed yet.
    pub(super) fn take_newborn(&mut self, sender: &Sender<A>, row: &Row<A>) {
        if row.id != sender.id || self.is_me(row.id) {
            return;
        }
        let held = self.tables.members.get(row.id).filter(|held| !held.gone);
        let remembered = held.is_some_and(|held| {
            held.facts.generation != row.generation && held.progress.held > Version::BIRTH
        });
        if !remembered {
            self.take_row(sender, row);
        }
        self.owe(sender.from, Message::Tell(row.id));
    }

    /// A row of this node, whose life is not announced yet; `false` if there is nothing to it but what a
    /// row of any running node says.
    pub(super) fn hear_of_earlier_life(&mut self, sender: &Sender<A>, row: &Row<A>) -> bool {
        let (present, former) = (row.generation == self.generation(), self.former());
        match self.reclaim {
            Reclaim::Over | Reclaim::Silent => false,
            Reclaim::Asking(_) if !present && row.held > Version::BIRTH => self
                .begin_pulling(row.generation)
                .is_some_and(|()| self.pull_former(sender, row.held)),
            Reclaim::Asking(_) => {
                self.reclaim = Reclaim::Over;
                false
            }
            Reclaim::Pulling { .. } if former == Some(row.generation) => {
                self.pull_former(sender, row.held)
            }
            // It will be outbid together with the other.
            Reclaim::Pulling { .. } => true,
        }
    }

    /// Goes on with what is taken back: ends it when all is here, or nothing comes.
    pub(super) fn continue_reclaim(&mut self, now: Instant) {
        match self.reclaim {
            Reclaim::Over | Reclaim::Silent => {}
            Reclaim::Asking(until) if until <= now => self.announce_life(),
            Reclaim::Asking(_) => {}
            Reclaim::Pulling { told, until } => {
                let row = self.tables.members.get(NodeId::FORMER);
                let whole = row.is_none_or(|row| row.progress.floor() >= told);
                if whole || until <= now {
                    self.end_reclaim();
                }
            }
        }
    }

    /// Somebody is there: whoever remembers an earlier life says so soon.
    pub(super) fn hear_anybody(&mut self, now: Instant) {
        const REPLIES: u32 = 16;
        if self.reclaim == Reclaim::Asking(Instant::FAR) {
            let until = now.after(self.config.reply_timeout().times(REPLIES));
            self.reclaim = Reclaim::Asking(until);
        } else if self.reclaim == Reclaim::Silent {
            self.reclaim = Reclaim::Over;
        }
    }

    /// Something of the earlier life came.
    pub(super) fn note_reclaimed(&mut self, now: Instant, owner: NodeId) {
        if owner == NodeId::FORMER
            && let Reclaim::Pulling { told, .. } = self.reclaim
        {
            let until = now.after(self.reclaim_patience());
            self.reclaim = Reclaim::Pulling { told, until };
        }
    }

    /// Gives up what is taken back: the node leaves.
    pub(super) fn leave_reclaim(&mut self) {
        self.forget_former();
        self.reclaim = Reclaim::Over;
    }

    /// Counts its deadline from `epoch`.
    pub(super) fn rebase_reclaim(&mut self, epoch: Instant) {
        if let Reclaim::Asking(until) | Reclaim::Pulling { until, .. } = &mut self.reclaim {
            *until = until.counted_from(epoch);
        }
    }

    /// How long the rest is waited for when nothing comes: some rounds, or some answers.
    fn reclaim_patience(&self) -> Duration {
        const ROUNDS: u32 = 4;
        self.config.probe_interval().times(ROUNDS)
    }

    /// The earlier life that is taken back.
    fn former(&self) -> Option<Generation> {
        let row = self.tables.members.get(NodeId::FORMER)?;
        Some(row.facts.generation)
    }

    /// Becomes a replica of an earlier life; `None` if there is no room for its row.
    fn begin_pulling(&mut self, generation: Generation) -> Option<()> {
        let facts = Facts {
            generation,
            incarnation: Incarnation::default(),
            liveness: Liveness::Alive,
            address: None,
        };
        let mut row = Member::new(NodeId::FORMER, facts);
        row.changed = false;
        // Compared with nobody, and told to nobody.
        row.unheard = true;
        if self.tables.members.insert(row).is_err() {
            self.reclaim = Reclaim::Over;
            return None;
        }
        self.reclaim = Reclaim::Pulling {
            told: Version::NONE,
            until: Instant::ZERO,
        };
        Some(())
    }

    /// A peer holds the earlier life up to there.
    fn pull_former(&mut self, sender: &Sender<A>, held: Version) -> bool {
        let Reclaim::Pulling { told, until } = self.reclaim else {
            return true;
        };
        let until = if held > told {
            sender.now.after(self.reclaim_patience())
        } else {
            until
        };
        let told = told.max(held);
        self.reclaim = Reclaim::Pulling { told, until };
        let row = self.tables.members.get(NodeId::FORMER);
        if row.is_some_and(|row| row.progress.floor() < held)
            && let Some(bit) = self.link(sender)
        {
            self.link_pull(bit, NodeId::FORMER, held);
        }
        true
    }

    /// Writes anew in this life what came of the earlier one, and speaks of this life from here on.
    fn end_reclaim(&mut self) {
        let (me, store) = (self.id(), &mut self.tables.entries);
        let former = self.tables.members.edit(NodeId::FORMER, |row| {
            let owner = NodeId::FORMER;
            OwnerMap { store, owner }.drop_marked();
            row.facts.generation
        });
        self.reclaim = Reclaim::Over;
        self.tables.entries.drop_outdated_former(me);
        // A life of its own for what is written anew, whichever of the two is greater.
        let seen = former.unwrap_or_default().max(self.generation());
        self.begin_life(seen);
        let before = self.stats.reclaimed;
        while let Some(version) = self.next_version()
            && self.tables.entries.reclaim(me, version)
        {
            self.wrote(version);
            bump(&mut self.stats.reclaimed);
        }
        self.forget_former();
        self.notices.reclaimed |= self.stats.reclaimed != before;
        self.announce_life();
    }

    fn forget_former(&mut self) {
        if const { Self::RECLAIMS } && self.former().is_some() {
            self.tables.entries.forget(NodeId::FORMER);
            self.tables.members.remove(NodeId::FORMER);
        }
    }

    fn announce_life(&mut self) {
        self.reclaim = Reclaim::Over;
        self.announce(self.id(), What::Facts);
        self.next_gossip = Instant::ZERO;
    }
}
