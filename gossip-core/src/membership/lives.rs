//! What is believed of a member from one life to the next, and how long.

use super::{Doubt, Swim};
use crate::address::Address;
use crate::board::What;
use crate::context::{Context, Replica};
use crate::entries::OwnerMap;
use crate::entries::delta::Progress;
use crate::id::{NodeId, Version};
use crate::outbox::Message;
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::{Facts, Liveness, Member};
use crate::time::{Duration, Instant};
use crate::wire::{Row, Standing};

/// How many rounds a member that is not alive has to prove its life before it is forgotten. It is asked at each
/// comparison that shows a difference: by a quick node every round, by a slow one when it gets there.
const ROUNDS_FOR_PROOF: u16 = 16;

/// How a row that was told compares with the one that is held after it was merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Merged {
    /// The row that was told is what is held now.
    Agreed,
    /// What is held wins: the teller should know.
    Known,
    /// There is no such row and none was made.
    Refused,
}

impl<A: Address, S: Storage<A>> Swim<A, S> {
    /// Of another life of a member, all that was held of the earlier one counts for nothing from now on.
    pub(crate) fn replace_facts(
        &mut self,
        cx: &mut Context<A, S>,
        now: Instant,
        id: NodeId,
        facts: Facts<A>,
    ) {
        let store = &mut cx.entries;
        let change = cx.members.edit(id, |mut row| {
            let (progress, before) = (*row.progress(), (row.status(), row.address()));
            if row.swim.suspect && facts.liveness.is_up() {
                self.alarms.refuted();
            }
            let reborn = row.facts.generation != facts.generation;
            if reborn || !row.facts.liveness.is_up() {
                row.adoption().settle_anew();
            }
            if reborn {
                *row.replica() = Replica::at(OwnerMap { store, owner: id }.reborn());
                row.marks().begin_anew();
                row.adoption().begin_anew();
                row.swim().begin_anew();
            }
            *row.facts() = facts;
            row.swim().clear();
            row.doubt_death(false);
            row.fade(false);
            // Even of a life that has written nothing: what was held of lives before it is gone for
            // good, and must not come back with a third party's word.
            let nothing = Progress::default();
            let something = progress != nothing || *row.progress() != nothing;
            let seen = reborn || before != (row.status(), row.address());
            (reborn && something, seen)
        });
        let (doubt, seen) = change.unwrap_or_default();
        if doubt {
            self.doubt(cx, id);
        }
        if seen {
            cx.members.mark_changed(id);
        }
        cx.news.retract(id, What::Suspect);
        cx.announce(id, what_of(&facts));
        self.settle_liveness(cx, now, id);
    }

    /// A later life was heard of while something of another is held. The order of two lives of a
    /// node that has neither clock nor memory is partly chance, and whoever told may have the one
    /// that is over; so the node itself is asked before anything of the new life is taken.
    pub(crate) fn doubt(&mut self, cx: &mut Context<A, S>, id: NodeId) {
        let token = cx.take_token();
        if let Some(swim) = cx.members.swim(id) {
            swim.unproven = Some(Doubt::new(token, cx.rounds));
        }
        // It has just begun, so it cannot be in vain.
        let _ = self.is_asked_in_vain(cx, id);
    }

    /// Asks a member for the proof that is missing, if one is. `true` if that is in vain, and it is to be forgotten.
    #[must_use]
    pub(crate) fn is_asked_in_vain(&mut self, cx: &mut Context<A, S>, id: NodeId) -> bool {
        let Some(row) = cx.members.get(id) else {
            return false;
        };
        let Some(doubt) = row.swim.unproven else {
            return false;
        };
        let in_vain = doubt.rounds(cx.rounds) > ROUNDS_FOR_PROOF;
        if in_vain && !row.is_live() {
            self.timers.cancel(id);
            return true;
        }
        if let Some(to) = row.address() {
            cx.send_soon(to, Message::Ping(doubt.token()));
        }
        false
    }

