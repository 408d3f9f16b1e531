//! Nodes on the virtual network of the peers' benchmark: 1 to 10 ms from anyone to anyone, no loss.

use gossip_core::{Config, Node};
use gossip_std::sim::network::{Latency, Link, Network, NetworkConfig};
use gossip_std::sim::{
    Call, HostAddress, HostClock, Index, NodeHost, Note, Observer, Record, Span, Time, World,
    WorldOptions, id_of,
};
use gossip_std::{Heap, Limits};

use super::tap::{Addr, Tapped};

/// A cluster: how many nodes with how many entries each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub nodes: Index,
    pub entries: u32,
    /// Bytes of UDP payload that a datagram may have.
    pub mtu: usize,
}

/// Nodes in virtual time.
pub(crate) struct Fleet {
    world: World<Tapped>,
}

/// Nobody needs to hear what nodes tell their applications.
struct Deaf;

impl Observer<Note> for Deaf {
    fn record(&mut self, _record: &Record<'_, Note>) {}
}

impl Fleet {
    /// Starts all nodes at once; all but the first join through the first. Each has entries with keys
    /// of 6 bytes and values of 8.
    pub(crate) fn start(size: Size, seed: u64, limits: Limits) -> Self {
        let options = WorldOptions {
            seed,
            cores: 1,
            detailed: false,
        };
        let mut world = World::new(options, network(size, seed));
        for host in 0..size.nodes {
            world.add(node(host, size, limits), HostClock::default());
            if host > 0 {
                world.schedule(host, Time::START, Call::Join(0));
            }
        }
        Self { world }
    }

    /// Lets this much virtual time pass.
    pub(crate) fn run(&mut self, span: Span) {
        self.world.run_until(self.world.now() + span, &mut Deaf);
    }

    /// Runs in steps until `done`; how long it took in virtual time, or `None` at the limit.
    pub(crate) fn run_while(
        &mut self,
        limit: Span,
        step: Span,
        done: impl Fn(&Self) -> bool,
    ) -> Option<Span> {
        let begin = self.world.now();
        while !done(self) {
            if self.world.now().since(begin) >= limit {
                return None;
            }
            self.run(step);
        }
        Some(self.world.now().since(begin))
    }

    /// Whether every node holds every node for live, and every entry.
    pub(crate) fn is_complete(&self, size: Size) -> bool {
        let entries = (size.nodes * size.entries) as usize;
        self.nodes()
            .all(|node| node.live() == size.nodes as usize && node.entries().count() == entries)
    }

    /// Bytes of UDP payload that all nodes have sent.
    pub(crate) fn sent_bytes(&self) -> u64 {
        let hosts = 0..self.world.len();
        hosts.map(|host| self.world.counters(host).sent_bytes).sum()
    }

    /// All nodes.
    pub(crate) fn hosts(&self) -> impl Iterator<Item = &Tapped> {
        self.world.hosts().map(|(_, host)| host)
    }

    /// All nodes without what they received.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Node<Addr, Heap>> {
        self.hosts().map(Tapped::node)
    }
}

fn node(host: Index, size: Size, limits: Limits) -> Tapped {
    let config = Config::new(id_of(host)).address(Addr::of(host));
    let config = config.largest_id(id_of(size.nodes)).mtu_floor(size.mtu);
    let config = config.check().expect("the MTU is in range");
    let mut node = NodeHost::new(config, Heap::tables(limits));
    for entry in 0..size.entries {
        let value = format!("{:08x}", host << 12 | entry);
        let set = node
            .node_mut()
            .set(&format!("key-{entry:02}"), value.as_bytes());
        set.expect("an entry of 14 bytes fits");
    }
    Tapped::new(node)
}

fn network(size: Size, seed: u64) -> Network {
    let link = Link {
        latency: Latency::Uniform {
            min: Span::from_millis(1),
            max: Span::from_millis(10),
        },
        mtu: size.mtu,
        ..Link::default()
    };
    let config = NetworkConfig {
        link,
        ..NetworkConfig::default()
    };
    Network::new(&config, size.nodes, seed).expect("these settings can be")
}
