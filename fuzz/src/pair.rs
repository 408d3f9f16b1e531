//! Two or three nodes on a network that the input drives: it delivers, drops, repeats, reorders and
//! corrupts datagrams, lets time pass, writes, deletes, stops and restarts nodes. The promises hold
//! at every moment, and once the network is perfect all running nodes agree.

use gossip_core::table::Prefix;
use gossip_core::{
    Checked, Config, Duration, Instant, Mail, Node, NodeId, Request, SplitMix64, Status, Storage,
    Tables, inline,
};

use crate::input::Input;
use crate::oracle::{KEYS, Oracle};

inline! {
    /// As little room as three nodes can do with.
    struct Cramped {
        members: 3, entries: 12, key: 1, value: 12, news: 2, duties: 3,
        relays: 1, seeds: 2, exchanges: 1, ranges: 1, wants: 1,
        mails: 1, syncs: 1, reads: 1,
    }
}

inline! {
    /// Room for everything.
    struct Easy {
        members: 8, entries: 40, key: 4, value: 16, news: 8, duties: 16,
        relays: 4, seeds: 2, exchanges: 4, ranges: 8, wants: 8,
        mails: 8, syncs: 4, reads: 4,
    }
}

/// Datagrams under way; where there are more, the oldest are lost.
const FLIGHTS_MAX: usize = 48;

/// The largest datagrams that the input may choose.
const MTU_MAX: usize = 1400;

/// More datagrams than one node can owe at one moment.
const ENDLESS: usize = 500;

/// So many datagrams three nodes send in a second of a perfect network at most, and so many more at its beginning, when
/// everything that was held up goes out. More are answered with each other without end.
const STORM: (u64, u64) = (100, 500);

/// The time in which a perfect network must bring agreement, in milliseconds: several times what
/// the slowest steps (forgetting the dead, trying lost members again) take together.
const AGREEMENT_MILLIS: u64 = 600_000;

/// Plays what `bytes` spell.
pub fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    if input.byte() & 1 == 0 {
        World::new(&mut input, Easy::tables()).play(&mut input);
    } else {
        World::new(&mut input, Cramped::tables()).play(&mut input);
    }
}

/// A datagram under way.
#[derive(Clone)]
struct Flight {
    from: u16,
    to: u16,
    bytes: Vec<u8>,
}

struct World<S: Storage<u16>> {
    nodes: Vec<Place<S>>,
    tables: Tables<u16, S>,
    flights: Vec<Flight>,
    oracle: Oracle,
    rng: SplitMix64,
    /// Syncs and reads of which nobody has taken the report, and who asked for them.
    requests: Vec<(usize, Request)>,
    /// Milliseconds.
    now: u64,
    mtu: usize,
    mail: Mail,
}

/// An address, and the node that runs there.
struct Place<S: Storage<u16>> {
    node: Option<Box<Node<u16, S>>>,
    leaving: bool,
}

impl<S: Storage<u16>> Place<S> {
    /// The node, if it may write.
    fn writer(&mut self) -> Option<&mut Node<u16, S>> {
        self.node.as_deref_mut().filter(|_| !self.leaving)
    }
}

impl<S: Storage<u16>> World<S> {
    fn new(input: &mut Input<'_>, tables: Tables<u16, S>) -> Self {
        let count = 2 + (input.byte() & 1);
        let mut world = Self {
            nodes: Vec::new(),
            tables,
            flights: Vec::new(),
            oracle: Oracle::default(),
            rng: SplitMix64::new(u64::from(input.byte())),
            requests: Vec::new(),
            now: 1000,
            mtu: input.pick(&[64, 70, 127, MTU_MAX]),
            mail: input.pick(&[Mail::Off, Mail::To(1), Mail::All]),
        };
        for _ in 0..count {
            world.nodes.push(Place {
                node: None,
                leaving: false,
            });
        }
        for address in 0..world.nodes.len() {
            world.start(address);
        }
        world
    }

    fn play(mut self, input: &mut Input<'_>) {
        while !input.is_empty() {
            self.step(input);
        }
        self.settle();
    }

    fn step(&mut self, input: &mut Input<'_>) {
        match input.byte() % 22 {
            20 => self.sync(input),
            21 => self.read(input),
            0..3 => {
                self.now += input.pick(&[0, 1, 50, 250, 1000, 1000, 2500, 5000, 20_000]);
                self.turn_all();
            }
            3..7 => {
                if let Some(flight) = self.take_flight(input) {
                    self.deliver(&flight);
                }
            }
            7 | 8 => self.deliver_all(),
            9 => drop(self.take_flight(input)),
            10 => self.flights.clear(),
            11 => {
                if let Some(flight) = self.take_flight(input) {
                    self.flights.push(flight.clone());
                    self.deliver(&flight);
                }
            }
            12 => self.corrupt(input),
            13..16 => {
                let (address, key) = (self.address(input), input.index(KEYS.len()));
                let padding = input.index(9);
                if let Some(node) = self.nodes[address].writer() {
                    self.oracle.set(node, key, padding);
                    self.oracle.check(node);
                }
                self.turn(address);
            }
            16 | 17 => {
                let (address, key) = (self.address(input), input.index(KEYS.len()));
                if let Some(node) = self.nodes[address].writer() {
                    self.oracle.delete(node, key);
                    self.oracle.check(node);
                }
                self.turn(address);
            }
            18 => self.drain_events(input),
            _ => self.upset(input),
        }
    }

