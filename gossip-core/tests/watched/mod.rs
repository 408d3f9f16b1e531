//! A small cluster under bad weather, whose every node is watched: writes, deletes, crashes, restarts,
//! partitions, owners forgotten, tombstones collected, and more entries than fit.

mod watcher;

use gossip_core::{Duration, Event, Filter, NodeId, Storage, Tables};
use proptest::prelude::*;

use crate::support::{Net, Weather, config, id};
use watcher::Watcher;

/// How many entries a node of a trial is to have room for: fewer than are written.
pub const ENTRIES: usize = 12;

const NODES: u16 = 4;
const KEYS: [&str; 8] = ["a", "a1", "a2", "b", "b1", "b2", "c", "d"];

/// One thing that happens.
#[derive(Clone, Debug)]
pub enum Op {
    Set(u16, usize),
    Delete(u16, usize),
    Restart(u16),
    Crash(u16),
    /// Cuts nodes 0 and 1 off from the others, or joins them again.
    Cut(bool),
    Run(u64),
    /// A node's application reads so many events.
    PollEvents(u16, usize),
    /// Watchers of a node, one bit each, take everything.
    CatchUp(u16, u8),
    /// A watcher of a node takes so many changes one by one.
    Step(u16, usize, usize),
}

pub fn op() -> impl Strategy<Value = Op> {
    let node = || 0..NODES;
    let key = || 0..KEYS.len();
    prop_oneof![
        10 => (node(), key()).prop_map(|(node, key)| Op::Set(node, key)),
        5 => (node(), key()).prop_map(|(node, key)| Op::Delete(node, key)),
        1 => node().prop_map(Op::Restart),
        1 => node().prop_map(Op::Crash),
        1 => any::<bool>().prop_map(Op::Cut),
        6 => (10u64..6000).prop_map(Op::Run),
        4 => (node(), 1usize..12).prop_map(|(node, count)| Op::PollEvents(node, count)),
        5 => (node(), any::<u8>()).prop_map(|(node, watchers)| Op::CatchUp(node, watchers)),
        8 => (node(), 0..5usize, 1usize..8).prop_map(|(node, watcher, count)| Op::Step(node, watcher, count)),
    ]
}

/// What a trial saw, so that tests can tell whether it saw enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub gaps: u32,
    pub told: u32,
    /// Own writes and claims for which there was no room.
    pub refused: u32,
    pub forgotten: u32,
}

struct Trial<S: Storage<u16>> {
    net: Net<S>,
    tables: fn() -> Tables<u16, S>,
    watchers: Vec<Vec<Watcher>>,
    written: u32,
    seen: Seen,
}

/// Plays a history; what went wrong, or what it saw.
pub fn trial<S: Storage<u16>>(
    tables: fn() -> Tables<u16, S>,
    seed: u64,
    ops: &[Op],
) -> Result<Seen, String> {
    let mut trial = Trial {
        net: Net::new(seed, 64, Weather::WILD),
        tables,
        watchers: vec![Vec::new(); usize::from(NODES)],
        written: 0,
        seen: Seen::default(),
    };
    for address in 0..NODES {
        trial.net.nodes.push(None);
        trial.start(address);
    }
    trial.net.run(1_000);
    ops.iter().try_for_each(|op| trial.apply(op))?;
    (0..NODES).try_for_each(|address| trial.catch_up(address, u8::MAX))?;
    (0..NODES).for_each(|address| trial.count(address));
    Ok(trial.seen)
}

impl<S: Storage<u16>> Trial<S> {
    /// Starts a node without memory, with watchers that know nothing of it.
    fn start(&mut self, address: u16) {
        let config = config(address, 64)
            .tombstone_grace(Duration::from_secs(2))
            .forget_after(Duration::from_secs(8));
        let config = config.check().expect("valid");
        self.count(address);
        self.watchers[usize::from(address)] = watchers();
        self.net.start(address, config, (self.tables)());
        for other in [0, NODES - 1] {
            self.net
                .node(address)
                .join(other)
                .expect("room for two seeds");
        }
    }

    fn apply(&mut self, op: &Op) -> Result<(), String> {
        match *op {
            Op::Restart(address) => self.start(address),
            Op::Crash(address) => {
                self.count(address);
                self.watchers[usize::from(address)] = watchers();
                self.net.nodes[usize::from(address)] = None;
            }
            Op::Cut(true) => self.net.connected = |a, b| (a < 2) == (b < 2),
            Op::Cut(false) => self.net.connected = |_, _| true,
            Op::Run(millis) => self.net.run(millis),
            Op::Set(address, key) => self.set(address, KEYS[key]),
            Op::Delete(address, key) => {
                if let Some(node) = self.net.nodes[usize::from(address)].as_mut() {
                    let _ = node.delete(KEYS[key]);
                }
            }
            Op::PollEvents(address, count) => self.poll_events(address, count),
            Op::CatchUp(address, watchers) => return self.catch_up(address, watchers),
            Op::Step(address, watcher, count) => {
                let watcher = &mut self.watchers[usize::from(address)][watcher];
                if let Some(node) = &self.net.nodes[usize::from(address)] {
                    return watcher.step(node, count);
                }
            }
        }
        Ok(())
    }

    fn set(&mut self, address: u16, key: &str) {
        let Some(node) = self.net.nodes[usize::from(address)].as_mut() else {
            return;
        };
        self.written += 1;
        // Where there is no room the node counts it.
        let _ = node.set(key, &self.written.to_le_bytes());
    }

    fn poll_events(&mut self, address: u16, count: usize) {
        let Some(node) = self.net.nodes[usize::from(address)].as_mut() else {
            return;
        };
        let events = std::iter::from_fn(|| node.poll_event()).take(count);
        let forgotten = |event: &Event<S::Key>| matches!(event, Event::Forgotten { .. });
        self.seen.forgotten += events.filter(forgotten).count() as u32;
    }

    fn catch_up(&mut self, address: u16, watchers: u8) -> Result<(), String> {
        let Some(node) = &self.net.nodes[usize::from(address)] else {
            return Ok(());
        };
        for (index, watcher) in self.watchers[usize::from(address)].iter_mut().enumerate() {
            if watchers & (1 << index) != 0 {
                watcher.catch_up(node)?;
            }
        }
        Ok(())
    }

    /// Adds what the node at `address` counted and what its watchers saw.
    fn count(&mut self, address: u16) {
        if let Some(node) = &self.net.nodes[usize::from(address)] {
            self.seen.refused += node.stats().refused_writes + node.stats().entries_full;
        }
        for watcher in &self.watchers[usize::from(address)] {
            self.seen.gaps += watcher.gaps;
            self.seen.told += watcher.told;
        }
    }
}

fn watchers() -> Vec<Watcher> {
    let filters = [
        Filter::ALL,
        Filter::ALL.prefix("a"),
        Filter::of(id(1)),
        Filter::of(id(2)).prefix("b"),
        Filter::of(NodeId::from(99)),
    ];
    filters.into_iter().map(Watcher::new).collect()
}
