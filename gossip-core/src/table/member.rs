//! One row of the table.

use core::hash::Hash;

use crate::address::Address;

use super::facts::{Facts, Liveness};
use super::{Bit, Sums};
use crate::entries::delta::Progress;
use crate::event::Status;
use crate::hash::mix;
use crate::id::{Generation, Incarnation, NodeId, Version};

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
    pub(crate) swim: Swim,
    pub(crate) replica: Replica,
    pub(crate) marks: Marks,
    pub(crate) adoption: Adoption,
}

/// The column of membership: failure detection, and the proof of lives. It weighs nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Swim {
    /// A later life than the one whose entries are held was heard of, and the member was asked with
    /// this token whether it is true. Until it acks in that life its entries stay as they are.
    pub(crate) unproven: Option<Doubt>,
    /// It came up for a probe before its address was known.
    pub(crate) met: bool,
    /// Somebody suspects it; a timer runs.
    pub(crate) suspect: bool,
    /// A datagram of it came since it is suspected.
    pub(crate) spoke: bool,
    /// How often it had its time to refute once more, since it spoke.
    pub(crate) spared: u8,
    /// How often this node, which suspects it itself or waits for it, writes to it once more.
    pub(crate) words_left: u8,
    /// Its last ack came after its round, as this node saw itself.
    pub(crate) late: bool,
    /// Another life of its id answers at its address: what others get from there says nothing of this one.
    pub(crate) usurped: bool,
    /// It is slow, or this node is, and it owes an answer; a timer runs.
    pub(crate) waiting: bool,
}

/// The column of the replica: how far the member's entries are held here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Replica {
    pub(crate) progress: Progress,
    /// A sum over the writes that are held here beyond those that `progress` covers.
    pub(crate) loose: u32,
}

/// The column of adoption: what becomes of a member's contributions to shared keys. It weighs nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Adoption {
    /// What it had counted in an earlier life was waited for long enough: this node keeps what it can.
    pub(crate) heirless: bool,
    /// For how many sweeps over tombstones it was there, as far as it matters.
    pub(crate) sweeps: u8,
    /// In which round what it withdraws was put off first, counted from 1 to 255 and again; 0 if it was not.
    pub(crate) put_off: u8,
}

/// A member is to prove that it lives the life that is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Doubt {
    /// What its ack must carry.
    pub(crate) token: u16,
    /// The round in which it was asked first.
    pub(crate) since: u16,
}

impl Doubt {
    /// How many rounds it had by now, in which `round` is the current one.
    pub(crate) fn rounds(self, round: u16) -> u16 {
        round.wrapping_sub(self.since)
    }
}

/// The column of the exchanges: what those under way have to do with the row, one bit for each. It weighs nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Marks {
    /// The partner holds more of its entries.
    pub(crate) pull: u8,
    /// Asked of this partner in the pull that is under way.
    pub(crate) asked: u8,
    /// The partner lacks the row or holds older facts.
    pub(crate) tell: u8,
    /// The partner holds less of its entries.
    pub(crate) hint: u8,
    /// How much of its entries the partner claims to hold that spoke of them last.
    pub(crate) told: Version,
    /// A partner seems to hold writes beyond those that are covered which are not here.
    pub(crate) lacks_loose: bool,
    /// How many answers about its entries in a row changed nothing.
    pub(crate) in_vain: u8,
    /// In which round its single entries were asked for last and brought nothing, numbered from 1 to 255 and
    /// again; 0 if in none.
    pub(crate) fruitless: u8,
    /// What is compared with it, as its datagrams say.
    pub(crate) sums: Sums,
}

impl Marks {
    /// The number of a round among those that `fruitless` can tell apart: from 1 to 255 and again.
    pub(crate) const fn number_of(round: u16) -> u8 {
        (round % 255).saturating_add(1) as u8
    }

    /// Removes every mark of this exchange.
    pub(crate) fn forget(&mut self, bit: Bit) {
        for marks in [
            &mut self.pull,
            &mut self.asked,
            &mut self.tell,
            &mut self.hint,
        ] {
            *marks &= !bit;
        }
    }

    /// Nothing of it is pulled in these exchanges any more; `true` if something was.
    pub(crate) fn stop_pull(&mut self, bits: Bit) -> bool {
        let pulled = self.pull & bits != 0;
        self.pull &= !bits;
        self.lacks_loose &= self.pull != 0;
        pulled
    }
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
            swim: Swim::default(),
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
            Liveness::Alive | Liveness::Slow if self.swim.suspect || self.unheard => {
                Status::Suspect
            }
            Liveness::Dead if self.doubted && self.swim.suspect => Status::Suspect,
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

    /// How far its entries are held here.
    #[must_use]
    pub fn held(&self) -> Version {
        self.replica.progress.held
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
            weight if weight == 0 || self.replica.loose == 0 => weight,
            weight => mix(weight.wrapping_add(u64::from(self.replica.loose))),
        }
    }

    /// How far the entries are known, as peers compare it. The last writes of an owner that is gone
    /// may be held by nobody, and a re-cover that waits for them never ends: there it counts how far
    /// it came, so that nobody compares for ever what cannot be repaired.
    pub(crate) fn reach(&self) -> Version {
        match self.replica.progress.recover {
            Some(recover) if !self.facts.liveness.is_up() => {
                recover.cursor.max(self.replica.progress.held)
            }
            _ => self.replica.progress.held,
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
