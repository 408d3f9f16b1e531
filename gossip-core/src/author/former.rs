//! A node that starts without a state takes back what it had written in an earlier life.
//!
//! It does not announce its new life before a peer has told it back, which is the peer's word that it
//! remembers no other one. A peer that holds entries of an earlier life tells that instead, and takes no
//! notice of the new one. Then the node becomes a replica of its former self, under an id that no node
//! has: it pulls and takes claims by the same rules as any replica, from every peer that remembers. When
//! it has what they hold, or when nothing more comes, all of it is written anew in the new life, and that is
//! announced. What the application has written meanwhile stands. A life that did not take back a whole earlier one
//! stays open for what peers still show (`author/life.rs`).

use super::{Author, looks_said};
use crate::address::Address;
use crate::board::What;
use crate::context::{Context, Phase, Sender};
use crate::entries::OwnerMap;
use crate::entries::delta::Map;
use crate::id::{Generation, Incarnation, Life, NodeId, Version};
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::{Facts, Liveness, Member};
use crate::time::{Duration, Instant};
use crate::wire::Row;

/// How far a node has got with what it had written in an earlier life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reclaim {
    /// It is done, and nobody waits.
    Over,
    /// This life is known, and takes what peers still show of earlier ones (`author/life.rs`) until then;
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

/// What comes of the word that this node had an earlier life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Nothing.
    Nothing,
    /// It is known.
    Earlier,
    /// The teller has something of it that is to be pulled.
    Pull,
}

impl<A: Address, S: Storage<A>> Author<A, S> {
    /// `true` while peers are not to know of this life.
    pub(crate) fn is_hidden(&self) -> bool {
        let asks = matches!(self.reclaim, Reclaim::Asking(_) | Reclaim::Pulling { .. });
        asks && const { Self::RECLAIMS }
    }

    /// A node without a state starts.
    pub(crate) fn prepare_reclaim(&mut self, cx: &mut Context<A, S>, has_seeds: bool) {
        if const { Self::RECLAIMS } && !cx.config.fresh() {
            self.reclaim = Reclaim::Silent;
            self.begin_reclaim(has_seeds);
        } else {
            self.reclaim = Reclaim::Closed { whole: true };
        }
    }

    /// Asks the seeds, where there are any, unless somebody is asked already.
    pub(crate) fn begin_reclaim(&mut self, has_seeds: bool) {
        if has_seeds && self.reclaim == Reclaim::Silent {
            self.reclaim = Reclaim::Asking(Instant::FAR);
        }
    }

    /// `true` for this node itself while its new life is not to be spoken of.
    pub(crate) fn is_unannounced(&self, cx: &Context<A, S>, id: NodeId) -> bool {
        self.is_hidden() && cx.is_me(id)
    }

    /// `true` if something may be taken back yet.
    pub(crate) fn may_reclaim(&self, cx: &Context<A, S>) -> bool {
        let will_ask = cx.phase == Phase::New && !cx.config.fresh();
        let done = matches!(self.reclaim, Reclaim::Over | Reclaim::Closed { .. });
        !done || will_ask && const { Self::RECLAIMS }
    }

    /// `true` while peers are asked for an earlier life.
    pub(crate) fn asks_for_earlier_life(&self) -> bool {
        matches!(self.reclaim, Reclaim::Asking(_))
    }

    /// When that ends at the latest, or nothing more is waited for.
    pub(crate) fn next_reclaim(&self, cx: &Context<A, S>) -> Option<Instant> {
        match self.reclaim {
            Reclaim::Over | Reclaim::Closed { .. } | Reclaim::Silent => None,
            Reclaim::Pulling { settles, .. } if self.is_reclaimed_whole(cx) => Some(settles),
            Reclaim::Asking(until)
            | Reclaim::Pulling { until, .. }
            | Reclaim::Open { until, .. } => Some(until),
        }
    }

    /// Whose entries these are here, of an owner as it is named on the wire.
    pub(crate) fn owner_here(&self, cx: &Context<A, S>, owner: NodeId, life: Life) -> NodeId {
        let former = || self.former(cx).is_some_and(|former| former.life() == life);
        if self.is_unannounced(cx, owner) && former() {
            NodeId::FORMER
        } else {
            owner
        }
    }

