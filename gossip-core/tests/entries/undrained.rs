//! Two promises about what a node sends, on networks driven at random. Whether the application drains its
//! events makes no difference to it: beside each node that is drained at once runs a twin that is not, and both
//! send the same bytes at the same moments. And every receiver takes it: what the writer may say and what
//! the validator lets pass are one list.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use gossip_core::table::Prefix;
use gossip_core::wire::Datagram;
use gossip_core::{
    Config, Duration, ExchangeMode, Instant, Mail, Node, NodeId, Reconciliation, SplitMix64,
    Storage, Tables, inline,
};

inline! {
    /// Tight everywhere, and smaller than the cluster.
    struct Tight {
        members: 5, entries: 10, key: 4, value: 8, news: 3, duties: 4,
        relays: 1, seeds: 2, exchanges: 2, ranges: 2, wants: 2,
        mails: 2, syncs: 1, reads: 1, copies: 2, leases: 2,
    }
}

inline! {
    /// Room for everybody.
    struct Roomy {
        members: 24, entries: 96, key: 4, value: 8, news: 16, duties: 24,
        relays: 4, seeds: 4, exchanges: 8, ranges: 16, wants: 16,
        mails: 8, syncs: 3, reads: 3, copies: 8, leases: 16,
    }
}

inline! {
    /// Membership alone.
    struct Bare {
        members: 4, entries: 0, key: 0, value: 0, news: 2, duties: 4,
        relays: 1, seeds: 2, exchanges: 0, ranges: 0, wants: 0,
    }
}

const ADDRESSES: usize = 6;
/// More identities than the small tables have rows.
const IDS: u64 = 9;
const LARGEST: NodeId = NodeId::truncated(100);
const KEYS: [&str; 4] = ["a", "b", "cc", "dddd"];
/// Datagrams that are under way at most.
const FLIGHTS_MAX: usize = 60;

/// One node, twice.
struct Pair<S: Storage<u16>> {
    drained: Box<Node<u16, S>>,
    undrained: Box<Node<u16, S>>,
}

struct World<S: Storage<u16>> {
    pairs: Vec<Option<Pair<S>>>,
    tables: Tables<u16, S>,
    flights: VecDeque<(u16, u16, Vec<u8>)>,
    rng: SplitMix64,
    chance: SplitMix64,
    now: u64,
    mtu: usize,
    sent: usize,
}

impl<S: Storage<u16>> Pair<S> {
    /// Does the same to both; what comes of it must be the same.
    fn both<T: PartialEq + core::fmt::Debug>(
        &mut self,
        mut act: impl FnMut(&mut Node<u16, S>) -> T,
    ) -> T {
        let of_undrained = act(&mut self.undrained);
        let of_drained = act(&mut self.drained);
        while self.drained.poll_event().is_some() {}
        assert_eq!(of_drained, of_undrained);
        of_drained
    }
}

impl<S: Storage<u16>> World<S> {
    fn new(seed: u64, tables: Tables<u16, S>) -> Self {
        let mut chance = SplitMix64::new(seed);
        let mtu = [64, 70, 127, 400][chance.next() as usize % 4];
        let mut world = Self {
            pairs: (0..ADDRESSES).map(|_| None).collect(),
            tables,
            flights: VecDeque::new(),
            rng: SplitMix64::new(!seed),
            chance,
            now: 1000,
            mtu,
            sent: 0,
        };
        for address in 0..3 {
            world.start(address);
        }
        world
    }

    fn pick(&mut self, below: usize) -> usize {
        (self.chance.next() % below as u64) as usize
    }

    fn start(&mut self, address: usize) {
        let orders = [
            Reconciliation::ScuttleDepth,
            Reconciliation::ScuttleBreadth,
            Reconciliation::PreciseOldest,
            Reconciliation::PreciseNewest,
            Reconciliation::PreciseRandom,
        ];
        let modes = [
            ExchangeMode::PushPull,
            ExchangeMode::Pull,
            ExchangeMode::Push,
        ];
        let id = NodeId::truncated(1 + address as u64 + self.chance.next() % 2 * (IDS / 2));
        let config = Config::new(id)
            .address(address as u16)
            .mtu_floor(self.mtu)
            .largest_id(LARGEST)
            .forget_after(Duration::from_secs([4, 20, 60][self.pick(3)]))
            .tombstone_grace(Duration::from_secs(2))
            .reconnect_interval(Duration::from_secs(5))
            .reconciliation(orders[self.pick(5)])
            .exchange_mode(modes[self.pick(6) % 3])
            .direct_mail([Mail::Off, Mail::To(1), Mail::All][self.pick(3)])
            .fresh(self.pick(2) == 0);
        let config = config.check().expect("settings that make sense");
        let node = Node::new(config, self.tables.clone());
        let mut pair = Pair {
            drained: Box::new(node.clone()),
            undrained: Box::new(node),
        };
        let seeds = [self.pick(ADDRESSES), self.pick(ADDRESSES)];
        let _ = pair.both(|node| seeds.map(|seed| node.join(seed as u16)));
        self.pairs[address] = Some(pair);
        self.turn(address);
    }

