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
    /// The longest datagram that any link of a host carries, in bytes; for each class.
    mtus: Vec<usize>,
    /// For each pair of classes, from one to the other, its place in `links`.
    pairs: Vec<u32>,
    links: Vec<Joined>,
    /// The shortest latency of any link.
    latency_min: Span,
}

/// Some host of a class, and how many there are.
struct Class {
    sample: Index,
    hosts: u32,
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
            mtus: vec![plain.near.mtu],
            pairs: vec![0],
            links: vec![plain],
            latency_min: plain.latency_min(),
        };
        if !all.rules.is_empty() && hosts > 0 {
            let classes = all.classify(hosts);
            all.pair(&classes, plain);
            all.mtus = all.mtus_of(&classes, plain.near.mtu);
            let shortest = all.links.iter().map(Joined::latency_min).min();
            all.latency_min = shortest.unwrap_or(all.latency_min);
        }
        all
    }

    /// The rules in force, the later ones stronger.
    pub(super) fn list(&self) -> &[Rule] {
        &self.rules
    }

    /// The link from one host to another, `far` if they are of two sites.
    pub(super) fn link(&self, from: Index, to: Index, far: bool) -> &Link {
        let pair = self.class(from) * self.mtus.len() + self.class(to);
        let joined = &self.links[self.pairs[pair] as usize];
        if far { &joined.far } else { &joined.near }
    }

    /// The longest datagram that any link of the host carries, in bytes.
    pub(super) fn mtu(&self, from: Index) -> usize {
        self.mtus[self.class(from)]
    }

    /// The shortest latency of any link.
    pub(super) fn latency_min(&self) -> Span {
        self.latency_min
    }

    fn class(&self, host: Index) -> usize {
        let class = self.classes.get(host as usize);
        class.map_or(0, |class| *class as usize)
    }

    /// Gives each host its class.
    fn classify(&mut self, hosts: u32) -> Vec<Class> {
        let mut known: BTreeMap<Vec<bool>, usize> = BTreeMap::new();
        let mut classes: Vec<Class> = Vec::new();
        for sample in 0..hosts {
            let ends = self.rules.iter();
            let ends = ends.flat_map(|rule| [rule.from.contains(sample), rule.to.contains(sample)]);
            let class = *known.entry(ends.collect()).or_insert(classes.len());
            match classes.get_mut(class) {
                Some(class) => class.hosts += 1,
                None => classes.push(Class { sample, hosts: 1 }),
            }
            self.classes.push(class as u32);
        }
        classes
    }

    /// Works out the link of every pair of classes; pairs under the same rules share one.
    fn pair(&mut self, classes: &[Class], plain: Joined) {
        let mut known: BTreeMap<Vec<bool>, u32> = BTreeMap::new();
        self.pairs.clear();
        self.links.clear();
        for from in classes.iter().map(|class| class.sample) {
            for to in classes.iter().map(|class| class.sample) {
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

    /// The greatest MTU of the links from each class; `plain` where there is nobody to send to.
    fn mtus_of(&self, classes: &[Class], plain: usize) -> Vec<usize> {
        let rows = self.pairs.chunks(classes.len()).enumerate();
        let mtu_max = |(from, row): (usize, &[u32])| {
            let pairs = row.iter().zip(classes).enumerate();
            // A host alone in its class has no link to it.
            let others = pairs.filter(|(to, (_, class))| *to != from || class.hosts > 1);
            let mtus = others.map(|(_, (pair, _))| self.links[*pair as usize].near.mtu);
            mtus.max().unwrap_or(plain)
        };
        rows.map(mtu_max).collect()
    }
}

impl Joined {
    fn latency_min(&self) -> Span {
        self.near.latency.min().min(self.far.latency.min())
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::network::{Latency, LossModel};

    fn rule(from: &str, to: &str, set: Change) -> Rule {
        Rule {
            name: String::new(),
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            both_ways: false,
            set,
        }
    }

    fn loss(loss: f64) -> Change {
        Change {
            loss: Some(LossModel::Independent(loss)),
            ..Change::default()
        }
    }

    fn mtu(mtu: usize) -> Change {
        Change {
            mtu: Some(mtu),
            ..Change::default()
        }
    }

    fn rules(rules: Vec<Rule>) -> Rules {
        Rules::new(rules, &Link::default(), &mtu(100), 10)
    }

    #[test]
    fn a_rule_holds_from_some_to_some_in_one_direction() {
        let rules = rules(vec![rule("1-4", "5-", loss(0.5))]);
        for from in 0..10 {
            for to in 0..10 {
                let want = if from < 4 && to >= 4 { 0.5 } else { 0.0 };
                assert_eq!(rules.link(from, to, false).loss.mean(), want);
            }
        }
    }

    #[test]
    fn a_rule_may_hold_for_the_way_back() {
        let mut both = rule("1", "2-3", loss(0.5));
        both.both_ways = true;
        let rules = rules(vec![both]);
        let mean = |from, to| rules.link(from, to, false).loss.mean();
        assert_eq!((mean(0, 1), mean(1, 0)), (0.5, 0.5));
        assert_eq!((mean(1, 2), mean(0, 3)), (0.0, 0.0));
    }

    #[test]
    fn rules_compose_and_the_later_one_is_stronger() {
        let rules = rules(vec![
            rule("all", "all", loss(0.1)),
            rule("1-5", "all", mtu(500)),
            rule("all", "4", loss(0.3)),
        ]);
        let seen = |from, to| {
            let link = rules.link(from, to, false);
            (link.loss.mean(), link.mtu)
        };
        assert_eq!(seen(9, 8), (0.1, 1400));
        assert_eq!(seen(0, 8), (0.1, 500));
        assert_eq!(seen(0, 3), (0.3, 500));
        assert_eq!(seen(9, 3), (0.3, 1400));
    }

    #[test]
    fn rules_hold_between_sites_as_well() {
        let rules = rules(vec![rule("1", "all", loss(0.5))]);
        let far = rules.link(0, 9, true);
        assert_eq!((far.loss.mean(), far.mtu), (0.5, 100));
        assert_eq!(rules.link(1, 9, true).mtu, 100);
        assert_eq!(rules.link(1, 9, false).mtu, 1400);
    }

    #[test]
    fn a_host_may_send_what_its_widest_link_carries() {
        let narrow = rules(vec![
            rule("4", "not 4", mtu(64)),
            rule("1-2", "10", mtu(64)),
        ]);
        assert_eq!(narrow.mtu(3), 64);
        assert_eq!(narrow.mtu(0), 1400);
        assert_eq!(rules(Vec::new()).mtu(3), 1400);
    }

    #[test]
    fn the_shortest_latency_is_that_of_some_link() {
        let fast = Change {
            latency: Some(Latency::Constant(Span::from_micros(10))),
            ..Change::default()
        };
        let min = |rule| rules(vec![rule]).latency_min();
        assert_eq!(min(rule("1", "2", fast)), Span::from_micros(10));
        // Nobody is in this set.
        assert_eq!(min(rule("21-", "2", fast)), Span::from_millis(1));
        assert_eq!(rules(Vec::new()).latency_min(), Span::from_millis(1));
    }
}