    /// Whose entries a hint speaks of.
    pub(crate) fn owner_hinted(&self, cx: &Context<A, S>, owner: NodeId) -> NodeId {
        if self.is_unannounced(cx, owner) {
            NodeId::FORMER
        } else {
            owner
        }
    }

    /// How an owner is named on the wire.
    pub(crate) fn owner_there(&self, cx: &Context<A, S>, owner: NodeId) -> NodeId {
        if owner == NodeId::FORMER {
            cx.id()
        } else {
            owner
        }
    }

    /// A row of this node, whose life is not announced yet; `false` if there is nothing to it but what a
    /// row of any running node says.
    pub(crate) fn hear_of_earlier_life(
        &mut self,
        cx: &mut Context<A, S>,
        sender: &Sender<A>,
        row: &Row<A>,
    ) -> Heard {
        // Where the nonce is no good, two lives have one name.
        let other = row.generation != cx.generation() || row.held > self.last_version(cx);
        let earlier = other && row.held > Version::BIRTH;
        let former = self.former(cx);
        match (&mut self.reclaim, former) {
            (Reclaim::Pulling { .. }, Some(former)) if former == row.generation => {}
            // Not one that is later than what is taken back so far, or one that nobody can tell any more.
            (Reclaim::Pulling { partial, .. }, former)
                if !earlier || former > Some(row.generation) =>
            {
                *partial |= other && former < Some(row.generation);
                return Heard::Earlier;
            }
            (Reclaim::Asking(_), _) if !earlier => {
                self.open_life(cx, sender.now);
                return Heard::Nothing;
            }
            (Reclaim::Asking(_) | Reclaim::Pulling { .. }, _) => {}
            _ => return Heard::Nothing,
        }
        match former {
            Some(former) if former == row.generation => {}
            _ if !self.begin_pulling(cx, sender.now, row.generation) => return Heard::Nothing,
            _ => {}
        }
        match self.pulls_former(cx, sender.now, row.held) {
            true => Heard::Pull,
            false => Heard::Earlier,
        }
    }

    /// Goes on with what is taken back: ends it when all is here, or nothing comes.
    #[must_use]
    pub(crate) fn continue_reclaim(
        &mut self,
        cx: &mut Context<A, S>,
        now: Instant,
    ) -> Option<Generation> {
        if const { !Self::RECLAIMS } {
            return None;
        }
        match self.reclaim {
            Reclaim::Asking(until) if until <= now => self.announce_life(cx, now, false),
            // Nobody can have heard of it.
            Reclaim::Open {
                until,
                any,
                heard: false,
            } if until <= now => self.await_returns(cx, now, any, false),
            Reclaim::Open { until, .. } if until <= now => self.close_life(cx),
            Reclaim::Pulling {
                settles,
                until,
                partial,
                ..
            } => {
                let whole = settles <= now && self.is_reclaimed_whole(cx);
                if whole || until <= now {
                    return self.end_reclaim(cx, now, whole && !partial);
                }
            }
            _ => {}
        }
        None
    }

    /// Everything is here that peers told of, or there is no room for it any more.
    fn is_reclaimed_whole(&self, cx: &Context<A, S>) -> bool {
        let row = cx.members.get(NodeId::FORMER);
        let Reclaim::Pulling { told, .. } = self.reclaim else {
            return false;
        };
        row.is_none_or(|row| row.progress().floor() >= told)
    }

    /// Somebody is there: whoever remembers an earlier life says so soon.
    pub(crate) fn hear_anybody(&mut self, cx: &mut Context<A, S>, now: Instant) {
        if let Reclaim::Silent | Reclaim::Asking(Instant::FAR) = self.reclaim {
            self.reclaim = Reclaim::Asking(now.after(self.answers(cx)));
        }
        if let Reclaim::Open {
            any, heard: false, ..
        } = self.reclaim
        {
            self.await_returns(cx, now, any, true);
        }
    }

    /// Something of the earlier life came.
    pub(crate) fn note_reclaimed(&mut self, cx: &mut Context<A, S>, now: Instant, owner: NodeId) {
        let patience = self.reclaim_patience(cx);
        if let Reclaim::Pulling { until, .. } = &mut self.reclaim
            && owner == NodeId::FORMER
        {
            *until = now.after(patience);
        }
    }

