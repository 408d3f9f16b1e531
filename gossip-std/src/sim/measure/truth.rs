//! What is true in a run: of the hosts, the network and the owners' writes.

use super::{Demand, Ground, Ledger, Reach};
use crate::sim::{Index, Note, Observer, Record, Span, Time};

/// The truth against which nodes are measured. It must see a record before anything that asks it
/// about that record, and records must come in the order of cause and effect.
#[derive(Clone, Debug)]
pub struct Truth {
    /// Who runs and who hears whom.
    pub ground: Ground,
    /// What the owners wrote.
    pub ledger: Ledger,
    /// Who is within reach of whom.
    pub reach: Reach,
}

impl Truth {
    /// The truth before anything happened. After a trouble has ended, a wrong belief is excused for
    /// `grace`.
    #[must_use]
    pub fn new(grace: Span) -> Self {
        Self::with_reach(grace, Demand::default())
    }

    /// The same, where hosts are within reach of each other if their links do this.
    #[must_use]
    pub fn with_reach(grace: Span, demand: Demand) -> Self {
        let mut ground = Ground::new(grace);
        if let Some(each) = demand.keeps_up {
            ground.keep_up_at(each);
        }
        Self {
            ground,
            ledger: Ledger::default(),
            reach: Reach::new(demand),
        }
    }

    /// Whether two hosts have run at their full speed ever since, within reach of each other.
    #[must_use]
    pub fn are_together(&self, since: Time, a: Index, b: Index) -> bool {
        self.ground.is_steady(a, since)
            && self.ground.is_steady(b, since)
            && self.reach.holds(since, a, b)
    }

    /// Whether a host has been together ever since with most of the others that run.
    #[must_use]
    pub fn is_well_placed(&self, since: Time, host: Index) -> bool {
        let others = self.ground.live().iter().filter(|other| *other != host);
        let (near, all) = others.fold((0u32, 0u32), |(near, all), other| {
            let together = self.are_together(since, host, other);
            (near + u32::from(together), all + 1)
        });
        2 * near > all
    }
}

impl Observer<Note> for Truth {
    fn record(&mut self, record: &Record<'_, Note>) {
        self.ground.record(record);
        self.ledger.record(record);
    }
}
