//! The probe under way: through whom else it goes, and what its end means.

use super::{Step, Swim};
use crate::address::Address;
use crate::context::Context;
use crate::id::NodeId;
use crate::outbox::Message;
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::Member;
use crate::time::Instant;
use rand_core::Rng;

impl<A: Address, S: Storage<A>> Swim<A, S> {
    pub(crate) fn continue_probe(
        &mut self,
        cx: &mut Context<A, S>,
        now: Instant,
        rng: &mut impl Rng,
    ) {
        while let Some(step) = self.prober.step(now) {
            match step {
                Step::Failed(target, (direct, indirect), silence) => {
                    if cx.outbox.withdraw(direct, indirect) {
                        bump(&mut cx.stats.probes_unsent);
                        continue;
                    }
                    self.note_missed(cx, now, target, direct, silence);
                    self.judge(cx, now, target, silence);
                }
                Step::Unsent => bump(&mut cx.stats.probes_unsent),
                Step::Again(target, direct) => {
                    self.prober.asked_again(now.after(cx.patience()));
                    cx.ping_again(target, direct);
                }
                Step::AskOthers(target, direct, indirect) => {
                    self.ask_others(cx, target, direct, indirect, rng);
                }
            }
        }
    }

    /// The direct probe was not answered: others are asked, and the target once more, since on a
    /// lossy network a lost ping is the likeliest cause.
    fn ask_others(
        &mut self,
        cx: &mut Context<A, S>,
        target: NodeId,
        direct: u16,
        indirect: u16,
        rng: &mut impl Rng,
    ) {
        if cx.is_patient_with(target) {
            // More pings would only wait in line with the first.
            return;
        }
        cx.ping_again(target, direct);
        cx.note_unanswered_ping();
        // Who is slow is spared, unless the others do not help: they may be gone as well.
        let all = self.prober.is_unhelped();
        let fit = |row: &Member<A>| {
            row.id != target && row.is_live() && !row.swim.suspect && (all || !row.is_slow())
        };
        let mut left = cx.config.indirect_probes();
        for helper in self.prober.helpers().take(usize::from(left)) {
            let row = cx.members.get(helper).filter(|row| fit(row));
            if let Some(to) = row.and_then(Member::address) {
                cx.send_soon(to, Message::PingReq(indirect, target));
                self.prober.asked();
                left = left.saturating_sub(1);
            }
        }
        for _ in 0..left {
            if let Some(to) = cx.random_peer(rng, fit) {
                cx.send_soon(to, Message::PingReq(indirect, target));
                self.prober.asked();
            }
        }
    }
}
