//! What a node makes of what it is told about members: facts, suspicions, deaths, and itself.

use super::{Fate, Merged, QUICK_TRIES, Swim, what_of};
use crate::address::Address;
use crate::author::{Author, Loss, ROUNDS_FOR_COPIES};
use crate::board::What;
use crate::context::{Context, Sender};
use crate::exchange::Direction;
use crate::id::{Generation, NodeId};
use crate::outbox::Message;
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::{Facts, Liveness, Member};
use crate::time::{Duration, Instant};
use crate::wire::{Row, Standing};

/// The wait after the first of those tries; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_millis(250);

impl<A: Address, S: Storage<A>> Swim<A, S> {
    /// Merges one row.
    pub(crate) fn merge_row(
        &mut self,
        cx: &mut Context<A, S>,
        author: &mut Author<A, S>,
        now: Instant,
        row: &Row<A>,
    ) -> Merged {
        let told = Facts::of(row);
        if cx.is_me(row.id) {
            self.check_own_held(cx, author, now, row.generation, row.held);
            return self.hear_of_myself(cx, author, now, told);
        }
        let Some(held) = cx.members.get(row.id).filter(|held| !held.gone) else {
            return self.meet(cx, author, now, row, told);
        };
        if held.unheard {
            let over = held.facts.belied_by(&told);
            if self.is_stale(cx, row) {
                return Merged::Refused;
            }
            self.recall(cx, now, row.id);
            if let Some(dead) = over {
                self.adopt_doubted(cx, author, now, row.id, dead);
            }
        }
        let Some(held) = cx.members.get(row.id) else {
            return Merged::Refused;
        };
        if told < held.facts {
            return Merged::Known;
        }
        if told > held.facts {
            bump(&mut cx.stats.rows_new);
            if told.liveness == Liveness::Dead && held.is_live() && held.address().is_some() {
                self.adopt_doubted(cx, author, now, row.id, told);
            } else {
                self.adopt(cx, author, now, row.id, told);
            }
        } else if told.is_introduction() {
            cx.hear_again(row.id, What::Introduction);
        }
        let life = self.life_of(row);
        if let Some(life) = life {
            self.shorten_memory(cx, author, now, row.id, life);
        }
        self.note_birth(cx, row);
        self.agreed_but_for(cx, row.id, life)
    }

    /// Somebody calls dead whom this node holds alive.
    fn adopt_doubted(
        &mut self,
        cx: &mut Context<A, S>,
        author: &mut Author<A, S>,
        now: Instant,
        id: NodeId,
        dead: Facts<A>,
    ) {
        let doubted = self.weigh_death(cx, now, id, &dead);
        self.adopt(cx, author, now, id, dead);
        self.doubt_death(cx, now, id, doubted);
    }

    /// A member's deadline has come.
    pub(crate) fn end_wait_of_member(
        &mut self,
        cx: &mut Context<A, S>,
        author: &mut Author<A, S>,
        now: Instant,
        id: NodeId,
    ) {
        match self.member_timer(cx, now, id) {
            None => {}
            Some(Fate::Dead) => {
                if let Some(row) = cx.members.get(id) {
                    let liveness = Liveness::Dead;
                    let dead = Facts {
                        liveness,
                        ..row.facts
                    };
                    self.adopt(cx, author, now, id, dead);
                }
            }
            Some(Fate::Forgotten) => {
                self.keep_bygone(cx, id, true);
                self.forget(cx, author, id);
            }
            Some(Fate::Fading) => self.fade(cx, author, now, id),
        }
    }

