//! The flags of `gossip agent`, and what a node is started with because of them.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args as Flags;
use gossip_core::{Config, ConfigError, Duration, Mail, NodeId};
use gossip_std::sim::Span;
use gossip_std::{AgentError, AgentOptions, paced};

use crate::cli::address::HostPort;
use crate::cli::failure::Failure;
use crate::cli::random;

/// Run one node: it takes commands on standard input and prints what happens.
#[derive(Debug, Flags)]
#[command(after_help = super::command::overview())]
pub(crate) struct Args {
    /// Where to listen, HOST:PORT; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    bind: HostPort,
    /// A node of the cluster to join through, HOST:PORT; may be given several times. A name is looked up again
    /// as long as nobody answers
    #[arg(long, value_name = "ADDR")]
    join: Vec<HostPort>,
    /// The node's identity, a number below 2^56 [default: that of the state, or random]
    #[arg(long, value_name = "N", value_parser = node_id)]
    id: Option<NodeId>,
    /// The cluster's name: nodes of other clusters are not heard, and those without a name are all of one
    #[arg(long, value_name = "NAME", default_value = "")]
    pub(super) cluster: String,
    /// An entry to start with; may be given several times
    #[arg(long, value_name = "KEY=VALUE", value_parser = entry)]
    pub(super) set: Vec<(String, String)>,
    /// The address that others reach this node at, HOST:PORT [default: what they see]
    #[arg(long, value_name = "ADDR")]
    advertise: Option<HostPort>,
    /// The smallest MTU on any path in bytes of UDP payload, the same on every node [default: 1400]
    #[arg(long, value_name = "BYTES")]
    mtu: Option<usize>,
    /// The time between two rounds of gossip, such as 500ms or 2s [default: 1s]
    #[arg(long, value_name = "TIME", value_parser = interval)]
    interval: Option<Duration>,
    /// Mail own entries at once to so many peers, or to "all", beside gossip
    #[arg(long, value_name = "K|all", default_value_t = Mail::Off)]
    direct_mail: Mail,
    /// A file that keeps the node's state over restarts, one for each node; without one there, the node starts
    /// anew
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// If the state is damaged, rename it to FILE.damaged1 and start anew: the cluster gives the entries back
    #[arg(long, requires = "state")]
    recover_state: bool,
    /// Without a state, begin with no entries instead of taking back what the cluster remembers of this id
    #[arg(long)]
    fresh: bool,
    /// Print JSON, one object a line; ids are strings, for they exceed 2^53
    #[arg(long)]
    pub(super) json: bool,
}

/// What the flags come to once every name is resolved.
pub(super) struct Plan {
    pub(super) options: AgentOptions,
    /// Whom to join through.
    pub(super) seeds: Vec<String>,
}

impl Args {
    /// Resolves the names and checks the settings.
    pub(super) fn plan(&self) -> Result<Plan, Failure> {
        let mut config = Config::new(self.node_id()?)
            .cluster(&self.cluster)
            .direct_mail(self.direct_mail)
            .fresh(self.fresh);
        if let Some(mtu) = self.mtu {
            config = config.mtu_floor(mtu);
        }
        if let Some(interval) = self.interval {
            config = paced(config, interval);
        }
        config.check().map_err(unusable)?;
        let bind = first(&self.bind.resolve()?)?;
        if let Some(advertise) = &self.advertise {
            config = config.address(advertised(&advertise.resolve_for(bind)?)?);
        }
        self.check_seeds(bind)?;
        let seeds = self.join.iter().map(ToString::to_string).collect();
        let mut options = AgentOptions::new(bind, config);
        options.state.clone_from(&self.state);
        options.recover_state = self.recover_state;
        Ok(Plan { options, seeds })
    }

    /// The identity given, else the one in the state, else a random one.
    fn node_id(&self) -> Result<NodeId, Failure> {
        if let Some(id) = self.id {
            return Ok(id);
        }
        let stored = match self.state.as_deref() {
            None => None,
            Some(state) => match AgentOptions::stored_id(state) {
                // What is left of it tells, or nothing does.
                Err(error) if error.is_damaged_state() && self.recover_state => {
                    AgentOptions::seeming_id(state)
                }
                stored => stored.map_err(refused)?,
            },
        };
        Ok(stored.unwrap_or_else(|| NodeId::truncated(random::number())))
    }

