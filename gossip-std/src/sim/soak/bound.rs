//! How soon after the last trouble all must agree: a bound that follows from a scenario's settings.
//!
//! With rounds of length `i`, `n` hosts, reconnection every `r`, and a share `p` of datagrams that
//! the calm network loses or damages, five things happen, at worst one after the other:
//!
//! | what | takes at most | because |
//! |---|---|---|
//! | hosts that lost each other meet | `r` times the tries until one succeeds | each try goes to a seed with probability 1/2, and takes a hello, the news of its death, the refutation, and an answer: it succeeds with probability `q = (1 - p)^4 / 2` |
//! | the last dead are found | `2 n` rounds and the suspicion time | the shuffled round-robin visits everyone in 2 n rounds (gossip-core/docs/decisions.md, Shape); then the suspect has its time (SWIM, section 4.2), twice if it spoke in it; a slow one, as all may be where a round trip is half a round, is waited for 12 rounds before, and has three times as long (gossip-core/docs/protocol.md, Slow is not dead) |
//! | what was learnt reaches all | `(log2 n + ln n) / (2 q)` rounds, and the tries of the last | an exchange a round is an epidemic by push and pull (Demers et al. 1987, section 1.3); towards its end half of all partners know, so a round succeeds with probability `q` again |
//! | the entries follow | a round trip for each entry of each owner | a pull brings at least one entry, however small the MTU; a share `1 - 2 q` is asked for again after the reply timeout |
//! | a re-cover that waits for what nobody holds is given up | a third of the time since the owner died, or 8 rounds | it is done from 8 rounds after the death on, in the first half of each stretch of time that is twice as long as the one before it (gossip-core/docs/protocol.md, Claims); its entries follow as above |
//!
//! The tries are as many as fail together with a probability of 2^-30. All is longer by the drift of
//! the slowest clock. The parts seldom add up: whatever agreed at all in the first 500 seeds did so in
//! half of the bound.

use gossip_core::{Checked, Duration};

use crate::sim::index::id_of;
use crate::sim::network::{Latency, Link};
use crate::sim::scenario::{Action, At, Scenario};
use crate::sim::{Index, Span};

/// The probability with which chance alone may exceed a part of the bound, as a power of 1/2.
const ODDS_BITS: f64 = 30.0;

/// The bound, in whole seconds.
pub(super) fn agreement(scenario: &Scenario) -> Span {
    drifted(scenario, undrifted)
}

/// How soon a write is seen by all within reach of its writer, in whole seconds, where more than half of
/// the hosts are within reach of either: as many rounds as above until it has reached all and as many
/// pulls, but as only half of all partners count, `q` is half as large. Nobody need meet or be found
/// dead first.
pub(in crate::sim) fn visible(scenario: &Scenario) -> Span {
    drifted(scenario, |scenario, config| {
        let pace = Pace::new(scenario, 0.5);
        pace.spread_rounds(scenario) * secs(config.probe_interval()) + pace.pulls(scenario, config)
    })
}

/// By the slowest clock.
fn drifted(scenario: &Scenario, bound: fn(&Scenario, &Checked<Index>) -> f64) -> Span {
    let config = scenario.protocol.config(id_of(0));
    let config = config.expect("host 1 has an id that fits every setting");
    let drift = f64::from(scenario.clocks.max_drift_ppm) / 1e6;
    let secs = bound(scenario, &config) * (1.0 + drift) / (1.0 - drift);
    Span::from_secs(secs.ceil() as u64)
}

/// How well single steps succeed.
struct Pace {
    /// The probability that a try or a round does.
    success: f64,
    /// So many may fail one after the other.
    tries: f64,
}

impl Pace {
    /// Where this share of all partners counts.
    fn new(scenario: &Scenario, share: f64) -> Self {
        let link = &scenario.network.link;
        let arrives = (1.0 - link.loss.mean()) * (1.0 - link.corrupt);
        let success = arrives.powi(4) / 2.0 * share;
        let tries = (ODDS_BITS / -(1.0 - success).log2()).ceil();
        Self { success, tries }
    }

    fn spread_rounds(&self, scenario: &Scenario) -> f64 {
        let hosts = f64::from(scenario.hosts());
        (hosts.log2() + hosts.ln()) / (2.0 * self.success) + self.tries
    }

    /// How long it takes to pull everything, in seconds.
    fn pulls(&self, scenario: &Scenario, config: &Checked<Index>) -> f64 {
        let pulls = f64::from(scenario.hosts()) * f64::from(scenario.keys().max(1));
        let again = (1.0 - 2.0 * self.success) * secs(config.reply_timeout());
        pulls * (round_trip(&scenario.network.link) + again)
    }
}

