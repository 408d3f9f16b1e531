//! A key that its owner did not delete never disappears from a replica that has shown it, and a
//! deleted one, or one whose lease is over, never comes back: under loss, duplication, reordering, partitions, restarts and
//! collected tombstones, with large datagrams and with the smallest. In the end all are equal.

use crate::support;

use gossip_core::persist::Age;
use gossip_core::{Checked, Duration, Event, Node};
use proptest::prelude::*;
use support::witness::Witness;
use support::{Net, Small, Weather, config, id, pages};

const NODES: u16 = 4;
const KEYS: [&str; 4] = ["a", "b", "c", "d"];

#[derive(Clone, Debug)]
enum Op {
    Set(u16, usize),
    Delete(u16, usize),
    /// Set for so many milliseconds.
    Lease(u16, usize, u32),
    Restart(u16),
    /// A restart with the latest state, of this age.
    Resume(u16, Age),
    /// Keeps the state of a node.
    Save(u16),
    /// A restart with the state that was kept, if the node has written nothing since.
    Rewind(u16),
    /// Cuts nodes 0 and 1 off from the others, or joins them again.
    Cut(bool),
    Run(u64),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (0..NODES, 0..KEYS.len()).prop_map(|(node, key)| Op::Set(node, key)),
        5 => (0..NODES, 0..KEYS.len()).prop_map(|(node, key)| Op::Delete(node, key)),
        4 => (0..NODES, 0..KEYS.len(), 300u32..9000)
            .prop_map(|(node, key, millis)| Op::Lease(node, key, millis)),
        1 => (0..NODES).prop_map(Op::Restart),
        1 => ((0..NODES), age()).prop_map(|(node, age)| Op::Resume(node, age)),
        1 => (0..NODES).prop_map(Op::Save),
        1 => (0..NODES).prop_map(Op::Rewind),
        1 => any::<bool>().prop_map(Op::Cut),
        6 => (10u64..6000).prop_map(Op::Run),
    ]
}

fn age() -> impl Strategy<Value = Age> {
    prop_oneof![
        Just(Age::Current),
        Just(Age::AtMost(Duration::ZERO)),
        Just(Age::Unknown),
    ]
}

struct Trial {
    net: Net<Small>,
    witness: Witness,
    mtu: usize,
    /// States that were kept, and when.
    saved: [Option<(u64, Vec<u8>)>; NODES as usize],
}

impl Trial {
    fn new(mtu: usize, seed: u64) -> Self {
        let mut trial = Self {
            net: Net::new(seed, mtu, Weather::WILD),
            witness: Witness::default(),
            mtu,
            saved: [const { None }; NODES as usize],
        };
        for address in 0..NODES {
            trial.net.nodes.push(None);
            trial.start(address);
        }
        trial
    }

    fn config(&self, address: u16) -> Checked<u16> {
        // Tombstones go after 2 to 3 seconds, so that most are collected before all have them.
        let config = config(address, self.mtu).tombstone_grace(Duration::from_secs(2));
        config.check().unwrap()
    }

    fn start(&mut self, address: u16) {
        self.net
            .start(address, self.config(address), Small::tables());
        self.join(address);
    }

    fn resume(&mut self, address: u16, age: Age, state: &[u8]) {
        let config = self.config(address);
        let now = self.net.instant();
        let node = Node::import(config, Small::tables(), now, age, state).unwrap();
        if age != Age::Current {
            self.witness.live_again(&node);
        }
        self.net.put(address, node);
        self.join(address);
    }

    fn state(&mut self, address: u16) -> Vec<u8> {
        let now = self.net.instant();
        pages(self.net.node(address), now, 64)
    }

    fn join(&mut self, address: u16) {
        for other in [0, NODES - 1] {
            self.net.node(address).join(other).unwrap();
        }
    }

