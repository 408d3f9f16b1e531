//! A node that starts without a state takes back what it had written in an earlier life.
//!
//! It does not announce its new life before a peer has told it back, which is the peer's word that it
//! remembers no other one. A peer that holds entries of an earlier life tells that instead, and takes no
//! notice of the new one. Then the node becomes a replica of its former self, under an id that no node
//! has: it pulls and takes claims by the same rules as any replica, from every peer that remembers. When
//! it has what they hold, or when nothing more comes, all of it is written anew in the new life, and that is
//! announced. What the application has written meanwhile stands. A life that did not take back a whole earlier one
//! stays open for what peers still show (`node/regain.rs`).

use super::shared::looks_said;
use super::{Message, Node, Phase};
use crate::address::Address;
use crate::context::Sender;
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
    /// It is done, and nobody waits.
    Over,
    /// This life is known, and takes what peers still show of earlier ones (`node/regain.rs`) until then;
    /// `any` if something came, and `heard` if anybody spoke to it since it waits for that.
    Open {
        until: Instant,
        any: bool,
        heard: bool,
    },
    /// Nothing is taken any more. Somebody may wait for a version that is not written yet: the one that was
    /// named while the life was open, or one of which a replica did not know that there is none. A life that was not
    /// `whole` opens again if something comes all the same.
    Closed { whole: bool },
    /// Nobody was spoken to yet.
    Silent,
    /// The seeds are asked for an earlier life. That ends then at the latest; before anybody was heard,
    /// never.
    Asking(Instant),
    /// What peers hold of it up to `told` is pulled. If nothing comes until then, that must do. It does not
    /// end before it `settles`, so that whoever remembers a later life has its say.
    Pulling {
        told: Version,
        settles: Instant,
        until: Instant,
        /// A still later life was told of, which was not covered when it ended.
        partial: bool,
    },
}

impl<A: Address, S: Storage<A>> Node<A, S> {
    pub(super) const RECLAIMS: bool = Self::ENTRIES;

    /// `true` while this node asks its seeds whether an earlier life of it is remembered, or takes back
    /// what it had written in that: see [`Config::fresh`](crate::Config::fresh). A state that is exported
    /// now has not got what comes.
    pub fn is_reclaiming(&self) -> bool {
        self.is_hidden() || self.is_open()
    }

    /// `true` while peers are not to know of this life.
    fn is_hidden(&self) -> bool {
        let asks = matches!(self.reclaim, Reclaim::Asking(_) | Reclaim::Pulling { .. });
        asks && const { Self::RECLAIMS }
    }

    /// A node without a state starts.
    pub(super) fn prepare_reclaim(&mut self) {
        if const { Self::RECLAIMS } && !self.config.fresh() {
            self.reclaim = Reclaim::Silent;
            self.begin_reclaim();
        } else {
            self.reclaim = Reclaim::Closed { whole: true };
        }
    }

    /// Asks the seeds, where there are any, unless somebody is asked already.
    pub(super) fn begin_reclaim(&mut self) {
        if self.has_seeds() && self.reclaim == Reclaim::Silent {
            self.reclaim = Reclaim::Asking(Instant::FAR);
        }
    }

    /// There is a seed, and it is not the node itself.
    fn has_seeds(&self) -> bool {
        let (seeds, own) = (&self.tables.seeds, self.address());
        (0..seeds.len()).any(|index| seeds.at(index) != own)
    }

    /// `true` for this node itself while its new life is not to be spoken of.
    pub(super) fn is_unannounced(&self, id: NodeId) -> bool {
        self.is_hidden() && self.is_me(id)
    }

    /// `true` if something may be taken back yet.
    pub(super) fn may_reclaim(&self) -> bool {
        let will_ask = self.phase == Phase::New && !self.config.fresh();
        let done = matches!(self.reclaim, Reclaim::Over | Reclaim::Closed { .. });
        !done || will_ask && const { Self::RECLAIMS }
    }

    /// `true` while peers are asked for an earlier life.
    pub(super) fn asks_for_earlier_life(&self) -> bool {
        matches!(self.reclaim, Reclaim::Asking(_))
    }

