//! The node of this project, with the configuration that it has by default.

use std::net::SocketAddrV4;

use gossip_core::{Config, Node, Status};
use gossip_std::sim::{Call, HostAddress, Index, NodeHost, Note, id_of};
use gossip_std::{Heap, Limits};

use super::hosted::{Hosted, Watched};
use super::subject::Setup;

type OurHost = NodeHost<SocketAddrV4, Heap>;

/// Starts a cluster: storage on the heap, IPv4 addresses.
pub(crate) fn start(setup: &Setup) -> Hosted<OurHost> {
    Hosted::start(setup, |host| {
        let mut node = Node::new(config(host, setup), Heap::tables(Limits::default()));
        for entry in 0..setup.entries {
            let (key, value) = setup.entry(host, entry);
            node.set(&key, value.as_bytes()).expect("an entry of 24 bytes fits");
        }
        NodeHost::new(node)
    })
}

fn config(host: Index, setup: &Setup) -> gossip_core::Checked<SocketAddrV4> {
    let config = Config::new(id_of(host)).address(SocketAddrV4::of(host));
    config.mtu_floor(setup.mtu).check().expect("the MTU is in range")
}

impl Watched for OurHost {
    fn live(&self) -> u32 {
        self.node().live() as u32
    }

    fn entries(&self) -> u32 {
        self.node().entries().count() as u32
    }

    fn down(note: &Note) -> Option<Index> {
        match note {
            Note::Member { id, status: Status::Dead, .. } => Some(*id),
            _ => None,
        }
    }

    fn join(seed: Index) -> Call {
        Call::Join(seed)
    }
}
