//! Who has a link to whom.

mod geometric;
mod graph;
mod grid;
mod regular;
mod ring;
mod routes;
mod sites;

use gossip_core::SplitMix64;
use serde::{Deserialize, Serialize};

pub(super) use routes::Routes;

use super::invalid::{Invalid, ensure};
use super::rule::Change;
use crate::sim::Index;
use crate::sim::chance::{Purpose, stream};
use graph::Graph;
use sites::Sites;

/// Which hosts are joined by links. In TOML `"full-mesh"` or `{ ring = { each-side = 2 } }`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    deny_unknown_fields
)]
pub enum Topology {
    /// Everyone with everyone: the internet.
    #[default]
    FullMesh,
    /// In a circle, in order of number.
    Ring {
        /// Everyone with so many on each side.
        each_side: u32,
    },
    /// In rows and columns, in order of number: everyone with those above, below and beside. The
    /// last row may be short.
    Grid {
        /// The length of a row.
        width: u32,
        /// Whether rows and columns close to circles: a torus.
        #[serde(default)]
        wrap: bool,
    },
    /// At random places in a square, everyone with those in range (the unit disk graph of Gilbert,
    /// "Random plane networks", 1961). Some may be out of everyone's range: almost surely nobody
    /// is above sqrt(ln N / (pi N)) (Gupta and Kumar, "Critical power for asymptotic connectivity
    /// in wireless networks", 1998).
    Geometric {
        /// The range, as a share of the square's side.
        range: f64,
    },
    /// At random, everyone with equally many, and everyone reaches everyone. A host that comes
    /// later takes the middle of links that are there: it gets `degree` links, or one less if that
    /// is odd.
    Regular {
        /// With how many others; the number of hosts times this must be even.
        degree: u32,
    },
    /// Sites of nearly equal size, numbered through one after the other: everyone with everyone,
    /// but links between sites differ. Hosts that come later are dealt out to the sites in turn.
    Sites {
        /// How many sites.
        count: u32,
        /// What is different about a link between two sites.
        wan: Change,
    },
}

/// Whom a datagram can reach where not everyone has a link to everyone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// Everyone: it is forwarded along a shortest path, and every link of it takes its time and
    /// its toll. The hosts on the way forward even when they are down.
    #[default]
    Routed,
    /// Only those that the sender has a link to.
    Neighbours,
}

impl Topology {
    /// Whether so many `hosts` can be joined like this.
    ///
    /// # Errors
    ///
    /// [`Invalid`] names the number that cannot be.
    pub fn check(&self, hosts: u32) -> Result<(), Invalid> {
        let checked = self.check_numbers(hosts);
        checked.map_err(|error| error.within("topology"))
    }

    /// What is different about links between sites.
    pub(super) fn wan(&self) -> Change {
        match self {
            Self::Sites { wan, .. } => *wan,
            _ => Change::default(),
        }
    }

    fn check_numbers(&self, hosts: u32) -> Result<(), Invalid> {
        match *self {
            Self::FullMesh => Ok(()),
            Self::Ring { each_side } => {
                ensure(each_side >= 1, "ring.each-side", each_side, "1 or more")
            }
            Self::Grid { width, .. } => ensure(width >= 1, "grid.width", width, "1 or more"),
            Self::Geometric { range } => {
                let right = range > 0.0 && range.is_finite();
                ensure(right, "geometric.range", range, "above 0")
            }
            Self::Regular { degree } => {
                let right = (2..hosts).contains(&degree);
                let want = "at least 2, and less than the number of hosts";
                ensure(right, "regular.degree", degree, want)?;
                let even = u64::from(hosts) * u64::from(degree) % 2 == 0;
                let want = "even where the number of hosts is odd";
                ensure(even, "regular.degree", degree, want)
            }
            Self::Sites { count, wan } => {
                let right = (1..=hosts.max(1)).contains(&count);
                let want = "from 1 to the number of hosts";
                ensure(right, "sites.count", count, want)?;
                wan.check().map_err(|error| error.within("sites.wan"))
            }
        }
    }
}

/// A topology over so many hosts.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    topology: Topology,
    hosts: u32,
    seed: u64,
    shape: Shape,
}

#[derive(Clone, Debug)]
enum Shape {
    Mesh,
    Sites(Sites),
    Sparse(Graph),
}

impl Layout {
    pub(super) fn new(topology: &Topology, hosts: u32, seed: u64) -> Result<Self, Invalid> {
        topology.check(hosts)?;
        let shape = match *topology {
            Topology::FullMesh => Shape::Mesh,
            Topology::Sites { count, .. } => Shape::Sites(Sites::new(count, hosts)),
            Topology::Ring { each_side } => Shape::Sparse(ring::graph(hosts, each_side)),
            Topology::Grid { width, wrap } => Shape::Sparse(grid::graph(hosts, width, wrap)),
            Topology::Geometric { range } => Shape::Sparse(geometric::graph(hosts, range, seed)),
            Topology::Regular { degree } => Shape::Sparse(regular::graph(hosts, degree, seed)?),
        };
        Ok(Self {
            topology: *topology,
            hosts,
            seed,
            shape,
        })
    }

    /// What is different about links between sites.
    pub(super) fn wan(&self) -> Change {
        self.topology.wan()
    }

    /// How many hosts there are.
    pub(super) fn hosts(&self) -> u32 {
        self.hosts
    }

    /// Makes room for `hosts` hosts; the number never falls.
    pub(super) fn grow(&mut self, hosts: u32) {
        self.hosts = self.hosts.max(hosts);
        let (hosts, seed) = (self.hosts, self.seed);
        let Shape::Sparse(graph) = &mut self.shape else {
            return;
        };
        *graph = match self.topology {
            Topology::Ring { each_side } => ring::graph(hosts, each_side),
            Topology::Grid { width, wrap } => grid::graph(hosts, width, wrap),
            Topology::Geometric { range } => geometric::graph(hosts, range, seed),
            Topology::Regular { degree } => regular::grown(graph, hosts, degree, seed),
            Topology::FullMesh | Topology::Sites { .. } => return,
        };
    }

    /// The links, where not everyone has one to everyone.
    pub(super) fn graph(&self) -> Option<&Graph> {
        match &self.shape {
            Shape::Sparse(graph) => Some(graph),
            Shape::Mesh | Shape::Sites(_) => None,
        }
    }

    /// Whether the two are of different sites.
    pub(super) fn far(&self, a: Index, b: Index) -> bool {
        match &self.shape {
            Shape::Sites(sites) => sites.of(a) != sites.of(b),
            Shape::Mesh | Shape::Sparse(_) => false,
        }
    }

    /// Those that `host` has a link to, in order.
    pub(super) fn neighbours(&self, host: Index) -> impl Iterator<Item = Index> {
        let (listed, mesh): (&[Index], u32) = match self.graph() {
            Some(graph) => (graph.neighbours(host), 0),
            None if host < self.hosts => (&[], self.hosts),
            None => (&[], 0),
        };
        let others = (0..mesh).filter(move |other| *other != host);
        others.chain(listed.iter().copied())
    }
}

/// The stream of chance for the place of one host (or of all: `u32::MAX`) in a topology. Other
/// settings of the host use the seed as it is, so that they do not follow from its place.
fn chance(seed: u64, host: Index) -> SplitMix64 {
    stream(!seed, host, Purpose::Setting)
}
