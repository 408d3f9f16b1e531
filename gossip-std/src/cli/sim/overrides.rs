//! Flags that change a scenario.

use clap::Args as Flags;
use gossip_std::sim::Span;
use gossip_std::sim::network::LossModel;
use gossip_std::sim::scenario::{
    DirectMail, ExchangeMode, Reconciliation, Scenario, ScenarioError,
};

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
    /// Which way exchanges carry what differs: push-pull, push, pull or first-push-then-pull
    #[arg(long, value_name = "MODE")]
    exchange_mode: Option<ExchangeMode>,
    /// Which entries go first: scuttle-depth, scuttle-breadth, precise-oldest, precise-newest or
    /// precise-random
    #[arg(long, value_name = "ORDER")]
    reconciliation: Option<Reconciliation>,
    /// Whether writes wait until exchanges can carry them
    #[arg(long, value_name = "true|false")]
    flow_control: Option<bool>,
    /// Mail own entries at once to so many peers, to "all", or "off"
    #[arg(long, value_name = "K|all")]
    direct_mail: Option<DirectMail>,
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
        let exchange = &mut protocol.exchange;
        exchange.mode = self.exchange_mode.or(exchange.mode);
        exchange.reconciliation = self.reconciliation.or(exchange.reconciliation);
        exchange.flow_control = self.flow_control.or(exchange.flow_control);
        protocol.direct_mail = self.direct_mail.or(protocol.direct_mail);
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
        let given = self.given();
        given
            .map(|(flag, value, _)| format!("{flag} {value}"))
            .collect()
    }

    /// What is wrong with the changed scenario, told of the flag that set the field if one did.
    pub(super) fn blamed(&self, error: &ScenarioError) -> Option<String> {
        let text = error.to_string();
        self.given().find_map(|(flag, _, field)| {
            let problem = text.strip_prefix(field)?;
            problem.starts_with(' ').then(|| format!("{flag}{problem}"))
        })
    }

    /// Each flag that was given, its value, and the field of a scenario that it sets.
    fn given(&self) -> impl Iterator<Item = (&'static str, String, &'static str)> {
        fn text(value: &Option<impl ToString>) -> Option<String> {
            value.as_ref().map(ToString::to_string)
        }
        let flags = [
            ("--nodes", text(&self.nodes), "nodes"),
            ("--fanout", text(&self.fanout), "protocol.fanout"),
            ("--interval", text(&self.interval), "protocol.interval"),
            (
                "--gossip-interval",
                text(&self.gossip_interval),
                "protocol.gossip-interval",
            ),
            (
                "--exchange-mode",
                text(&self.exchange_mode),
                "protocol.exchange.mode",
            ),
            (
                "--reconciliation",
                text(&self.reconciliation),
                "protocol.exchange.reconciliation",
            ),
            (
                "--flow-control",
                text(&self.flow_control),
                "protocol.exchange.flow-control",
            ),
            (
                "--direct-mail",
                text(&self.direct_mail),
                "protocol.direct-mail",
            ),
            ("--loss", text(&self.loss), "network.link.loss"),
            ("--latency", text(&self.latency), "network.link.latency"),
            ("--mtu", text(&self.mtu), "protocol.mtu"),
            ("--entries", text(&self.entries), "entries.count"),
            ("--duration", text(&self.duration), "duration"),
        ];
        let given = flags.into_iter();
        given.filter_map(|(flag, value, field)| Some((flag, value?, field)))
    }
}
