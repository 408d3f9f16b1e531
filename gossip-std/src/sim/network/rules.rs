//! All rules in force, worked out ahead: which link joins two hosts is two look-ups.

use std::collections::BTreeMap;

use super::link::Link;
use super::rule::{Change, Rule};
use crate::sim::{Index, Span};

/// The links of a network. Hosts that no rule tells apart are of one class; for each pair of
/// classes there is one link within a site and one between sites.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    rules: Vec<Rule>,
    /// Of each host; empty while no rule is in force.
    classes: Vec<u32>,
    class_count: usize,
    /// For each pair of classes, from one to the other, its place in `links`.
    pairs: Vec<u32>,
    links: Vec<Joined>,
}

/// The link from one class to another.
#[derive(Clone, Copy, Debug)]
struct Joined {
    near: Link,
    far: Link,
}

impl Rules {
    /// The links between `hosts` hosts under `rules`: `near` within a site, with `far` applied
    /// between sites.
    pub(super) fn new(rules: Vec<Rule>, near: &Link, far: &Change, hosts: u32) -> Self {
        let plain = Joined {
            near: *near,
            far: far.applied_to(near),
        };
        let mut all = Self {
            rules,
            classes: Vec::new(),
            class_count: 1,
            pairs: vec![0],
            links: vec![plain],
        };
        if !all.rules.is_empty() {
            let samples = all.classify(hosts);
            all.pair(&samples, plain);
        }
        all
    }

    /// The rules in force, the later ones stronger.
    pub(super) fn list(&self) -> &[Rule] {
        &self.rules
    }

    /// The link from one host to another, `far` if they are of two sites.
    pub(super) fn link(&self, from: Index, to: Index, far: bool) -> &Link {
        let pair = if self.classes.is_empty() {
            0
        } else {
            let class = |host: Index| self.classes[host as usize] as usize;
            self.pairs[class(from) * self.class_count + class(to)]
        };
        let joined = &self.links[pair as usize];
        if far { &joined.far } else { &joined.near }
    }

    /// The shortest latency of any link.
    pub(super) fn latency_min(&self) -> Span {
        let each = self.links.iter();
        each.map(|joined| joined.near.latency.min().min(joined.far.latency.min()))
            .min()
            .unwrap_or(Span::ZERO)
    }

    /// Gives each host its class, and returns one host of each.
    fn classify(&mut self, hosts: u32) -> Vec<Index> {
        let mut known: BTreeMap<Vec<bool>, u32> = BTreeMap::new();
        let mut samples = Vec::new();
        for host in 0..hosts {
            let ends = self.rules.iter();
            let ends = ends.flat_map(|rule| [rule.from.contains(host), rule.to.contains(host)]);
            let class = *known.entry(ends.collect()).or_insert_with(|| {
                samples.push(host);
                samples.len() as u32 - 1
            });
            self.classes.push(class);
        }
        self.class_count = samples.len();
        samples
    }

    /// Works out the link of every pair of classes; pairs under the same rules share one.
    fn pair(&mut self, samples: &[Index], plain: Joined) {
        let mut known: BTreeMap<Vec<bool>, u32> = BTreeMap::new();
        self.pairs.clear();
        self.links.clear();
        for &from in samples {
            for &to in samples {
                let holds: Vec<bool> = self.rules.iter().map(|r| r.holds(from, to)).collect();
                let fresh = self.links.len() as u32;
                let place = *known.entry(holds).or_insert_with_key(|holds| {
                    self.links.push(plain.under(&self.rules, holds));
                    fresh
                });
                self.pairs.push(place);
            }
        }
    }
}

impl Joined {
    /// This link under those of `rules` that hold.
    fn under(mut self, rules: &[Rule], holds: &[bool]) -> Self {
        for (rule, _) in rules.iter().zip(holds).filter(|(_, holds)| **holds) {
            self.near = rule.set.applied_to(&self.near);
            self.far = rule.set.applied_to(&self.far);
        }
        self
    }
}

impl Rule {
    /// Whether the rule says something about the link from one host to another.
    fn holds(&self, from: Index, to: Index) -> bool {
        let forth = self.from.contains(from) && self.to.contains(to);
        forth || self.both_ways && self.from.contains(to) && self.to.contains(from)
    }
}