    /// A node makes everything equal with another; reports are taken as they come.
    fn sync(&mut self, input: &mut Input<'_>) {
        let (address, peer) = (self.address(input), id_of(self.address(input)));
        let deadline = Instant::from_millis(self.now + 5000);
        if let Some(node) = self.nodes[address].writer()
            && let Ok(request) = node.sync(peer, Prefix::ROOT, deadline)
        {
            self.requests.push((address, request));
        }
        self.turn(address);
    }

    /// A node asks its peers for a key.
    fn read(&mut self, input: &mut Input<'_>) {
        let (address, owner) = (self.address(input), id_of(self.address(input)));
        let (key, peers) = (KEYS[input.index(KEYS.len())], input.byte() & 3);
        let deadline = Instant::from_millis(self.now + 2000);
        if let Some(node) = self.nodes[address].writer()
            && let Ok(request) = node.read_fresh(owner, key, peers, deadline)
        {
            self.requests.push((address, request));
        }
        self.turn(address);
    }

    /// Takes every report that is there.
    fn take_reports(&mut self) {
        let nodes = &mut self.nodes;
        self.requests.retain(|(address, request)| {
            let Some(node) = nodes[*address].node.as_deref_mut() else {
                return false;
            };
            node.take_synced(*request).is_none() && node.take_read(*request).is_none()
        });
    }

    /// Stops, starts, restarts a node, or makes it leave.
    fn upset(&mut self, input: &mut Input<'_>) {
        let address = self.address(input);
        match input.byte() % 8 {
            0 => self.nodes[address].node = None,
            1 if !self.nodes[address].leaving => {
                if let Some(node) = self.nodes[address].writer() {
                    node.leave();
                    self.nodes[address].leaving = true;
                    self.turn(address);
                }
            }
            _ => {
                self.oracle.restart(id_of(address));
                self.start(address);
            }
        }
    }

    /// Puts a node without memory at an address; it joins through all others.
    fn start(&mut self, address: usize) {
        let config = config(address, self.mtu, self.mail);
        // What its earlier life was asked is forgotten.
        self.requests.retain(|(other, _)| *other != address);
        let mut node = Box::new(Node::new(config, self.tables.clone()));
        node.handle_timeout(Instant::from_millis(self.now), &mut self.rng);
        for seed in (0..self.nodes.len()).filter(|seed| *seed != address) {
            node.join(seed as u16).expect("there is room");
        }
        self.nodes[address] = Place {
            node: Some(node),
            leaving: false,
        };
        self.turn(address);
    }

    fn address(&self, input: &mut Input<'_>) -> usize {
        input.index(self.nodes.len())
    }

    fn drain_events(&mut self, input: &mut Input<'_>) {
        let address = self.address(input);
        if let Some(node) = &mut self.nodes[address].node {
            drain_events(node);
        }
    }

    fn take_flight(&mut self, input: &mut Input<'_>) -> Option<Flight> {
        let len = self.flights.len();
        (len > 0).then(|| self.flights.remove(input.index(len)))
    }

    fn deliver_all(&mut self) {
        for flight in std::mem::take(&mut self.flights) {
            self.deliver(&flight);
        }
    }

    /// Delivers a datagram that must be accepted.
    fn deliver(&mut self, flight: &Flight) {
        let address = usize::from(flight.to);
        let Some(node) = &mut self.nodes[address].node else {
            return;
        };
        let now = Instant::from_millis(self.now);
        if !node.has_left() {
            let handled = node.handle_datagram(now, flight.from, &flight.bytes);
            assert_eq!(handled, Ok(()), "an honest datagram was refused");
        }
        self.oracle.check(node);
        self.turn(address);
    }

    /// Delivers a copy with one byte changed, which must be refused.
    fn corrupt(&mut self, input: &mut Input<'_>) {
        if self.flights.is_empty() {
            return;
        }
        let mut flight = self.flights[input.index(self.flights.len())].clone();
        let at = input.index(flight.bytes.len());
        flight.bytes[at] ^= input.byte().max(1);
        let now = Instant::from_millis(self.now);
        if let Some(node) = &mut self.nodes[usize::from(flight.to)].node {
            let handled = node.handle_datagram(now, flight.from, &flight.bytes);
            assert!(handled.is_err(), "a corrupt datagram was accepted");
            self.oracle.check(node);
        }
    }

