//! A network whose nodes may each have another storage: what each set of parts keeps, and nodes behind
//! one face.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use gossip_core::wire::Kind;
use gossip_core::{
    Checked, DatagramError, Duration, Instant, Node, NodeId, SplitMix64, Status, Storage, Tables,
    inline,
};

/// A node, whatever its storage.
pub trait Peer {
    fn take(&mut self, now: Instant, from: u16, bytes: &[u8]);
    fn wake(&mut self, now: Instant, rng: &mut SplitMix64);
    fn due(&self) -> Instant;
    fn write(&mut self, now: Instant, buf: &mut [u8]) -> Option<(u16, usize)>;
    fn join(&mut self, seed: u16);
    fn leave(&mut self);
    fn set(&mut self, key: &str, value: &[u8]) -> bool;
    fn set_for(&mut self, now: Instant, key: &str, ttl: Duration) -> bool;
    fn get(&self, owner: NodeId, key: &str) -> Option<&[u8]>;
    fn status(&self, id: NodeId) -> Option<Status>;
    fn live(&self) -> usize;
    /// The fingerprints of facts alone and of everything.
    fn prints(&self) -> (u64, u64);
    /// How many sections of this kind came.
    fn heard(&self, kind: Kind) -> u32;
    fn drain(&mut self);
}

impl<S: Storage<u16>> Peer for Node<u16, S> {
    fn take(&mut self, now: Instant, from: u16, bytes: &[u8]) {
        let taken = self.handle_datagram(now, from, bytes);
        assert!(
            matches!(taken, Ok(()) | Err(DatagramError::NotRunning)),
            "{taken:?}"
        );
    }

    fn wake(&mut self, now: Instant, rng: &mut SplitMix64) {
        self.handle_timeout(now, rng);
    }

    fn due(&self) -> Instant {
        self.poll_timeout()
    }

    fn write(&mut self, now: Instant, buf: &mut [u8]) -> Option<(u16, usize)> {
        let transmit = self.poll_transmit(now, buf)?;
        Some((transmit.to.one()?, transmit.len))
    }

    fn join(&mut self, seed: u16) {
        Node::join(self, seed).expect("room for a seed");
    }

    fn leave(&mut self) {
        Node::leave(self);
    }

    fn set(&mut self, key: &str, value: &[u8]) -> bool {
        Node::set(self, key, value).is_ok()
    }

    fn set_for(&mut self, now: Instant, key: &str, ttl: Duration) -> bool {
        Node::set_for(self, now, key, b"brief", ttl).is_ok()
    }

    fn get(&self, owner: NodeId, key: &str) -> Option<&[u8]> {
        Node::get(self, owner, key)
    }

    fn status(&self, id: NodeId) -> Option<Status> {
        Some(self.member(id)?.status())
    }

    fn live(&self) -> usize {
        Node::live(self)
    }

    fn prints(&self) -> (u64, u64) {
        (self.facts_fingerprint(), self.fingerprint())
    }

    fn heard(&self, kind: Kind) -> u32 {
        self.stats().received.of(kind).count
    }

    fn drain(&mut self) {
        while self.poll_event().is_some() {}
    }
}

/// A set of parts: how it is called, whether it keeps entries, and how a node with it is made.
#[derive(Clone, Copy)]
pub struct Parts {
    pub name: &'static str,
    pub entries: bool,
    pub make: fn(Checked<u16>) -> Box<dyn Peer>,
}

fn make<S: Storage<u16> + 'static>(config: Checked<u16>, tables: Tables<u16, S>) -> Box<dyn Peer> {
    Box::new(Node::new(config, tables))
}

macro_rules! sets {
    ($($name:ident $text:literal, entries: $entries:expr, exchanges: $exchanges:expr
        $(, mails: $mails:expr)? $(, syncs: $syncs:expr)? $(, reads: $reads:expr)?
        $(, copies: $copies:expr)? $(, leases: $leases:expr)?;)*) => {
        $(inline! {
            struct $name {
                members: 72, entries: $entries, key: 8, value: 16, news: 8, duties: 10,
                relays: 4, seeds: 2, exchanges: $exchanges, ranges: $exchanges * 2, wants: $exchanges * 2
                $(, mails: $mails)? $(, syncs: $syncs)? $(, reads: $reads)?
                $(, copies: $copies)? $(, leases: $leases)?
            }
        })*

        /// Every set of parts that a storage may permit.
        pub const ALL: &[Parts] = &[$(Parts {
            name: $text,
            entries: $entries > 0 && $exchanges > 0,
            make: |config| make(config, $name::tables()),
        },)*];
    };
}

