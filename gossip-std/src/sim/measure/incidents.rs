//! What was done to the cluster.

use crate::sim::outcome::{Incident, IncidentKind};
use crate::sim::{Note, Record, What};

/// Crashes, partitions and heals, those of one kind and moment together.
#[derive(Clone, Debug, Default)]
pub struct Incidents(Vec<Incident>);

impl Incidents {
    /// Takes notice of one record.
    pub fn record(&mut self, record: &Record<'_, Note>) {
        let kind = match record.what {
            What::Crashed => IncidentKind::Crash,
            What::Partitioned { .. } => IncidentKind::Partition,
            What::Healed { .. } => IncidentKind::Heal,
            _ => return,
        };
        let at = record.time;
        match self.0.last_mut() {
            Some(last) if (last.at, last.kind) == (at, kind) => last.count += 1,
            _ => self.0.push(Incident { at, kind, count: 1 }),
        }
    }

    /// All of them, in the order of time.
    #[must_use]
    pub fn finish(self) -> Vec<Incident> {
        self.0
    }
}
