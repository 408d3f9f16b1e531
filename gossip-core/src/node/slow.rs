//! A node that answers late is slow, and not dead: it says so itself, and everybody leaves it time.
//!
//! A node whose peers all seem late is the slow one: what reaches it waits in line. It says so with an
//! incarnation of its own, as a fact. From then on nobody sends it news of its own accord, asks others to
//! probe it, or judges it by one round; otherwise suspicions, refutations and what is sent again would
//! keep it busy for ever (congestion that feeds itself; Jacobson, "Congestion avoidance and control",
//! SIGCOMM 1988, for the idea of backing off).

use super::Node;
use crate::address::Address;
use crate::context::{PATIENCE, pace_with};
use crate::id::NodeId;
use crate::membership::{Silence, What};
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::{Liveness, Member};
use crate::time::{Duration, Instant};

/// How many rounds a slow node waits for anybody: others are quicker to find a crash.
const PATIENCE_OF_THE_SLOW: u32 = 60;

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Takes an ack of a probe that is over; `true` if it is one. The member is there all the same.
    pub(super) fn take_late_ack(&mut self, now: Instant, from: NodeId, token: u16) -> bool {
        if !self.lateness.take(from, token) {
            return false;
        }
        bump(&mut self.stats.late_acks);
        self.clear_suspicion(from);
        if !self.is_late(from) {
            self.note_pace(from, true);
            self.lateness.late();
            self.notice_slowness(now);
        }
        true
    }

    /// A probe ended without an answer.
    pub(super) fn note_missed(
        &mut self,
        now: Instant,
        target: NodeId,
        token: u16,
        silence: Silence,
    ) {
        self.lateness.remember(target, token);
        if !self.is_late(target) {
            self.lateness.missed(silence == Silence::Witnessed);
            self.notice_slowness(now);
        }
    }

    fn notice_slowness(&mut self, now: Instant) {
        if !self.lateness.is_own() || !self.lateness.begin(now, self.round()) {
            return;
        }
        if !self.is_slow(self.id()) {
            self.suspect_nobodys_pace();
        }
        self.say_pace(Liveness::Slow);
        let (live, round) = (self.tables.members.live(), self.round());
        if self.lateness.excuses(now, round, live) {
            // Refutations wait in line too: who hears others and has no answer of any cannot judge.
            self.postpone(self.round().times(PATIENCE), |row| {
                row.swim.suspect || row.swim.waiting
            });
        }
    }

    /// This node has been quick for long enough.
    pub(super) fn end_slowness(&mut self, now: Instant) {
        if self.lateness.end(now) {
            self.say_pace(Liveness::Alive);
        }
    }

    fn say_pace(&mut self, liveness: Liveness) {
        let said = self.tables.members.edit(self.id(), |me| {
            let next = me.facts.incarnation.next();
            let next = next.filter(|_| me.facts.liveness.is_up());
            if let Some(next) = next {
                me.facts.incarnation = next;
                me.facts.liveness = liveness;
            }
            next.is_some()
        });
        if said == Some(true) {
            self.tables.news.retract_others(self.id());
            self.announce(self.id(), What::Facts);
            self.next_gossip = Instant::ZERO;
        }
    }

    pub(super) fn is_slow(&self, id: NodeId) -> bool {
        self.tables.members.get(id).is_some_and(|row| row.is_slow())
    }

    /// Notes whether a member's ack came late. While this node is slow itself, everybody's does.
    pub(super) fn note_pace(&mut self, id: NodeId, late: bool) {
        let slow = self.is_slow(self.id());
        if let Some(swim) = self.tables.members.swim(id) {
            swim.late = late && !slow;
        }
    }

    /// It was this node that was late, and not the others.
    fn suspect_nobodys_pace(&mut self) {
        for index in 0..self.tables.members.len() {
            if let Some(swim) = self.tables.members.swim_at(index) {
                swim.late = false;
            }
        }
    }

    /// `true` if the member says that it is slow, or this node has just seen that its answers are late: it
    /// may be too busy to find out itself.
    pub(super) fn is_late(&self, id: NodeId) -> bool {
        let row = self.tables.members.get(id);
        row.is_some_and(|row| row.is_slow() || row.swim.late)
    }

    /// `true` if it is late and called dead here, or somewhere.
    pub(super) fn is_late_and_dead(&self, id: NodeId) -> bool {
        let row = self.tables.members.get(id);
        row.is_some_and(|row| row.swim.late && row.facts.liveness == Liveness::Dead)
    }

    /// `true` if the member's answer may take more than a round: it is slow, or this node is.
    pub(super) fn is_patient_with(&self, id: NodeId) -> bool {
        self.is_late(id) || self.is_slow(self.id())
    }

    /// A slow member did not answer within the round: it has more of them.
    pub(super) fn wait_for(&mut self, now: Instant, id: NodeId) {
        let live = self.tables.members.get(id).is_some_and(Member::is_live);
        let swim = self.tables.members.swim(id).filter(|_| live);
        let Some(swim) = swim.filter(|swim| !swim.suspect && !swim.waiting) else {
            return;
        };
        swim.waiting = true;
        swim.words_left = 1;
        self.wait_half(now, id);
    }

    /// Half of the time is over in which a member must answer: its ping may be lost.
    pub(super) fn wait_on(&mut self, now: Instant, id: NodeId) {
        if let Some(swim) = self.tables.members.swim(id) {
            swim.words_left = 0;
        }
        self.wait_half(now, id);
        // Where this node is the slow one, its own turn comes again in that time.
        if self.is_late(id)
            && let Some(token) = self.lateness.owed_by(id)
        {
            self.ping_again(id, token);
        }
    }

    fn wait_half(&mut self, now: Instant, id: NodeId) {
        let rounds = match self.is_slow(self.id()) {
            true => PATIENCE_OF_THE_SLOW,
            false => PATIENCE,
        };
        let until = now.after(self.round().times(rounds >> 1));
        self.tables.timers.set(id, until);
    }

    /// The answer that a member owed has come.
    pub(super) fn end_wait(&mut self, id: NodeId) {
        let swim = self.tables.members.swim(id);
        if let Some(swim) = swim.filter(|swim| swim.waiting) {
            swim.waiting = false;
            swim.words_left = 0;
            self.tables.timers.cancel(id);
        }
    }

    /// How long a peer has for what usually takes so long.
    pub(super) fn pace_with(&self, peer: NodeId, usual: Duration) -> Duration {
        pace_with(&self.tables.members, peer, usual)
    }
}