fn undrifted(scenario: &Scenario, config: &Checked<Index>) -> f64 {
    let hosts = f64::from(scenario.hosts());
    let pace = Pace::new(scenario, 1.0);
    let round = secs(config.probe_interval());
    let slowed = |at: &At| matches!(at.action, Action::Slow { .. });
    let late = round_trip(&scenario.network.link) > round / 2.0;
    let slow = late || scenario.at.iter().any(slowed);
    let (waits, longer) = if slow { (12.0, 3.0) } else { (0.0, 1.0) };
    let suspicion = 2.0 * longer * f64::from(config.suspicion_mult()) * hosts.log10().max(1.0);
    let found_rounds = 2.0 * hosts + waits + suspicion;
    let spread_rounds = pace.spread_rounds(scenario);
    let dead_for = scenario.last_disturbance().as_secs() + found_rounds * round;
    let given_up = (dead_for / 3.0).max(8.0 * round);
    pace.tries * secs(config.reconnect_interval())
        + (found_rounds + spread_rounds) * round
        + given_up
        + pace.pulls(scenario, config)
}

/// A slow round trip in seconds: where latency has a tail, one datagram in 30,000 is slower.
fn round_trip(link: &Link) -> f64 {
    let one_way = match link.latency {
        Latency::Constant(span) => span.as_secs(),
        Latency::Uniform { max, .. } => max.as_secs(),
        Latency::Normal {
            mean, deviation, ..
        } => mean.as_secs() + 4.0 * deviation.as_secs(),
        Latency::LogNormal { median, sigma, .. } => median.as_secs() * (4.0 * sigma).exp(),
        Latency::Pareto { min, shape } => min.as_secs() * 30_000f64.powf(1.0 / shape),
    };
    2.0 * (one_way + link.reorder.by.as_secs())
}

fn secs(duration: Duration) -> f64 {
    f64::from(duration.as_millis()) / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(settings: &str) -> Span {
        let text = format!("name = \"x\"\nduration = \"1s\"\n{settings}");
        agreement(&Scenario::parse(&text).unwrap())
    }

    #[test]
    fn the_bound_is_the_sum_of_its_parts() {
        let calm = bound(
            "nodes = 8\nprotocol = { interval = \"1s\", reconnect-interval = \"2s\" }\n\
             network = { link = { latency = \"10ms\" } }",
        );
        // 30 tries of 2 s; 16 rounds and twice 4 of suspicion; 3 + 2.08 rounds and 30 tries of a round;
        // 8 rounds until nobody waits for the dead; 8 pulls of 20 ms: 127.24 s.
        assert_eq!(calm, Span::from_secs(128));
    }

    #[test]
    fn a_write_is_seen_sooner_than_a_cluster_agrees() {
        let text = "name = \"x\"\nduration = \"1s\"\nnodes = 8\nprotocol = { interval = \"1s\" }\n\
                    network = { link = { latency = \"10ms\" } }";
        let scenario = Scenario::parse(text).unwrap();
        // (3 + 2.08) * 2 and 73 rounds; 8 pulls of 20 ms and half a reply timeout each.
        let seen = visible(&scenario);
        assert!((84..90).contains(&(seen.as_secs() as u64)), "{seen}");
        assert!(seen < agreement(&scenario));
    }

    #[test]
    fn whatever_makes_a_cluster_slower_makes_the_bound_longer() {
        let usual = bound("nodes = 8");
        for slower in [
            "nodes = 9",
            "nodes = 8\nprotocol = { reconnect-interval = \"30s\" }",
            "nodes = 8\nprotocol = { interval = \"3s\" }",
            "nodes = 8\nprotocol = { suspicion-mult = 8 }",
            "nodes = 8\nnetwork = { link = { loss = 0.1 } }",
            "nodes = 8\nnetwork = { link = { corrupt = 0.1 } }",
            "nodes = 8\nnetwork = { link = { latency = \"1s\" } }",
            "nodes = 8\nclocks = { max-drift-ppm = 10000 }",
            "nodes = 8\nentries = { count = 100 }",
            "nodes = 8\nat = [{ time = \"0s\", do = { slow = { who = { hosts = \"1\" }, per-datagram = \"1ms\" } } }]",
        ] {
            assert!(bound(slower) > usual, "{slower}");
        }
    }
}
