//! Which restarts of an owner excuse that what it had written is gone.

use std::collections::BTreeSet;

use crate::sim::measure::{Marks, Truth};
use crate::sim::{Index, Note, Record, Time, What};

/// What owners restarted without, and which replicas were not there to give it back.
///
/// A restarted node takes back what it had written, unless it is `fresh` (gossip-core/docs/protocol.md,
/// Restarts without a state). It may lose what few had heard of, and what only those hold whom it does
/// not reach, or who have lost it themselves; so a restart is no excuse where most showed the entry for
/// a while, and where its seed and the replica were within its reach until it must have it back.
#[derive(Clone, Debug, Default)]
pub(super) struct Restarts {
    /// Whether owners discard what they had written.
    fresh: bool,
    restarts: Vec<Restart>,
    /// Owners that said goodbye: that life is over, and all that it wrote.
    left: Marks,
}

#[derive(Clone, Debug)]
struct Restart {
    owner: Index,
    at: Time,
    /// The last of the deletions that the ledger notes for it.
    last: u32,
    /// Keys that it must get back.
    owed: BTreeSet<u32>,
    /// Replicas that were not within its reach all the time.
    spoiled: Marks,
    /// It may not have got back anything.
    is_void: bool,
}

impl Restarts {
    pub(super) fn new(fresh: bool) -> Self {
        Self {
            fresh,
            ..Self::default()
        }
    }

    /// Takes notice of one record, which `truth` has seen already. `owed` gives the keys of a host
    /// that most others show.
    pub(super) fn record(
        &mut self,
        record: &Record<'_, Note>,
        truth: &Truth,
        owed: impl FnOnce(Index) -> BTreeSet<u32>,
    ) {
        match record.what {
            What::Note(Note::Left) => _ = self.left.insert(record.host),
            What::Restarted { with_memory: false } if !self.fresh => {
                self.restarted(record, truth, owed)
            }
            _ => {}
        }
    }

    fn restarted(
        &mut self,
        record: &Record<'_, Note>,
        truth: &Truth,
        owed: impl FnOnce(Index) -> BTreeSet<u32>,
    ) {
        let mut restart = Restart {
            owner: record.host,
            at: record.time,
            last: truth.ledger.clock(),
            owed: owed(record.host),
            spoiled: Marks::default(),
            is_void: self.left.remove(record.host),
        };
        restart.look(record.time, truth);
        self.restarts.push(restart);
    }

    /// Notes who is out of reach of those that restarted a while ago at most. O(hosts^2) for each.
    pub(super) fn sample(&mut self, now: Time, truth: &Truth) {
        let calm = truth.reach.calm();
        let recent = self.restarts.iter_mut().rev();
        for restart in recent.take_while(|restart| now.since(restart.at) <= calm) {
            restart.look(now, truth);
        }
    }

    /// Whether the deletion with this number, noted at a restart of the owner, explains that the
    /// replica no longer shows the key.
    pub(super) fn excuse(&self, owner: Index, key: u32, number: u32, replica: Index) -> bool {
        let of_owner = |restart: &&Restart| restart.owner == owner && restart.last >= number;
        let found = self.restarts.iter().find(of_owner);
        found.is_none_or(|restart| {
            restart.is_void || restart.spoiled.contains(replica) || !restart.owed.contains(&key)
        })
    }
}

impl Restart {
    fn look(&mut self, now: Time, truth: &Truth) {
        // One that is down again has more to get back when it starts the next time, not less.
        if self.is_void || !truth.ground.is_live(self.owner) {
            return;
        }
        let since = truth.reach.judged_from(now);
        let is_near = |host: Index| {
            truth.ground.is_steady(host, since) && truth.reach.holds(since, self.owner, host)
        };
        // The one through which it joins.
        let seed = Index::from(self.owner == 0);
        self.is_void = !truth.ground.is_steady(self.owner, now) || !is_near(seed);
        let others = (0..truth.ground.hosts()).filter(|host| *host != self.owner);
        let away = |host: &Index| !is_near(*host) || !truth.is_well_placed(since, *host);
        for host in others.filter(away) {
            self.spoiled.insert(host);
        }
    }
}
