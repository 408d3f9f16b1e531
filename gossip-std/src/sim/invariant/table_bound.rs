//! No table holds more than its capacity.

use super::Broken;
use crate::sim::measure::Cluster;

pub(super) const RULE: &str = "table-bound";

/// Looks at every table of every host that is up, of `hosts`.
pub(super) fn check(hosts: u32, cluster: &dyn Cluster) -> Result<(), Broken> {
    for host in 0..hosts {
        let mut result = Ok(());
        let Some(node) = cluster.host(host) else {
            continue;
        };
        node.tables(&mut |table, len, capacity| {
            if len > capacity {
                result = Err(Broken {
                    rule: RULE,
                    host,
                    what: format!("{len} rows in the table {table}, whose capacity is {capacity}"),
                });
            }
        });
        result?;
    }
    Ok(())
}
