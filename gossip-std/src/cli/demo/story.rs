//! What the steps of the story share.

use gossip_core::NodeId;

use super::cluster::{Actor, Cluster};
use super::steady::{Meter, Steady};

/// What the steps share: the cluster, and who plays which part.
pub(super) struct Story<'a> {
    pub(super) cluster: &'a mut Cluster,
    /// Set by the step that measures.
    pub(super) steady: Option<Steady>,
    /// The node whose entry changes, and later goes.
    pub(super) author: usize,
    /// The node that is killed and comes back.
    pub(super) victim: usize,
    /// Measures the traffic once the cluster has settled.
    pub(super) meter: Option<Meter>,
}

/// How far a step is: done when `done` is `of`.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    pub(super) done: usize,
    pub(super) of: usize,
    /// What is counted.
    pub(super) unit: &'static str,
    /// The nodes that are awaited.
    pub(super) waits_for: Vec<NodeId>,
}

impl Progress {
    pub(super) fn is_complete(&self) -> bool {
        self.done >= self.of
    }
}

impl<'a> Story<'a> {
    pub(super) fn new(cluster: &'a mut Cluster) -> Self {
        Self {
            cluster,
            steady: None,
            author: 0,
            victim: 0,
            meter: None,
        }
    }

    pub(super) fn author(&self) -> &Actor {
        &self.cluster.nodes[self.author]
    }

    pub(super) fn victim(&self) -> &Actor {
        &self.cluster.nodes[self.victim]
    }

    /// How many running nodes are where they should be.
    pub(super) fn tally(&self, arrived: impl Fn(&Actor) -> bool) -> Progress {
        let waits_for: Vec<NodeId> = self
            .cluster
            .running()
            .map(|(_, node)| node)
            .filter(|node| !arrived(node))
            .map(|node| node.id)
            .collect();
        let of = self.cluster.running().count();
        Progress {
            done: of - waits_for.len(),
            of,
            unit: "nodes",
            waits_for,
        }
    }

    /// The fingerprint that most running nodes share.
    pub(super) fn common_fingerprint(&self) -> Option<u64> {
        let prints: Vec<u64> = self
            .cluster
            .running()
            .map(|(_, node)| node.agent.fingerprint())
            .collect();
        most_common(&prints)
    }
}

/// The most frequent of some numbers.
pub(super) fn most_common(numbers: &[u64]) -> Option<u64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    let runs = sorted.chunk_by(|a, b| a == b);
    runs.max_by_key(|run| run.len())
        .and_then(|run| run.first().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_common_number_is_found() {
        assert_eq!(most_common(&[]), None);
        assert_eq!(most_common(&[7]), Some(7));
        assert_eq!(most_common(&[3, 1, 3, 2, 1, 3]), Some(3));
    }
}
