//! What a node makes of what others say of it: it refutes, and outbids other lives of its id. And what it
//! notices of others that share an id.

use super::merge::Merged;
use super::{Message, Node, Phase};
use crate::address::Address;
use crate::context::Sender;
use crate::id::{Generation, Incarnation, NodeId, Version};
use crate::membership::{Answer, What, Word};
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::Facts;
use crate::time::Instant;
use crate::wire::Suspect;

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Somebody says something of this node. What is not its own word it must outbid.
    pub(super) fn hear_of_myself(&mut self, now: Instant, told: Facts<A>) -> Merged {
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
        let copied = is_copy(&told, &mine);
        if told.generation == mine.generation && !copied {
            self.refute(now, told.incarnation);
        } else {
            self.outbid(now, &told, copied);
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
    pub(super) fn check_own_held(&mut self, now: Instant, generation: Generation, held: Version) {
        let Some(me) = self.me() else { return };
        if generation == me.facts.generation
            && held > self.last_version()
            && self.phase == Phase::Running
        {
            self.move_on(now, generation);
        }
    }

    /// Another node with this id speaks to this one: whoever has lost it says so to whoever has it.
    pub(super) fn meet_namesake(&mut self, now: Instant) {
        if self.phase == Phase::Running && self.rivalry.meet(now, self.round()) {
            self.note_conflict();
        }
    }

    /// No later life than one that others know can be named.
    pub(super) fn give_up_id(&mut self, now: Instant) {
        if self.rivalry.give_up(now, self.round()) {
            self.note_conflict();
        }
    }

    /// A life with another nonce gets the row of a member.
    pub(super) fn note_replaced(&mut self, now: Instant, id: NodeId, nonces: ([u8; 4], [u8; 4])) {
        let when = (now, self.round(), now.after(self.fading_time()));
        if self.clashes.replaced(when, id, nonces) {
            bump(&mut self.stats.clashes);
        }
    }

    /// A sender speaks in another life than the one that is known of it. One that lives at another address
    /// than the one that is alive there shares its id.
    pub(super) fn note_sighted(&mut self, sender: &Sender<A>) {
        let row = self.tables.members.get(sender.id);
        let Some(row) = row.filter(|row| row.is_live() && !row.swim.suspect) else {
            return;
        };
        let earlier = sender.generation < row.facts.generation
            && sender.generation.nonce != row.facts.generation.nonce;
        let elsewhere = row.address().is_some_and(|address| address != sender.from);
        if !earlier || !elsewhere || self.is_me(sender.id) {
            return;
        }
        let when = (
            sender.now,
            self.round(),
            sender.now.after(self.fading_time()),
        );
        if self
            .clashes
            .sighted(when, sender.id, sender.generation.nonce)
        {
            bump(&mut self.stats.clashes);
        }
    }

    /// Moves past another life with this id, if that may be done now. Where it lives and has the id, it is told
    /// that this node lives too.
    fn outbid(&mut self, now: Instant, told: &Facts<A>, copied: bool) {
        let lives = told.liveness.is_up();
        let (nonce, round) = (told.generation.nonce, self.round());
        let word = Word {
            lives,
            sure: copied,
            settled: self.notices.was_joined,
        };
        let (answer, news) = self.rivalry.hear(now, round, nonce, word);
        if news {
            self.note_conflict();
        }
        match answer {
            Answer::Bid if !self.begin_life(told.generation) => self.give_up_id(now),
            Answer::Bid | Answer::Wait => {}
            Answer::Yield => {
                let other = told.address.filter(|other| Some(*other) != self.address());
                if let Some(to) = other
                    && self.rivalry.take_word(now, round)
                {
                    self.owe(to, Message::Tell(self.id()));
                }
            }
        }
    }

    /// Moves past a life that is its own.
    fn move_on(&mut self, now: Instant, seen: Generation) {
        if self.rivalry.may_bid(now, self.round()) && !self.begin_life(seen) {
            self.give_up_id(now);
        }
    }

    fn note_conflict(&mut self) {
        self.notices.conflict = true;
        bump(&mut self.stats.conflicts);
    }

    /// This node is suspected: it refutes, and tells the accuser so at once.
    pub(super) fn answer_suspicion(&mut self, now: Instant, from: A, suspect: &Suspect) {
        let Some(mine) = self.me().map(|me| me.facts) else {
            return;
        };
        if suspect.generation != mine.generation || !mine.liveness.is_up() {
            return;
        }
        if suspect.incarnation >= mine.incarnation {
            self.refute(now, suspect.incarnation);
        }
        self.owe(from, Message::Tell(self.id()));
    }

    /// Says "I am alive" louder than what was said with `incarnation`.
    fn refute(&mut self, now: Instant, incarnation: Incarnation) {
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
                self.move_on(now, generation);
            }
        }
    }
}

/// `true` if another node lives this node's own life, of a state that was copied: nobody else raises its
/// incarnation, and it asserts another address.
fn is_copy<A: Address>(told: &Facts<A>, mine: &Facts<A>) -> bool {
    told.generation == mine.generation
        && told.liveness.is_up()
        && told.incarnation > mine.incarnation
        && told.address.is_some()
        && mine.address.is_some()
        && told.address != mine.address
}