sets! {
    Members "members alone", entries: 0, exchanges: 0;
    Spare "members, exchanges", entries: 0, exchanges: 2;
    SpareSyncs "members, syncs", entries: 0, exchanges: 0, syncs: 1;
    Lonely "entries without exchanges", entries: 100, exchanges: 0;
    Entries "entries", entries: 100, exchanges: 3;
    Leases "entries, leases", entries: 100, exchanges: 3, leases: 20;
    Copies "entries, copies", entries: 100, exchanges: 3, copies: 20;
    Mails "entries, mail", entries: 100, exchanges: 3, mails: 4;
    Syncs "entries, syncs", entries: 100, exchanges: 3, syncs: 2;
    Reads "entries, reads", entries: 100, exchanges: 3, reads: 2;
    All "everything", entries: 100, exchanges: 3, mails: 4, syncs: 2, reads: 2, copies: 20, leases: 20;
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Flight {
    at: u64,
    order: u64,
    from: u16,
    to: u16,
    bytes: Vec<u8>,
}

/// Nodes with addresses `0..`, of any storages.
pub struct Net {
    pub now: u64,
    pub nodes: Vec<Option<Box<dyn Peer>>>,
    /// Datagrams lost, in percent.
    pub loss: u64,
    pub mtu: usize,
    pub bytes_sent: u64,
    pub rng: SplitMix64,
    flights: BinaryHeap<Reverse<Flight>>,
    order: u64,
}

impl Net {
    pub fn new(seed: u64, mtu: usize) -> Self {
        Self {
            now: 1000,
            nodes: Vec::new(),
            loss: 0,
            mtu,
            bytes_sent: 0,
            rng: SplitMix64::new(seed),
            flights: BinaryHeap::new(),
            order: 0,
        }
    }

    pub fn start(&mut self, address: u16, node: Box<dyn Peer>) {
        let index = usize::from(address);
        if self.nodes.len() <= index {
            self.nodes.resize_with(index + 1, || None);
        }
        let mut node = node;
        node.wake(Instant::from_millis(self.now), &mut self.rng);
        self.nodes[index] = Some(node);
    }

    pub fn node(&mut self, address: u16) -> &mut dyn Peer {
        self.nodes[usize::from(address)]
            .as_mut()
            .expect("it runs")
            .as_mut()
    }

    pub fn live(&self) -> impl Iterator<Item = &dyn Peer> {
        self.nodes.iter().flatten().map(|node| node.as_ref())
    }

    pub fn run(&mut self, millis: u64) {
        let end = self.now + millis;
        self.run_until(end, |_| false);
    }

    /// Runs until `done`, which is asked every 50 ms, or until `end`; `true` if it was done.
    pub fn run_until(&mut self, end: u64, mut done: impl FnMut(&Self) -> bool) -> bool {
        let mut ask = self.now;
        while self.now < end {
            self.turn();
            if self.now >= ask {
                if done(self) {
                    return true;
                }
                ask = self.now + 50;
            }
            let flight = self
                .flights
                .peek()
                .map_or(u64::MAX, |Reverse(flight)| flight.at);
            let due = self.live().map(|node| node.due().as_millis()).min();
            let next = flight.min(due.unwrap_or(u64::MAX)).max(self.now + 1);
            self.now = next.min(ask.max(self.now + 1)).min(end);
        }
        done(self)
    }

    fn turn(&mut self) {
        let now = Instant::from_millis(self.now);
        while self
            .flights
            .peek()
            .is_some_and(|Reverse(flight)| flight.at <= self.now)
        {
            let Reverse(flight) = self.flights.pop().expect("one is there");
            if let Some(Some(node)) = self.nodes.get_mut(usize::from(flight.to)) {
                node.take(now, flight.from, &flight.bytes);
            }
        }
        let mut buf = vec![0; self.mtu];
        for from in 0..self.nodes.len() {
            let Some(mut node) = self.nodes[from].take() else {
                continue;
            };
            if node.due() <= now {
                node.wake(now, &mut self.rng);
            }
            while let Some((to, len)) = node.write(now, &mut buf) {
                self.bytes_sent += len as u64;
                if self.rng.next() % 100 >= self.loss {
                    self.order += 1;
                    self.flights.push(Reverse(Flight {
                        at: self.now + 1 + self.rng.next() % 10,
                        order: self.order,
                        from: from as u16,
                        to,
                        bytes: buf[..len].to_vec(),
                    }));
                }
            }
            node.drain();
            self.nodes[from] = Some(node);
        }
    }
}
