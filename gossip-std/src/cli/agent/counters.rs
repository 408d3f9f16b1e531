//! A node's counters as they are printed: only those that are not zero.

use std::collections::BTreeMap;
use std::fmt;

use gossip_core::wire::Kind;
use gossip_core::{Flow, Stats, Traffic};
use gossip_std::IoErrors;
use serde::Serialize;

/// What a node counted since its start.
#[derive(Serialize)]
pub(super) struct Counters {
    sent: Direction,
    received: Direction,
    #[serde(flatten)]
    others: BTreeMap<String, u64>,
}

/// One direction: whole datagrams, and the sections inside by kind.
#[derive(Serialize)]
struct Direction {
    datagrams: Amount,
    sections: BTreeMap<&'static str, Amount>,
}

#[derive(Clone, Copy, Serialize)]
struct Amount {
    count: u32,
    bytes: u32,
}

impl Counters {
    /// What the node counted, and the errors of the socket and of the state's file, which are named `io_...`.
    pub(super) fn new(stats: &Stats, errors: &IoErrors) -> Self {
        let own = stats
            .counters()
            .map(|(name, count)| (name.to_owned(), u64::from(count)));
        let io = errors
            .counters()
            .map(|(name, count)| (format!("io_{name}"), count));
        Self {
            sent: Direction::from(&stats.sent),
            received: Direction::from(&stats.received),
            others: own.chain(io).filter(|(_, count)| *count > 0).collect(),
        }
    }
}

impl From<&Flow> for Direction {
    fn from(flow: &Flow) -> Self {
        let sections = Kind::ALL
            .iter()
            .map(|kind| (kind.name(), Amount::from(flow.of(*kind))));
        Self {
            datagrams: Amount::from(flow.datagrams),
            sections: sections.filter(|(_, amount)| amount.count > 0).collect(),
        }
    }
}

impl From<Traffic> for Amount {
    fn from(traffic: Traffic) -> Self {
        Self {
            count: traffic.count,
            bytes: traffic.bytes,
        }
    }
}

impl fmt::Display for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sent      {}\nreceived  {}", self.sent, self.received)?;
        for (name, count) in &self.others {
            write!(f, "\n{name} {count}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} datagrams, {} bytes",
            self.datagrams.count, self.datagrams.bytes
        )?;
        for (name, amount) in &self.sections {
            write!(f, "\n  {name} {} of {} bytes", amount.count, amount.bytes)?;
        }
        Ok(())
    }
}
