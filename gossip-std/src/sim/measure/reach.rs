//! Who reaches whom well enough that neither may take the other for dead.

use crate::sim::network::Network;
use crate::sim::{Index, Span, Time};

/// What a link must do for its two ends to count as within reach of each other.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Demand {
    /// Within so much time a datagram arrives ..
    pub within: Span,
    /// .. but for at most this share of them.
    pub failing: f64,
    /// Hosts must have been within reach of each other for so long before either is wrong to take the
    /// other for dead.
    pub calm: Span,
    /// What a machine may take for a datagram and still keep up; `None`: hardly anything.
    pub keeps_up: Option<Span>,
    /// How far back it is asked who reached whom.
    pub memory: Span,
}

/// What the network was like, as far back as it matters.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    demand: Demand,
    present: Option<Network>,
    /// What it was like before, and until when.
    past: Vec<(Network, Time)>,
}

impl Reach {
    /// No network yet: nobody reaches anybody.
    #[must_use]
    pub fn new(demand: Demand) -> Self {
        Self {
            demand,
            ..Self::default()
        }
    }

    /// The network is like this from `now` on.
    pub fn rewired(&mut self, now: Time, network: &Network) {
        let memory = self.demand.memory.max(self.demand.calm);
        self.past.retain(|(_, until)| now.since(*until) < memory);
        let before = self.present.replace(network.clone());
        self.past.extend(before.map(|before| (before, now)));
    }

    /// Whether two hosts have been within reach of each other ever since, in both directions.
    #[must_use]
    pub fn holds(&self, since: Time, a: Index, b: Index) -> bool {
        let later = self.past.iter().filter(|(_, until)| *until > since);
        let present = self.present.iter();
        self.present.is_some()
            && later
                .map(|(network, _)| network)
                .chain(present)
                .all(|network| self.is_good(network, a, b) && self.is_good(network, b, a))
    }

    /// The moment from which on hosts must have been well for a belief of now to be judged.
    #[must_use]
    pub fn judged_from(&self, now: Time) -> Time {
        now - self.demand.calm
    }

    /// For how long hosts must have been well for what is believed of them to be judged.
    #[must_use]
    pub fn calm(&self) -> Span {
        self.demand.calm
    }

    fn is_good(&self, network: &Network, from: Index, to: Index) -> bool {
        network.failing(from, to, self.demand.within) <= self.demand.failing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::measure::script::at;
    use crate::sim::network::{HostSet, NetworkConfig};

    fn reach() -> (Reach, Network) {
        let demand = Demand {
            within: Span::from_millis(100),
            failing: 0.02,
            calm: Span::from_secs(10),
            memory: Span::from_secs(20),
            keeps_up: None,
        };
        let network = Network::new(&NetworkConfig::default(), 4, 1).unwrap();
        let mut reach = Reach::new(demand);
        assert!(!reach.holds(at(0), 0, 1), "there is no network yet");
        reach.rewired(at(0), &network);
        (reach, network)
    }

    fn toml(rule: &str) -> crate::sim::network::Rule {
        toml::from_str(rule).unwrap()
    }

    #[test]
    fn what_lay_between_two_hosts_counts_as_long_as_it_is_asked_for() {
        let (mut reach, mut network) = reach();
        let side: HostSet = "1-2".parse().unwrap();
        network.partition("cut", &[side]).unwrap();
        reach.rewired(at(5), &network);
        assert!(reach.holds(at(0), 0, 1) && !reach.holds(at(0), 0, 2));
        network.heal("cut");
        reach.rewired(at(8), &network);
        assert!(!reach.holds(at(7), 0, 2) && reach.holds(at(8), 0, 2));
        assert_eq!(reach.judged_from(at(18)), at(8));
    }

    #[test]
    fn a_link_that_is_bad_one_way_is_bad() {
        for harm in [
            "loss = 0.03",
            "corrupt = 0.03",
            "latency = \"101ms\"",
            "reorder = { share = 0.03, by = \"100ms\" }",
            "latency = { log-normal = { min = \"1ms\", median = \"60ms\", sigma = 1.0 } }",
            "bandwidth = { bytes-per-second = 100, queue-bytes = 100 }",
        ] {
            let (mut reach, mut network) = reach();
            let rule = format!("from = \"1\"\nto = \"2\"\nset = {{ {harm} }}");
            network.rule(toml(&rule)).unwrap();
            reach.rewired(at(1), &network);
            for (a, b, good) in [(0, 1, false), (1, 0, false), (0, 2, true), (2, 1, true)] {
                assert_eq!(reach.holds(at(1), a, b), good, "{harm}: {a} {b}");
            }
        }
        for harmless in [
            "loss = 0.01",
            "duplicate = 1.0",
            "latency = \"99ms\"",
            "latency = { log-normal = { min = \"1ms\", median = \"10ms\", sigma = 0.8 } }",
        ] {
            let (mut reach, mut network) = reach();
            network
                .rule(toml(&format!("set = {{ {harmless} }}")))
                .unwrap();
            reach.rewired(at(1), &network);
            assert!(reach.holds(at(1), 0, 1), "{harmless}");
        }
    }
}