    /// When that ends at the latest, or nothing more is waited for.
    pub(super) fn next_reclaim(&self) -> Option<Instant> {
        match self.reclaim {
            Reclaim::Over | Reclaim::Closed { .. } | Reclaim::Silent => None,
            Reclaim::Pulling { settles, .. } if self.is_reclaimed_whole() => Some(settles),
            Reclaim::Asking(until)
            | Reclaim::Pulling { until, .. }
            | Reclaim::Open { until, .. } => Some(until),
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

    /// Whose entries a hint speaks of.
    pub(super) fn owner_hinted(&self, owner: NodeId) -> NodeId {
        if self.is_unannounced(owner) {
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
        if self.is_bare() && held.is_some_and(|held| held.facts.generation != row.generation) {
            // Whoever keeps no entries cannot say whether there are any; others are asked.
            return;
        }
        let remembered = held.is_some_and(|held| {
            let other =
                held.facts.generation != row.generation || held.replica.progress.held > row.held;
            other && held.replica.progress.held > Version::BIRTH
        });
        if !remembered {
            self.take_told_row(sender, row);
        }
        self.owe(sender.from, Message::Tell(row.id));
    }

    /// A row of this node, whose life is not announced yet; `false` if there is nothing to it but what a
    /// row of any running node says.
    pub(super) fn hear_of_earlier_life(&mut self, sender: &Sender<A>, row: &Row<A>) -> bool {
        // Where the nonce is no good, two lives have one name.
        let other = row.generation != self.generation() || row.held > self.written();
        let earlier = other && row.held > Version::BIRTH;
        let former = self.former();
        match (&mut self.reclaim, former) {
            (Reclaim::Pulling { .. }, Some(former)) if former == row.generation => {}
            // Not one that is later than what is taken back so far, or one that nobody can tell any more.
            (Reclaim::Pulling { partial, .. }, former)
                if !earlier || former > Some(row.generation) =>
            {
                *partial |= other && former < Some(row.generation);
                return true;
            }
            (Reclaim::Asking(_), _) if !earlier => {
                self.open_life(sender.now);
                return false;
            }
            (Reclaim::Asking(_) | Reclaim::Pulling { .. }, _) => {}
            _ => return false,
        }
        match former {
            Some(former) if former == row.generation => {}
            _ if !self.begin_pulling(sender.now, row.generation) => return false,
            _ => {}
        }
        self.pull_former(sender, row.held);
        true
    }

    /// Goes on with what is taken back: ends it when all is here, or nothing comes.
    pub(super) fn continue_reclaim(&mut self, now: Instant) {
        if const { !Self::RECLAIMS } {
            return;
        }
        match self.reclaim {
            Reclaim::Asking(until) if until <= now => self.announce_life(now, false),
            // Nobody can have heard of it.
            Reclaim::Open {
                until,
                any,
                heard: false,
            } if until <= now => self.await_returns(now, any, false),
            Reclaim::Open { until, .. } if until <= now => self.close_life(),
            Reclaim::Pulling {
                settles,
                until,
                partial,
                ..
            } => {
                let whole = settles <= now && self.is_reclaimed_whole();
                if whole || until <= now {
                    self.end_reclaim(now, whole && !partial);
                }
            }
            _ => {}
        }
    }

    /// Everything is here that peers told of, or there is no room for it any more.
    fn is_reclaimed_whole(&self) -> bool {
        let row = self.tables.members.get(NodeId::FORMER);
        let Reclaim::Pulling { told, .. } = self.reclaim else {
            return false;
        };
        row.is_none_or(|row| row.replica.progress.floor() >= told)
    }

    /// Somebody is there: whoever remembers an earlier life says so soon.
    pub(super) fn hear_anybody(&mut self, now: Instant) {
        if let Reclaim::Silent | Reclaim::Asking(Instant::FAR) = self.reclaim {
            self.reclaim = Reclaim::Asking(now.after(self.answers()));
        }
        if let Reclaim::Open {
            any, heard: false, ..
        } = self.reclaim
        {
            self.await_returns(now, any, true);
        }
    }

    /// Whoever speaks to a node that asks is asked too, before anybody knows its new life: it may have no
    /// seeds, since it is the one that all others have, or hear nothing of those that it has.
    pub(super) fn ask_speaker(&mut self, now: Instant, from: A) {
        if self.asks_for_earlier_life() && self.may_ask_speaker(now) {
            self.owe(from, Message::Tell(self.id()));
        }
    }

    /// Something of the earlier life came.
    pub(super) fn note_reclaimed(&mut self, now: Instant, owner: NodeId) {
        let patience = self.reclaim_patience();
        if let Reclaim::Pulling { until, .. } = &mut self.reclaim
            && owner == NodeId::FORMER
        {
            *until = now.after(patience);
        }
    }

    /// Gives up what is taken back: the node leaves, in a life that is later.
    pub(super) fn leave_reclaim(&mut self) {
        if let Some(former) = self.former() {
            self.begin_life(former.max(self.generation()));
        }
        self.forget_former();
        self.close_life();
        self.reclaim = Reclaim::Over;
    }

    /// Counts its deadline from `epoch`.
    pub(super) fn rebase_reclaim(&mut self, epoch: Instant) {
        match &mut self.reclaim {
            Reclaim::Over | Reclaim::Closed { .. } | Reclaim::Silent => {}
            Reclaim::Asking(until) | Reclaim::Open { until, .. } => {
                *until = until.counted_from(epoch)
            }
            Reclaim::Pulling { settles, until, .. } => {
                *settles = settles.counted_from(epoch);
                *until = until.counted_from(epoch);
            }
        }
    }

    /// How long the rest is waited for when nothing comes: some rounds, and some answers.
    fn reclaim_patience(&self) -> Duration {
        const ROUNDS: u32 = 4;
        let rounds = self.round().times(ROUNDS);
        rounds.max(self.answers())
    }

    /// How long several answers take, some of which are lost.
    pub(super) fn answers(&self) -> Duration {
        const REPLIES: u32 = 16;
        self.reply_wait().times(REPLIES)
    }

    /// The earlier life that is taken back.
    fn former(&self) -> Option<Generation> {
        let row = self.tables.members.get(NodeId::FORMER)?;
        Some(row.facts.generation)
    }

    /// Becomes a replica of an earlier life, and of no other; `false` if there is no room for its row.
    fn begin_pulling(&mut self, now: Instant, generation: Generation) -> bool {
        self.forget_former();
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
        self.make_room_among_forgotten(NodeId::FORMER);
        if self.tables.members.insert(row).is_err() {
            self.reclaim = Reclaim::Over;
            return false;
        }
        let partial = matches!(self.reclaim, Reclaim::Pulling { partial: true, .. });
        self.reclaim = Reclaim::Pulling {
            told: Version::NONE,
            settles: now.after(self.reply_wait()),
            until: now,
            partial,
        };
        true
    }

    /// A peer holds the earlier life up to there.
    fn pull_former(&mut self, sender: &Sender<A>, held: Version) {
        let patience = self.reclaim_patience();
        let Reclaim::Pulling { told, until, .. } = &mut self.reclaim else {
            return;
        };
        if held > *told {
            *told = held;
            *until = sender.now.after(patience);
        }
        let row = self.tables.members.get(NodeId::FORMER);
        if row.is_some_and(|row| row.replica.progress.floor() < held)
            && let Some(bit) = self.link(sender)
        {
            self.link_pull(bit, NodeId::FORMER, held);
        }
    }

    /// Writes anew in this life what came of the earlier one, and speaks of this life from here on.
    fn end_reclaim(&mut self, now: Instant, whole: bool) {
        let (me, store) = (self.id(), &mut self.tables.entries);
        let former = self.tables.members.edit(NodeId::FORMER, |row| {
            let owner = NodeId::FORMER;
            OwnerMap { store, owner }.drop_marked();
            row.facts.generation
        });
        if whole {
            self.reclaim = Reclaim::Over;
        }
        self.tables.entries.drop_outdated_former(me);
        // A life of its own for what is written anew, whichever of the two is greater.
        let seen = former.unwrap_or_default().max(self.generation());
        if let Some(former) = former {
            self.rivalry.follow(former.nonce);
        }
        self.begin_life(seen);
        let before = self.stats.reclaimed;
        while let Some(version) = self.next_version()
            && self.tables.entries.reclaim(me, version, looks_said)
        {
            self.wrote(version);
            bump(&mut self.stats.reclaimed);
        }
        self.forget_former();
        self.notices.reclaimed |= self.stats.reclaimed != before;
        self.announce_life(now, whole);
    }

    fn forget_former(&mut self) {
        if const { Self::RECLAIMS } && self.former().is_some() {
            self.tables.entries.forget(NodeId::FORMER);
            self.tables.members.remove(NodeId::FORMER);
        }
    }

    fn announce_life(&mut self, now: Instant, whole: bool) {
        if whole {
            self.reclaim = Reclaim::Closed { whole: true };
        } else {
            self.open_life(now);
        }
        self.announce(self.id(), What::Facts);
        self.next_gossip = Instant::ZERO;
    }
}
