//! What is run: sizes, seeds, and for how long.

use std::num::NonZeroU32;

use chitchat::ProtocolVersion;
use gossip_std::sim::Span;

use super::subject::{Address, Protocol, Setup};

/// The datagrams of a network that does not fragment, in bytes of UDP payload.
pub(crate) const MTU: usize = 1400;

/// The largest payload of a UDP datagram over IPv4, and chitchat's own limit.
pub(crate) const MTU_MAX: usize = 65_507;

/// Entries of each node, where there are any.
pub(crate) const ENTRIES: u32 = 16;

/// How long each part of a run takes, in virtual time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Windows {
    /// When a join is given up.
    pub join: Span,
    /// From the end of the join until the state counts as steady.
    pub settle: Span,
    /// For how long steady traffic is counted.
    pub steady: Span,
    /// For how long loss is endured.
    pub endure: Span,
    /// When the wait for the last notice of a crash is given up.
    pub detect: Span,
}

/// A protocol with its load: a row of most tables.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contender {
    pub name: &'static str,
    pub protocol: Protocol,
    pub entries: u32,
    pub mtu: usize,
    pub windows: Windows,
    /// The largest cluster that can be computed in reasonable time.
    pub nodes_max: u32,
}

/// How much is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Seconds: that it works at all.
    Quick,
    /// Minutes: what the tables show.
    Usual,
    /// Half an hour or more: also the cells that are left out otherwise.
    All,
}

impl Effort {
    /// No cell stands for more runs.
    pub(crate) const SEEDS_MAX: u64 = 5;

    /// The sizes of clusters.
    pub(crate) fn sizes(self) -> &'static [u32] {
        match self {
            Self::Quick => &[8, 24],
            Self::Usual | Self::All => &[64, 256, 1000],
        }
    }

    /// The size for what is measured at one size only.
    pub(crate) fn size(self) -> u32 {
        self.sizes()
            .iter()
            .copied()
            .find(|size| *size >= 24)
            .unwrap_or(24)
    }

    /// How many seeds a contender's cell is the median of.
    pub(crate) fn seeds(self, contender: &Contender, nodes: u32) -> u64 {
        match (self, contender.protocol) {
            (Self::Quick, _) => 1,
            (_, Protocol::Chitchat(_)) if nodes > 64 => 1,
            (_, Protocol::Chitchat(_)) => 3,
            _ if nodes > 256 => 3,
            _ => Self::SEEDS_MAX,
        }
    }

    /// The rows of most tables.
    pub(crate) fn contenders(self) -> Vec<Contender> {
        let ours = Contender {
            name: "ours, membership alone",
            protocol: Protocol::Ours(Address::Socket),
            entries: 0,
            mtu: MTU,
            windows: self.windows(Span::from_secs(60)),
            nodes_max: 1000,
        };
        let chitchat = |name, version| Contender {
            name,
            protocol: Protocol::Chitchat(version),
            entries: ENTRIES,
            mtu: MTU_MAX,
            windows: self.windows(Span::from_secs(10)),
            nodes_max: self.at_most(256),
        };
        vec![
            Contender {
                name: "foca, membership alone",
                protocol: Protocol::Foca(Address::Socket),
                ..ours
            },
            ours,
            Contender {
                name: "foca, short identities",
                protocol: Protocol::Foca(Address::Short),
                ..ours
            },
            Contender {
                name: "ours, short addresses",
                protocol: Protocol::Ours(Address::Short),
                ..ours
            },
            chitchat("chitchat, 16 entries", ProtocolVersion::V1),
            chitchat("chitchat, 16 entries, plain digests", ProtocolVersion::V0),
            Contender {
                name: "ours, 16 entries",
                entries: ENTRIES,
                nodes_max: self.at_most(256),
                ..ours
            },
        ]
    }

    fn at_most(self, nodes: u32) -> u32 {
        if self == Self::All { u32::MAX } else { nodes }
    }

    fn windows(self, steady: Span) -> Windows {
        let quick = self == Self::Quick;
        let unless_quick = |span: Span, short: Span| if quick { short } else { span };
        Windows {
            join: Span::from_secs(600),
            settle: unless_quick(steady, Span::from_secs(5)),
            steady: unless_quick(steady, Span::from_secs(5)),
            endure: unless_quick(Span::from_secs(600), Span::from_secs(20)),
            detect: Span::from_secs(120),
        }
    }
}

impl Contender {
    /// This contender's cluster of `nodes` nodes.
    pub(crate) fn setup(&self, nodes: u32, seed: u64) -> Setup {
        Setup {
            nodes: NonZeroU32::new(nodes).unwrap_or(NonZeroU32::MIN),
            entries: self.entries,
            mtu: self.mtu,
            seed,
        }
    }
}
