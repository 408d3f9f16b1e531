//! No datagram is longer than the MTU.

use super::Broken;
use crate::sim::measure::Cluster;

pub(super) const RULE: &str = "mtu";

/// Looks at the longest datagram of each of `hosts` hosts, where `most` bytes are allowed.
pub(super) fn check(hosts: u32, cluster: &dyn Cluster, most: usize) -> Result<(), Broken> {
    let mut lens = (0..hosts).map(|host| (host, cluster.longest(host)));
    let too_long = lens.find(|(_, len)| *len > most);
    too_long.map_or(Ok(()), |(host, len)| {
        Err(Broken {
            rule: RULE,
            host,
            what: format!("sent a datagram of {len} bytes where the MTU is {most}"),
        })
    })
}

#[cfg(test)]
mod tests {
    use crate::sim::invariant::Checks;
    use crate::sim::invariant::trial::Trial;
    use crate::sim::measure::script::Replica;

    fn sent(longest: usize) -> Trial {
        let mut trial = Trial::new(Checks {
            mtu: Some(64),
            ..Checks::default()
        });
        let replica = Replica {
            longest,
            ..Replica::default()
        };
        trial.sample(1, &vec![None, Some(replica)]);
        trial
    }

    #[test]
    fn a_datagram_may_be_as_long_as_the_mtu_and_no_longer() {
        assert_eq!(sent(64).what(), "");
        assert_eq!(sent(65).broken(), (super::RULE, Some(1), 1.0));
    }
}
