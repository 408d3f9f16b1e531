//! The nodes of the demo: real agents, each with a socket and a thread of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::process;
use std::time::Duration;

use gossip_core::{Config, NodeId, SplitMix64, Status};
use gossip_std::{Agent, AgentOptions};

/// What the demo did to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    Running,
    Killed,
    /// It is saying goodbye.
    Leaving,
    Left,
}

/// One node, in its present or its last life.
pub(super) struct Actor {
    pub(super) id: NodeId,
    pub(super) agent: Agent,
    pub(super) presence: Presence,
}

/// All nodes, and the chance that drives the story.
pub(super) struct Cluster {
    pub(super) size: usize,
    pub(super) seed: u64,
    /// Empty until [`Cluster::start`]. The node with id `i + 1` is at index `i`.
    pub(super) nodes: Vec<Actor>,
    rng: SplitMix64,
    name: String,
    lives: u64,
}

impl Cluster {
    /// A cluster that will have `size` nodes.
    pub(super) fn new(size: usize, seed: u64) -> Self {
        Self {
            size,
            seed,
            nodes: Vec::with_capacity(size),
            rng: SplitMix64::new(seed),
            // Another demo may get a port that this one gave up: their clusters must not mix.
            name: format!("gossip demo {}", process::id()),
            lives: 0,
        }
    }

    /// Starts every node; each joins through an earlier one.
    pub(super) fn start(&mut self) -> Result<(), String> {
        for index in 0..self.size {
            let id = NodeId::truncated(index as u64 + 1);
            let agent = self.spawn(id)?;
            if index > 0 {
                let contact = self.below(index);
                join(&agent, self.nodes[contact].agent.local_addr())?;
            }
            self.nodes.push(Actor {
                id,
                agent,
                presence: Presence::Running,
            });
        }
        Ok(())
    }

    /// Stops a node without a goodbye.
    pub(super) fn kill(&mut self, index: usize) -> Result<(), String> {
        let node = &mut self.nodes[index];
        node.presence = Presence::Killed;
        node.agent
            .shutdown()
            .map_err(|error| format!("node {}: {error}", node.id))
    }

    /// Lets some running nodes begin to say goodbye.
    pub(super) fn leave(&mut self, count: usize) {
        let running = |node: &&mut Actor| node.presence == Presence::Running;
        for node in self.nodes.iter_mut().filter(running).take(count) {
            node.agent.leave(Duration::ZERO);
            node.presence = Presence::Leaving;
        }
    }

    /// Starts a node again that remembers nothing: the same id, a new port, another contact.
    pub(super) fn restart(&mut self, index: usize) -> Result<(), String> {
        let agent = self.spawn(self.nodes[index].id)?;
        let contact = self.any(|other| other != index);
        join(&agent, self.nodes[contact].agent.local_addr())?;
        let node = &mut self.nodes[index];
        (node.agent, node.presence) = (agent, Presence::Running);
        Ok(())
    }

    /// The nodes that run, with their index.
    pub(super) fn running(&self) -> impl Iterator<Item = (usize, &Actor)> {
        self.nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| node.presence == Presence::Running)
    }

    /// A running node, drawn by chance among those that `wanted` allows.
    ///
    /// # Panics
    /// If there is none; two nodes always run until all leave.
    pub(super) fn any(&mut self, wanted: impl Fn(usize) -> bool) -> usize {
        let running: Vec<usize> = self.running().map(|(index, _)| index).collect();
        let allowed: Vec<usize> = running.into_iter().filter(|index| wanted(*index)).collect();
        allowed[self.below(allowed.len())]
    }

    fn spawn(&mut self, id: NodeId) -> Result<Agent, String> {
        let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut options = AgentOptions::new(bind, Config::new(id).cluster(&self.name));
        // No two lives share a seed, or the second life of a node would be mistaken for its first.
        self.lives += 1;
        options.seed = Some(self.seed.wrapping_add(self.lives));
        Agent::spawn(options).map_err(|error| format!("node {id}: {error}"))
    }

    /// A number from 0 to `bound - 1`.
    fn below(&mut self, bound: usize) -> usize {
        (self.rng.next() % bound.max(1) as u64) as usize
    }
}

impl Actor {
    /// What this node believes of `id`; `None` if it does not know it.
    pub(super) fn opinion(&self, id: NodeId) -> Option<Status> {
        let members = self.agent.members();
        members
            .iter()
            .find(|member| member.id == id)
            .map(|member| member.status)
    }
}

fn join(agent: &Agent, contact: SocketAddr) -> Result<(), String> {
    agent
        .join(contact)
        .map_err(|error| format!("node {}: {error}", agent.id()))
}
