//! Links between some of the hosts.

use crate::sim::Index;

/// Who has a link to whom, in both directions: one sorted list for each host, end to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Graph {
    /// Where each host's list begins, and where the last one ends.
    starts: Vec<usize>,
    ends: Vec<Index>,
    /// For each host, the lowest host that it reaches.
    components: Vec<Index>,
}

/// The two ends of a link.
pub(super) type Edge = (Index, Index);

impl Graph {
    /// The graph of these links; those from a host to itself and those named twice do not count.
    pub(super) fn from_edges(hosts: u32, edges: impl IntoIterator<Item = Edge>) -> Self {
        let both = edges.into_iter().flat_map(|(a, b)| [(a, b), (b, a)]);
        let mut directed: Vec<Edge> = both.filter(|(a, b)| a != b).collect();
        directed.sort_unstable();
        directed.dedup();
        let first = |host| directed.partition_point(|(from, _)| *from < host);
        let mut graph = Self {
            starts: (0..=hosts).map(first).collect(),
            ends: directed.iter().map(|(_, to)| *to).collect(),
            components: Vec::new(),
        };
        graph.components = graph.components_without(|_, _| false);
        graph
    }

    pub(in super::super) fn hosts(&self) -> u32 {
        self.starts.len() as u32 - 1
    }

    /// Those that `host` has a link to, in order; nobody if there is no such host.
    pub(in super::super) fn neighbours(&self, host: Index) -> &[Index] {
        let host = host as usize;
        match self.starts.get(host..host + 2) {
            Some(&[start, end]) => &self.ends[start..end],
            _ => &[],
        }
    }

    pub(in super::super) fn adjacent(&self, a: Index, b: Index) -> bool {
        self.neighbours(a).binary_search(&b).is_ok()
    }

    /// Every link once, the lower end first.
    pub(super) fn edges(&self) -> impl Iterator<Item = Edge> {
        let hosts = 0..self.hosts();
        let each = hosts.flat_map(|a| self.neighbours(a).iter().map(move |b| (a, *b)));
        each.filter(|(a, b)| a < b)
    }

    /// Whether links lead from one to the other.
    pub(in super::super) fn joins(&self, a: Index, b: Index) -> bool {
        self.components[a as usize] == self.components[b as usize]
    }

    /// Whether everyone reaches everyone.
    pub(super) fn is_whole(&self) -> bool {
        self.components.iter().all(|component| *component == 0)
    }

    /// For each host, the lowest that it reaches without the links that are `cut`.
    pub(in super::super) fn components_without(
        &self,
        cut: impl Fn(Index, Index) -> bool,
    ) -> Vec<Index> {
        let mut lowest = vec![Index::MAX; self.hosts() as usize];
        let mut open = Vec::new();
        for start in 0..self.hosts() {
            if lowest[start as usize] != Index::MAX {
                continue;
            }
            lowest[start as usize] = start;
            open.push(start);
            while let Some(host) = open.pop() {
                for &next in self.neighbours(host) {
                    if lowest[next as usize] == Index::MAX && !cut(host, next) {
                        lowest[next as usize] = start;
                        open.push(next);
                    }
                }
            }
        }
        lowest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_run_both_ways_once() {
        let graph = Graph::from_edges(4, [(0, 1), (1, 0), (2, 2), (1, 2)]);
        assert_eq!(graph.neighbours(1), [0, 2]);
        assert_eq!(graph.neighbours(2), [1]);
        assert!(graph.neighbours(3).is_empty());
        assert!(graph.adjacent(0, 1) && !graph.adjacent(0, 2));
        assert_eq!(graph.edges().collect::<Vec<_>>(), [(0, 1), (1, 2)]);
    }

    #[test]
    fn a_cut_parts_what_only_it_joined() {
        let graph = Graph::from_edges(5, [(0, 1), (1, 2), (2, 3), (3, 0)]);
        assert!(graph.joins(0, 2) && !graph.joins(0, 4) && !graph.is_whole());
        let cut = |a: Index, b: Index| a.max(b) == 3;
        assert_eq!(graph.components_without(cut), [0, 0, 0, 3, 4]);
    }
}
