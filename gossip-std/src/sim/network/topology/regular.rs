//! Random graphs in which everyone has equally many links.

use gossip_core::SplitMix64;

use super::chance;
use super::graph::{Edge, Graph};
use crate::sim::Index;
use crate::sim::chance::below;
use crate::sim::network::invalid::Invalid;

/// How often to begin anew before giving up; a few times are enough.
const ATTEMPTS: u32 = 1000;

/// A random graph of `hosts` hosts with `degree` links each, in which everyone reaches everyone.
/// The caller has checked that there is one.
pub(super) fn graph(hosts: u32, degree: u32, seed: u64) -> Result<Graph, Invalid> {
    let mut rng = chance(seed, Index::MAX);
    for _ in 0..ATTEMPTS {
        let graph = attempt(hosts, degree, &mut rng);
        if let Some(graph) = graph.filter(Graph::is_whole) {
            return Ok(graph);
        }
    }
    let want = "one for which a connected graph is found; try another";
    Err(Invalid::new("regular.degree", degree, want))
}

/// `graph` with hosts added: each takes the middle of random links that have no end in common
/// (as in Cooper, Dyer and Greenhill, "Sampling regular graphs and a peer-to-peer network", 2007),
/// so everyone keeps its degree and reaches everyone still.
pub(super) fn grown(graph: &Graph, hosts: u32, degree: u32, seed: u64) -> Graph {
    let mut edges: Vec<Edge> = graph.edges().collect();
    for host in graph.hosts()..hosts {
        let mut rng = chance(seed, host);
        for (a, b) in take_apart(&mut edges, degree / 2, &mut rng) {
            edges.extend([(a, host), (b, host)]);
        }
    }
    Graph::from_edges(hosts, edges)
}

/// A random graph, not always connected; `None` if the choices led nowhere.
fn attempt(hosts: u32, degree: u32, rng: &mut SplitMix64) -> Option<Graph> {
    if degree == 2 {
        return Some(cycle(hosts, rng));
    }
    // Who has no link to whom is as random, and sparse where links are many.
    if degree > (hosts - 1) / 2 {
        let missing = Graph::from_edges(hosts, pairing(hosts, hosts - 1 - degree, rng)?);
        let pairs = (0..hosts).flat_map(|a| (a + 1..hosts).map(move |b| (a, b)));
        let links = pairs.filter(|(a, b)| !missing.adjacent(*a, *b));
        return Some(Graph::from_edges(hosts, links));
    }
    Some(Graph::from_edges(hosts, pairing(hosts, degree, rng)?))
}

/// One circle through all hosts in random order: the only connected graph of degree 2. (Random
/// links of degree 2 mostly form several.)
fn cycle(hosts: u32, rng: &mut SplitMix64) -> Graph {
    let mut order: Vec<Index> = (0..hosts).collect();
    for place in (1..order.len()).rev() {
        order.swap(place, below(rng, place as u64 + 1) as usize);
    }
    let next = order.iter().cycle().skip(1);
    Graph::from_edges(hosts, order.iter().copied().zip(next.copied()))
}

/// Steger and Wormald, "Generating random regular graphs quickly" (1999): every host has `degree`
/// loose ends; two at random are tied together, unless they are of one host or of two that have a
/// link already. Asymptotically all graphs are equally likely. `None` if no two ends can be tied.
fn pairing(hosts: u32, degree: u32, rng: &mut SplitMix64) -> Option<Vec<Edge>> {
    let mut loose: Vec<Index> = (0..hosts)
        .flat_map(|host| (0..degree).map(move |_| host))
        .collect();
    let mut links: Vec<Vec<Index>> = vec![Vec::new(); hosts as usize];
    let mut edges = Vec::new();
    let mut misses = 0;
    while !loose.is_empty() {
        let mut any = || below(rng, loose.len() as u64) as usize;
        let (one, two) = (any(), any());
        let (a, b) = (loose[one], loose[two]);
        if can_tie(&links, a, b) {
            links[a as usize].push(b);
            links[b as usize].push(a);
            edges.push((a, b));
            loose.swap_remove(one.max(two));
            loose.swap_remove(one.min(two));
            misses = 0;
            continue;
        }
        misses += 1;
        if misses > loose.len() {
            misses = 0;
            any_can_tie(&links, &loose).then_some(())?;
        }
    }
    Some(edges)
}

