//! Two nodes that know the same departed members, and what they say to each other.

use gossip_core::exchange::ExchangeMode;
use gossip_core::wire::{Datagram, Kind};
use gossip_core::{Config, Duration, Instant, NodeId, SplitMix64};
use gossip_std::sim::network::{Latency, Link, Network, NetworkConfig};
use gossip_std::sim::{
    Host, HostAddress, HostClock, Index, NodeHost, Note, Observer, Outgoing, Record, Span, Time,
    To, World, WorldOptions, id_of,
};
use gossip_std::{Heap, Limits};

use super::crafted::{MEMORY_SECS, departed, entries};
use super::tap::Addr;

/// How long each datagram travels.
const LATENCY: Span = Span::from_millis(10);

/// When reconciling is given up.
const LIMIT: Span = Span::from_secs(600);

/// Nobody listens at this address.
const NOBODY: Index = 1000;

/// What it took until both nodes held the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub datagrams: u64,
    /// UDP payload.
    pub bytes: u64,
    /// Exchanges begun.
    pub exchanges: u64,
    /// From the first datagram until both were equal, in milliseconds.
    pub millis: f64,
}

/// Two nodes in virtual time.
pub(crate) struct Pair {
    world: World<Fed>,
    owners: Vec<NodeId>,
}

impl Pair {
    /// Two nodes that hold the same: each other, and one entry of each of the other members, all of
    /// which departed.
    pub(crate) fn new(members: u32, mode: ExchangeMode, seed: u64) -> Self {
        let options = WorldOptions {
            seed,
            cores: 1,
            detailed: false,
        };
        let mut world = World::new(options, network(seed));
        for host in 0..2 {
            world.add(Fed::new(host, mode), HostClock::default());
        }
        let owners = (2..members).map(id_of).collect();
        let mut pair = Self { world, owners };
        for host in 0..2 {
            pair.feed(host, departed(&pair.owners));
            pair.feed(host, entries(&pair.owners, false));
        }
        let settled = pair
            .run_until(|pair| pair.fed().all(|fed| fed.host.node().live() == 2) && pair.is_equal());
        assert!(settled.is_some(), "two nodes came to hold the same");
        // What the filling has led to is over by then.
        pair.run(Span::from_secs(20));
        pair
    }

    /// Tells the first node later entries of so many owners, the second those of so many others, and
    /// counts what they say until they are equal. `None` if they never are.
    pub(crate) fn reconcile(&mut self, news: [usize; 2]) -> Option<Cost> {
        let owners = self.owners.clone();
        let mut owners = owners.as_slice();
        for (host, count) in (0..).zip(news) {
            let (some, rest) = owners.split_at(count.min(owners.len()));
            owners = rest;
            self.feed(host, entries(some, true));
        }
        let before = self.said();
        // Nodes that hold the same are done when one of them knows.
        let answers = before.same + u64::from(news == [0, 0]);
        let done = self.run_until(|pair| pair.is_equal() && pair.said().same >= answers)?;
        let said = self.said();
        let first = self.fed().filter_map(|fed| fed.first).min()?;
        Some(Cost {
            datagrams: said.datagrams - before.datagrams,
            bytes: said.bytes - before.bytes,
            exchanges: said.roots - before.roots,
            millis: (done.as_micros() / 1000 - first.as_millis()) as f64,
        })
    }

    fn is_equal(&self) -> bool {
        let mut roots = self.fed().map(|fed| fed.host.node().fingerprint());
        roots.next() == roots.next()
    }

    fn fed(&self) -> impl Iterator<Item = &Fed> {
        self.world.hosts().map(|(_, fed)| fed)
    }

    fn said(&self) -> Said {
        self.fed().fold(Said::default(), |sum, fed| Said {
            datagrams: sum.datagrams + fed.heard.datagrams,
            bytes: sum.bytes + fed.heard.bytes,
            roots: sum.roots + fed.heard.roots,
            same: sum.same + fed.heard.same,
        })
    }

