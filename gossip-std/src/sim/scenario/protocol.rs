//! The protocol's settings in a scenario.

use gossip_core::{Checked, Config, ConfigError, Duration, NodeId};
use serde::{Deserialize, Serialize};

use super::error::{ScenarioError, ensure};
use super::exchange::Exchange;
use super::mail::DirectMail;
use crate::paced;
use crate::sim::network::HostSet;
use crate::sim::{Index, Span, host_of};

/// Every setting of [`Config`]. What is left out has the core's default, with one exception: where
/// `interval` is shorter than its default, the waits inside a round that are left out shrink with it
/// (see [`paced`](crate::paced)).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Protocol {
    /// [`Config::probe_interval`]: one round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Span>,
    /// [`Config::gossip_fanout`]: to how many members news is told each time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fanout: Option<u8>,
    /// [`Config::gossip_interval`]: how often news is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gossip_interval: Option<Span>,
    /// [`Config::mtu_floor`], in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtu: Option<usize>,
    /// [`Config::largest_id`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest_id: Option<u64>,
    /// [`Config::probe_timeout`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probe_timeout: Option<Span>,
    /// [`Config::indirect_probes`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub indirect_probes: Option<u8>,
    /// [`Config::suspicion_mult`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspicion_mult: Option<u8>,
    /// [`Config::retransmit_mult`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retransmit_mult: Option<u8>,
    /// [`Config::reply_timeout`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_timeout: Option<Span>,
    /// [`Config::reconnect_interval`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reconnect_interval: Option<Span>,
    /// [`Config::forget_after`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forget_after: Option<Span>,
    /// [`Config::tombstone_grace`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tombstone_grace: Option<Span>,
    /// [`Config::direct_mail`]: a number of peers, `"all"` or `"off"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direct_mail: Option<DirectMail>,
    /// [`Config::fresh`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fresh: Option<bool>,
    /// Hosts that are configured with their address ([`Config::address`]). Default: none; all are told it
    /// by others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addressed: Option<HostSet>,
    /// Hosts with another, larger `mtu` than the rest, which they ought not to have. Default: none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub floors: Vec<Floor>,
    /// What is about exchanges.
    pub exchange: Exchange,
}

/// Some hosts have another [`Config::mtu_floor`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Floor {
    /// Which.
    pub hosts: HostSet,
    /// Theirs, in bytes.
    pub mtu: usize,
}

impl Protocol {
    /// The configuration of the node `id`.
    ///
    /// # Errors
    /// The first setting that the core refuses, by the name it has in a scenario.
    pub fn config(&self, id: NodeId) -> Result<Checked<Index>, ScenarioError> {
        let mut config: Config<Index> = Config::new(id);
        if let Some(span) = self.interval {
            config = paced(config, millis("interval", span)?);
        }
        config = self.with_times(config)?;
        config = self.with_numbers(config)?;
        config = self.exchange.apply(config)?;
        config = self.of_host(host_of(id), config);
        config.check().map_err(|error| self.refused(error))
    }

    /// Why the core refuses the settings. Waits that were left out are the interval's fault.
    fn refused(&self, error: ConfigError) -> ScenarioError {
        let shortest = interval_min();
        match self.interval {
            Some(interval) if interval < shortest => {
                let problem = format!(
                    "is {interval}; it must be at least {shortest}, for the waits inside a round shrink with it"
                );
                ScenarioError::new("protocol.interval", problem)
            }
            _ => refusal(error),
        }
    }

    /// What is another with some hosts.
    fn of_host(&self, host: Index, mut config: Config<Index>) -> Config<Index> {
        if self
            .addressed
            .as_ref()
            .is_some_and(|set| set.contains(host))
        {
            config = config.address(host);
        }
        for floor in self
            .floors
            .iter()
            .filter(|floor| floor.hosts.contains(host))
        {
            config = config.mtu_floor(floor.mtu);
        }
        config
    }

