//! Flags that change a scenario.

use clap::Args as Flags;
use gossip_std::sim::Span;
use gossip_std::sim::network::LossModel;
use gossip_std::sim::scenario::Scenario;

use super::latency::Range;

/// What is different from the scenario's file.
#[derive(Clone, Debug, Default, PartialEq, Flags)]
#[command(next_help_heading = "Changes to the scenario")]
pub(super) struct Overrides {
    /// How many nodes begin
    #[arg(long, value_name = "N")]
    nodes: Option<u32>,
    /// To how many others news is told at a time
    #[arg(long, value_name = "K")]
    fanout: Option<u8>,
    /// The time between two rounds: a probe and an exchange
    #[arg(long, value_name = "TIME")]
    interval: Option<Span>,
    /// The time between two tellings of news
    #[arg(long, value_name = "TIME")]
    gossip_interval: Option<Span>,
    /// The share of datagrams that get lost on links without a rule, from 0 to 1
    #[arg(long, value_name = "SHARE")]
    loss: Option<f64>,
    /// How long datagrams travel on links without a rule: 10ms, or evenly 1ms..10ms
    #[arg(long, value_name = "TIME")]
    latency: Option<Range>,
    /// The longest datagram in bytes of UDP payload, on links without a rule and for the protocol
    #[arg(long, value_name = "BYTES")]
    mtu: Option<usize>,
    /// How many entries each node begins with
    #[arg(long, value_name = "N")]
    entries: Option<u32>,
    /// How long the run lasts
    #[arg(long, value_name = "TIME")]
    duration: Option<Span>,
}

impl Overrides {
    /// Whether nothing is to be changed.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Changes the scenario; whether it still makes sense is for its own check to say.
    pub(super) fn apply(&self, scenario: &mut Scenario) {
        let (protocol, link) = (&mut scenario.protocol, &mut scenario.network.link);
        protocol.fanout = self.fanout.or(protocol.fanout);
        protocol.interval = self.interval.or(protocol.interval);
        protocol.gossip_interval = self.gossip_interval.or(protocol.gossip_interval);
        if let Some(mtu) = self.mtu {
            protocol.mtu = Some(mtu);
            link.mtu = mtu;
        }
        if let Some(loss) = self.loss {
            link.loss = LossModel::Independent(loss);
        }
        if let Some(latency) = self.latency {
            link.latency = latency.into();
        }
        scenario.nodes = self.nodes.unwrap_or(scenario.nodes);
        scenario.entries.count = self.entries.unwrap_or(scenario.entries.count);
        scenario.duration = self.duration.unwrap_or(scenario.duration);
    }

    /// The flags as they are typed, so that a command can be given again.
    pub(super) fn words(&self) -> Vec<String> {
        fn flag(name: &str, value: Option<impl ToString>) -> Option<String> {
            Some(format!("--{name} {}", value?.to_string()))
        }
        let flags = [
            flag("nodes", self.nodes),
            flag("fanout", self.fanout),
            flag("interval", self.interval),
            flag("gossip-interval", self.gossip_interval),
            flag("loss", self.loss),
            flag("latency", self.latency),
            flag("mtu", self.mtu),
            flag("entries", self.entries),
            flag("duration", self.duration),
        ];
        flags.into_iter().flatten().collect()
    }
}