    fn feed(&mut self, host: Index, datagrams: Vec<Vec<u8>>) {
        self.world.schedule(host, self.world.now(), datagrams);
    }

    fn run(&mut self, span: Span) {
        self.world.run_until(self.world.now() + span, &mut Deaf);
    }

    /// Runs in steps of less than a datagram takes.
    fn run_until(&mut self, done: impl Fn(&Self) -> bool) -> Option<Time> {
        let begin = self.world.now();
        while self.world.now().since(begin) < LIMIT {
            self.run(Span::from_millis(1));
            if done(self) {
                return Some(self.world.now());
            }
        }
        None
    }
}

/// What was received.
#[derive(Clone, Copy, Debug, Default)]
struct Said {
    datagrams: u64,
    bytes: u64,
    roots: u64,
    same: u64,
}

/// A node that can be told datagrams of nobody.
#[derive(Debug)]
struct Fed {
    host: NodeHost<Addr, Heap>,
    heard: Said,
    /// When it sent the other the first datagram since it was fed.
    first: Option<Instant>,
}

struct Deaf;

impl Observer<Note> for Deaf {
    fn record(&mut self, _record: &Record<'_, Note>) {}
}

impl Fed {
    fn new(host: Index, mode: ExchangeMode) -> Self {
        let config = Config::new(id_of(host))
            .address(Addr::of(host))
            .exchange_mode(mode)
            .forget_after(Duration::from_millis(u32::from(MEMORY_SECS) * 1000))
            .gossip_fanout(0);
        let config = config.check().expect("these settings can be");
        // News would tell what differs before anything is compared.
        let limits = Limits {
            news: 0,
            ..Limits::default()
        };
        let mut host_node = NodeHost::new(config, Heap::tables(limits));
        if host > 0 {
            host_node
                .node_mut()
                .join(Addr::of(0))
                .expect("there is room");
        }
        Self {
            host: host_node,
            heard: Said::default(),
            first: None,
        }
    }
}

impl Host for Fed {
    type Note = Note;
    type Call = Vec<Vec<u8>>;

    fn handle_datagram(&mut self, now: Instant, from: Index, bytes: &[u8]) {
        self.heard.datagrams += 1;
        self.heard.bytes += bytes.len() as u64;
        if let Ok(datagram) = Datagram::parse::<Addr>(bytes, 0, NodeId::MAX) {
            for (kind, _) in datagram.sizes() {
                self.heard.roots += u64::from(kind == Some(Kind::Root));
                self.heard.same += u64::from(kind == Some(Kind::Same));
            }
        }
        self.host.handle_datagram(now, from, bytes);
    }

    fn handle_timeout(&mut self, now: Instant, rng: &mut SplitMix64) {
        self.host.handle_timeout(now, rng);
    }

    /// Datagrams that come from an address where nobody listens.
    fn handle_call(&mut self, now: Instant, call: Vec<Vec<u8>>, _rng: &mut SplitMix64) {
        self.first = None;
        for datagram in call {
            self.host.handle_datagram(now, NOBODY, &datagram);
        }
    }

    fn poll_transmit(&mut self, now: Instant, buf: &mut [u8]) -> Option<Outgoing> {
        let outgoing = self.host.poll_transmit(now, buf)?;
        if outgoing.to != To::One(NOBODY) {
            self.first.get_or_insert(now);
        }
        Some(outgoing)
    }

    fn poll_note(&mut self) -> Option<Note> {
        self.host.poll_note()
    }

    fn poll_timeout(&self) -> Instant {
        self.host.poll_timeout()
    }
}

fn network(seed: u64) -> Network {
    let link = Link {
        latency: Latency::Constant(LATENCY),
        ..Link::default()
    };
    let config = NetworkConfig {
        link,
        ..NetworkConfig::default()
    };
    Network::new(&config, 2, seed).expect("these settings can be")
}
