//! How full the nodes' bounded tables got.

use super::{Cluster, Tally};
use crate::sim::Index;
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
                node.tables(&mut |table, len, capacity| self.see(table, host, len, capacity));
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

    fn see(&mut self, table: &str, host: Index, len: usize, capacity: usize) {
        let peak = len as u32;
        let known = self.peaks.iter_mut().find(|known| known.table == table);
        match known {
            Some(known) if peak > known.peak => {
                (known.peak, known.host) = (peak, host);
                known.capacity = capacity as u32;
            }
            Some(_) => {}
            None => self.peaks.push(TablePeak {
                table: table.to_owned(),
                peak,
                host,
                capacity: capacity as u32,
                refused: 0,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::measure::script::Replica;

    fn replica(members: usize, news: usize) -> Option<Replica> {
        let mut replica = Replica {
            tables: vec![("members", members, 8), ("news", news, 4)],
            ..Replica::default()
        };
        replica.stats.news_evicted = news as u32;
        Some(replica)
    }

    #[test]
    fn a_peak_names_the_first_host_that_held_the_most() {
        let mut peaks = Peaks::default();
        let mut tally = Tally::default();
        for cluster in [
            vec![replica(2, 0), replica(3, 1)],
            vec![replica(3, 4), replica(1, 1), None],
        ] {
            peaks.sample(&cluster, 3);
            tally.sample(&cluster, 3);
        }
        let peaks = peaks.finish(&tally);
        let seen: Vec<_> = peaks
            .iter()
            .map(|p| (p.table.as_str(), p.peak, p.host, p.capacity, p.refused))
            .collect();
        assert_eq!(seen, [("members", 3, 1, 8, 0), ("news", 4, 0, 4, 5)]);
    }
}
