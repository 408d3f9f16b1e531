//! What a spectator sees of the cluster: each node as the others see it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use gossip_core::{NodeId, Status};

use super::cluster::{Actor, Cluster, Presence};
use super::story::most_common;

/// Over how long the traffic is averaged.
const WINDOW: Duration = Duration::from_secs(1);

/// How many past rates are kept.
const HISTORY: usize = 32;

/// The cluster at one moment.
pub(super) struct Snapshot {
    pub(super) nodes: Vec<Sight>,
    /// UDP payload sent, in bytes per running node and second, oldest first.
    pub(super) rates: Vec<f64>,
}

/// One node at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight {
    pub(super) id: NodeId,
    pub(super) presence: Presence,
    /// What most of the others believe of it; `None` if most do not know it.
    pub(super) seen_as: Option<Status>,
    /// How many of the others believe that.
    pub(super) agree: usize,
    /// How many others run.
    pub(super) others: usize,
    /// How many members it knows, itself included and no dead or departed ones.
    pub(super) knows: usize,
    /// How many entries it holds.
    pub(super) entries: usize,
    /// It knows exactly what most running nodes know.
    pub(super) in_sync: bool,
}

/// Looks at the cluster now and then, and remembers what is expensive to count.
#[derive(Default)]
pub(super) struct Observer {
    /// By node: a fingerprint, and how many entries there were under it.
    counted: Vec<Option<(u64, usize)>>,
    /// By node: its socket, which tells its lives apart, and the bytes it had sent.
    sent: Vec<Option<(SocketAddr, u32)>>,
    rates: VecDeque<f64>,
    since: Option<Instant>,
}

impl Observer {
    pub(super) fn look(&mut self, cluster: &Cluster) -> Snapshot {
        self.counted.resize(cluster.nodes.len(), None);
        self.sent.resize(cluster.nodes.len(), None);
        self.meter(cluster);
        let beliefs = Beliefs::gather(cluster);
        let prints: Vec<u64> = cluster
            .running()
            .map(|(_, node)| node.agent.fingerprint())
            .collect();
        let common = most_common(&prints).filter(|_| prints.len() > 1);
        let nodes = cluster.nodes.iter().enumerate();
        let nodes = nodes
            .map(|(index, node)| self.sight(index, node, &beliefs, common))
            .collect();
        Snapshot {
            nodes,
            rates: self.rates.iter().copied().collect(),
        }
    }

    fn sight(
        &mut self,
        index: usize,
        node: &Actor,
        beliefs: &Beliefs,
        common: Option<u64>,
    ) -> Sight {
        let others = beliefs.running - usize::from(node.presence == Presence::Running);
        let (seen_as, agree) = beliefs.of(index, others);
        let mut sight = Sight {
            id: node.id,
            presence: node.presence,
            seen_as,
            agree,
            others,
            knows: 0,
            entries: 0,
            in_sync: false,
        };
        if node.presence == Presence::Running {
            let print = node.agent.fingerprint();
            sight.knows = node.agent.live();
            sight.entries = self.entries(index, node, print);
            sight.in_sync = Some(print) == common;
        }
        sight
    }

    fn entries(&mut self, index: usize, node: &Actor, print: u64) -> usize {
        match self.counted[index] {
            Some((counted, entries)) if counted == print => entries,
            _ => {
                let entries = node.agent.entries().len();
                self.counted[index] = Some((print, entries));
                entries
            }
        }
    }

    /// Once in a window: what was sent since the last time.
    fn meter(&mut self, cluster: &Cluster) {
        let elapsed = self.since.map(|since| since.elapsed());
        if elapsed.is_some_and(|elapsed| elapsed < WINDOW) {
            return;
        }
        let mut grown = 0.0;
        for (index, node) in cluster.running() {
            let (life, bytes) = (
                node.agent.local_addr(),
                node.agent.stats().sent.datagrams.bytes,
            );
            let before = self.sent[index].filter(|(socket, _)| *socket == life);
            grown += f64::from(bytes.wrapping_sub(before.map_or(0, |(_, bytes)| bytes)));
            self.sent[index] = Some((life, bytes));
        }
        if let Some(elapsed) = elapsed {
            let nodes = cluster.running().count().max(1) as f64;
            self.rates.push_back(grown / nodes / elapsed.as_secs_f64());
            self.rates.drain(..self.rates.len().saturating_sub(HISTORY));
        }
        self.since = Some(Instant::now());
    }
}

/// What the running nodes believe of all.
struct Beliefs {
    running: usize,
    /// By node: how many of the others believe it alive, suspect, left, dead.
    votes: Vec<[usize; 4]>,
}

const STATUSES: [Status; 4] = [Status::Alive, Status::Suspect, Status::Left, Status::Dead];

impl Beliefs {
    fn gather(cluster: &Cluster) -> Self {
        let mut votes = vec![[0; 4]; cluster.nodes.len()];
        for (_, observer) in cluster.running() {
            for member in observer.agent.members() {
                let index = (member.id.get() as usize).wrapping_sub(1);
                let status = STATUSES.iter().position(|status| *status == member.status);
                if let (Some(row), Some(status)) = (votes.get_mut(index), status)
                    && member.id != observer.id
                {
                    row[status] += 1;
                }
            }
        }
        Self {
            running: cluster.running().count(),
            votes,
        }
    }

    /// What most believe of the node at `index`, and how many they are.
    fn of(&self, index: usize, others: usize) -> (Option<Status>, usize) {
        let votes = &self.votes[index];
        let strangers = others.saturating_sub(votes.iter().sum());
        let most = STATUSES.iter().zip(votes).max_by_key(|(_, votes)| **votes);
        match most {
            Some((status, votes)) if *votes > 0 && *votes >= strangers => (Some(*status), *votes),
            _ => (None, strangers),
        }
    }
}
