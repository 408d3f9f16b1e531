//! What every table asks of a cluster under measurement, whoever wrote its protocol.

use std::net::SocketAddrV4;
use std::num::NonZeroU32;
use std::time::Duration;

use gossip_core::SplitMix64;
use gossip_std::sim::{Index, Span, Time};

use super::chitchat_world::ChitchatWorld;
use super::foca_host::BOOT;
use super::{foca_host, ours};

/// Which protocol is measured, and what about it varies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// The node of this project.
    Ours(Address),
    /// foca 2.0 with [`foca::Config::new_lan`].
    Foca(Address),
    /// chitchat 0.13 with this version of its messages: version 1 compresses digests.
    Chitchat(chitchat::ProtocolVersion),
}

/// What nodes give each other for an address, where they have a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// An IPv4 address and a port.
    Socket,
    /// A number of 16 bits, as on a radio.
    Short,
}

/// One cluster: everything that is not the protocol.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    /// Nodes. All start at the beginning of the run, and join through the first.
    pub nodes: NonZeroU32,
    /// Entries that each node sets before it starts.
    pub entries: u32,
    /// Bytes of UDP payload that a datagram may have; longer ones are lost.
    pub mtu: usize,
    /// The seed of all chance that can be seeded.
    pub seed: u64,
}

impl Setup {
    /// An entry: a key of 6 bytes and a value of 8, hexadecimal and hard to compress.
    pub(crate) fn entry(&self, host: Index, number: u32) -> (String, String) {
        let place = u64::from(host) << 32 | u64::from(number);
        let value = SplitMix64::new(self.seed ^ place).next();
        (format!("key-{number:02}"), format!("{:08x}", value >> 32))
    }

    /// The hosts.
    pub(crate) fn hosts(&self) -> std::ops::Range<Index> {
        0..self.nodes.get()
    }
}

/// A cluster under measurement, in virtual time.
pub(crate) trait Subject {
    /// Lets this much virtual time pass.
    fn run(&mut self, span: Span);

    /// The virtual time.
    fn now(&self) -> Time;

    /// Stops a host without a word.
    fn crash(&mut self, host: Index);

    /// From here on this share of all datagrams is lost.
    fn lose(&mut self, share: f64);

    /// How many members a host tells its application to be live, itself included.
    fn live(&self, host: Index) -> u32;

    /// Whether a host tells its application that `other` is live.
    fn holds(&self, host: Index, other: Index) -> bool;

    /// How many entries, of all owners, a host holds.
    fn entries(&self, host: Index) -> u32;

    /// How often any host has told its application that another is down.
    fn downs(&self) -> u64;

    /// Bytes of UDP payload sent so far by all hosts.
    fn sent_bytes(&self) -> u64;

    /// Real time that the hosts have computed so far.
    fn busy(&self) -> Duration;
}

/// Starts a cluster.
pub(crate) fn start(protocol: Protocol, setup: &Setup) -> Box<dyn Subject> {
    match protocol {
        Protocol::Ours(Address::Socket) => Box::new(ours::start::<SocketAddrV4>(setup)),
        Protocol::Ours(Address::Short) => Box::new(ours::start::<u16>(setup)),
        Protocol::Foca(Address::Socket) => Box::new(foca_host::start::<SocketAddrV4>(setup, BOOT)),
        Protocol::Foca(Address::Short) => Box::new(foca_host::start::<u16>(setup, 0)),
        Protocol::Chitchat(version) => Box::new(ChitchatWorld::start(setup, version)),
    }
}

impl dyn Subject {
    /// Runs in steps until `done` or until the limit; how long it took in virtual time.
    pub(crate) fn run_while(
        &mut self,
        limit: Span,
        step: Span,
        done: impl Fn(&Self) -> bool,
    ) -> Option<Span> {
        let begin = self.now();
        while !done(self) {
            if self.now().since(begin) >= limit {
                return None;
            }
            self.run(step);
        }
        Some(self.now().since(begin))
    }

    /// `true` when each of `nodes` hosts holds all of them for live.
    pub(crate) fn is_complete(&self, nodes: u32) -> bool {
        (0..nodes).all(|host| self.live(host) == nodes)
    }
}