    /// Gives up what is taken back: the node leaves, in a life that is later.
    pub(crate) fn leave_reclaim(&mut self, cx: &mut Context<A, S>) {
        if let Some(former) = self.former(cx) {
            self.begin_life(cx, former.max(cx.generation()));
        }
        self.forget_former(cx);
        self.close_life(cx);
        self.reclaim = Reclaim::Over;
    }

    /// Counts its deadline from `epoch`.
    pub(crate) fn rebase_reclaim(&mut self, epoch: Instant) {
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
    fn reclaim_patience(&self, cx: &Context<A, S>) -> Duration {
        const ROUNDS: u32 = 4;
        let rounds = cx.round().times(ROUNDS);
        rounds.max(self.answers(cx))
    }

    /// How long several answers take, some of which are lost.
    pub(crate) fn answers(&self, cx: &Context<A, S>) -> Duration {
        const REPLIES: u32 = 16;
        cx.reply_wait().times(REPLIES)
    }

    /// The earlier life that is taken back.
    pub(crate) fn former(&self, cx: &Context<A, S>) -> Option<Generation> {
        let row = cx.members.get(NodeId::FORMER)?;
        Some(row.facts.generation)
    }

    /// Becomes a replica of an earlier life, and of no other; `false` if there is no room for its row.
    fn begin_pulling(
        &mut self,
        cx: &mut Context<A, S>,
        now: Instant,
        generation: Generation,
    ) -> bool {
        self.forget_former(cx);
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
        cx.make_room_among_forgotten(NodeId::FORMER);
        if cx.members.insert(row).is_err() {
            self.reclaim = Reclaim::Over;
            return false;
        }
        let partial = matches!(self.reclaim, Reclaim::Pulling { partial: true, .. });
        self.reclaim = Reclaim::Pulling {
            told: Version::NONE,
            settles: now.after(cx.reply_wait()),
            until: now,
            partial,
        };
        true
    }

    /// A peer holds the earlier life up to there: `true` if that is to be pulled.
    fn pulls_former(&mut self, cx: &mut Context<A, S>, now: Instant, held: Version) -> bool {
        let patience = self.reclaim_patience(cx);
        let Reclaim::Pulling { told, until, .. } = &mut self.reclaim else {
            return false;
        };
        if held > *told {
            *told = held;
            *until = now.after(patience);
        }
        let row = cx.members.get(NodeId::FORMER);
        row.is_some_and(|row| row.progress().floor() < held)
    }

    /// Writes anew in this life what came of the earlier one, and speaks of this life from here on.
    fn end_reclaim(
        &mut self,
        cx: &mut Context<A, S>,
        now: Instant,
        whole: bool,
    ) -> Option<Generation> {
        let (me, store) = (cx.id(), &mut cx.entries);
        let former = cx.members.edit(NodeId::FORMER, |row| {
            let owner = NodeId::FORMER;
            OwnerMap { store, owner }.drop_marked();
            row.facts.generation
        });
        if whole {
            self.reclaim = Reclaim::Over;
        }
        cx.entries.drop_outdated_former(me);
        // A life of its own for what is written anew, whichever of the two is greater.
        let seen = former.unwrap_or_default().max(cx.generation());
        self.begin_life(cx, seen);
        let before = cx.stats.reclaimed;
        while let Some(version) = self.next_version(cx)
            && cx.entries.reclaim(me, version, looks_said)
        {
            self.wrote(cx, version);
            bump(&mut cx.stats.reclaimed);
        }
        self.forget_former(cx);
        cx.notices.reclaimed |= cx.stats.reclaimed != before;
        self.announce_life(cx, now, whole);
        former
    }

    fn forget_former(&mut self, cx: &mut Context<A, S>) {
        if const { Self::RECLAIMS } && self.former(cx).is_some() {
            cx.entries.forget(NodeId::FORMER);
            cx.members.remove(NodeId::FORMER);
        }
    }

    fn announce_life(&mut self, cx: &mut Context<A, S>, now: Instant, whole: bool) {
        if whole {
            self.reclaim = Reclaim::Closed { whole: true };
        } else {
            self.open_life(cx, now);
        }
        cx.announce(cx.id(), What::Facts);
        cx.next_gossip = Instant::ZERO;
    }
}
