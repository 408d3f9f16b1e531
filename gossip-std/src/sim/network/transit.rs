//! The way of one datagram through the network.

use gossip_core::SplitMix64;

use super::Network;
use super::fate::{Arrival, Cause, Fate};
use super::links::{Flow, Links};
use super::topology::Reach;
use crate::sim::chance::happens;
use crate::sim::{Index, Span, Time};

/// How to get from one host to another.
enum Way {
    /// Over the link between them.
    Direct,
    /// Over the links of a path.
    Routed,
    /// Not at all.
    None(Cause),
}

/// One datagram under way; it may travel twice.
struct Trip<'a> {
    network: &'a Network,
    links: &'a mut Links,
    rng: &'a mut SplitMix64,
    start: Time,
    len: usize,
}

impl Network {
    /// The fate of `len` bytes that `from` sends to `to` at `now`. `links` and `rng` belong to the
    /// sender.
    pub fn transit(
        &self,
        links: &mut Links,
        rng: &mut SplitMix64,
        now: Time,
        from: Index,
        to: Index,
        len: usize,
    ) -> Fate {
        let way = self.way(from, to);
        links.tidy(now);
        let mut trip = Trip {
            network: self,
            links,
            rng,
            start: now,
            len,
        };
        match way {
            Way::Direct => trip.fate(&[from, to]),
            Way::Routed => trip.routed(from, to),
            Way::None(cause) => Fate::Lost(cause),
        }
    }

    /// Whether a datagram can get from one host to the other: there is a way, and no partition
    /// lies across it. A link that loses everything still counts as a way.
    #[must_use]
    pub fn connected(&self, from: Index, to: Index) -> bool {
        !matches!(self.way(from, to), Way::None(_))
    }

    /// The share of datagrams from one host straight to the other that do not arrive whole within so
    /// much time, in the long run; 1 where there is no link of their own, or one that carries only so
    /// much.
    #[must_use]
    pub fn failing(&self, from: Index, to: Index, within: Span) -> f64 {
        let link = self.link_between(from, to);
        let straight = matches!(self.way(from, to), Way::Direct);
        if !straight || self.medium.is_some() || link.bandwidth.is_some() {
            return 1.0;
        }
        let late = link.latency.share_above(within);
        // Those that are overtaken take longer.
        let left = Span::from_micros(
            within
                .as_micros()
                .saturating_sub(link.reorder.by.as_micros()),
        );
        let reordered = link.reorder.share * link.latency.share_above(left);
        let arrives = (1.0 - link.loss.mean()) * (1.0 - link.corrupt);
        1.0 - arrives * (1.0 - late.max(reordered))
    }

    /// Works out which hosts still reach each other; after any change that routes depend on.
    pub(super) fn reroute(&mut self) {
        self.epoch += 1;
        self.joined.clear();
        if self.reach == Reach::Routed
            && !self.partitions.is_empty()
            && let Some(graph) = self.layout.graph()
        {
            self.joined = graph.components_without(|a, b| self.partitions.part(a, b));
        }
    }

    fn way(&self, from: Index, to: Index) -> Way {
        if from.max(to) >= self.hosts() {
            return Way::None(Cause::NoRoute);
        }
        let parted = self.partitions.part(from, to);
        match self.layout.graph() {
            Some(graph) if from != to && (parted || !graph.adjacent(from, to)) => {
                match self.reach {
                    Reach::Neighbours if graph.adjacent(from, to) => Way::None(Cause::Partition),
                    Reach::Neighbours => Way::None(Cause::NoRoute),
                    Reach::Routed if !graph.joins(from, to) => Way::None(Cause::NoRoute),
                    Reach::Routed if !self.rejoined(from, to) => Way::None(Cause::Partition),
                    Reach::Routed => Way::Routed,
                }
            }
            _ if parted => Way::None(Cause::Partition),
            _ => Way::Direct,
        }
    }

    /// Whether routes lead from one to the other past the open partitions.
    fn rejoined(&self, from: Index, to: Index) -> bool {
        self.joined.is_empty() || self.joined[from as usize] == self.joined[to as usize]
    }
}

impl Trip<'_> {
    /// What becomes of the datagram along a shortest path past the open partitions.
    fn routed(&mut self, from: Index, to: Index) -> Fate {
        let network = self.network;
        let Some(graph) = network.layout.graph() else {
            return Fate::Lost(Cause::NoRoute);
        };
        let cut = |a, b| network.partitions.part(a, b);
        let mut path = std::mem::take(&mut self.links.path);
        let routes = &mut self.links.routes;
        let found = routes.find(graph, network.epoch, cut, (from, to), &mut path);
        let fate = if found {
            self.fate(&path)
        } else {
            Fate::Lost(Cause::NoRoute)
        };
        self.links.path = path;
        fate
    }

    /// What becomes of the datagram along `path`. Each link may send a second copy on its way,
    /// and each copy fares for itself.
    fn fate(&mut self, path: &[Index]) -> Fate {
        let original = self.travel(path);
        let once: f64 = hops(path)
            .map(|(from, to)| 1.0 - self.network.link_between(from, to).duplicate)
            .product();
        let copy = happens(self.rng, 1.0 - once).then(|| self.travel(path).ok());
        Fate::of(original, copy.flatten())
    }

    /// Carries one copy over all links of `path`.
    fn travel(&mut self, path: &[Index]) -> Result<Arrival, Cause> {
        let mut arrival = Arrival {
            at: self.start,
            damage: None,
        };
        for (from, to) in hops(path) {
            let link = self.network.link_between(from, to);
            let flow = Flow {
                sender: path[0],
                from,
                to,
            };
            let next = link.carry(self.links, self.rng, flow, arrival.at, self.len)?;
            arrival = Arrival {
                at: next.at,
                damage: next.damage.or(arrival.damage),
            };
        }
        Ok(arrival)
    }
}

/// The links of a path, each from its near end to its far end.
fn hops(path: &[Index]) -> impl Iterator<Item = (Index, Index)> {
    path.windows(2).map(|hop| (hop[0], hop[1]))
}
