//! The node of this project, with the configuration that it has by default.

use gossip_core::{Checked, Config, Status};
use gossip_std::sim::{Call, HostAddress, Index, NodeHost, Note, id_of};
use gossip_std::{Heap, Limits};

use super::hosted::{Hosted, Watched};
use super::subject::Setup;

/// Starts a cluster with storage on the heap.
pub(crate) fn start<A: HostAddress>(setup: &Setup) -> Hosted<NodeHost<A, Heap>> {
    Hosted::start(setup, |host| {
        let mut node = NodeHost::new(config(host, setup), Heap::tables(Limits::default()));
        for entry in 0..setup.entries {
            let (key, value) = setup.entry(host, entry);
            let set = node.node_mut().set(&key, value.as_bytes());
            set.expect("an entry of 14 bytes fits");
        }
        node
    })
}

fn config<A: HostAddress>(host: Index, setup: &Setup) -> Checked<A> {
    let last = setup.nodes.get() - 1;
    let config = Config::new(id_of(host)).address(A::of(host));
    // Small ids leave room for entries in a datagram of 64 bytes; they change nothing else.
    let config = config.largest_id(id_of(last)).mtu_floor(setup.mtu);
    config.check().expect("the MTU is in range")
}

impl<A: HostAddress> Watched for NodeHost<A, Heap> {
    fn live(&self) -> u32 {
        self.node().live() as u32
    }

    fn entries(&self) -> u32 {
        self.node().entries().count() as u32
    }

    fn holds(&self, other: Index) -> bool {
        let member = self.node().member(id_of(other));
        member.is_some_and(|member| matches!(member.status(), Status::Alive | Status::Suspect))
    }

    fn is_down(note: &Note) -> bool {
        let dead = Status::Dead;
        matches!(note, Note::Member { status, .. } if *status == dead)
    }

    fn join(seed: Index) -> Call {
        Call::Join(seed)
    }
}
