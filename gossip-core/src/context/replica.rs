//! What is held here of other owners' entries: progress and store are changed together, and single entries counted.

use super::Context;
use crate::address::Address;
use crate::board::What;
use crate::entries::delta::{Claim, Listed, Outcome, Progress};
use crate::entries::{OwnerMap, from_birth, loose};
use crate::id::{Life, NodeId, Version};
use crate::storage::Storage;
use crate::table::Edit;

/// How far a member's entries are held here.
#[doc(hidden)]
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Replica {
    pub(in crate::context) progress: Progress,
    /// A sum over the writes that are held here beyond those that `progress` covers.
    pub(in crate::context) loose: u32,
}

impl Replica {
    /// How far they are held.
    pub(crate) fn progress(&self) -> &Progress {
        &self.progress
    }

    /// A sum over the writes that are held beyond those that are covered, 0 for none.
    pub(crate) fn loose(&self) -> u32 {
        self.loose
    }

    /// So far, and with nothing beyond.
    pub(crate) fn at(progress: Progress) -> Self {
        Self { progress, loose: 0 }
    }
}

impl<A: Address, S: Storage<A>> Context<A, S> {
    /// `true` if entries of this life of the owner are taken from others: it is known, it is not this
    /// node, and nobody is being asked whether it lives that life.
    pub(crate) fn takes_entries(&self, owner: NodeId, life: Life) -> bool {
        let row = self.members.get(owner);
        row.is_some_and(|row| {
            !row.gone
                && !self.is_me(owner)
                && row.facts.generation.life() == life
                && !row.swim.is_unproven()
        })
    }

    /// Nobody may be left who could claim the last writes of an owner that is gone, or the end of a re-cover: what came
    /// on its own, and follows what is covered without a gap, is covered now.
    pub(crate) fn absorb_singles(&mut self) {
        for index in 0..self.members.len() {
            let row = self.members.at(index);
            let gone = row.filter(|row| !row.is_live() && row.replica.loose != 0);
            let Some(owner) = gone.map(|row| row.id) else {
                continue;
            };
            let store = &mut self.entries;
            let absorbed = self.members.edit(owner, |mut row| {
                let replica = row.replica();
                let absorbed = replica.progress.absorb(&OwnerMap { store, owner });
                replica.loose = loose(store, owner, &replica.progress);
                absorbed
            });
            if absorbed == Some(true) {
                self.announce(owner, What::Held);
            }
        }
    }

    /// Applies a claim to an owner's progress and entries; `false` if it was ignored.
    pub(crate) fn follow(
        &mut self,
        owner: NodeId,
        claim: &Claim,
        apply: impl FnOnce(
            &mut Progress,
            &mut OwnerMap<'_, S::Key, S::Value, S::Entries, S::Leases>,
        ) -> Outcome,
    ) -> bool {
        let store = &mut self.entries;
        let outcome = self.members.edit(owner, |mut row| {
            let replica = row.replica();
            let before = replica.progress;
            if claim.a == Version::BIRTH {
                replica.progress = from_birth(store, owner, before);
            }
            let outcome = apply(&mut replica.progress, &mut OwnerMap { store, owner });
            if outcome == Outcome::Ignored {
                replica.progress = before;
            }
            replica.loose = loose(store, owner, &replica.progress);
            outcome
        });
        outcome.is_some_and(|outcome| outcome != Outcome::Ignored)
    }

    /// Gives up a re-cover, which is safe at any time.
    pub(crate) fn give_up_recover(&mut self, owner: NodeId) {
        let store = &mut self.entries;
        let covers_more = self.members.edit(owner, |mut row| {
            let replica = row.replica();
            let before = replica.progress.held;
            replica
                .progress
                .give_up_recover(&mut OwnerMap { store, owner });
            replica.loose = loose(store, owner, &replica.progress);
            replica.progress.held > before
        });
        if covers_more == Some(true) {
            self.announce(owner, What::Held);
        }
    }

    /// Takes one entry of an owner on its own; `true` if it was stored.
    pub(crate) fn take_single(&mut self, owner: NodeId, entry: Listed<'_>) -> bool {
        let store = &mut self.entries;
        let stored = self.members.edit(owner, |mut row| {
            let replica = row.replica();
            let stored = (replica.progress).apply_entry(&mut OwnerMap { store, owner }, entry);
            replica.loose = loose(store, owner, &replica.progress);
            stored
        });
        stored == Some(true)
    }

    /// Counts single entries anew, of an owner that comes from a state.
    pub(crate) fn recount_singles(&mut self, owner: NodeId) {
        let store = &self.entries;
        self.members.edit(owner, |mut row| {
            let replica = row.replica();
            replica.loose = loose(store, owner, &replica.progress);
        });
    }

    /// An owner has written nothing in the life that is known of it: that much is held of it, if nothing is.
    pub(crate) fn note_birth_of(&mut self, owner: NodeId) {
        let row = self.members.get(owner);
        if row.is_some_and(|row| row.replica.progress == Progress::default()) {
            let born = |mut row: Edit<'_, A>| row.replica().progress = Progress::BIRTH;
            self.members.edit(owner, born);
        }
    }

    /// Notes that a tombstone of this version is removed, if it may be: `false` if not.
    pub(crate) fn collect(&mut self, owner: NodeId, version: Version) -> bool {
        let collected = self.members.edit(owner, |mut row| {
            let progress = &mut row.replica().progress;
            let allowed = progress.may_collect(version);
            if allowed {
                progress.collected(version);
            }
            allowed
        });
        collected == Some(true)
    }

    /// Names a version of this node's own as the last that there is.
    pub(crate) fn name_version(&mut self, version: Version) {
        let name = |mut me: Edit<'_, A>| me.replica().progress.as_of = version;
        self.members.edit(self.config.id(), name);
    }

    /// Lets this node's own writes out up to a version; up to where they were out before.
    pub(crate) fn let_out_up_to(&mut self, version: Version) -> Version {
        let before = self.members.edit(self.config.id(), |mut me| {
            core::mem::replace(&mut me.replica().progress.held, version)
        });
        before.unwrap_or_default()
    }

    /// Lets all of them out.
    pub(crate) fn let_out_all(&mut self) {
        let named = self.me().map(|me| me.replica.progress.as_of);
        if let Some(named) = named {
            self.let_out_up_to(named);
        }
    }
}
