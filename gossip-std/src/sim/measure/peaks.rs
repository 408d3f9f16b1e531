//! How full the nodes' bounded tables got.

use super::{Cluster, Tally};
use crate::sim::outcome::TablePeak;

/// The peak of each table over all hosts and samples.
#[derive(Clone, Debug, Default)]
pub struct Peaks {
    peaks: Vec<TablePeak>,
}

impl Peaks {
    /// Looks at every table of every host that is up, of `hosts`.
    pub fn sample(&mut self, cluster: &dyn Cluster, hosts: u32) {
        for host in 0..hosts {
            if let Some(node) = cluster.host(host) {
                node.tables(&mut |table, len, capacity| {
                    self.see(TablePeak {
                        table: table.to_owned(),
                        peak: len as u32,
                        host,
                        capacity: capacity as u32,
                        refused: 0,
                    });
                });
            }
        }
    }

    /// The peaks, in the order in which the hosts tell their tables.
    #[must_use]
    pub fn finish(mut self, tally: &Tally) -> Vec<TablePeak> {
        for peak in &mut self.peaks {
            peak.refused = tally.counter(&format!("{}_full", peak.table))
                + tally.counter(&format!("{}_evicted", peak.table));
        }
        self.peaks
    }

    fn see(&mut self, seen: TablePeak) {
        let known = self.peaks.iter_mut().find(|peak| peak.table == seen.table);
        match known {
            Some(peak) if seen.peak > peak.peak => *peak = seen,
            Some(_) => {}
            None => self.peaks.push(seen),
        }
    }
}
