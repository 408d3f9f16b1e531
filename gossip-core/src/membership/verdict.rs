//! Who is suspected, and whose death is believed: a node's own evidence outweighs what it is told.

use super::{Silence, Swim, suspicion_timeout};
use crate::address::Address;
use crate::board::{What, retransmit_limit};
use crate::context::{Context, Sender};
use crate::id::NodeId;
use crate::outbox::Message;
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::{Facts, Member};
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

/// What becomes of a member whose time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It was suspected, and has not refuted.
    Dead,
    /// The first half of its memory is over.
    Fading,
    /// The whole memory is over.
    Forgotten,
}

/// How long a member has to refute its death.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Doubted {
    timeout: Duration,
    /// It answers late.
    late: bool,
    spoke: bool,
    spared: u8,
}

impl<A: Address, S: Storage<A>> Swim<A, S> {
    /// A probe ended without an ack.
    ///
    /// Where others were asked and said nothing either, the silence may be this node's own: nobody hears it, or it
    /// hears nobody. It then accuses nobody, until so many probes have met with nothing but silence
    /// that everybody must be gone. (Lifeguard counts missing nacks against the prober's own health; here
    /// they suspend its judgement.)
    pub(crate) fn judge(
        &mut self,
        cx: &mut Context<A, S>,
        now: Instant,
        target: NodeId,
        silence: Silence,
    ) {
        if cx.is_patient_with(target) {
            return self.wait_for(cx, now, target);
        }
        let alone = retransmit_limit(2, cx.members.live());
        match silence {
            Silence::Unwitnessed(probes) if probes <= alone => {
                bump(&mut cx.stats.probes_unwitnessed);
            }
            _ => self.suspect_myself(cx, now, target),
        }
    }

    /// Begins to suspect a member that has not answered this node itself, and tells it so: while many join at a
    /// time the news may be pushed out before it gets there, and its answer may be lost.
    fn suspect_myself(&mut self, cx: &mut Context<A, S>, now: Instant, target: NodeId) {
        let patient = cx.is_patient_with(target);
        if self.suspect(cx, now, target)
            && !patient
            && let Some(swim) = cx.members.swim(target)
        {
            swim.words_left = ACCUSALS;
            let part = now.after(self.part_of_suspicion(cx, target));
            self.timers.set(target, part);
        }
        self.accuse(cx, target);
    }

    /// The time between two words to a suspect, and after the last.
    fn part_of_suspicion(&self, cx: &Context<A, S>, id: NodeId) -> Duration {
        let whole = self.suspicion_time(cx, id).as_millis();
        let parts = u32::from(ACCUSALS).saturating_add(1);
        Duration::from_millis(whole.checked_div(parts).unwrap_or(whole))
    }

    fn accuse(&mut self, cx: &mut Context<A, S>, target: NodeId) {
        let row = cx.members.get(target).filter(|row| row.swim.suspect);
        if let Some(to) = row.and_then(Member::address) {
            cx.send_soon(to, Message::Accuse(target));
        }
    }

    /// Notes a suspicion that somebody tells of another.
    pub(crate) fn hear_suspicion(
        &mut self,
        cx: &mut Context<A, S>,
        sender: &Sender<A>,
        suspect: &Suspect,
    ) {
        let current = cx.members.get(suspect.id).is_some_and(|row| {
            suspect.generation == row.facts.generation
                && suspect.incarnation >= row.facts.incarnation
        });
        if current && cx.may_judge(sender.id) {
            self.suspect(cx, sender.now, suspect.id);
        }
    }

    /// Begins to suspect a live member; `false` if it is suspected already.
    pub(crate) fn suspect(&mut self, cx: &mut Context<A, S>, now: Instant, id: NodeId) -> bool {
        let begun = self.suspect_for(cx, now, id, self.hearsay_time(cx, id));
        if begun {
            cx.announce(id, What::Suspect);
        }
        begun
    }

    /// `true` if a live member was not suspected before. It has `timeout` to refute.
    fn suspect_for(
        &mut self,
        cx: &mut Context<A, S>,
        now: Instant,
        id: NodeId,
        timeout: Duration,
    ) -> bool {
        let live = cx.members.get(id).is_some_and(Member::is_live);
        let swim = cx.members.swim(id).filter(|_| live);
        let Some(swim) = swim.filter(|swim| !swim.suspect) else {
            return false;
        };
        swim.suspect = true;
        swim.spoke = false;
        swim.spared = 0;
        swim.words_left = 0;
        swim.waiting = false;
        self.timers.set(id, now.after(timeout));
        cx.members.mark_changed(id);
        bump(&mut cx.stats.suspicions);
        true
    }

    /// Takes back this node's own suspicion: the member answered. Where it is called dead it is told, since
    /// it alone can take that back.
    pub(crate) fn clear_suspicion(&mut self, cx: &mut Context<A, S>, id: NodeId) {
        self.end_wait(cx, id);
        let swim = cx.members.swim(id);
        let Some(swim) = swim.filter(|swim| swim.suspect) else {
            return;
        };
        swim.suspect = false;
        swim.words_left = 0;
        self.alarms.refuted();
        let row = cx.members.get(id);
        let doubted = row.is_some_and(|row| row.doubted);
        let address = row.and_then(Member::address);
        self.timers.cancel(id);
        cx.news.retract(id, What::Suspect);
        cx.members.mark_changed(id);
        if let Some(to) = address.filter(|_| doubted && !cx.is_late(id)) {
            cx.send_soon(to, Message::Tell(id));
        }
    }