    /// Sets the timer that a member's liveness calls for, and notices when peers come and go.
    pub(crate) fn settle_liveness(&mut self, cx: &mut Context<A, S>, now: Instant, id: NodeId) {
        let row = cx.members.get(id).filter(|row| row.is_live());
        if let Some(address) = row.map(Member::address) {
            self.bygones.return_of(id, address);
            self.timers.cancel(id);
        } else {
            self.timers.set(id, now.after(cx.fading_time()));
        }
        if !cx.notices.was_joined && cx.is_joined() {
            cx.notices.was_joined = true;
            cx.notices.joined = true;
            self.rivalry.join(now, cx.round());
        }
        if cx.notices.was_joined && !cx.is_joined() {
            self.seeds.retry_all(now);
        }
    }

    /// Seconds until a dead or departed member is forgotten.
    pub(crate) fn memory_left(&self, cx: &Context<A, S>, now: Instant, row: &Member<A>) -> u16 {
        let half = cx.fading_time();
        // A death that is doubted here is told as one that was just heard of.
        let timer = self.timers.of(row.id).filter(|_| !row.doubted);
        let until = timer.map_or(half, |at| at.since(now));
        let rest = if row.is_shown() { half } else { Duration::ZERO };
        let left = until.as_millis().saturating_add(rest.as_millis());
        u16::try_from(Duration::from_millis(left).as_secs_ceil()).unwrap_or(u16::MAX)
    }

    /// The row as it travels.
    pub(crate) fn row_of(&self, cx: &Context<A, S>, now: Instant, row: &Member<A>) -> Row<A> {
        let standing = match row.facts.liveness {
            Liveness::Alive => Standing::Alive,
            Liveness::Slow => Standing::Slow,
            Liveness::Dead => Standing::Dead(self.memory_left(cx, now, row)),
            Liveness::Left => Standing::Left(self.memory_left(cx, now, row)),
        };
        Row {
            id: row.id,
            generation: row.facts.generation,
            incarnation: row.facts.incarnation,
            standing,
            address: row.facts.address,
            held: row.progress().held,
        }
    }

    /// `true` for an echo: the row of a member that is dead or departed and soon forgotten.
    pub(crate) fn is_stale(&mut self, cx: &mut Context<A, S>, row: &Row<A>) -> bool {
        let life = self.life_of(row);
        let stale = life.is_some_and(|life| life <= cx.fading_time_told());
        if stale {
            bump(&mut cx.stats.stale_rows);
        }
        stale
    }

    /// What a row that was told and merged is to what is held of the member: if that fades here although it
    /// has more than half of its memory left there, the teller should know.
    pub(crate) fn agreed_but_for(
        &self,
        cx: &Context<A, S>,
        id: NodeId,
        life: Option<Duration>,
    ) -> Merged {
        let fading = cx.members.get(id).is_some_and(|row| row.fading);
        if fading && life > Some(cx.fading_time_told()) {
            Merged::Known
        } else {
            Merged::Agreed
        }
    }

    /// A row that says "held up to the birth" is the claim that nothing was written: whoever knows
    /// nothing of the owner holds that much too.
    pub(crate) fn note_birth(&mut self, cx: &mut Context<A, S>, row: &Row<A>) {
        let known = cx.members.get(row.id);
        let same = known.is_some_and(|known| known.facts.generation == row.generation);
        if same && row.held == Version::BIRTH {
            cx.note_birth_of(row.id);
        }
    }

    pub(crate) fn life_of(&self, row: &Row<A>) -> Option<Duration> {
        match row.standing {
            Standing::Alive | Standing::Slow => None,
            Standing::Dead(secs) | Standing::Left(secs) => {
                Some(Duration::from_secs(u32::from(secs)))
            }
        }
    }
}

pub(crate) fn what_of<A: Address>(facts: &Facts<A>) -> What {
    if facts.is_introduction() {
        What::Introduction
    } else {
        What::Facts
    }
}