    /// A row of an unknown member.
    pub(crate) fn meet(
        &mut self,
        cx: &mut Context<A, S>,
        author: &mut Author<A, S>,
        now: Instant,
        row: &Row<A>,
        told: Facts<A>,
    ) -> Merged {
        if self.is_stale(cx, row) {
            return Merged::Refused;
        }
        let life = self.life_of(row);
        self.make_room_for_member(cx, author, row.id, life.is_none());
        if cx.members.insert(Member::new(row.id, told)).is_err() {
            bump(&mut cx.stats.members_full);
            return Merged::Refused;
        }
        bump(&mut cx.stats.rows_new);
        self.settle_liveness(cx, now, row.id);
        if let Some(life) = life {
            self.shorten_memory(cx, author, now, row.id, life);
        }
        self.note_birth(cx, row);
        cx.announce(row.id, what_of(&told));
        self.relieve_crowd(cx, author, now);
        self.agreed_but_for(cx, row.id, life)
    }

    /// Makes `facts`, which win, those of a known member.
    pub(crate) fn adopt(
        &mut self,
        cx: &mut Context<A, S>,
        author: &mut Author<A, S>,
        now: Instant,
        id: NodeId,
        facts: Facts<A>,
    ) {
        let held = cx.members.get(id);
        let held = held.map(|row| row.facts.generation);
        if let Some(held) = held.filter(|held| held.nonce != facts.generation.nonce) {
            self.note_replaced(cx, now, id, (held.nonce, facts.generation.nonce));
            author.inherit(cx, id, Loss::Reborn);
        }
        self.replace_facts(cx, now, id, facts);
    }

    /// Asks a member for the proof that is missing, if one is. One that is gone cannot give it: after
    /// some time it is forgotten early, with what is held of its earlier life, and known anew from
    /// whoever holds the later one.
    pub(crate) fn ask_for_proof(
        &mut self,
        cx: &mut Context<A, S>,
        author: &mut Author<A, S>,
        id: NodeId,
    ) {
        if self.is_asked_in_vain(cx, id) {
            self.keep_bygone(cx, id, false);
            self.forget(cx, author, id);
        }
    }

    /// A member acked with this token in this life of its: what is believed of that life is true if
    /// that was what was asked, and the member is the best source of its entries.
    pub(crate) fn take_proof(
        &mut self,
        cx: &mut Context<A, S>,
        author: &mut Author<A, S>,
        id: NodeId,
        generation: Generation,
        token: u16,
    ) {
        let Some(row) = cx.members.get(id) else {
            return;
        };
        let doubt = row.swim.unproven.filter(|doubt| doubt.is_met_by(token));
        let current = row.facts.generation == generation;
        let Some(doubt) = doubt.filter(|_| current) else {
            return;
        };
        if author.lacks_copies(cx, id) {
            if doubt.rounds(cx.rounds) < ROUNDS_FOR_COPIES {
                return;
            }
            author.inherit(cx, id, Loss::Alone);
            if let Some(adoption) = cx.members.adoption(id) {
                adoption.wait_no_more();
            }
        }
        if let Some(swim) = cx.members.swim(id) {
            swim.unproven = None;
        }
        let row = cx.members.get(id);
        if let Some((Some(to), sums)) = row.map(|row| (row.address(), row.sums)) {
            cx.send_soon(to, Message::Root(Direction::Both, sums));
        }
    }

    /// Lowers how long a dead or departed member is remembered to what the teller remembers; what is
    /// read of it here stays readable for the second half of a memory whatever is told.
    fn shorten_memory(
        &mut self,
        cx: &mut Context<A, S>,
        author: &mut Author<A, S>,
        now: Instant,
        id: NodeId,
        life: Duration,
    ) {
        let half = cx.fading_time();
        let Some(row) = cx.members.get(id) else {
            return;
        };
        let left = Duration::from_secs(u32::from(self.memory_left(cx, now, row)));
        if row.is_live() || row.fading || life >= left {
            return;
        }
        if life <= cx.fading_time_told() {
            return self.fade(cx, author, now, id);
        }
        let rest = life.as_millis().saturating_sub(half.as_millis());
        self.timers.set(id, now.after(Duration::from_millis(rest)));
    }