    /// Somebody calls dead whom this node holds alive: how long the member has to refute, if it can. To be asked before the
    /// death is adopted.
    pub(crate) fn weigh_death(
        &self,
        cx: &Context<A, S>,
        now: Instant,
        id: NodeId,
        dead: &Facts<A>,
    ) -> Doubted {
        let row = cx.members.get(id);
        let row = row.filter(|row| row.facts.generation == dead.generation);
        let suspected = row.filter(|row| row.swim.suspect);
        let known = suspected.and_then(|row| {
            let rest = self
                .part_of_suspicion(cx, id)
                .times(u32::from(row.swim.words_left));
            let until = self.timers.of(id)?.after(rest);
            Some((until, row.swim.spoke, row.swim.spared))
        });
        let fresh = match cx.config.gossip_fanout() {
            0 => self.hearsay_time(cx, id),
            _ => {
                let rounds = cx.round().times(DOUBTED_ROUNDS);
                self.suspicion_time(cx, id)
                    .min(self.judged_in(cx, rounds, id))
            }
        };
        let (timeout, spoke, spared) = match known {
            Some((until, spoke, spared)) => (until.since(now), spoke, spared),
            None => (fresh, false, 0),
        };
        Doubted {
            timeout,
            late: row.is_some() && cx.is_late(id),
            spoke,
            spared,
        }
    }

    /// The death was adopted: that is what is told and compared from now on, so that facts merge in any order; but
    /// *believed* it is only after the member had time to refute, as with any suspicion, and not at all if it answers.
    pub(crate) fn doubt_death(
        &mut self,
        cx: &mut Context<A, S>,
        now: Instant,
        id: NodeId,
        doubted: Doubted,
    ) {
        cx.members.edit(id, |mut row| {
            row.doubt_death(true);
            row.swim().late = doubted.late;
        });
        bump(&mut cx.stats.deaths_doubted);
        if self.suspect_for(cx, now, id, doubted.timeout)
            && let Some(swim) = cx.members.swim(id)
        {
            (swim.spoke, swim.spared) = (doubted.spoke, doubted.spared);
        }
    }

    /// How long a suspect has to refute of which this node was told.
    fn hearsay_time(&self, cx: &Context<A, S>, id: NodeId) -> Duration {
        let usual = self.suspicion_time(cx, id);
        match cx.config.gossip_fanout() {
            // What goes with probes and exchanges alone takes a round for each step.
            0 => usual.times(2),
            _ => usual,
        }
    }

    /// How long a suspect has to refute.
    fn suspicion_time(&self, cx: &Context<A, S>, id: NodeId) -> Duration {
        let usual = suspicion_timeout(
            cx.suspicion_round(),
            cx.config.suspicion_mult(),
            cx.members.live(),
        );
        self.judged_in(cx, usual, id)
    }

    /// How long this node waits before it believes a member's death, where others wait `usual`: longer where much is
    /// lost, and where the member is slow or this node is, since then what clears a suspect waits in line.
    fn judged_in(&self, cx: &Context<A, S>, usual: Duration, id: NodeId) -> Duration {
        let time = self.alarms.stretch(usual);
        time.times(if cx.is_patient_with(id) { SLOWER } else { 1 })
    }

    /// How often a suspect that speaks has its time once more.
    fn spared_at_most(&self, cx: &Context<A, S>, id: NodeId) -> u8 {
        match cx.is_late(id) {
            true => SPARED_SLOW,
            false => SPARED,
        }
    }

    /// A suspect that spoke since is there: it may only be too busy to answer, and has its time once more. So has one that
    /// is silent, if this node's last probes were answered by nobody: what clears it may wait here. Not for ever,
    /// since it may be one that hears nobody, or gone.
    fn spare(&mut self, cx: &mut Context<A, S>, now: Instant, id: NodeId) {
        if let Some(swim) = cx.members.swim(id) {
            swim.spoke = false;
            swim.spared = swim.spared.saturating_add(1);
        }
        let until = now.after(self.hearsay_time(cx, id));
        self.timers.set(id, until);
    }

    /// A member's deadline has come: what becomes of it, where that is more than a word to it.
    #[must_use]
    pub(crate) fn member_timer(
        &mut self,
        cx: &mut Context<A, S>,
        now: Instant,
        id: NodeId,
    ) -> Option<Fate> {
        let row = cx.members.get(id)?;
        if row.swim.waiting && row.swim.words_left > 0 {
            self.wait_on(cx, now, id);
        } else if row.swim.waiting {
            if let Some(swim) = cx.members.swim(id) {
                swim.waiting = false;
            }
            self.suspect_myself(cx, now, id);
        } else if let Some(left) = row.swim.words_left.checked_sub(1) {
            if let Some(swim) = cx.members.swim(id) {
                swim.words_left = left;
            }
            let part = now.after(self.part_of_suspicion(cx, id));
            self.timers.set(id, part);
            self.accuse(cx, id);
        } else if row.swim.suspect
            && row.is_live()
            && (row.swim.spoke || self.lateness.is_doubtful())
            && row.swim.spared < self.spared_at_most(cx, id)
        {
            self.spare(cx, now, id);
        } else if row.swim.suspect && row.is_live() {
            return Some(Fate::Dead);
        } else if row.unheard && !cx.is_joined() {
            // Whoever has heard of nobody forgets nobody: these are the addresses to try.
            let again = now.after(cx.config.forget_after());
            self.timers.add(id, again);
        } else if row.fading || row.unheard {
            return Some(Fate::Forgotten);
        } else {
            return Some(Fate::Fading);
        }
        None
    }
}
