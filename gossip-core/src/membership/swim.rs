//! What a node keeps of who is there.

use super::{
    Alarms, Bygones, Clashes, Lateness, Lost, Prober, Relays, Rivalry, Seeds, Seen, Strangers,
    Timers, Touch,
};
use crate::address::Address;
use crate::sampling::Shuffle;
use crate::storage::Storage;
use crate::time::Instant;

/// How often a restored node that knows nobody alive tries a member in quick succession.
pub(crate) const QUICK_TRIES: u8 = 8;

/// Membership and failure detection.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Swim<A: Address, S: Storage<A>> {
    /// Deadlines of members that are not simply alive.
    pub(crate) timers: Timers<S::Timers>,
    /// Indirect probes under way on behalf of others.
    pub(crate) relays: Relays<A, S::Relays>,
    /// Addresses to join through.
    pub(crate) seeds: Seeds<A, S::Seeds>,
    /// What remains of forgotten members.
    pub(crate) bygones: Bygones<A, S::Bygones>,
    pub(crate) prober: Prober,
    pub(crate) alarms: Alarms,
    pub(crate) lateness: Lateness,
    pub(crate) seen: Seen<A>,
    pub(crate) shuffle: Shuffle,
    pub(crate) next_round: Instant,
    pub(crate) next_reconnect: Instant,
    /// Other nodes with this node's id.
    pub(crate) rivalry: Rivalry,
    /// Other members whose id two nodes use.
    pub(crate) clashes: Clashes,
    /// How often a restored node still tries somebody in quick succession.
    pub(crate) quick_tries: u8,
    /// Who is to be tried next of those that are not among the live.
    pub(crate) lost: Lost,
    /// How far this node is in touch with its peers.
    pub(crate) touch: Touch,
    pub(crate) strangers: Strangers<A>,
}

impl<A: Address, S: Storage<A>> Swim<A, S> {
    /// Around tables that are empty.
    #[must_use]
    pub const fn new(
        timers: Timers<S::Timers>,
        relays: Relays<A, S::Relays>,
        seeds: Seeds<A, S::Seeds>,
        bygones: Bygones<A, S::Bygones>,
    ) -> Self {
        Self {
            timers,
            relays,
            seeds,
            bygones,
            prober: Prober::IDLE,
            alarms: Alarms::NONE,
            lateness: Lateness::NONE,
            seen: Seen::NOTHING,
            shuffle: Shuffle::NEW,
            next_round: Instant::ZERO,
            next_reconnect: Instant::ZERO,
            rivalry: Rivalry::NONE,
            clashes: Clashes::NONE,
            quick_tries: 0,
            lost: Lost::NONE,
            touch: Touch::NONE,
            strangers: Strangers::NONE,
        }
    }

    /// Without what does not influence the future among members, and with deadlines counted from `epoch` and tokens
    /// back from the next one.
    pub(crate) fn rebase(&mut self, epoch: Instant, next_token: u16) {
        self.strangers = Strangers::NONE;
        self.prober.rebase(epoch, next_token);
        self.lateness.rebase(epoch, next_token);
        self.relays.rebase(epoch, next_token);
        self.timers.rebase(epoch);
        self.seeds.rebase(epoch);
        self.bygones.rebase(next_token);
        self.touch.rebase(epoch, next_token);
        self.rivalry.rebase(epoch);
        // What was noticed of others is told to the application and to nobody else.
        self.clashes = Clashes::NONE;
        for at in [&mut self.next_round, &mut self.next_reconnect] {
            *at = at.counted_from(epoch);
        }
    }
}
