//! Shortest paths, found when they are first needed.

use std::collections::{HashMap, VecDeque};

use super::graph::Graph;
use crate::sim::Index;

/// For some senders, the host before each other host on a shortest path to it. What is forgotten
/// for lack of room is found again, the same.
#[derive(Clone, Debug)]
pub(in super::super) struct Routes {
    /// The bound of all trees together.
    room_bytes: usize,
    /// Which state of the network the paths are of.
    epoch: u64,
    // Only looked up.
    trees: HashMap<Index, Vec<Index>>,
    oldest: VecDeque<Index>,
}

/// Enough for every sender among 8,000 hosts. Beyond that a search over the whole graph precedes
/// many a datagram.
const ROOM_BYTES: usize = 256 << 20;

/// Nobody: a host that is not reached.
const NOBODY: Index = Index::MAX;

impl Default for Routes {
    fn default() -> Self {
        Self {
            room_bytes: ROOM_BYTES,
            epoch: 0,
            trees: HashMap::new(),
            oldest: VecDeque::new(),
        }
    }
}

impl Routes {
    /// Writes the hosts of a shortest path, both ends included, into `path`; `false` if there is
    /// none without the links that are `cut`. What is cut may change with the `epoch` only.
    pub(in super::super) fn find(
        &mut self,
        graph: &Graph,
        epoch: u64,
        cut: impl Fn(Index, Index) -> bool,
        (from, to): (Index, Index),
        path: &mut Vec<Index>,
    ) -> bool {
        if self.epoch != epoch {
            self.epoch = epoch;
            self.trees.clear();
            self.oldest.clear();
        }
        let tree = self.tree(graph, from, cut);
        path.clear();
        path.push(to);
        let mut at = to;
        while at != from {
            at = tree[at as usize];
            if at == NOBODY {
                return false;
            }
            path.push(at);
        }
        path.reverse();
        true
    }

    fn tree(&mut self, graph: &Graph, from: Index, cut: impl Fn(Index, Index) -> bool) -> &[Index] {
        let mut room = Vec::new();
        if !self.trees.contains_key(&from) {
            room = self.make_room(graph.hosts() as usize * size_of::<Index>());
            self.oldest.push_back(from);
        }
        let tree = self.trees.entry(from);
        tree.or_insert_with(|| search(graph, from, cut, room))
    }

    /// Room for one more tree of so many bytes: that of the oldest, if there are enough.
    fn make_room(&mut self, tree_bytes: usize) -> Vec<Index> {
        let most = (self.room_bytes / tree_bytes.max(1)).max(1);
        if self.oldest.len() < most {
            return Vec::new();
        }
        let oldest = self.oldest.pop_front();
        let tree = oldest.and_then(|oldest| self.trees.remove(&oldest));
        tree.unwrap_or_default()
    }
}

/// Breadth first from `from`; `tree` is the room to use.
fn search(
    graph: &Graph,
    from: Index,
    cut: impl Fn(Index, Index) -> bool,
    mut tree: Vec<Index>,
) -> Vec<Index> {
    tree.clear();
    tree.resize(graph.hosts() as usize, NOBODY);
    tree[from as usize] = from;
    let mut open = VecDeque::from([from]);
    while let Some(host) = open.pop_front() {
        for &next in graph.neighbours(host) {
            if tree[next as usize] == NOBODY && !cut(host, next) {
                tree[next as usize] = host;
                open.push_back(next);
            }
        }
    }
    tree
}

#[cfg(test)]
mod tests {
    use super::super::{grid, ring};
    use super::*;

    const WHOLE: fn(Index, Index) -> bool = |_, _| false;

    #[test]
    fn a_path_is_a_shortest_one() {
        let graph = grid::graph(100, 10, false);
        let (mut routes, mut path) = (Routes::default(), Vec::new());
        for (from, to, hops) in [(0, 99, 18), (5, 5, 0), (3, 4, 1), (90, 9, 18), (11, 14, 3)] {
            assert!(routes.find(&graph, 0, WHOLE, (from, to), &mut path));
            assert_eq!(path.len(), hops + 1);
            assert_eq!((path[0], path[hops]), (from, to));
            assert!(path.windows(2).all(|hop| graph.adjacent(hop[0], hop[1])));
        }
    }

    #[test]
    fn a_path_leads_around_what_is_cut_and_ends_where_nothing_leads_around() {
        let graph = ring::graph(10, 1);
        let (mut routes, mut path) = (Routes::default(), Vec::new());
        assert!(routes.find(&graph, 0, WHOLE, (0, 2), &mut path));
        assert_eq!(path, [0, 1, 2]);
        let one = |a: Index, b: Index| a.min(b) == 1 && a.max(b) == 2;
        assert!(routes.find(&graph, 1, one, (0, 2), &mut path));
        assert_eq!(path, [0, 9, 8, 7, 6, 5, 4, 3, 2]);
        let two = |a: Index, b: Index| one(a, b) || a.min(b) == 4 && a.max(b) == 5;
        assert!(!routes.find(&graph, 2, two, (0, 2), &mut path));
    }

    #[test]
    fn what_is_forgotten_is_found_again() {
        let graph = grid::graph(25, 5, true);
        let mut tight = Routes {
            room_bytes: 3 * 25 * size_of::<Index>(),
            ..Routes::default()
        };
        let (mut wide, mut one, mut other) = (Routes::default(), Vec::new(), Vec::new());
        for step in 0..500 {
            let ends = (step * 7 % 25, step * 11 % 25);
            assert!(tight.find(&graph, 0, WHOLE, ends, &mut one));
            assert!(wide.find(&graph, 0, WHOLE, ends, &mut other));
            assert_eq!(one, other);
        }
        assert_eq!((tight.trees.len(), wide.trees.len()), (3, 25));
    }
}
