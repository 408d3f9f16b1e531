//! What a node makes of what it is told about members: facts, suspicions, deaths, and itself.

use super::inherit::{Loss, ROUNDS_FOR_COPIES};
use super::{Message, Node};
use crate::address::Address;
use crate::context::Sender;
use crate::entries::OwnerMap;
use crate::entries::delta::Progress;
use crate::exchange::Direction;
use crate::id::{Generation, NodeId, Version};
use crate::membership::What;
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::{Doubt, Facts, Liveness, Member};
use crate::time::{Duration, Instant};
use crate::wire::{Row, Standing};

/// How many rounds a member that is not alive has to prove its life before it is forgotten. It is asked at each
/// comparison that shows a difference: by a quick node every round, by a slow one when it gets there.
const ROUNDS_FOR_PROOF: u16 = 16;

/// How a row that was told compares with the one that is held after it was merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Merged {
    /// The row that was told is what is held now.
    Agreed,
    /// What is held wins: the teller should know.
    Known,
    /// There is no such row and none was made.
    Refused,
}

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Merges one row.
    pub(super) fn merge_row(&mut self, now: Instant, row: &Row<A>) -> Merged {
        let told = Facts::of(row);
        if self.is_me(row.id) {
            self.check_own_held(now, row.generation, row.held);
            return self.hear_of_myself(now, told);
        }
        let Some(held) = self.tables.members.get(row.id).filter(|held| !held.gone) else {
            return self.meet(now, row, told);
        };
        if held.unheard {
            let over = held.facts.belied_by(&told);
            if self.is_stale(row) {
                return Merged::Refused;
            }
            self.recall(now, row.id);
            if let Some(dead) = over {
                self.doubt_death(now, row.id, dead);
            }
        }
        let Some(held) = self.tables.members.get(row.id) else {
            return Merged::Refused;
        };
        if told < held.facts {
            return Merged::Known;
        }
        if told > held.facts {
            bump(&mut self.stats.rows_new);
            if told.liveness == Liveness::Dead && held.is_live() && held.address().is_some() {
                self.doubt_death(now, row.id, told);
            } else {
                self.adopt(now, row.id, told);
            }
        } else if told.is_introduction() {
            self.hear_again(row.id, What::Introduction);
        }
        let life = self.life_of(row);
        if let Some(life) = life {
            self.shorten_memory(now, row.id, life);
        }
        self.note_birth(row);
        self.agreed_but_for(row.id, life)
    }

    /// What a row that was told and merged is to what is held of the member: if that fades here although it
    /// has more than half of its memory left there, the teller should know.
    fn agreed_but_for(&self, id: NodeId, life: Option<Duration>) -> Merged {
        let fading = self.tables.members.get(id).is_some_and(|row| row.fading);
        if fading && life > Some(self.fading_time_told()) {
            Merged::Known
        } else {
            Merged::Agreed
        }
    }

    /// The row as it travels.
    pub(super) fn row_of(&self, now: Instant, row: &Member<A>) -> Row<A> {
        let standing = match row.facts.liveness {
            Liveness::Alive => Standing::Alive,
            Liveness::Slow => Standing::Slow,
            Liveness::Dead => Standing::Dead(self.memory_left(now, row)),
            Liveness::Left => Standing::Left(self.memory_left(now, row)),
        };
        Row {
            id: row.id,
            generation: row.facts.generation,
            incarnation: row.facts.incarnation,
            standing,
            address: row.facts.address,
            held: row.replica.progress.held,
        }
    }

    /// A row of an unknown member.
    fn meet(&mut self, now: Instant, row: &Row<A>, told: Facts<A>) -> Merged {
        if self.is_stale(row) {
            return Merged::Refused;
        }
        let life = self.life_of(row);
        self.make_room_for_member(row.id, life.is_none());
        if self
            .tables
            .members
            .insert(Member::new(row.id, told))
            .is_err()
        {
            bump(&mut self.stats.members_full);
            return Merged::Refused;
        }
        bump(&mut self.stats.rows_new);
        self.settle_liveness(now, row.id);
        if let Some(life) = life {
            self.shorten_memory(now, row.id, life);
        }
        self.note_birth(row);
        self.announce(row.id, what_of(&told));
        self.relieve_crowd(now);
        self.agreed_but_for(row.id, life)
    }

    /// `true` for an echo: the row of a member that is dead or departed and soon forgotten.
    fn is_stale(&mut self, row: &Row<A>) -> bool {
        let life = self.life_of(row);
        let stale = life.is_some_and(|life| life <= self.fading_time_told());
        if stale {
            bump(&mut self.stats.stale_rows);
        }
        stale
    }

    /// Makes `facts`, which win, those of a known member.
    pub(super) fn adopt(&mut self, now: Instant, id: NodeId, facts: Facts<A>) {
        let held = self.tables.members.get(id).map(|row| row.facts.generation);
        if let Some(held) = held.filter(|held| held.nonce != facts.generation.nonce) {
            self.note_replaced(now, id, (held.nonce, facts.generation.nonce));
            self.inherit(id, Loss::Reborn);
        }
        let store = &mut self.tables.entries;
        let change = self.tables.members.edit(id, |row| {
            let (progress, before) = (row.replica.progress, (row.status(), row.address()));
            if row.swim.suspect && facts.liveness.is_up() {
                self.alarms.refuted();
            }
            let reborn = row.facts.generation != facts.generation;
            if reborn || !row.facts.liveness.is_up() {
                row.adoption.sweeps = 0;
            }
            if reborn {
                row.replica.progress = OwnerMap { store, owner: id }.reborn();
                row.replica.loose = 0;
                row.marks.told = Version::NONE;
                row.marks.in_vain = 0;
                row.adoption.heirless = false;
                row.swim.late = false;
                row.swim.usurped = false;
            }
            row.facts = facts;
            row.swim.suspect = false;
            row.swim.words_left = 0;
            row.swim.waiting = false;
            row.doubted = false;
            row.fading = false;
            // Even of a life that has written nothing: what was held of lives before it is gone for
            // good, and must not come back with a third party's word.
            let nothing = Progress::default();
            let something = progress != nothing || row.replica.progress != nothing;
            let seen = reborn || before != (row.status(), row.address());
            (reborn && something, seen)
        });
        let (doubt, seen) = change.unwrap_or_default();
        if doubt {
            self.doubt(id);
        }
        if seen {
            self.tables.members.mark_changed(id);
        }
        self.tables.news.retract(id, What::Suspect);
        self.announce(id, what_of(&facts));
        self.settle_liveness(now, id);
    }

    /// A later life was heard of while something of another is held. The order of two lives of a
    /// node that has neither clock nor memory is partly chance, and whoever told may have the one
    /// that is over; so the node itself is asked before anything of the new life is taken.
    pub(super) fn doubt(&mut self, id: NodeId) {
        let token = self.take_token();
        if let Some(swim) = self.tables.members.swim(id) {
            swim.unproven = Some(Doubt {
                token,
                since: self.rounds,
            });
        }
        self.ask_for_proof(id);
    }

    /// Asks a member for the proof that is missing, if one is. One that is gone cannot give it: after
    /// some time it is forgotten early, with what is held of its earlier life, and known anew from
    /// whoever holds the later one.
    pub(super) fn ask_for_proof(&mut self, id: NodeId) {
        let Some(row) = self.tables.members.get(id) else {
            return;
        };
        let Some(doubt) = row.swim.unproven else {
            return;
        };
        let (token, in_vain) = (doubt.token, doubt.rounds(self.rounds) > ROUNDS_FOR_PROOF);
        if in_vain && !row.is_live() {
            self.tables.timers.cancel(id);
            self.keep_bygone(id, false);
            self.forget(id);
        } else if let Some(to) = row.address() {
            self.owe(to, Message::Ping(token));
        }
    }

    /// A member acked with this token in this life of its: what is believed of that life is true if
    /// that was what was asked, and the member is the best source of its entries.
    pub(super) fn take_proof(&mut self, id: NodeId, generation: Generation, token: u16) {
        let Some(row) = self.tables.members.get(id) else {
            return;
        };
        let doubt = row.swim.unproven.filter(|doubt| doubt.token == token);
        let current = row.facts.generation == generation;
        let Some(doubt) = doubt.filter(|_| current) else {
            return;
        };
        if self.lacks_copies(id) {
            if doubt.rounds(self.rounds) < ROUNDS_FOR_COPIES {
                return;
            }
            self.inherit(id, Loss::Alone);
            if let Some(adoption) = self.tables.members.adoption(id) {
                adoption.heirless = true;
            }
        }
        if let Some(swim) = self.tables.members.swim(id) {
            swim.unproven = None;
        }
        let row = self.tables.members.get(id);
        if let Some((Some(to), sums)) = row.map(|row| (row.address(), row.marks.sums)) {
            self.owe(to, Message::Root(Direction::Both, sums));
        }
    }

    /// Somebody told what is known here.
    pub(super) fn hear_again(&mut self, id: NodeId, what: What) {
        let limit = self.telling_limit(what);
        self.tables.news.heard(id, what, limit);
    }

    /// Sets the timer that a member's liveness calls for, and notices when peers come and go.
    pub(super) fn settle_liveness(&mut self, now: Instant, id: NodeId) {
        let row = self.tables.members.get(id).filter(|row| row.is_live());
        if let Some(address) = row.map(Member::address) {
            self.tables.bygones.return_of(id, address);
            self.tables.timers.cancel(id);
        } else {
            self.tables.timers.set(id, now.after(self.fading_time()));
        }
        if !self.notices.was_joined && self.is_joined() {
            self.notices.was_joined = true;
            self.notices.joined = true;
            self.rivalry.join(now, self.round());
        }
        if self.notices.was_joined && !self.is_joined() {
            self.tables.seeds.retry_all(now);
        }
    }

    /// Lowers how long a dead or departed member is remembered to what the teller remembers; what is
    /// read of it here stays readable for the second half of a memory whatever is told.
    fn shorten_memory(&mut self, now: Instant, id: NodeId, life: Duration) {
        let half = self.fading_time();
        let Some(row) = self.tables.members.get(id) else {
            return;
        };
        let left = Duration::from_secs(u32::from(self.memory_left(now, row)));
        if row.is_live() || row.fading || life >= left {
            return;
        }
        if life <= self.fading_time_told() {
            return self.fade(now, id);
        }
        let rest = life.as_millis().saturating_sub(half.as_millis());
        self.tables
            .timers
            .set(id, now.after(Duration::from_millis(rest)));
    }

    /// Seconds until a dead or departed member is forgotten.
    pub(super) fn memory_left(&self, now: Instant, row: &Member<A>) -> u16 {
        let half = self.fading_time();
        // A death that is doubted here is told as one that was just heard of.
        let timer = self.tables.timers.of(row.id).filter(|_| !row.doubted);
        let until = timer.map_or(half, |at| at.since(now));
        let rest = if row.is_shown() { half } else { Duration::ZERO };
        let left = until.as_millis().saturating_add(rest.as_millis());
        u16::try_from(Duration::from_millis(left).as_secs_ceil()).unwrap_or(u16::MAX)
    }

    /// The second half of a memory, in which the member is no longer compared or told.
    pub(super) fn fading_time(&self) -> Duration {
        let memory = self
            .config
            .forget_after()
            .as_millis()
            .min(u32::from(u16::MAX).saturating_mul(1000));
        Duration::from_millis(memory >> 1)
    }

    /// The same in whole seconds, as a row tells it: what fades tells that much at most. Compared with
    /// less, two who let one member fade would correct each other at the speed of the network.
    fn fading_time_told(&self) -> Duration {
        Duration::from_secs(self.fading_time().as_secs_ceil())
    }

    fn life_of(&self, row: &Row<A>) -> Option<Duration> {
        match row.standing {
            Standing::Alive | Standing::Slow => None,
            Standing::Dead(secs) | Standing::Left(secs) => {
                Some(Duration::from_secs(u32::from(secs)))
            }
        }
    }

    /// A row that says "held up to the birth" is the claim that nothing was written: whoever knows
    /// nothing of the owner holds that much too.
    fn note_birth(&mut self, row: &Row<A>) {
        let blank = self.tables.members.get(row.id).is_some_and(|held| {
            held.replica.progress == Progress::default() && held.facts.generation == row.generation
        });
        if blank && row.held == Version::BIRTH {
            self.tables
                .members
                .edit(row.id, |held| held.replica.progress = Progress::BIRTH);
        }
    }

    /// Forgets a member and its entries; its event waits.
    pub(super) fn forget(&mut self, id: NodeId) {
        self.inherit(id, Loss::Forgotten);
        self.tables.entries.forget(id);
        self.tables.members.forget(id);
    }

    /// Gives up the event of a forgotten member for the row of `id`, if it is of the same or in its place.
    pub(super) fn make_room_among_forgotten(&mut self, id: NodeId) {
        if self.tables.members.make_room_among_forgotten(id) {
            bump(&mut self.stats.events_lost);
            self.notices.resync = true;
        }
    }

    /// Tells a sender what is wrongly believed of it. Only pings and fingerprints are answered so,
    /// which timers begin: two nodes that correct each other must not do so for ever. A suspect that
    /// hears of its suspicion from whoever it talks to refutes in time (Lifeguard's buddy system,
    /// Dadgar et al. 2018, section IV.C).
    pub(super) fn correct(&mut self, sender: &Sender<A>) {
        let (id, from) = (sender.id, sender.from);
        let row = self.tables.members.get(id).filter(|row| !row.gone);
        let Some(row) = row else { return };
        let dead = row.facts.liveness == Liveness::Dead;
        if row.facts.generation != sender.generation {
            self.note_sighted(sender);
            self.owe(from, Message::Tell(id));
        } else if dead {
            self.owe(from, Message::Tell(id));
        } else if row.swim.suspect {
            self.owe(from, Message::Accuse(id));
        }
    }
}

fn what_of<A: Address>(facts: &Facts<A>) -> What {
    if facts.is_introduction() {
        What::Introduction
    } else {
        What::Facts
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
    pub(super) fn of(row: &Row<A>) -> Self {
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
