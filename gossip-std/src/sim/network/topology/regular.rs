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
