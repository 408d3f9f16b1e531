//! What is true in a run: of the hosts, the network and the owners' writes.

use super::{Ground, Ledger};
use crate::sim::{Note, Observer, Record, Span};

/// The truth against which nodes are measured. It must see a record before anything that asks it
/// about that record, and records must come in the order of cause and effect.
#[derive(Clone, Debug)]
pub struct Truth {
    /// Who runs and who hears whom.
    pub ground: Ground,
    /// What the owners wrote.
    pub ledger: Ledger,
}

impl Truth {
    /// The truth before anything happened. After a trouble has ended, a wrong belief is excused for
    /// `grace`.
    #[must_use]
    pub fn new(grace: Span) -> Self {
        Self {
            ground: Ground::new(grace),
            ledger: Ledger::default(),
        }
    }
}

impl Observer<Note> for Truth {
    fn record(&mut self, record: &Record<'_, Note>) {
        self.ground.record(record);
        self.ledger.record(record);
    }
}
