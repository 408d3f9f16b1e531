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

#[cfg(test)]
mod tests {
    use crate::sim::invariant::Checks;
    use crate::sim::invariant::trial::Trial;
    use crate::sim::measure::script::Replica;

    fn holding(rows: usize) -> Trial {
        let mut trial = Trial::new(Checks {
            tables: true,
            ..Checks::default()
        });
        let replica = Replica {
            tables: vec![("members", rows, 8), ("news", 0, 0)],
            ..Replica::default()
        };
        trial.sample(5, &vec![None, Some(replica)]);
        trial
    }

    #[test]
    fn a_table_may_be_full_and_no_fuller() {
        assert_eq!(holding(8).what(), "");
        assert_eq!(holding(9).broken(), (super::RULE, Some(1), 5.0));
    }
}
