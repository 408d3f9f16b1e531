//! A key that its owner did not delete never disappears from a replica that has shown it, and a
//! deleted one never comes back: under loss, duplication, reordering, partitions, restarts and
//! collected tombstones, with large datagrams and with the smallest. In the end all are equal.

mod support;

use gossip_core::Duration;
use proptest::prelude::*;
use support::witness::Witness;
use support::{Net, Small, Weather, config, id};

const NODES: u16 = 4;
const KEYS: [&str; 4] = ["a", "b", "c", "d"];

#[derive(Clone, Debug)]
enum Op {
    Set(u16, usize),
    Delete(u16, usize),
    Restart(u16),
    /// Cuts nodes 0 and 1 off from the others, or joins them again.
    Cut(bool),
    Run(u64),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (0..NODES, 0..KEYS.len()).prop_map(|(node, key)| Op::Set(node, key)),
        5 => (0..NODES, 0..KEYS.len()).prop_map(|(node, key)| Op::Delete(node, key)),
        1 => (0..NODES).prop_map(Op::Restart),
        1 => any::<bool>().prop_map(Op::Cut),
        6 => (10u64..6000).prop_map(Op::Run),
    ]
}

struct Trial {
    net: Net<Small>,
    witness: Witness,
    mtu: usize,
}

impl Trial {
    fn new(mtu: usize, seed: u64) -> Self {
        let mut trial = Self {
            net: Net::new(seed, mtu, Weather::WILD),
            witness: Witness::default(),
            mtu,
        };
        for address in 0..NODES {
            trial.net.nodes.push(None);
            trial.start(address);
        }
        trial
    }

    fn start(&mut self, address: u16) {
        // Tombstones go after 2 to 3 seconds, so that most are collected before all have them.
        let config = config(address, self.mtu).tombstone_grace(Duration::from_secs(2));
        self.net
            .start(address, config.check().unwrap(), Small::tables());
        for other in [0, NODES - 1] {
            self.net.node(address).join(other).unwrap();
        }
    }

    fn apply(&mut self, op: &Op) -> Result<(), String> {
        match *op {
            Op::Set(node, key) => {
                self.witness.set(self.net.node(node), KEYS[key]);
            }
            Op::Delete(node, key) => self.witness.delete(self.net.node(node), KEYS[key]),
            Op::Restart(node) => {
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
        for address in 0..NODES {
            let node = self.net.nodes[usize::from(address)].as_ref().unwrap();
            self.witness.look(address, node)?;
        }
        Ok(())
    }

    /// Fair weather from here on: within two minutes all agree, and show what each owner has.
    fn end(&mut self) -> Result<(), String> {
        self.net.weather = Weather::FAIR;
        self.net.connected = |_, _| true;
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
