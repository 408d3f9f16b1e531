//! A node that answers late is slow, and not dead: it says so itself, and everybody leaves it time.
//!
//! A node whose peers all seem late is the slow one: what reaches it waits in line. It says so with an
//! incarnation of its own, as a fact. From then on nobody sends it news of its own accord, asks others to
//! probe it, or judges it by one round; otherwise suspicions, refutations and what is sent again would
//! keep it busy for ever (congestion that feeds itself; Jacobson, "Congestion avoidance and control",
//! SIGCOMM 1988, for the idea of backing off).

use super::{Silence, Swim};
use crate::address::Address;
use crate::board::What;
use crate::context::{Context, PATIENCE};
use crate::id::NodeId;
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::{Liveness, Member};
use crate::time::Instant;

/// How many rounds a slow node waits for anybody: others are quicker to find a crash.
const PATIENCE_OF_THE_SLOW: u32 = 60;

impl<A: Address, S: Storage<A>> Swim<A, S> {
    /// Takes an ack of a probe that is over; `true` if it is one. The member is there all the same.
    pub(crate) fn take_late_ack(
        &mut self,
        cx: &mut Context<A, S>,
        now: Instant,
        from: NodeId,
        token: u16,
    ) -> bool {
        if !self.lateness.take(from, token) {
            return false;
        }
        bump(&mut cx.stats.late_acks);
        self.clear_suspicion(cx, from);
        if !cx.is_late(from) {
            cx.note_pace(from, true);
            self.lateness.late();
            self.notice_slowness(cx, now);
        }
        true
    }

    /// A probe ended without an answer.
    pub(crate) fn note_missed(
        &mut self,
        cx: &mut Context<A, S>,
        now: Instant,
        target: NodeId,
        token: u16,
        silence: Silence,
    ) {
        self.lateness.remember(target, token);
        if !cx.is_late(target) {
            self.lateness.missed(silence == Silence::Witnessed);
            self.notice_slowness(cx, now);
        }
    }

    fn notice_slowness(&mut self, cx: &mut Context<A, S>, now: Instant) {
        if !self.lateness.is_own() || !self.lateness.begin(now, cx.round()) {
            return;
        }
        if !cx.is_slow(cx.id()) {
            self.suspect_nobodys_pace(cx);
        }
        self.say_pace(cx, Liveness::Slow);
        let (live, round) = (cx.members.live(), cx.round());
        if self.lateness.excuses(now, round, live) {
            // Refutations wait in line too: who hears others and has no answer of any cannot judge.
            self.postpone(cx, cx.round().times(PATIENCE), |row| {
                row.swim.suspect || row.swim.waiting
            });
        }
    }

    /// This node has been quick for long enough.
    pub(crate) fn end_slowness(&mut self, cx: &mut Context<A, S>, now: Instant) {
        if self.lateness.end(now) {
            self.say_pace(cx, Liveness::Alive);
        }
    }

    fn say_pace(&mut self, cx: &mut Context<A, S>, liveness: Liveness) {
        let said = cx.members.edit(cx.id(), |mut me| {
            let next = me.facts.incarnation.next();
            let next = next.filter(|_| me.facts.liveness.is_up());
            if let Some(next) = next {
                me.facts().incarnation = next;
                me.facts().liveness = liveness;
            }
            next.is_some()
        });
        if said == Some(true) {
            cx.news.retract_others(cx.id());
            cx.announce(cx.id(), What::Facts);
            cx.next_gossip = Instant::ZERO;
        }
    }

    /// It was this node that was late, and not the others.
    fn suspect_nobodys_pace(&mut self, cx: &mut Context<A, S>) {
        for index in 0..cx.members.len() {
            if let Some(swim) = cx.members.swim_at(index) {
                swim.late = false;
            }
        }
    }

    /// A slow member did not answer within the round: it has more of them.
    pub(crate) fn wait_for(&mut self, cx: &mut Context<A, S>, now: Instant, id: NodeId) {
        let live = cx.members.get(id).is_some_and(Member::is_live);
        let swim = cx.members.swim(id).filter(|_| live);
        let Some(swim) = swim.filter(|swim| !swim.suspect && !swim.waiting) else {
            return;
        };
        swim.waiting = true;
        swim.words_left = 1;
        self.wait_half(cx, now, id);
    }

    /// Half of the time is over in which a member must answer: its ping may be lost.
    pub(crate) fn wait_on(&mut self, cx: &mut Context<A, S>, now: Instant, id: NodeId) {
        if let Some(swim) = cx.members.swim(id) {
            swim.words_left = 0;
        }
        self.wait_half(cx, now, id);
        // Where this node is the slow one, its own turn comes again in that time.
        if cx.is_late(id)
            && let Some(token) = self.lateness.owed_by(id)
        {
            cx.ping_again(id, token);
        }
    }

    fn wait_half(&mut self, cx: &mut Context<A, S>, now: Instant, id: NodeId) {
        let rounds = match cx.is_slow(cx.id()) {
            true => PATIENCE_OF_THE_SLOW,
            false => PATIENCE,
        };
        let until = now.after(cx.round().times(rounds >> 1));
        self.timers.set(id, until);
    }

    /// The answer that a member owed has come.
    pub(crate) fn end_wait(&mut self, cx: &mut Context<A, S>, id: NodeId) {
        let swim = cx.members.swim(id);
        if let Some(swim) = swim.filter(|swim| swim.waiting) {
            swim.waiting = false;
            swim.words_left = 0;
            self.timers.cancel(id);
        }
    }
}
