//! What a node makes of what others say of it: it refutes, and outbids other lives of its id.

use super::{Answer, Merged, Swim, Word};
use crate::address::Address;
use crate::author::Author;
use crate::board::What;
use crate::context::{Context, Phase};
use crate::id::{Generation, Incarnation, Version};
use crate::outbox::Message;
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::Facts;
use crate::time::Instant;
use crate::wire::Suspect;

impl<A: Address, S: Storage<A>> Swim<A, S> {
    /// Somebody says something of this node. What is not its own word it must outbid.
    pub(crate) fn hear_of_myself(
        &mut self,
        cx: &mut Context<A, S>,
        author: &mut Author<A, S>,
        now: Instant,
        told: Facts<A>,
    ) -> Merged {
        let Some(me) = cx.me() else {
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
        if cx.phase != Phase::Running {
            return Merged::Agreed;
        }
        let copied = is_copy(&told, &mine);
        if told.generation == mine.generation && !copied {
            self.refute(cx, author, now, told.incarnation);
        } else {
            self.outbid(cx, author, now, &told, copied);
        }
        // Where nothing greater can be said any more, contradiction would go on for ever.
        let louder = cx.me().is_some_and(|me| told < me.facts);
        if louder {
            Merged::Known
        } else {
            Merged::Agreed
        }
    }

    /// A peer holds more of this life than this node has written: an earlier life had the same
    /// generation, as happens where the nonce is no good. Writes would be taken for old ones.
    pub(crate) fn check_own_held(
        &mut self,
        cx: &mut Context<A, S>,
        author: &mut Author<A, S>,
        now: Instant,
        generation: Generation,
        held: Version,
    ) {
        let Some(me) = cx.me() else {
            return;
        };
        if generation == me.facts.generation && held > author.last_version(cx) {
            self.move_on(cx, author, now, generation);
        }
    }

    /// Moves past another life with this id, if that may be done now. Where it lives and has the id, it is told
    /// that this node lives too.
    pub(crate) fn outbid(
        &mut self,
        cx: &mut Context<A, S>,
        author: &mut Author<A, S>,
        now: Instant,
        told: &Facts<A>,
        copied: bool,
    ) {
        let lives = told.liveness.is_up();
        let (nonce, round) = (told.generation.nonce, cx.round());
        let word = Word {
            lives,
            sure: copied,
            settled: cx.notices.was_joined,
        };
        let (answer, news) = self.rivalry.hear(now, round, nonce, word);
        if news {
            cx.note_conflict();
        }
        match answer {
            Answer::Bid if !author.begin_life(cx, told.generation) => self.give_up_id(cx, now),
            Answer::Bid | Answer::Wait => {}
            Answer::Yield => {
                let other = told.address.filter(|other| Some(*other) != cx.address());
                if let Some(to) = other
                    && self.rivalry.take_word(now, round)
                {
                    cx.send_soon(to, Message::Tell(cx.id()));
                }
            }
        }
    }

    /// Moves past a life that is its own, if that may be done now.
    pub(crate) fn move_on(
        &mut self,
        cx: &mut Context<A, S>,
        author: &mut Author<A, S>,
        now: Instant,
        seen: Generation,
    ) {
        let may = cx.phase == Phase::Running && self.rivalry.may_bid(now, cx.round());
        if may && !author.begin_life(cx, seen) {
            self.give_up_id(cx, now);
        }
    }

    /// This node is suspected: it refutes, and tells the accuser so at once.
    pub(crate) fn answer_suspicion(
        &mut self,
        cx: &mut Context<A, S>,
        author: &mut Author<A, S>,
        now: Instant,
        from: A,
        suspect: &Suspect,
    ) {
        let Some(mine) = cx.me().map(|me| me.facts) else {
            return;
        };
        if suspect.generation != mine.generation || !mine.liveness.is_up() {
            return;
        }
        if suspect.incarnation >= mine.incarnation {
            self.refute(cx, author, now, suspect.incarnation);
        }
        cx.send_soon(from, Message::Tell(cx.id()));
    }

    /// Says "I am alive" louder than what was said with `incarnation`.
    pub(crate) fn refute(
        &mut self,
        cx: &mut Context<A, S>,
        author: &mut Author<A, S>,
        now: Instant,
        incarnation: Incarnation,
    ) {
        if cx.phase != Phase::Running {
            return;
        }
        bump(&mut cx.stats.refutations);
        match incarnation.next() {
            Some(next) => {
                cx.members
                    .edit(cx.id(), |mut me| me.facts().incarnation = next);
                cx.announce(cx.id(), What::Facts);
                cx.next_gossip = Instant::ZERO;
            }
            None => {
                let generation = cx.generation();
                self.move_on(cx, author, now, generation);
            }
        }
    }

    /// Another node with this id speaks to this one: whoever has lost it says so to whoever has it.
    pub(crate) fn meet_namesake(&mut self, cx: &mut Context<A, S>, now: Instant) {
        if cx.phase == Phase::Running && self.rivalry.meet(now, cx.round()) {
            cx.note_conflict();
        }
    }

    /// No later life than one that others know can be named.
    pub(crate) fn give_up_id(&mut self, cx: &mut Context<A, S>, now: Instant) {
        if self.rivalry.give_up(now, cx.round()) {
            cx.note_conflict();
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