    fn apply(&mut self, op: &Op) -> Result<(), String> {
        match *op {
            Op::Set(node, key) => {
                self.saved[usize::from(node)] = None;
                self.witness.set(self.net.node(node), KEYS[key]);
            }
            Op::Delete(node, key) => {
                self.saved[usize::from(node)] = None;
                self.witness.delete(self.net.node(node), KEYS[key]);
            }
            Op::Lease(node, key, millis) => {
                self.saved[usize::from(node)] = None;
                let now = self.net.instant();
                let owner = self.net.node(node);
                self.witness.lease(owner, now, KEYS[key], millis);
            }
            Op::Resume(node, age) => {
                if age == Age::Unknown {
                    self.witness.end_all_leases();
                }
                let state = self.state(node);
                self.resume(node, age, &state);
            }
            Op::Save(node) => {
                let state = self.state(node);
                self.saved[usize::from(node)] = Some((self.net.now, state));
            }
            Op::Rewind(node) => {
                if let Some((at, state)) = self.saved[usize::from(node)].clone() {
                    self.witness.forget_sights(node);
                    let passed = Duration::from_millis((self.net.now - at) as u32);
                    self.resume(node, Age::AtMost(passed), &state);
                }
            }
            Op::Restart(node) => {
                self.saved[usize::from(node)] = None;
                self.witness.restart(node, id(node + 1).get());
                self.start(node);
            }
            Op::Cut(true) => self.net.connected = |a, b| (a < 2) == (b < 2),
            Op::Cut(false) => self.net.connected = |_, _| true,
            Op::Run(millis) => return self.run(millis),
        }
        self.look()
    }

    fn run(&mut self, millis: u64) -> Result<(), String> {
        let end = self.net.now + millis;
        while self.net.now < end {
            self.net.run(10.min(end - self.net.now));
            self.look()?;
        }
        Ok(())
    }

    fn look(&mut self) -> Result<(), String> {
        self.witness.pass(self.net.instant())?;
        for address in 0..NODES {
            self.excuse_forgotten(address);
            let node = self.net.nodes[usize::from(address)].as_ref().unwrap();
            self.witness.look(address, node)?;
        }
        Ok(())
    }

    /// An owner that is gone before it could be asked for the proof of its latest life is forgotten
    /// early, with all its entries (protocol.md, Lives). The application is told.
    fn excuse_forgotten(&mut self, address: u16) {
        let node = self.net.node(address);
        let events: Vec<_> = std::iter::from_fn(|| node.poll_event()).collect();
        for event in events {
            match event {
                Event::Forgotten { id } => self.witness.forget_owner(address, id.get()),
                Event::Resync => self.witness.forget_sights(address),
                _ => {}
            }
        }
    }

    /// Fair weather from here on: within two minutes all agree, and show what each owner has.
    fn end(&mut self) -> Result<(), String> {
        self.net.weather = Weather::FAIR;
        self.net.connected = |_, _| true;
        // Longer than any lease.
        self.run(10_000)?;
        for _ in 0..60 {
            self.run(2_000)?;
            if self.net.agree()
                && self
                    .net
                    .live()
                    .all(|node| node.live() == usize::from(NODES))
            {
                break;
            }
        }
        if !self.net.agree() {
            return Err("the nodes do not agree after two fair minutes".into());
        }
        let reference = self.net.contents(0);
        for address in 1..NODES {
            let contents = self.net.contents(address);
            if contents != reference {
                return Err(format!(
                    "node {address} shows {contents:?}, node 0 {reference:?}"
                ));
            }
            let own = |(owner, ..): &&(u64, String, Vec<u8>)| *owner == id(address + 1).get();
            let mine: Vec<_> = contents.iter().filter(own).collect();
            let theirs: Vec<_> = reference.iter().filter(own).collect();
            if mine != theirs {
                return Err(format!(
                    "owner {address} has {mine:?}, node 0 shows {theirs:?}"
                ));
            }
        }
        Ok(())
    }
}

fn trial(mtu: usize, seed: u64, ops: &[Op]) -> Result<(), String> {
    let mut trial = Trial::new(mtu, seed);
    trial.run(1_000)?;
    for op in ops {
        trial.apply(op)?;
    }
    trial.end()
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_vanishes_and_nothing_returns(
        seed in any::<u64>(),
        small in any::<bool>(),
        ops in prop::collection::vec(op(), 1..60),
    ) {
        let mtu = if small { 64 } else { 1400 };
        prop_assert_eq!(trial(mtu, seed, &ops), Ok(()));
    }
}
