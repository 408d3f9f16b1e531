//! Random places in a square; links between those in range.

use super::chance;
use super::graph::{Edge, Graph};
use crate::sim::Index;
use crate::sim::chance::unit;

/// A place in the square whose sides are 1.
type Place = (f64, f64);

/// Everyone with those no further than `range`, where the square's side is 1.
pub(super) fn graph(hosts: u32, range: f64, seed: u64) -> Graph {
    let places: Vec<Place> = (0..hosts).map(|host| place(seed, host)).collect();
    let cells = Cells::new(&places, range);
    let edges = (0..hosts).flat_map(|host| {
        let near = cells.around(places[host as usize]);
        let (places, host_place) = (&places, places[host as usize]);
        let later = near.filter(move |other| *other > host);
        later
            .filter(move |other| distance(host_place, places[*other as usize]) <= range)
            .map(move |other| -> Edge { (host, other) })
    });
    Graph::from_edges(hosts, edges)
}

/// Where a host stands: its own stream of chance says it, so hosts that come later move nobody.
fn place(seed: u64, host: Index) -> Place {
    let mut rng = chance(seed, host);
    (unit(&mut rng), unit(&mut rng))
}

fn distance(a: Place, b: Place) -> f64 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

/// The hosts by cells at least as wide as the range: whoever is in range stands in the same cell or
/// in one next to it.
struct Cells {
    across: usize,
    cells: Vec<Vec<Index>>,
}

impl Cells {
    fn new(places: &[Place], range: f64) -> Self {
        // More cells than hosts would only cost memory.
        let most = (places.len() as f64).sqrt().max(1.0);
        let across = (1.0 / range).clamp(1.0, most) as usize;
        let mut cells = Self {
            across,
            cells: vec![Vec::new(); across * across],
        };
        for (host, place) in places.iter().enumerate() {
            let (x, y) = cells.cell(*place);
            cells.cells[y * across + x].push(host as Index);
        }
        cells
    }

    /// Column and row of the cell in which a place lies.
    fn cell(&self, place: Place) -> (usize, usize) {
        let line = |at: f64| ((at * self.across as f64) as usize).min(self.across - 1);
        (line(place.0), line(place.1))
    }

    /// All hosts in the cell of `place` and in those around it.
    fn around(&self, place: Place) -> impl Iterator<Item = Index> {
        let (x, y) = self.cell(place);
        let near = |line: usize| line.saturating_sub(1)..=(line + 1).min(self.across - 1);
        let cells = near(y).flat_map(move |row| near(x).map(move |column| (row, column)));
        cells.flat_map(|(row, column)| self.cells[row * self.across + column].iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_those_in_range_have_a_link() {
        for range in [0.05, 0.1, 0.34, 0.5, 2.0] {
            let graph = graph(200, range, 7);
            for a in 0..200 {
                for b in 0..200 {
                    let near = a != b && distance(place(7, a), place(7, b)) <= range;
                    assert_eq!(graph.adjacent(a, b), near, "{a} {b} at {range}");
                }
            }
        }
    }

    #[test]
    fn places_are_even_and_differ_by_seed() {
        let inside = |seed: u64| {
            let places = (0..10_000).map(|host| place(seed, host));
            places
                .filter(|place| place.0 < 0.3 && place.1 < 0.5)
                .count()
        };
        // Mean 1500, standard deviation 36: five of them.
        assert!((1320..1680).contains(&inside(1)));
        assert_ne!(place(1, 0), place(2, 0));
    }

    #[test]
    fn who_comes_later_moves_nobody() {
        let (before, after) = (graph(50, 0.3, 1), graph(60, 0.3, 1));
        for host in 0..50 {
            let old = after.neighbours(host).iter().filter(|other| **other < 50);
            assert!(old.eq(before.neighbours(host)));
        }
    }
}