    fn step(&mut self) {
        let address = self.pick(ADDRESSES);
        match self.pick(20) {
            0..=5 => {
                let waits = [1, 50, 250, 1000, 1000, 3000, 10_000];
                self.now += waits[self.pick(waits.len())];
            }
            6..=11 => self.deliver_all(),
            12 => self.flights.clear(),
            13 => {
                let lost = self.pick(self.flights.len().max(1));
                drop(self.flights.remove(lost));
            }
            14 if self.pick(3) == 0 => self.pairs[address] = None,
            15 if self.pick(3) == 0 => self.start(address),
            16 if self.pick(8) == 0 => self.at(address, |node| node.leave()),
            17 => self.ask(address),
            _ => self.write(address),
        }
        for address in 0..ADDRESSES {
            self.turn(address);
        }
    }

    fn at<T: PartialEq + core::fmt::Debug>(
        &mut self,
        address: usize,
        act: impl FnMut(&mut Node<u16, S>) -> T,
    ) {
        if let Some(pair) = &mut self.pairs[address] {
            pair.both(act);
        }
    }

    fn write(&mut self, address: usize) {
        let key = KEYS[self.pick(KEYS.len())];
        let (value, now) = (
            self.chance.next().to_le_bytes(),
            Instant::from_millis(self.now),
        );
        let ttl = Duration::from_millis(200 + 100 * self.pick(40) as u32);
        match self.pick(6) {
            0..=2 => self.at(address, |node| node.set(key, &value[..4])),
            3 => self.at(address, |node| node.set_for(now, key, &value[..2], ttl)),
            _ => self.at(address, |node| node.delete(key)),
        }
    }

    /// A sync, or a read that asks peers. Nobody takes the reports.
    fn ask(&mut self, address: usize) {
        let peer = NodeId::truncated(1 + self.chance.next() % IDS);
        let deadline = Instant::from_millis(self.now + 2000);
        let key = KEYS[self.pick(KEYS.len())];
        match self.pick(2) {
            0 => self.at(address, |node| node.sync(peer, Prefix::ROOT, deadline)),
            _ => self.at(address, |node| node.read_fresh(peer, key, 2, deadline)),
        }
    }

    fn deliver_all(&mut self) {
        let now = Instant::from_millis(self.now);
        for (from, to, bytes) in std::mem::take(&mut self.flights) {
            if let Some(pair) = &mut self.pairs[usize::from(to)]
                && !pair.drained.has_left()
            {
                let taken = pair.both(|node| node.handle_datagram(now, from, &bytes));
                assert!(
                    taken.is_ok() || taken == Err(gossip_core::DatagramError::FromSelf),
                    "an honest datagram was refused: {taken:?}"
                );
            }
            self.turn(usize::from(to));
        }
    }

    /// Lets a node do what is due and send what it has to say.
    fn turn(&mut self, address: usize) {
        let now = Instant::from_millis(self.now);
        let Some(pair) = &mut self.pairs[address] else {
            return;
        };
        if pair.both(|node| node.poll_timeout()) <= now {
            let rng = self.rng.clone();
            self.rng = pair.both(|node| {
                let mut rng = rng.clone();
                node.handle_timeout(now, &mut rng);
                rng
            });
        }
        loop {
            let mtu = self.mtu;
            let written = pair.both(|node| {
                let mut buf = vec![0; mtu];
                let sent = node.poll_transmit(now, &mut buf)?;
                Some((sent.to.one()?, buf[..sent.len].to_vec()))
            });
            let Some((to, bytes)) = written else { break };
            check(&bytes);
            self.sent += 1;
            if usize::from(to) < ADDRESSES {
                self.flights.push_back((address as u16, to, bytes));
            }
        }
        let excess = self.flights.len().saturating_sub(FLIGHTS_MAX);
        self.flights.drain(..excess);
    }
}

/// What was written passes the validator whole, with every section.
fn check(bytes: &[u8]) {
    let parsed = Datagram::parse::<u16>(bytes, 0, LARGEST);
    let parsed = parsed.unwrap_or_else(|error| panic!("{error:?}: {bytes:02x?}"));
    assert!(parsed.sizes().all(|(kind, _)| kind.is_some()));
    assert_eq!(parsed.sizes().count(), parsed.sections::<u16>().count());
}

fn play<S: Storage<u16>>(seeds: std::ops::Range<u64>, steps: usize, tables: &Tables<u16, S>) {
    let (mut sent, mut lost) = (0, 0);
    for seed in seeds {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let mut world = World::new(seed, tables.clone());
            for _ in 0..steps {
                world.step();
            }
            let nodes = world.pairs.iter().flatten();
            let lost = nodes.map(|pair| pair.undrained.stats().events_lost);
            (world.sent, lost.sum::<u32>())
        }));
        let (sent_now, lost_now) = outcome.unwrap_or_else(|_| panic!("seed {seed}"));
        sent += sent_now;
        lost += lost_now;
    }
    assert!(sent > steps, "only {sent} datagrams");
    println!("{sent} datagrams, {lost} events lost");
}

#[test]
fn with_room_for_everybody() {
    play(0..60, 600, &Roomy::tables());
}

#[test]
fn in_tables_smaller_than_the_cluster() {
    play(1000..1060, 600, &Tight::tables());
}

#[test]
fn with_membership_alone() {
    play(2000..2060, 600, &Bare::tables());
}
