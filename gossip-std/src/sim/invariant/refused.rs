//! Nobody refuses what an honest node wrote: a datagram whose tag is right is taken whole. What the network
//! damages on the way fails at the tag, and does not count here.

use super::Broken;
use crate::sim::measure::Cluster;

pub(super) const RULE: &str = "refused";

/// Looks at the counters of every host that is up, of `hosts`.
pub(super) fn check(hosts: u32, cluster: &dyn Cluster) -> Result<(), Broken> {
    for host in 0..hosts {
        let Some(node) = cluster.host(host) else {
            continue;
        };
        let stats = node.stats();
        let reasons = [
            ("cut", stats.drop_truncated),
            ("malformed", stats.drop_malformed),
            ("impossible", stats.drop_impossible),
        ];
        let Some((reason, count)) = reasons.into_iter().find(|(_, count)| *count > 0) else {
            continue;
        };
        return Err(Broken {
            rule: RULE,
            host,
            what: format!("has refused {count} datagrams with a right tag as {reason}"),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use gossip_core::Stats;

    use crate::sim::invariant::Checks;
    use crate::sim::invariant::trial::Trial;
    use crate::sim::measure::script::Replica;

    fn with(count: impl FnOnce(&mut Stats)) -> Trial {
        let mut trial = Trial::new(Checks {
            refused: true,
            ..Checks::default()
        });
        let mut replica = Replica::knowing(2);
        count(&mut replica.stats);
        trial.sample(5, &vec![None, Some(replica)]);
        trial
    }

    #[test]
    fn what_is_damaged_on_the_way_is_nobodys_fault() {
        let damaged = with(|stats| {
            stats.drop_foreign_or_corrupt = 9;
            stats.drop_unknown_version = 1;
            stats.drop_too_short = 1;
        });
        assert_eq!(damaged.what(), "");
    }

    #[test]
    fn what_is_refused_behind_the_tag_was_written_so() {
        let counts: [fn(&mut Stats); 3] = [
            |stats| stats.drop_truncated = 1,
            |stats| stats.drop_malformed = 1,
            |stats| stats.drop_impossible = 1,
        ];
        for count in counts {
            assert_eq!(with(count).broken(), (super::RULE, Some(1), 5.0));
        }
    }
}
