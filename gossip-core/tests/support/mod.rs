//! An in-memory network of real nodes in virtual time: one seed fixes everything.

#![allow(dead_code)] // each test binary uses a part

pub mod alone;
pub mod craft;
pub mod witness;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use gossip_core::{
    Checked, Config, Duration, Instant, Node, NodeId, SplitMix64, Storage, Tables, inline,
};

inline! {
    /// Room for the largest cluster of the tests.
    pub struct Large {
        members: 80, entries: 1400, key: 16, value: 32, news: 32, duties: 32,
        relays: 16, seeds: 4, exchanges: 8, ranges: 32, wants: 64, copies: 40,
        leases: 400,
    }
}

inline! {
    /// Room for a handful of nodes, and tight everywhere.
    pub struct Small {
        members: 8, entries: 24, key: 8, value: 16, news: 6, duties: 6,
        relays: 2, seeds: 2, exchanges: 3, ranges: 4, wants: 4, leases: 4,
    }
}

/// What the network does to datagrams.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// Datagrams lost, in percent.
    pub loss: u64,
    /// Datagrams delivered twice, in percent.
    pub twice: u64,
    /// The shortest way, in milliseconds.
    pub latency_min: u64,
    /// The longest way; the spread reorders.
    pub latency_max: u64,
}

impl Weather {
    pub const FAIR: Self = Self {
        loss: 0,
        twice: 0,
        latency_min: 1,
        latency_max: 10,
    };
    pub const LOSSY: Self = Self {
        loss: 20,
        ..Self::FAIR
    };
    pub const WILD: Self = Self {
        loss: 20,
        twice: 10,
        latency_min: 1,
        latency_max: 120,
    };
}

/// A datagram on its way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Flight {
    at: u64,
    order: u64,
    from: u16,
    to: u16,
    bytes: Vec<u8>,
    /// It waits for a slow node.
    queued: bool,
}

/// A datagram that was delivered.
#[derive(Clone, Debug)]
pub struct Record {
    pub from: u16,
    pub to: u16,
    pub bytes: Vec<u8>,
}

/// A network of nodes with addresses `0..`.
#[derive(Clone)]
pub struct Net<S: Storage<u16>> {
    pub now: u64,
    pub nodes: Vec<Option<Box<Node<u16, S>>>>,
    pub weather: Weather,
    /// Bytes that one datagram may take.
    pub mtu: usize,
    /// A node whose datagrams may take more, and how many bytes.
    pub larger: Option<(u16, usize)>,
    /// Datagrams between addresses for which this is `false` are lost.
    pub connected: fn(u16, u16) -> bool,
    /// Bytes of all datagrams sent so far.
    pub bytes_sent: u64,
    /// Every datagram delivered, if wanted.
    pub log: Option<Vec<Record>>,
    /// How long each address takes for a datagram, and until when it is busy with those that came, in
    /// milliseconds; those that are not named take no time.
    pub slow: std::collections::BTreeMap<u16, (u64, u64)>,
    rng: SplitMix64,
    flights: BinaryHeap<Reverse<Flight>>,
    order: u64,
}

pub fn id(number: u16) -> NodeId {
    NodeId::from(number)
}

impl<S: Storage<u16>> Net<S> {
    pub fn new(seed: u64, mtu: usize, weather: Weather) -> Self {
        Self {
            now: 1000,
            nodes: Vec::new(),
            weather,
            mtu,
            larger: None,
            connected: |_, _| true,
            bytes_sent: 0,
            log: None,
            slow: std::collections::BTreeMap::new(),
            rng: SplitMix64::new(seed),
            flights: BinaryHeap::new(),
            order: 0,
        }
    }

    /// Starts a node at the next address; its id is its address plus one.
    pub fn add(&mut self, config: Checked<u16>, tables: Tables<u16, S>) -> u16 {
        let address = self.nodes.len() as u16;
        self.nodes.push(None);
        self.start(address, config, tables);
        address
    }

    /// Puts a new node at an address.
    pub fn start(&mut self, address: u16, config: Checked<u16>, tables: Tables<u16, S>) {
        self.put(address, Node::new(config, tables));
    }

    /// Puts a node that has not started yet at an address.
    pub fn put(&mut self, address: u16, node: Node<u16, S>) {
        let mut node = Box::new(node);
        node.handle_timeout(self.instant(), &mut self.rng);
        self.nodes[usize::from(address)] = Some(node);
    }

    pub fn node(&mut self, address: u16) -> &mut Node<u16, S> {
        self.nodes[usize::from(address)]
            .as_mut()
            .expect("a node runs there")
    }

    pub fn instant(&self) -> Instant {
        Instant::from_millis(self.now)
    }

    pub fn live(&self) -> impl Iterator<Item = &Node<u16, S>> {
        self.nodes.iter().flatten().map(|node| &**node)
    }

    pub fn random(&mut self, below: u64) -> u64 {
        self.rng.next() % below
    }

    /// Lets `millis` go by.
    pub fn run(&mut self, millis: u64) {
        let end = self.now + millis;
        self.run_until(end, |_| false);
    }

