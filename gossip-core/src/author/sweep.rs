//! What is done in turn, a little at a time: tombstones that are old enough are collected, and copies looked after.

use super::{Author, SWEEP_BUDGET};
use crate::address::Address;
use crate::context::Context;
use crate::id::NodeId;
use crate::storage::Storage;
use crate::time::{Duration, Instant};

impl<A: Address, S: Storage<A>> Author<A, S> {
    /// Goes on with the sweep under way, or begins the next when its time has come. `timers` says when a member's deadline is.
    pub(crate) fn sweep(
        &mut self,
        cx: &mut Context<A, S>,
        now: Instant,
        timers: impl Fn(NodeId) -> Option<Instant>,
    ) {
        if const { !Self::ENTRIES } {
            self.next_sweep = Instant::FAR;
            return;
        }
        if self.next_sweep <= now {
            self.begin_sweeps(cx, now);
            cx.entries.begin_sweep();
            self.tend_copies(cx, now, timers);
            cx.absorb_singles();
        }
        let mut budget = SWEEP_BUDGET;
        while let Some((index, owner, version)) = cx.entries.sweep(&mut budget) {
            // What this node has deleted must not be taken back, unless that leaves no room.
            let deleted = cx.is_me(owner) && self.is_reclaiming();
            let keeps = deleted && !cx.entries.is_full_for_good();
            let collected = !keeps && cx.collect(owner, version);
            if collected {
                cx.entries.vanish(index);
            } else {
                cx.entries.skip_sweep();
            }
        }
    }

    /// The next sweep begins in half of the time that a tombstone is kept: it outlives two.
    pub(crate) fn begin_sweeps(&mut self, cx: &Context<A, S>, now: Instant) {
        let grace = cx.config.tombstone_grace().as_millis();
        self.next_sweep = now.after(Duration::from_millis(grace.div_ceil(2)));
    }

    /// An earlier life is asked for, or taken back.
    pub(crate) fn is_reclaiming(&self) -> bool {
        self.is_hidden() || self.is_open()
    }

    /// Deadlines are counted from `epoch`.
    pub(crate) fn rebase(&mut self, epoch: Instant) {
        self.pace.rebase(epoch);
        self.rebase_reclaim(epoch);
        self.next_sweep = self.next_sweep.counted_from(epoch);
    }
}
