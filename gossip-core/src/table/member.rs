//! One row of the table.

use core::hash::Hash;

use crate::address::Address;

use super::Sums;
use super::facts::{Facts, Liveness};
use crate::author::Adoption;
use crate::context::Replica;
use crate::entries::delta::Progress;
use crate::event::Status;
use crate::exchange::Marks;
use crate::hash::mix;
use crate::id::{Generation, Incarnation, NodeId, Version};
use crate::membership::Detection;

/// What one node knows of another, or of itself: facts, how the row stands in the table, and a column for each
/// part that keeps something of its own there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Member<A> {
    pub(crate) id: NodeId,
    pub(crate) facts: Facts<A>,
    /// Where datagrams of it came from, for as long as it asserts no address.
    pub(crate) observed: Option<A>,
    /// Here is room for no leases and it has set entries for a time, as a partner says: only its facts are
    /// compared.
    pub(crate) veiled: bool,
    /// Its facts say that it is dead, since somebody told so; here it is alive until its own time to
    /// refute is over.
    pub(crate) doubted: bool,
    /// Dead or departed for so long that it is no longer compared or told.
    pub(crate) fading: bool,
    /// It comes from a state, and nobody has spoken of it since: compared with nobody, told to nobody.
    pub(crate) unheard: bool,
    /// Forgotten; the row only waits for its event.
    pub(crate) gone: bool,
    /// An event is due.
    pub(crate) changed: bool,
    /// What is compared with it, as its datagrams say.
    pub(crate) sums: Sums,
    pub(crate) swim: Detection,
    pub(crate) replica: Replica,
    pub(crate) marks: Marks,
    pub(crate) adoption: Adoption,
}

impl<A: Address> Member<A> {
    pub(crate) fn new(id: NodeId, facts: Facts<A>) -> Self {
        Self {
            id,
            facts,
            observed: None,
            veiled: false,
            doubted: false,
            fading: false,
            unheard: false,
            gone: false,
            changed: true,
            sums: Sums::default(),
            swim: Detection::default(),
            replica: Replica::default(),
            marks: Marks::default(),
            adoption: Adoption::default(),
        }
    }

    /// Who it is.
    #[must_use]
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// What is believed of it.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.facts.liveness {
            Liveness::Alive | Liveness::Slow if self.swim.is_suspect() || self.unheard => {
                Status::Suspect
            }
            Liveness::Dead if self.doubted && self.swim.is_suspect() => Status::Suspect,
            Liveness::Dead if !self.doubted => Status::Dead,
            Liveness::Alive | Liveness::Slow | Liveness::Dead => Status::Alive,
            Liveness::Left => Status::Left,
        }
    }

    /// Where to reach it: the address it asserts, else the one it was seen at.
    #[must_use]
    pub fn address(&self) -> Option<A> {
        self.facts.address.or(self.observed)
    }

    /// Which life of it is known.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.facts.generation
    }

    /// Its refutation counter.
    #[must_use]
    pub fn incarnation(&self) -> Incarnation {
        self.facts.incarnation
    }

    /// How far its entries are held here, and what of them is known.
    pub(crate) fn progress(&self) -> &Progress {
        self.replica.progress()
    }

    /// How far its entries are held here.
    #[must_use]
    pub fn held(&self) -> Version {
        self.progress().held
    }

    /// It says itself that it is slow to answer.
    #[must_use]
    pub fn is_slow(&self) -> bool {
        self.facts.liveness == Liveness::Slow
    }

    /// Alive or suspect, and neither forgotten nor known from a state alone.
    pub(crate) fn is_live(&self) -> bool {
        (self.facts.liveness.is_up() || self.doubted) && !self.gone && !self.unheard
    }

    /// It is a member, and not only what is left of one or this node's former self.
    pub(crate) fn is_known(&self) -> bool {
        !self.gone && self.id != NodeId::FORMER
    }

    /// What the row adds to the fingerprints that are kept up to date.
    pub(crate) fn kept_weight(&self, kept: Sums) -> u64 {
        if kept == Sums::Facts || self.veiled {
            self.facts_weight()
        } else {
            self.weight()
        }
    }

    /// What it adds to fingerprints of facts alone.
    pub(crate) fn facts_weight(&self) -> u64 {
        if self.is_shown() {
            mix(self.facts.hash(self.id))
        } else {
            0
        }
    }

    /// What it adds to fingerprints of everything.
    pub(crate) fn weight(&self) -> u64 {
        match self.weight_at(self.reach()) {
            weight if weight == 0 || self.replica.loose() == 0 => weight,
            weight => mix(weight.wrapping_add(u64::from(self.replica.loose()))),
        }
    }

    /// How far the entries are known, as peers compare it. The last writes of an owner that is gone
    /// may be held by nobody, and a re-cover that waits for them never ends: there it counts how far
    /// it came, so that nobody compares for ever what cannot be repaired.
    pub(crate) fn reach(&self) -> Version {
        match self.progress().recover {
            Some(recover) if !self.facts.liveness.is_up() => {
                recover.cursor.max(self.progress().held)
            }
            _ => self.progress().held,
        }
    }

    /// What it would add if its entries were held up to there, and none beyond.
    pub(crate) fn weight_at(&self, held: Version) -> u64 {
        if self.is_shown() {
            mix(self
                .facts
                .hash(self.id)
                .wrapping_add(mix(u64::from(held.get()))))
        } else {
            0
        }
    }

    /// `true` if the row is compared with peers.
    pub(crate) fn is_shown(&self) -> bool {
        !self.fading && !self.gone && !self.unheard
    }
}
