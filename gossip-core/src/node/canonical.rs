//! The part of a node's state that decides how it will behave.

use super::Node;
use super::strangers::Strangers;
use crate::address::Address;
use crate::membership::Clashes;
use crate::stats::Stats;
use crate::storage::Storage;
use crate::time::Instant;

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// This node without what does not influence its future among members: counters are zero, strangers
    /// that were met are forgotten, changes have no numbers, deadlines are counted from `now`, and tokens back from the next one to be given out.
    /// Nodes whose canonical forms are equal will behave alike. For comparison only: a canonical form
    /// is not meant to run.
    #[must_use]
    pub fn canonical(&self, now: Instant) -> Self {
        let mut node = self.clone();
        let now = self.time.of(now);
        node.time.rebase(now);
        node.stats = Stats::NONE;
        node.strangers = Strangers::NONE;
        node.prober.rebase(now, self.next_token);
        node.lateness.rebase(now, self.next_token);
        node.tables.relays.rebase(now, self.next_token);
        node.tables.entries.rebase(now);
        node.tables.timers.rebase(now);
        node.tables.seeds.rebase(now);
        node.tables.bygones.rebase(self.next_token);
        node.touch.rebase(now, self.next_token);
        node.tables.exchanges.rebase(now);
        node.tables.mails.rebase(now);
        node.tables.syncs.rebase(now, self.next_token);
        node.tables.reads.rebase(now, self.next_token);
        node.tables.outbox.rebase(self.next_token);
        node.tables.members.rebase(self.next_token, self.rounds);
        node.rounds = 0;
        node.tables.entries.forget_changes();
        node.pace.rebase(now);
        node.bucket.rebase(now);
        node.next_token = 0;
        node.rebase_reclaim(now);
        node.rivalry.rebase(now);
        // What was noticed of others is told to the application and to nobody else.
        node.clashes = Clashes::NONE;
        for at in [
            &mut node.next_round,
            &mut node.next_exchange,
            &mut node.next_gossip,
            &mut node.next_reconnect,
            &mut node.next_sweep,
        ] {
            *at = at.counted_from(now);
        }
        node
    }
}