    fn turn_all(&mut self) {
        self.take_reports();
        for address in 0..self.nodes.len() {
            self.turn(address);
        }
    }

    /// Lets a node do what is due and send what it has to say. It is looked at if it did anything.
    fn turn(&mut self, address: usize) {
        let Some(node) = &mut self.nodes[address].node else {
            return;
        };
        let now = Instant::from_millis(self.now);
        if node.poll_timeout() <= now {
            node.handle_timeout(now, &mut self.rng);
            assert!(node.poll_timeout() > now, "due again at once");
            self.oracle.check(node);
        }
        let mut spoke = false;
        let mut buf = [0; MTU_MAX];
        for round in 0.. {
            let Some(sent) = node.poll_transmit(now, &mut buf[..self.mtu]) else {
                break;
            };
            spoke = true;
            assert!(sent.len <= self.mtu && round < ENDLESS);
            self.flights.push(Flight {
                from: address as u16,
                to: sent.to.one().expect("nobody speaks to everyone"),
                bytes: buf[..sent.len].to_vec(),
            });
        }
        if spoke {
            self.oracle.check(node);
        }
        let excess = self.flights.len().saturating_sub(FLIGHTS_MAX);
        self.flights.drain(..excess);
    }

    /// From here on the network is perfect: what is sent arrives a millisecond later.
    fn settle(&mut self) {
        let (begun, end) = (self.now, self.now + AGREEMENT_MILLIS);
        let (mut look, mut sent) = (self.now, 0);
        while self.now < end {
            sent += self.flights.len() as u64;
            let seconds = (self.now - begun) / 1000 + 1;
            assert!(sent < STORM.0 * seconds + STORM.1, "a storm of datagrams");
            self.deliver_all();
            self.turn_all();
            if self.now >= look {
                self.each_node(drain_events);
                if self.agree().is_ok() {
                    return;
                }
                look = self.now + 500;
            }
            self.now = self
                .next_moment()
                .clamp(self.now + 1, look.max(self.now + 1));
        }
        self.agree().expect("agreement");
    }

    fn next_moment(&self) -> u64 {
        if !self.flights.is_empty() {
            return self.now;
        }
        let nodes = self.nodes.iter().filter_map(|place| place.node.as_ref());
        let timeouts = nodes.map(|node| node.poll_timeout().as_millis());
        timeouts.min().unwrap_or(u64::MAX)
    }

    fn each_node(&mut self, each: fn(&mut Node<u16, S>)) {
        for place in &mut self.nodes {
            place.node.as_deref_mut().into_iter().for_each(each);
        }
    }

    /// All that run know each other as alive, nobody else, and the same entries of everybody.
    fn agree(&self) -> Result<(), String> {
        let running: Vec<&Node<u16, S>> = self
            .nodes
            .iter()
            .filter(|place| !place.leaving)
            .filter_map(|place| place.node.as_deref())
            .collect();
        for (node, other) in running.iter().zip(running.iter().cycle().skip(1)) {
            let (by, of) = (node.id(), other.id());
            if node.live() != running.len() {
                return Err(format!("{by} knows {} live members", node.live()));
            }
            let status = node.member(of).map(|row| row.status());
            if status != Some(Status::Alive) {
                return Err(format!("{by} holds {of} for {status:?}"));
            }
            if node.fingerprint() != other.fingerprint() {
                return Err(format!("{by} and {of} have different fingerprints"));
            }
            if !node.entries().eq(other.entries()) {
                return Err(format!("{by} and {of} show different entries"));
            }
            for owner in &running {
                let own = owner.entries_of(owner.id());
                if !node.entries_of(owner.id()).eq(own) {
                    return Err(format!("{by} does not show what {} wrote", owner.id()));
                }
            }
        }
        Ok(())
    }
}

fn drain_events<S: Storage<u16>>(node: &mut Node<u16, S>) {
    for round in 0.. {
        if node.poll_event().is_none() {
            return;
        }
        assert!(round < ENDLESS, "events never end");
    }
}

fn id_of(address: usize) -> NodeId {
    NodeId::from(address as u16 + 1)
}

fn config(address: usize, mtu: usize, mail: Mail) -> Checked<u16> {
    Config::new(id_of(address))
        .address(address as u16)
        .mtu_floor(mtu)
        .direct_mail(mail)
        .largest_id(NodeId::truncated(100))
        .forget_after(Duration::from_secs(60))
        .reconnect_interval(Duration::from_secs(5))
        .tombstone_grace(Duration::from_secs(2))
        // For the oracle a restart deletes everything.
        .fresh(true)
        .check()
        .expect("settings that make sense")
}