    /// The largest `mtu` that any host has.
    pub(in crate::sim) fn mtu_max(&self, usual: usize) -> usize {
        self.floors
            .iter()
            .map(|floor| floor.mtu)
            .fold(usual, usize::max)
    }

    fn with_times(&self, mut config: Config<Index>) -> Result<Config<Index>, ScenarioError> {
        type Setter = fn(Config<Index>, Duration) -> Config<Index>;
        let times: [(&str, Option<Span>, Setter); 6] = [
            (
                "gossip-interval",
                self.gossip_interval,
                Config::gossip_interval,
            ),
            ("probe-timeout", self.probe_timeout, Config::probe_timeout),
            ("reply-timeout", self.reply_timeout, Config::reply_timeout),
            (
                "reconnect-interval",
                self.reconnect_interval,
                Config::reconnect_interval,
            ),
            ("forget-after", self.forget_after, Config::forget_after),
            (
                "tombstone-grace",
                self.tombstone_grace,
                Config::tombstone_grace,
            ),
        ];
        for (name, span, set) in times {
            if let Some(span) = span {
                config = set(config, millis(name, span)?);
            }
        }
        Ok(config)
    }

    fn with_numbers(&self, mut config: Config<Index>) -> Result<Config<Index>, ScenarioError> {
        type Setter = fn(Config<Index>, u8) -> Config<Index>;
        let numbers: [(Option<u8>, Setter); 4] = [
            (self.fanout, Config::gossip_fanout),
            (self.indirect_probes, Config::indirect_probes),
            (self.suspicion_mult, Config::suspicion_mult),
            (self.retransmit_mult, Config::retransmit_mult),
        ];
        for (number, set) in numbers {
            if let Some(number) = number {
                config = set(config, number);
            }
        }
        if let Some(mtu) = self.mtu {
            config = config.mtu_floor(mtu);
        }
        if let Some(DirectMail(mail)) = self.direct_mail {
            config = config.direct_mail(mail);
        }
        if let Some(fresh) = self.fresh {
            config = config.fresh(fresh);
        }
        if let Some(largest) = self.largest_id {
            let id = NodeId::new(largest).ok_or_else(|| {
                let problem = format!("is {largest}; it must be at most {}", NodeId::MAX);
                ScenarioError::new("protocol.largest-id", problem)
            })?;
            config = config.largest_id(id);
        }
        Ok(config)
    }
}

/// The core's error by the name that the setting has in a scenario.
fn refusal(error: ConfigError) -> ScenarioError {
    let text = renamed(&error.to_string());
    match text.split_once(' ') {
        Some((setting, problem)) if error != ConfigError::IdAboveLargest => {
            ScenarioError::new(&format!("protocol.{setting}"), problem)
        }
        _ => {
            let problem = "is below the id of some node; it must be at least the number of nodes";
            ScenarioError::new("protocol.largest-id", problem)
        }
    }
}

/// The shortest round that leaves every wait inside it a whole millisecond at least.
fn interval_min() -> Span {
    let usual: Config<Index> = Config::new(NodeId::from(1));
    let leaves_waits = |millis: &u32| {
        let config = paced(usual, Duration::from_millis(*millis));
        config.check().is_ok()
    };
    let shortest = (1..).find(leaves_waits).unwrap_or(u32::MAX);
    Span::from_millis(shortest.into())
}

/// The core counts whole milliseconds in 32 bits.
pub(super) fn millis(name: &str, span: Span) -> Result<Duration, ScenarioError> {
    let place = format!("protocol.{name}");
    ensure(span.as_micros().is_multiple_of(1000), &place, || {
        format!("is {span}; it must be a whole number of milliseconds")
    })?;
    let millis = u32::try_from(span.as_millis())
        .map_err(|_| ScenarioError::new(&place, format!("is {span}; it must be below 49 days")))?;
    Ok(Duration::from_millis(millis))
}

/// The core's words for settings as a scenario spells them.
fn renamed(problem: &str) -> String {
    problem
        .replace("probe_interval", "interval")
        .replace("mtu_floor", "mtu")
        .replace('_', "-")
}
