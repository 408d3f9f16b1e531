//! A circle.

use super::graph::Graph;
use crate::sim::Index;

/// Everyone with the next `each_side` on both sides.
pub(super) fn graph(hosts: u32, each_side: u32) -> Graph {
    // Further than half around there is nobody new.
    let steps = each_side.min(hosts / 2);
    let edges = |host: Index| (1..=steps).map(move |step| (host, after(host, step, hosts)));
    Graph::from_edges(hosts, (0..hosts).flat_map(edges))
}

fn after(host: Index, step: u32, hosts: u32) -> Index {
    ((u64::from(host) + u64::from(step)) % u64::from(hosts)) as Index
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_has_as_many_links_to_each_side() {
        let graph = graph(10, 2);
        assert_eq!(graph.neighbours(0), [1, 2, 8, 9]);
        assert_eq!(graph.neighbours(5), [3, 4, 6, 7]);
        assert!(graph.is_whole());
    }

    #[test]
    fn a_small_ring_is_a_mesh() {
        assert_eq!(graph(4, 9).neighbours(0), [1, 2, 3]);
        assert_eq!(graph(2, 1).neighbours(0), [1]);
        assert!(graph(1, 1).neighbours(0).is_empty());
        assert_eq!(graph(0, 1).hosts(), 0);
    }
}
