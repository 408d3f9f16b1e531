//! What a node makes of what others say of it: it refutes, and outbids other lives of its id.

use super::merge::Merged;
use super::{Message, Node, Phase};
use crate::address::Address;
use crate::id::{Generation, Incarnation, Version};
use crate::membership::What;
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::{Facts, Liveness};
use crate::time::Instant;
use crate::wire::Suspect;

/// How often another node with the same id is outbid before that is called a conflict.
const OUTBIDS_MAX: u8 = 3;

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Somebody says something of this node. What is not its own word it must outbid.
    pub(super) fn hear_of_myself(&mut self, told: Facts<A>) -> Merged {
        let Some(me) = self.me() else {
            return Merged::Refused;
        };
        let mine = me.facts;
        if told <= mine {
            return if told == mine {
                Merged::Agreed
            } else {
                Merged::Known
            };
        }
        if self.phase != Phase::Running {
            return Merged::Agreed;
        }
        if told.generation == mine.generation {
            self.refute(told.incarnation);
        } else {
            self.outbid(told.generation);
        }
        // Where nothing greater can be said any more, contradiction would go on for ever.
        let louder = self.me().is_some_and(|me| told < me.facts);
        if louder {
            Merged::Known
        } else {
            Merged::Agreed
        }
    }

    /// A peer holds more of this life than this node has written: an earlier life had the same
    /// generation, as happens where the nonce is no good. Writes would be taken for old ones.
    pub(super) fn check_own_held(&mut self, generation: Generation, held: Version) {
        let Some(me) = self.me() else { return };
        if generation == me.facts.generation
            && held > me.progress.as_of
            && self.phase == Phase::Running
        {
            self.outbid(generation);
        }
    }

    /// Moves past another life with this id, unless that was tried too often or no later one can be
    /// named.
    fn outbid(&mut self, seen: Generation) {
        let possible = self.outbid < OUTBIDS_MAX && self.begin_life(seen);
        if possible {
            self.outbid = self.outbid.saturating_add(1);
        } else if !self.notices.was_conflict {
            self.notices.was_conflict = true;
            self.notices.conflict = true;
        }
    }

    /// This node is suspected: it refutes, and tells the accuser so at once.
    pub(super) fn answer_suspicion(&mut self, from: A, suspect: &Suspect) {
        let Some(mine) = self.me().map(|me| me.facts) else {
            return;
        };
        if suspect.generation != mine.generation || mine.liveness != Liveness::Alive {
            return;
        }
        if suspect.incarnation >= mine.incarnation {
            self.refute(suspect.incarnation);
        }
        self.owe(from, Message::Tell(self.id()));
    }

    /// Says "I am alive" louder than what was said with `incarnation`.
    fn refute(&mut self, incarnation: Incarnation) {
        if self.phase != Phase::Running {
            return;
        }
        bump(&mut self.stats.refutations);
        match incarnation.next() {
            Some(next) => {
                self.tables
                    .members
                    .edit(self.id(), |me| me.facts.incarnation = next);
                self.announce(self.id(), What::Facts);
                self.next_gossip = Instant::ZERO;
            }
            None => {
                let generation = self.generation();
                self.outbid(generation);
            }
        }
    }
}
