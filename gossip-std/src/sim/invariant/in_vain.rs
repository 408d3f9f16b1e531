//! In calm, nobody is answered again and again with what changes nothing: two such answers in a row lead to
//! another question (gossip-core/docs/protocol.md, Exchange).

use std::collections::BTreeMap;

use super::Broken;
use crate::sim::measure::{Cluster, Truth};
use crate::sim::{Index, Span, Time};

pub(super) const RULE: &str = "in-vain";

/// So many in one calm may have had a reason: what was asked for came from elsewhere meanwhile, as with a host that
/// comes back and asks many at once, and answers that the network repeats count each time. A host that asks in
/// vain each round has more before the calm ends.
const EXCUSED: u32 = 60;

/// So long after the last trouble answers may still come that waited in line: at a host that was slow, at once.
const DRAINED: Span = Span::from_secs(1);

/// Counts for each host what was in vain since calm began.
#[derive(Clone, Debug, Default)]
pub(super) struct InVain {
    since: Option<Time>,
    before: BTreeMap<Index, u32>,
}

impl InVain {
    /// Looks at the counters of all hosts that are up.
    pub(super) fn sample(
        &mut self,
        now: Time,
        truth: &Truth,
        cluster: &dyn Cluster,
    ) -> Result<(), Broken> {
        let since = truth.ground.calm_since();
        let since = since.filter(|since| now.since(*since) >= DRAINED);
        if since.is_none() || since != self.since {
            self.since = since;
            self.before.clear();
        }
        for host in truth.ground.live().iter() {
            let Some(node) = cluster.host(host) else {
                continue;
            };
            let count = node.stats().vain_answers;
            let before = self.before.entry(host).or_insert(count);
            // A host that has restarted counts from zero.
            *before = count.min(*before);
            let more = count - *before;
            if more > EXCUSED {
                return Err(Broken {
                    rule: RULE,
                    host,
                    what: format!(
                        "has asked {more} times in vain in this calm, each time after two answers that changed nothing"
                    ),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::EXCUSED;
    use crate::sim::invariant::Checks;
    use crate::sim::invariant::trial::Trial;
    use crate::sim::measure::script::{Replica, wrote};

    fn asking(times: u32) -> Vec<Option<Replica>> {
        let mut replica = Replica::knowing(3);
        replica.stats.vain_answers = times;
        vec![None, Some(replica)]
    }

    fn trial() -> Trial {
        Trial::new(Checks {
            in_vain: true,
            ..Checks::default()
        })
    }

    #[test]
    fn who_asks_in_vain_for_ever_is_caught() {
        let mut trial = trial();
        trial.sample(5, &asking(100));
        trial.sample(9, &asking(100 + EXCUSED));
        assert_eq!(trial.what(), "");
        trial.sample(10, &asking(101 + EXCUSED));
        assert_eq!(trial.broken(), (super::RULE, Some(1), 10.0));
    }

    #[test]
    fn each_write_and_each_restart_begins_anew() {
        let mut trial = trial();
        trial.sample(5, &asking(100));
        trial.tell(6, 0, wrote("a", 2, 7));
        trial.sample(7, &asking(101 + EXCUSED));
        trial.sample(8, &asking(0));
        trial.sample(9, &asking(EXCUSED));
        assert_eq!(trial.what(), "");
        trial.sample(10, &asking(1 + EXCUSED));
        assert_eq!(trial.broken(), (super::RULE, Some(1), 10.0));
    }
}
