//! Answers that change nothing: what is asked for next, how rarely, and when a re-cover is given up.

use super::Bit;
use super::Reconciler;
use crate::address::Address;
use crate::context::Context;
use crate::context::Sender;
use crate::entries::delta::Recover;
use crate::id::{NodeId, Version};
use crate::membership::Swim;
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::Member;
use crate::time::Instant;

/// After so many answers in a row that changed nothing, single entries of an owner are not asked for any
/// more, but claims.
pub(super) const VAIN_SINGLY: u8 = 2;

/// After so many an owner is not asked for in each round.
pub(super) const VAIN_OFTEN: u8 = 4;

/// One round of so many, as a power of two, at the rarest.
const REST_MOST: u8 = 5;

impl<A: Address, S: Storage<A>> Reconciler<A, S> {
    pub(super) fn stop_asking(&self, cx: &mut Context<A, S>, sender: &Sender<A>, owner: NodeId) {
        let bit = self.bit_of(sender);
        if let Some(marks) = cx.members.marks(owner) {
            marks.stop_pull(bit);
            bump(&mut cx.stats.idle_claims);
        }
    }

    /// What a partner was asked for about an owner, and answered, changed nothing here.
    ///
    /// Who asks for single entries says which it holds in a short stretch; the partner cannot see what lies
    /// beyond, and may tell what is superseded here, again and again. Claims always bring a replica on that
    /// holds less (see [`delta`](crate::entries::delta)), so after two such answers they are asked for,
    /// until the owner is caught up with.
    pub(super) fn answer_in_vain(&self, cx: &mut Context<A, S>, sender: &Sender<A>, owner: NodeId) {
        let bit = self.bit_of(sender);
        let Some(marks) = cx.members.marks(owner) else {
            return;
        };
        if marks.asked & bit == 0 {
            return;
        }
        marks.in_vain = marks.in_vain.saturating_add(1);
        if marks.in_vain > VAIN_SINGLY {
            bump(&mut cx.stats.vain_answers);
        }
    }

    /// A partner has no more for a re-cover of an owner that is gone, which got further than any claim that
    /// the partner can make, and cannot end: what it waits for may be held by nobody. It begins anew with that
    /// partner, so that both come to stand at one version; what is held beyond is told as single entries.
    pub(super) fn begin_anew(&mut self, cx: &mut Context<A, S>, bit: Bit, owner: NodeId) {
        let Some(row) = cx.members.get(owner) else {
            return;
        };
        let (held, told) = (row.progress().held, row.marks.told);
        let further = |cursor: Version| held < told && told < cursor;
        if !row.is_live() && row.progress().recover.is_some_and(|r| further(r.cursor)) {
            cx.give_up_recover(owner);
            let row = cx.members.get(owner);
            if row.is_some_and(|row| row.progress().held < told) {
                self.link_pull(cx, bit, owner, told);
            }
        }
    }

    fn bit_of(&self, sender: &Sender<A>) -> Bit {
        let exchange = self.slots.of_peer(sender.id);
        exchange.map_or(0, |exchange| exchange.bit)
    }

    /// `true` if answers with single entries of this owner have changed something, or not been tried.
    pub(super) fn may_ask_singly(row: &Member<A>) -> bool {
        row.marks.in_vain < VAIN_SINGLY
    }

    /// `true` if a re-cover of an owner that is gone waits for what nobody has offered. It stands where its
    /// cursor is, and can make no claims up to there, so a partner that holds no more than is covered here
    /// would never get what it brought. Given up, its entries are single ones, and reach everybody.
    ///
    /// The partner may only be slower on the same way. So there are times for it, after the death, and each
    /// time between them is twice as long as the one before it.
    pub(super) fn is_stuck(
        cx: &Context<A, S>,
        swim: &Swim<A, S>,
        now: Instant,
        row: &Member<A>,
    ) -> bool {
        const FIRST: u32 = 8;
        let further = |recover: Recover| recover.cursor > row.progress().held;
        if row.is_live() || row.marks.pull != 0 || !row.progress().recover.is_some_and(further) {
            return false;
        }
        let left = u32::from(swim.memory_left(cx, now, row)).saturating_mul(1000);
        let memory = cx.fading_time().as_millis().saturating_mul(2);
        let round = cx.config.probe_interval().as_millis().max(1);
        let rounds = memory.saturating_sub(left).div_euclid(round);
        let half_octave = rounds.checked_ilog2().unwrap_or(0).saturating_sub(1);
        rounds >= FIRST && rounds.wrapping_shr(half_octave) & 1 == 0
    }
}

impl<A: Address, S: Storage<A>> Context<A, S> {
    /// `true` while an owner is not asked for because answers about it were in vain: the more there were, the
    /// rarer the rounds in which it is. That a partner holds more than was told so far, `held`, is a reason to
    /// ask at once: what was in the way may be gone.
    pub(super) fn rests(&self, row: &Member<A>, held: Version) -> bool {
        let Some(power) = row.marks.in_vain.checked_sub(VAIN_OFTEN) else {
            return false;
        };
        let rounds = 1u16.wrapping_shl(u32::from(power.saturating_add(1).min(REST_MOST)));
        held <= row.marks.told && !self.rounds.is_multiple_of(rounds)
    }
}