    /// At least one of those to join through can be used now, or the state knows others. A name that cannot be
    /// looked up may be there later.
    fn check_seeds(&self, bind: SocketAddr) -> Result<(), Failure> {
        let mut refused = None;
        let mut usable = self.state.as_ref().is_some_and(|state| state.exists());
        for seed in &self.join {
            check_seed(&seed.to_string(), bind)
                .map_err(|error| Failure::Usage(format!("--join {error}")))?;
            usable |= seed.is_literal();
        }
        for seed in self.join.iter().filter(|_| !usable) {
            match seed.resolve_for(bind) {
                Ok(_) => return Ok(()),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        refused.map_or(Ok(()), Err)
    }
}

/// Why a node did not start, and what can be done about it.
pub(super) fn refused(error: AgentError) -> Failure {
    let advice = if error.is_damaged_state() {
        ", and so it does with --recover-state, which keeps the file"
    } else {
        ""
    };
    Failure::Run(format!("{error}{advice}"))
}

/// Of all the flags only the MTU can make a configuration unusable.
fn unusable(error: ConfigError) -> Failure {
    Failure::Usage(format!("--mtu: {error}"))
}

fn first(addresses: &[SocketAddr]) -> Result<SocketAddr, Failure> {
    addresses
        .first()
        .copied()
        .ok_or_else(|| Failure::Run("no address to listen on".to_owned()))
}

fn advertised(addresses: &[SocketAddr]) -> Result<SocketAddr, Failure> {
    let address = first(addresses)?;
    if address.port() == 0 || address.ip().is_unspecified() {
        let message = format!("--advertise {address}: nobody can reach a node there");
        return Err(Failure::Usage(message));
    }
    Ok(address)
}

/// Whether a node that is bound there can join through this host: HOST:PORT, of the family of its socket where
/// the host is a number.
///
/// # Errors
/// Why it cannot.
pub(super) fn check_seed(host: &str, bind: SocketAddr) -> Result<(), String> {
    let seed: HostPort = host.parse()?;
    if seed.port() == 0 {
        return Err(format!("{host}: nobody listens on port 0"));
    }
    if seed.is_literal() {
        seed.resolve_for(bind).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn node_id(text: &str) -> Result<NodeId, String> {
    let number: u64 = text.parse().map_err(|_| "an id is a number".to_owned())?;
    NodeId::new(number).ok_or_else(|| format!("an id is at most {}", NodeId::MAX))
}

fn entry(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("an entry is KEY=VALUE".to_owned()),
    }
}

/// From 20 ms, below which a round is shorter than what it waits for, to one hour.
fn interval(text: &str) -> Result<Duration, String> {
    let span = text.parse::<Span>();
    let span = span.map_err(|_| "a time is a number and a unit: 500ms, 2s, 1min")?;
    match span.as_millis() {
        millis @ 20..=3_600_000 => Ok(Duration::from_millis(millis as u32)),
        _ => Err("a round takes between 20ms and 60min".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_have_units_and_bounds() {
        assert_eq!(interval("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(interval("2s"), Ok(Duration::from_secs(2)));
        assert_eq!(interval("60min"), Ok(Duration::from_secs(3600)));
        assert_eq!(interval("1.5s"), Ok(Duration::from_millis(1500)));
        for text in ["", "5", "ms", "19ms", "61min", "-1s", "99999999999s"] {
            assert!(interval(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_entry_is_split_at_the_first_equals_sign() {
        assert_eq!(entry("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert_eq!(entry("a="), Ok(("a".to_owned(), String::new())));
        assert!(entry("a").is_err() && entry("=b").is_err());
    }

    #[test]
    fn ids_have_56_bits() {
        assert_eq!(node_id("72057594037927935"), Ok(NodeId::MAX));
        assert!(node_id("72057594037927936").is_err() && node_id("x").is_err());
    }
}