fn can_tie(links: &[Vec<Index>], a: Index, b: Index) -> bool {
    a != b && !links[a as usize].contains(&b)
}

fn any_can_tie(links: &[Vec<Index>], loose: &[Index]) -> bool {
    let mut hosts = loose.to_vec();
    hosts.sort_unstable();
    hosts.dedup();
    let mut pairs = hosts
        .iter()
        .flat_map(|a| hosts.iter().map(move |b| (*a, *b)));
    pairs.any(|(a, b)| can_tie(links, a, b))
}

/// Takes out up to `count` random links that have no end in common.
fn take_apart(edges: &mut Vec<Edge>, count: u32, rng: &mut SplitMix64) -> Vec<Edge> {
    let mut taken: Vec<Edge> = Vec::new();
    // Few hosts may have too few such links: then it does not look for ever.
    for _ in 0..count * 100 {
        if taken.len() == count as usize || edges.is_empty() {
            break;
        }
        let place = below(rng, edges.len() as u64) as usize;
        let (a, b) = edges[place];
        let ends = [a, b];
        if !taken
            .iter()
            .any(|(c, d)| ends.contains(c) || ends.contains(d))
        {
            taken.push(edges.swap_remove(place));
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn degrees(graph: &Graph) -> Vec<usize> {
        let hosts = 0..graph.hosts();
        hosts.map(|host| graph.neighbours(host).len()).collect()
    }

    #[test]
    fn everyone_has_as_many_links_and_reaches_everyone() {
        for (hosts, degree) in [
            (3, 2),
            (4, 3),
            (10, 3),
            (11, 4),
            (50, 2),
            (50, 25),
            (50, 48),
            (500, 7),
        ] {
            for seed in 0..5 {
                let graph = graph(hosts, degree, seed).unwrap();
                let want = vec![degree as usize; hosts as usize];
                assert_eq!(degrees(&graph), want, "{hosts} hosts of degree {degree}");
                assert!(graph.is_whole());
            }
        }
    }

    #[test]
    fn a_seed_fixes_the_graph_and_another_changes_it() {
        let of = |seed| graph(100, 3, seed).unwrap();
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }

    #[test]
    fn every_link_is_equally_likely() {
        let (hosts, degree, graphs) = (8, 3, 2000);
        let mut seen = [[0u32; 8]; 8];
        for seed in 0..graphs {
            for (a, b) in graph(hosts, degree, seed).unwrap().edges() {
                seen[a as usize][b as usize] += 1;
            }
        }
        // 3 of 7: mean 857, standard deviation 22: five of them.
        let pairs = (0..8).flat_map(|a| (a + 1..8).map(move |b| (a, b)));
        for (a, b) in pairs {
            let count = seen[a][b];
            assert!((746..968).contains(&count), "{count} links {a}-{b}");
        }
    }

    /// A connected cubic graph of 6 hosts is the prism or K(3,3): 60 and 10 ways to label them, so
    /// one in seven has no triangle.
    #[test]
    fn every_graph_is_about_equally_likely() {
        let graphs = 3500;
        let without_triangle = |graph: &Graph| {
            let mut edges = graph.edges();
            edges.all(|(a, b)| (0..6).all(|c| !(graph.adjacent(a, c) && graph.adjacent(b, c))))
        };
        let found = (0..graphs).filter(|seed| {
            let graph = graph(6, 3, *seed).unwrap();
            without_triangle(&graph)
        });
        // Mean 500, standard deviation 20.7: five of them, and as much again for "about".
        let count = found.count();
        assert!((293..707).contains(&count), "{count}");
    }

    #[test]
    fn who_comes_later_gets_links_and_takes_none_away() {
        for (degree, late) in [(4, 4), (3, 2)] {
            let before = graph(20, degree, 1).unwrap();
            let after = grown(&before, 30, degree, 1);
            let degrees = degrees(&after);
            assert!(degrees[..20].iter().all(|links| *links == degree as usize));
            assert!(degrees[20..].iter().all(|links| *links == late));
            assert!(after.is_whole());
        }
    }
}
