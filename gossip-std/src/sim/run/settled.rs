//! A cluster in which everybody knows everything already.

use gossip_core::entries::delta::Progress;
use gossip_core::persist::{Age, ImportError, Kept, Known};
use gossip_core::wire::{Row, Standing};
use gossip_core::{
    Checked, Generation, Incarnation, Instant, Node, Restore, Storage, Tables, Version,
};

use super::RunError;
use super::build::roomy;
use super::workload::random_value;
use crate::heap::Heap;
use crate::sim::chance::{Purpose, stream};
use crate::sim::index::{Index, id_of};
use crate::sim::scenario::{Scenario, ScenarioError};

/// What every node of a settled cluster knows: all members and the first entries of all.
///
/// To let a cluster settle costs at least as many datagrams as it has pairs of nodes. So each node is
/// restored from a state, as after a sleep, and the state is that of a node which had settled.
#[derive(Clone, Debug)]
pub struct Settled {
    /// The first host's node, which knows everything.
    node: Node<Index, Heap>,
}

impl Settled {
    /// What the first hosts of a scenario know when they have settled.
    pub(super) fn new(scenario: &Scenario, seed: u64) -> Result<Self, RunError> {
        let config = scenario.protocol.config(id_of(0))?;
        let tables = Heap::tables(roomy(scenario));
        let mut restore = Restore::new(config, tables, Instant::ZERO, Age::Current);
        for host in 0..scenario.nodes {
            let count = scenario.entries.count;
            restore.member(&member(host, life(seed, host), count)?)?;
            let mut rng = stream(seed, host, Purpose::Workload);
            for number in 0..count {
                let value = random_value(&mut rng, scenario.entries.value_bytes);
                restore.entry(&Kept {
                    owner: id_of(host),
                    version: version(number + 1)?,
                    key: &scenario.entries.key(number),
                    value: Some(&value),
                    left_millis: None,
                })?;
            }
        }
        Ok(Self {
            node: restore.finish()?,
        })
    }

    /// A node of this configuration that knows all that.
    ///
    /// # Errors
    /// What the storage or a datagram has no room for.
    pub fn node<S: Storage<Index>>(
        &self,
        config: Checked<Index>,
        tables: Tables<Index, S>,
    ) -> Result<Node<Index, S>, ImportError> {
        let mut restore = Restore::new(config, tables, Instant::ZERO, Age::Current);
        for known in self.node.known(Instant::ZERO) {
            restore.member(&known)?;
        }
        for kept in self.node.kept(Instant::ZERO) {
            restore.entry(&kept)?;
        }
        restore.finish()
    }
}

/// A member as all know it that has told its address, and written its first entries.
fn member(host: Index, generation: Generation, entries: u32) -> Result<Known<Index>, RunError> {
    let held = version(entries)?;
    Ok(Known {
        row: Row {
            id: id_of(host),
            generation,
            // Its peers told it the address, which it then asserted.
            incarnation: Incarnation::default().next().unwrap_or_default(),
            standing: Standing::Alive,
            address: Some(host),
            held,
        },
        gc: Progress::BIRTH.gc,
        as_of: held,
        observed: None,
        suspect: false,
        unproven: false,
        unheard: false,
    })
}

/// The version of an owner's first writes, from 1; 0 is its birth.
fn version(write: u32) -> Result<Version, RunError> {
    let version = Version::BIRTH.plus(write);
    version.ok_or_else(|| {
        RunError::Scenario(ScenarioError::new(
            "entries.count",
            format!("is too large; versions end at {}", Version::MAX.get()),
        ))
    })
}

/// The life that a host drew when it started.
fn life(seed: u64, host: Index) -> Generation {
    // Not the stream of the host's clock, from which both would draw the same.
    let mut rng = stream(!seed, host, Purpose::Setting);
    Generation {
        counter: 0,
        nonce: ((rng.next() >> 32) as u32).max(1).to_be_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heap::Limits;

    fn scenario() -> Scenario {
        let text = "name = \"x\"\nnodes = 9\nduration = \"10s\"\nentries = { count = 3 }\n";
        Scenario::parse(text).unwrap()
    }

    #[test]
    fn every_node_knows_the_same_and_everything() {
        let scenario = scenario();
        let settled = Settled::new(&scenario, 1).unwrap();
        for host in 0..scenario.nodes {
            let config = scenario.protocol.config(id_of(host)).unwrap();
            let mut node = settled
                .node(config, Heap::tables(roomy(&scenario)))
                .unwrap();
            assert_eq!((node.live(), node.entries().count()), (9, 27));
            assert_eq!(node.fingerprint(), settled.node.fingerprint());
            node.handle_timeout(Instant::ZERO, &mut stream(1, host, Purpose::Protocol));
            assert_eq!(node.generation(), life(1, host), "it goes on in its life");
            assert_eq!(node.fingerprint(), settled.node.fingerprint());
        }
        let other = Settled::new(&scenario, 2).unwrap();
        assert_ne!(other.node.fingerprint(), settled.node.fingerprint());
    }

    #[test]
    fn a_node_without_room_for_all_is_refused() {
        let scenario = scenario();
        let settled = Settled::new(&scenario, 1).unwrap();
        let config = scenario.protocol.config(id_of(0)).unwrap();
        let with = |limits| {
            settled
                .node(config, Heap::tables::<Index>(limits))
                .unwrap_err()
        };
        let roomy = roomy(&scenario);
        let few = Limits {
            members: 8,
            ..roomy
        };
        assert_eq!(with(few), ImportError::Members { max: 8 });
        let few = Limits {
            entries: 26,
            ..roomy
        };
        assert_eq!(with(few), ImportError::Entries { max: 26 });
    }
}
