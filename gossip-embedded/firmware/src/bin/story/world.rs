//! Four nodes, the air between them, and the time.

use cortex_m_semihosting::hprintln;
use gossip_core::{Config, Duration, Event, Instant, Node, NodeId, SplitMix64, Status, inline};
use gossip_embedded::{Medium, MemoryLink, Runner};

use crate::stack;

/// How many nodes there are; they have the ids and the addresses 1 to this.
pub const NODES: u16 = 4;

/// The longest datagram, in bytes: the smallest floor there is.
pub const MTU: usize = 64;

/// How many of a hundred datagrams are lost. With all of them the story must fail, which the control
/// build shows.
pub const LOSS_PERCENT: u8 = if cfg!(feature = "control") { 100 } else { 20 };

/// How many datagrams are in the air at most.
const SLOTS: usize = 16;

/// How long a datagram travels, at most and nearly always.
const HOP: Duration = Duration::from_millis(1);

inline! {
    /// What each node of the story keeps.
    pub struct Shelf {
        members: 6, entries: 16, key: 6, value: 12, news: 8, duties: 8,
        relays: 4, seeds: 1, exchanges: 2, ranges: 4, wants: 4,
    }
}

pub type Air = Medium<u16, SLOTS, MTU>;
type Site = Runner<MemoryLink<'static, u16, SLOTS, MTU>, Shelf, MTU>;

/// All nodes, stepped in turn on one core.
pub struct World {
    air: &'static Air,
    sites: [Site; NODES as usize],
    running: [bool; NODES as usize],
    rng: SplitMix64,
    now: Instant,
    /// The most stack that a turn took, in bytes.
    deepest: usize,
}

impl World {
    /// Four nodes that know nobody yet.
    pub fn new(air: &'static Air, seed: u64) -> Self {
        Self {
            air,
            sites: [site(air, 1), site(air, 2), site(air, 3), site(air, 4)],
            running: [true; NODES as usize],
            rng: SplitMix64::new(seed),
            now: Instant::ZERO,
            deepest: 0,
        }
    }

    /// The virtual time.
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// Lets every running node do what it can, then time pass until something can happen.
    pub fn step(&mut self) {
        let mut wake = Instant::FAR;
        let mut worked = false;
        for (site, _) in self
            .sites
            .iter_mut()
            .zip(&self.running)
            .filter(|(_, runs)| **runs)
        {
            let (turn, stack) = stack::used_by(|| site.turn(self.now, &mut self.rng));
            self.deepest = self.deepest.max(stack);
            wake = wake.min(turn.wake);
            worked |= turn.worked;
        }
        self.take_events();
        let soonest = self.now.after(HOP);
        self.now = if worked { soonest } else { soonest.max(wake) };
    }

    /// The power of `id` fails: it does nothing any more, and nothing is said.
    pub fn switch_off(&mut self, id: u16) {
        if let Some(runs) = self.running.get_mut(index(id)) {
            *runs = false;
        }
    }

    /// `id` is back and has forgotten everything; what the air still held for it is gone.
    pub fn switch_on(&mut self, id: u16) {
        let at = index(id);
        if let (Some(old), Some(runs)) = (self.sites.get_mut(at), self.running.get_mut(at)) {
            *old = site(self.air, id);
            *runs = true;
        }
    }

    /// The node `id`, to give it commands.
    pub fn node_mut(&mut self, id: u16) -> Option<&mut Node<u16, Shelf>> {
        self.sites.get_mut(index(id)).map(Runner::node_mut)
    }

    /// The nodes that run.
    pub fn running(&self) -> impl Iterator<Item = &Node<u16, Shelf>> {
        self.sites
            .iter()
            .zip(&self.running)
            .filter(|(_, runs)| **runs)
            .map(|(site, _)| site.node())
    }

    /// Says what everybody sent, what was lost, and how much stack it took.
    pub fn print_totals(&self) {
        for node in self.running() {
            let sent = node.stats().sent.datagrams;
            hprintln!(
                "node {} sent {} datagrams, {} bytes",
                node.id(),
                sent.count,
                sent.bytes
            );
        }
        let (offered, lost) = (self.air.offered(), self.air.lost());
        let overwritten = self.air.overwritten();
        hprintln!(
            "the air lost {} of {} datagrams, and {} unread",
            lost,
            offered,
            overwritten
        );
        hprintln!("stack of a turn: {} bytes at most", self.deepest);
    }

    /// Takes every node's events, and says what the first one sees of the others.
    fn take_events(&mut self) {
        for site in &mut self.sites {
            let observer = site.node().id() == NodeId::from(1);
            while let Some(event) = site.node_mut().poll_event() {
                if observer {
                    print_event(self.now, &event);
                }
            }
        }
    }
}

fn print_event<K>(now: Instant, event: &Event<K>) {
    match event {
        Event::Member { id, status } => print(now, format_args!("node 1: node {id} is {status}")),
        Event::Conflict => print(now, format_args!("node 1: somebody else has my id")),
        _ => {}
    }
}

/// Prints a line with the virtual time before it.
pub fn print(now: Instant, line: core::fmt::Arguments) {
    let millis = now.as_millis();
    hprintln!("{:>4}.{:03} s  {}", millis / 1000, millis % 1000, line);
}

/// `true` if `node` believes that `id` is `status`.
pub fn believes(node: &Node<u16, Shelf>, id: u16, status: Status) -> bool {
    node.member(NodeId::from(id))
        .is_some_and(|member| member.status() == status)
}

fn index(id: u16) -> usize {
    usize::from(id.saturating_sub(1))
}

/// A node that knows the address of one other, and its link.
fn site(air: &'static Air, id: u16) -> Site {
    let config = Config::new(NodeId::from(id))
        .cluster("story")
        .address(id)
        .mtu_floor(MTU)
        .largest_id(NodeId::from(u16::MAX))
        .check();
    match config {
        Ok(config) => Runner::new(Node::new(config, Shelf::tables()), air.link(id)),
        Err(error) => panic!("{error}"),
    }
}
