//! What is held here of other owners' entries: progress and store are changed together, and single entries counted.

use super::Context;
use crate::address::Address;
use crate::board::What;
use crate::entries::delta::{Claim, Outcome, Progress};
use crate::entries::{OwnerMap, from_birth, loose};
use crate::id::{Life, NodeId, Version};
use crate::storage::Storage;

impl<A: Address, S: Storage<A>> Context<A, S> {
    /// `true` if entries of this life of the owner are taken from others: it is known, it is not this
    /// node, and nobody is being asked whether it lives that life.
    pub(crate) fn takes_entries(&self, owner: NodeId, life: Life) -> bool {
        let row = self.members.get(owner);
        row.is_some_and(|row| {
            !row.gone
                && !self.is_me(owner)
                && row.facts.generation.life() == life
                && row.swim.unproven.is_none()
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
            let absorbed = self.members.edit(owner, |row| {
                let absorbed = row.replica.progress.absorb(&OwnerMap { store, owner });
                row.replica.loose = loose(store, owner, &row.replica.progress);
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
        let outcome = self.members.edit(owner, |row| {
            let before = row.replica.progress;
            if claim.a == Version::BIRTH {
                row.replica.progress = from_birth(store, owner, before);
            }
            let outcome = apply(&mut row.replica.progress, &mut OwnerMap { store, owner });
            if outcome == Outcome::Ignored {
                row.replica.progress = before;
            }
            row.replica.loose = loose(store, owner, &row.replica.progress);
            outcome
        });
        outcome.is_some_and(|outcome| outcome != Outcome::Ignored)
    }

    /// Gives up a re-cover, which is safe at any time.
    pub(crate) fn give_up_recover(&mut self, owner: NodeId) {
        let store = &mut self.entries;
        let covers_more = self.members.edit(owner, |row| {
            let before = row.replica.progress.held;
            row.replica
                .progress
                .give_up_recover(&mut OwnerMap { store, owner });
            row.replica.loose = loose(store, owner, &row.replica.progress);
            row.replica.progress.held > before
        });
        if covers_more == Some(true) {
            self.announce(owner, What::Held);
        }
    }
}
