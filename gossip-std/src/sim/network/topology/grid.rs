//! Rows and columns.

use super::graph::{Edge, Graph};
use crate::sim::Index;

/// Everyone with those above, below and beside; with `wrap`, the last of each row and column with
/// the first.
pub(super) fn graph(hosts: u32, width: u32, wrap: bool) -> Graph {
    let edges = (0..hosts).flat_map(|host| {
        let beside = right(host, hosts, width, wrap);
        let below = down(host, hosts, width, wrap);
        let edges = [beside, below].into_iter().flatten();
        edges.map(move |other| -> Edge { (host, other) })
    });
    Graph::from_edges(hosts, edges)
}

fn right(host: Index, hosts: u32, width: u32, wrap: bool) -> Option<Index> {
    let row = host - host % width;
    let last = host + 1 == hosts || host + 1 - row == width;
    if last {
        wrap.then_some(row)
    } else {
        Some(host + 1)
    }
}

fn down(host: Index, hosts: u32, width: u32, wrap: bool) -> Option<Index> {
    let below = host.checked_add(width).filter(|below| *below < hosts);
    below.or(wrap.then_some(host % width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_has_those_above_below_and_beside() {
        let graph = graph(9, 3, false);
        assert_eq!(graph.neighbours(4), [1, 3, 5, 7]);
        assert_eq!(graph.neighbours(0), [1, 3]);
        assert_eq!(graph.neighbours(5), [2, 4, 8]);
        assert_eq!(graph.edges().count(), 12);
    }

    #[test]
    fn a_torus_has_no_edge() {
        let graph = graph(12, 4, true);
        assert_eq!(graph.neighbours(0), [1, 3, 4, 8]);
        assert!((0..12).all(|host| graph.neighbours(host).len() == 4));
    }

    #[test]
    fn the_last_row_may_be_short() {
        let open = graph(8, 3, false);
        assert_eq!(open.neighbours(7), [4, 6]);
        assert_eq!(open.neighbours(5), [2, 4]);
        let closed = graph(8, 3, true);
        assert_eq!(closed.neighbours(5), [2, 3, 4]);
        assert_eq!(closed.neighbours(7), [1, 4, 6]);
    }
}