    /// Forgets a member and its entries; its event waits.
    pub(crate) fn forget(&mut self, cx: &mut Context<A, S>, author: &mut Author<A, S>, id: NodeId) {
        author.inherit(cx, id, Loss::Forgotten);
        cx.forget(id);
    }

    /// Goes on with what this node takes back of an earlier life.
    pub(crate) fn go_on_as_former(
        &mut self,
        cx: &mut Context<A, S>,
        author: &mut Author<A, S>,
        now: Instant,
    ) {
        if let Some(former) = author.continue_reclaim(cx, now) {
            self.rivalry.follow(former.nonce);
        }
    }

    /// Tells a sender what is wrongly believed of it. Only pings and fingerprints are answered so,
    /// which timers begin: two nodes that correct each other must not do so for ever. A suspect that
    /// hears of its suspicion from whoever it talks to refutes in time (Lifeguard's buddy system,
    /// Dadgar et al. 2018, section IV.C).
    pub(crate) fn correct(&mut self, cx: &mut Context<A, S>, sender: &Sender<A>) {
        let (id, from) = (sender.id, sender.from);
        let row = cx.members.get(id).filter(|row| !row.gone);
        let Some(row) = row else { return };
        let dead = row.facts.liveness == Liveness::Dead;
        if row.facts.generation != sender.generation {
            self.note_sighted(cx, sender);
            cx.send_soon(from, Message::Tell(id));
        } else if dead {
            cx.send_soon(from, Message::Tell(id));
        } else if row.swim.suspect {
            cx.send_soon(from, Message::Accuse(id));
        }
    }

    /// `true` if what an owner's new life tells may be taken now.
    pub(crate) fn may_replace(
        &mut self,
        cx: &mut Context<A, S>,
        author: &mut Author<A, S>,
        owner: NodeId,
    ) -> bool {
        let waits = author.would_lose(cx, owner);
        if waits {
            self.doubt(cx, owner);
        }
        !waits
    }

    /// Somebody speaks of a member that is known from a state alone: from here on it counts again.
    fn recall(&mut self, cx: &mut Context<A, S>, now: Instant, id: NodeId) {
        cx.members.edit(id, |mut row| row.await_word(false));
        cx.members.mark_changed(id);
        self.settle_liveness(cx, now, id);
    }

    /// How long to wait until somebody who is not among the live is tried again. A restored node that
    /// knows nobody alive is in a hurry at first.
    pub(crate) fn reconnect_wait(&mut self, cx: &mut Context<A, S>) -> Duration {
        let interval = cx.config.reconnect_interval();
        if cx.is_joined() {
            self.quick_tries = 0;
        }
        let Some(left) = self.quick_tries.checked_sub(1) else {
            return interval;
        };
        let tried = u32::from(QUICK_TRIES.saturating_sub(self.quick_tries));
        self.quick_tries = left;
        interval.min(FIRST_WAIT.times(1u32.checked_shl(tried).unwrap_or(u32::MAX)))
    }
}

impl<A: Address> Facts<A> {
    /// What is left of the hearsay that a member lives, if somebody knows better: that it lives, and has not heard of
    /// that life. It is over then, or its node still lives, and says so.
    fn belied_by(&self, told: &Self) -> Option<Self> {
        let earlier =
            told.generation < self.generation && told.generation.nonce != self.generation.nonce;
        let dead = Self {
            liveness: Liveness::Dead,
            ..*self
        };
        (earlier && self.liveness.is_up() && told.liveness.is_up()).then_some(dead)
    }

    /// The facts of a row as it travels.
    pub(crate) fn of(row: &Row<A>) -> Self {
        let liveness = match row.standing {
            Standing::Alive => Liveness::Alive,
            Standing::Slow => Liveness::Slow,
            Standing::Dead(_) => Liveness::Dead,
            Standing::Left(_) => Liveness::Left,
        };
        Self {
            generation: row.generation,
            incarnation: row.incarnation,
            liveness,
            address: row.address.map(Address::canonical),
        }
    }
}
