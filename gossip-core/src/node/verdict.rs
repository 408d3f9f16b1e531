//! Who is suspected, and whose death is believed: a node's own evidence outweighs what it is told.

use super::{Message, Node};
use crate::address::Address;
use crate::context::Sender;
use crate::id::NodeId;
use crate::membership::{Silence, What, retransmit_limit, suspicion_timeout};
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::{Facts, Liveness, Member};
use crate::time::{Duration, Instant};
use crate::wire::Suspect;

/// How many rounds a member has that is called dead here for the first time: whoever calls it so has
/// waited for its answer already.
const DOUBTED_ROUNDS: u32 = 3;

/// How often whoever suspects a member itself tells it so once more before it counts as dead.
const ACCUSALS: u8 = 2;

/// How often a suspect that speaks has its time to refute once more: its answers may wait in line.
const SPARED: u8 = 1;

/// How often it has if it is slow.
const SPARED_SLOW: u8 = 4;

/// How much longer a slow member has to refute.
const SLOWER: u32 = 3;

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// A probe ended without an ack.
    ///
    /// Where others were asked and said nothing either, the silence may be this node's own: nobody hears it, or it
    /// hears nobody. It then accuses nobody, until so many probes have met with nothing but silence
    /// that everybody must be gone. (Lifeguard counts missing nacks against the prober's own health; here
    /// they suspend its judgement.)
    pub(super) fn judge(&mut self, now: Instant, target: NodeId, silence: Silence) {
        if self.is_patient_with(target) {
            return self.wait_for(now, target);
        }
        let alone = retransmit_limit(2, self.tables.members.live());
        match silence {
            Silence::Unwitnessed(probes) if probes <= alone => {
                bump(&mut self.stats.probes_unwitnessed);
            }
            _ => self.suspect_myself(now, target),
        }
    }

    /// Begins to suspect a member that has not answered this node itself, and tells it so: while many join at a
    /// time the news may be pushed out before it gets there, and its answer may be lost.
    fn suspect_myself(&mut self, now: Instant, target: NodeId) {
        let patient = self.is_patient_with(target);
        if self.suspect(now, target)
            && !patient
            && let Some(swim) = self.tables.members.swim(target)
        {
            swim.words_left = ACCUSALS;
            let part = now.after(self.part_of_suspicion(target));
            self.tables.timers.set(target, part);
        }
        self.accuse(target);
    }

    /// The time between two words to a suspect, and after the last.
    fn part_of_suspicion(&self, id: NodeId) -> Duration {
        let whole = self.suspicion_time(id).as_millis();
        let parts = u32::from(ACCUSALS).saturating_add(1);
        Duration::from_millis(whole.checked_div(parts).unwrap_or(whole))
    }

    fn accuse(&mut self, target: NodeId) {
        let row = self
            .tables
            .members
            .get(target)
            .filter(|row| row.swim.suspect);
        if let Some(to) = row.and_then(Member::address) {
            self.owe(to, Message::Accuse(target));
        }
    }

    /// Notes a suspicion that somebody tells.
    pub(super) fn merge_suspect(&mut self, sender: &Sender<A>, suspect: &Suspect) {
        if self.is_me(suspect.id) {
            self.answer_suspicion(sender.now, sender.from, suspect);
            return;
        }
        let current = self.tables.members.get(suspect.id).is_some_and(|row| {
            suspect.generation == row.facts.generation
                && suspect.incarnation >= row.facts.incarnation
        });
        if current && self.may_judge(sender.id) {
            self.suspect(sender.now, suspect.id);
        }
    }

    /// What a member that is suspected, dead or slow itself says of others is not taken: the fault may be its own. If it
    /// is right, others will say so.
    pub(super) fn may_judge(&self, teller: NodeId) -> bool {
        let row = self.tables.members.get(teller);
        row.is_none_or(|row| row.is_live() && !row.swim.suspect && !row.is_slow())
    }

    /// Begins to suspect a live member; `false` if it is suspected already.
    pub(super) fn suspect(&mut self, now: Instant, id: NodeId) -> bool {
        let begun = self.suspect_for(now, id, self.hearsay_time(id));
        if begun {
            self.announce(id, What::Suspect);
        }
        begun
    }

    /// `true` if a live member was not suspected before. It has `timeout` to refute.
    fn suspect_for(&mut self, now: Instant, id: NodeId, timeout: Duration) -> bool {
        let live = self.tables.members.get(id).is_some_and(Member::is_live);
        let swim = self.tables.members.swim(id).filter(|_| live);
        let Some(swim) = swim.filter(|swim| !swim.suspect) else {
            return false;
        };
        swim.suspect = true;
        swim.spoke = false;
        swim.spared = 0;
        swim.words_left = 0;
        swim.waiting = false;
        self.tables.timers.set(id, now.after(timeout));
        self.tables.members.mark_changed(id);
        bump(&mut self.stats.suspicions);
        true
    }

    /// Takes back this node's own suspicion: the member answered. Where it is called dead it is told, since
    /// it alone can take that back.
    pub(super) fn clear_suspicion(&mut self, id: NodeId) {
        self.end_wait(id);
        let swim = self.tables.members.swim(id);
        let Some(swim) = swim.filter(|swim| swim.suspect) else {
            return;
        };
        swim.suspect = false;
        swim.words_left = 0;
        self.alarms.refuted();
        let row = self.tables.members.get(id);
        let doubted = row.is_some_and(|row| row.doubted);
        let address = row.and_then(Member::address);
        self.tables.timers.cancel(id);
        self.tables.news.retract(id, What::Suspect);
        self.tables.members.mark_changed(id);
        if let Some(to) = address.filter(|_| doubted && !self.is_late(id)) {
            self.owe(to, Message::Tell(id));
        }
    }

    /// Somebody calls dead whom this node holds alive. That is what is told and compared from now on, so that
    /// facts merge in any order; but *believed* it is only after the member had time to refute, as with any
    /// suspicion, and not at all if it answers.
    pub(super) fn doubt_death(&mut self, now: Instant, id: NodeId, dead: Facts<A>) {
        let row = self.tables.members.get(id);
        let suspected =
            row.filter(|row| row.swim.suspect && row.facts.generation == dead.generation);
        let known = suspected.and_then(|row| {
            let rest = self
                .part_of_suspicion(id)
                .times(u32::from(row.swim.words_left));
            let until = self.tables.timers.of(id)?.after(rest);
            Some((until, row.swim.spoke, row.swim.spared))
        });
        let fresh = match self.config.gossip_fanout() {
            0 => self.hearsay_time(id),
            _ => {
                let rounds = self.round().times(DOUBTED_ROUNDS);
                self.suspicion_time(id).min(self.judged_in(rounds, id))
            }
        };
        let late =
            self.is_late(id) && row.is_some_and(|row| row.facts.generation == dead.generation);
        self.adopt(now, id, dead);
        self.tables.members.edit(id, |row| {
            row.doubted = true;
            row.swim.late = late;
        });
        bump(&mut self.stats.deaths_doubted);
        let timeout = known.map_or(fresh, |(until, ..)| until.since(now));
        if self.suspect_for(now, id, timeout)
            && let Some((_, spoke, spared)) = known
            && let Some(swim) = self.tables.members.swim(id)
        {
            (swim.spoke, swim.spared) = (spoke, spared);
        }
    }

    /// How long a suspect has to refute of which this node was told.
    fn hearsay_time(&self, id: NodeId) -> Duration {
        let usual = self.suspicion_time(id);
        match self.config.gossip_fanout() {
            // What goes with probes and exchanges alone takes a round for each step.
            0 => usual.times(2),
            _ => usual,
        }
    }

    /// How long a suspect has to refute.
    fn suspicion_time(&self, id: NodeId) -> Duration {
        let usual = suspicion_timeout(
            self.suspicion_round(),
            self.config.suspicion_mult(),
            self.tables.members.live(),
        );
        self.judged_in(usual, id)
    }

    /// How long this node waits before it believes a member's death, where others wait `usual`: longer where much is
    /// lost, and where the member is slow or this node is, since then what clears a suspect waits in line.
    fn judged_in(&self, usual: Duration, id: NodeId) -> Duration {
        let time = self.alarms.stretch(usual);
        time.times(if self.is_patient_with(id) { SLOWER } else { 1 })
    }

    /// How often a suspect that speaks has its time once more.
    fn spared_at_most(&self, id: NodeId) -> u8 {
        match self.is_late(id) {
            true => SPARED_SLOW,
            false => SPARED,
        }
    }

    /// A suspect that spoke since is there: it may only be too busy to answer, and has its time once more. Not
    /// for ever, since it may be one that hears nobody.
    fn spare(&mut self, now: Instant, id: NodeId) {
        if let Some(swim) = self.tables.members.swim(id) {
            swim.spoke = false;
            swim.spared = swim.spared.saturating_add(1);
        }
        let until = now.after(self.hearsay_time(id));
        self.tables.timers.set(id, until);
    }

    /// A member's deadline has come.
    pub(super) fn member_timer(&mut self, now: Instant, id: NodeId) {
        let Some(row) = self.tables.members.get(id) else {
            return;
        };
        if row.swim.waiting && row.swim.words_left > 0 {
            self.wait_on(now, id);
        } else if row.swim.waiting {
            if let Some(swim) = self.tables.members.swim(id) {
                swim.waiting = false;
            }
            self.suspect_myself(now, id);
        } else if let Some(left) = row.swim.words_left.checked_sub(1) {
            if let Some(swim) = self.tables.members.swim(id) {
                swim.words_left = left;
            }
            let part = now.after(self.part_of_suspicion(id));
            self.tables.timers.set(id, part);
            self.accuse(id);
        } else if row.swim.suspect
            && row.is_live()
            && row.swim.spoke
            && row.swim.spared < self.spared_at_most(id)
        {
            self.spare(now, id);
        } else if row.swim.suspect && row.is_live() {
            let dead = Facts {
                liveness: Liveness::Dead,
                ..row.facts
            };
            self.adopt(now, id, dead);
        } else if row.unheard && !self.is_joined() {
            // Whoever has heard of nobody forgets nobody: these are the addresses to try.
            let again = now.after(self.config.forget_after());
            self.tables.timers.add(id, again);
        } else if row.fading || row.unheard {
            self.keep_bygone(id, true);
            self.forget(id);
        } else {
            self.fade(now, id);
        }
    }
}