    /// Runs until `done` or until `end`; `true` if it was done. `done` is asked every 50 ms.
    pub fn run_until(&mut self, end: u64, mut done: impl FnMut(&Self) -> bool) -> bool {
        let mut ask = self.now;
        loop {
            self.pump();
            if self.now >= ask {
                if done(self) {
                    return true;
                }
                ask = self.now + 50;
            }
            let next = self.next_event().max(self.now + 1);
            if next > end {
                self.now = end;
                return done(self);
            }
            self.now = next.min(ask.max(self.now + 1));
        }
    }

    /// Delivers and sends everything that is due now.
    pub fn pump(&mut self) {
        while let Some(Reverse(flight)) = self.flights.peek() {
            if flight.at > self.now {
                break;
            }
            let Some(Reverse(mut flight)) = self.flights.pop() else {
                break;
            };
            if let Some((takes, until)) = self.slow.get_mut(&flight.to).filter(|_| !flight.queued) {
                *until = self.now.max(*until) + *takes;
                (flight.at, flight.queued) = (*until, true);
                self.flights.push(Reverse(flight));
                continue;
            }
            self.deliver(flight.from, flight.to, &flight.bytes);
        }
        for address in 0..self.nodes.len() as u16 {
            self.turn(address);
        }
    }

    /// Hands a datagram to a node at once, whatever the weather.
    pub fn deliver(&mut self, from: u16, to: u16, bytes: &[u8]) {
        let now = self.instant();
        let Some(node) = self.nodes[usize::from(to)].as_mut() else {
            return;
        };
        let taken = node.handle_datagram(now, from, bytes);
        if let (Ok(()), Some(log)) = (taken, self.log.as_mut()) {
            log.push(Record {
                from,
                to,
                bytes: bytes.to_vec(),
            });
        }
    }

    fn turn(&mut self, address: u16) {
        let now = self.instant();
        let Some(mut node) = self.nodes[usize::from(address)].take() else {
            return;
        };
        if node.poll_timeout() <= now {
            node.handle_timeout(now, &mut self.rng);
            assert!(
                node.poll_timeout() > now,
                "a timeout that was handled is due again at once"
            );
        }
        let larger = self.larger.filter(|(larger, _)| *larger == address);
        let mtu = larger.map_or(self.mtu, |(_, mtu)| mtu);
        let mut buf = vec![0u8; mtu];
        while let Some(transmit) = node.poll_transmit(now, &mut buf) {
            assert!(transmit.len <= mtu && transmit.len > 0);
            self.send(address, transmit.to.one().unwrap(), &buf[..transmit.len]);
        }
        self.nodes[usize::from(address)] = Some(node);
    }

    /// Puts a datagram on its way, if the weather lets it.
    pub fn send(&mut self, from: u16, to: u16, bytes: &[u8]) {
        self.bytes_sent += bytes.len() as u64;
        if usize::from(to) >= self.nodes.len() || !(self.connected)(from, to) {
            return;
        }
        let copies = 1 + u64::from(self.rng.next() % 100 < self.weather.twice);
        for _ in 0..copies {
            if self.rng.next() % 100 < self.weather.loss {
                continue;
            }
            let spread = self.weather.latency_max - self.weather.latency_min + 1;
            let at = self.now + self.weather.latency_min + self.rng.next() % spread;
            self.order += 1;
            let flight = Flight {
                at,
                order: self.order,
                from,
                to,
                bytes: bytes.to_vec(),
                queued: false,
            };
            self.flights.push(Reverse(flight));
        }
    }

    fn next_event(&self) -> u64 {
        let flight = self
            .flights
            .peek()
            .map_or(u64::MAX, |Reverse(flight)| flight.at);
        let timeout = self
            .live()
            .map(|node| node.poll_timeout().as_millis())
            .min();
        flight.min(timeout.unwrap_or(u64::MAX))
    }

    /// `true` if all running nodes have the same fingerprint.
    pub fn agree(&self) -> bool {
        let mut prints = self.live().map(Node::fingerprint);
        let first = prints.next();
        prints.all(|print| Some(print) == first)
    }

    /// All visible entries of a node as text, sorted.
    pub fn contents(&self, address: u16) -> Vec<(u64, String, Vec<u8>)> {
        let node = self.nodes[usize::from(address)]
            .as_ref()
            .expect("a node runs there");
        let mut all: Vec<_> = node
            .entries()
            .map(|entry| {
                (
                    entry.owner.get(),
                    entry.key.to_string(),
                    entry.value.to_vec(),
                )
            })
            .collect();
        all.sort();
        all
    }
}

/// A node's state in pages of so many bytes.
pub fn pages<S: Storage<u16>>(node: &Node<u16, S>, now: Instant, size: usize) -> Vec<u8> {
    let (mut export, mut page, mut state) = (node.export(now), vec![0; size], Vec::new());
    loop {
        match export.read(&mut page) {
            0 => return state,
            len => state.extend_from_slice(&page[..len]),
        }
    }
}

/// A configuration for the node at `address`, quick to sweep, that begins each life with nothing.
pub fn config(address: u16, mtu: usize) -> Config<u16> {
    Config::new(id(address + 1))
        .address(address)
        .mtu_floor(mtu)
        .largest_id(NodeId::truncated(1 << 14))
        .tombstone_grace(Duration::from_secs(10))
        .fresh(true)
}
