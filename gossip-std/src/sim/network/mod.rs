//! The network between simulated hosts: what becomes of each datagram.

mod bandwidth;
mod damage;
mod fate;
mod hosts;
mod invalid;
mod latency;
mod link;
mod links;
mod loss;
mod partition;
mod reorder;
mod rule;
mod rules;
mod shorthand;
mod topology;

use gossip_core::SplitMix64;
use serde::{Deserialize, Serialize};

pub use bandwidth::{Bandwidth, Shared};
pub use damage::Damage;
pub use fate::{Arrival, Arrivals, Cause, Fate};
pub use hosts::{HostSet, HostSetError};
pub use invalid::Invalid;
pub use latency::Latency;
pub use link::Link;
pub use links::Links;
pub use loss::{GilbertElliott, LossModel};
pub use reorder::Reorder;
pub use rule::{Change, Rule};
pub use topology::Topology;

use crate::sim::chance::happens;
use crate::sim::{Index, Span, Time};
use links::Flow;
use partition::Partitions;
use rules::Rules;
use topology::Layout;

/// A network as it is written down.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct NetworkConfig {
    /// Which hosts are joined by links.
    pub topology: Topology,
    /// What every link is like that no rule changes.
    pub link: Link,
    /// Links that differ.
    pub rules: Vec<Rule>,
}

/// The network: it decides what becomes of each datagram. It changes between datagrams only (by
/// its `&mut` verbs), so many senders may use it at once; what a link remembers is in [`Links`].
#[derive(Clone, Debug)]
pub struct Network {
    link: Link,
    layout: Layout,
    rules: Rules,
    partitions: Partitions,
}

impl Network {
    /// A network of `hosts` hosts. What is random about it follows from `seed`.
    ///
    /// # Errors
    ///
    /// [`Invalid`] names the setting that cannot be.
    pub fn new(config: &NetworkConfig, hosts: u32, seed: u64) -> Result<Self, Invalid> {
        config.link.check().map_err(|error| error.within("link"))?;
        for rule in &config.rules {
            rule.set.check().map_err(|error| error.within("rule.set"))?;
        }
        Ok(Self {
            link: config.link,
            layout: Layout::new(&config.topology, hosts, seed)?,
            rules: Rules::new(
                config.rules.clone(),
                &config.link,
                &Change::default(),
                hosts,
            ),
            partitions: Partitions::default(),
        })
    }

    /// The fate of `len` bytes that `from` sends to `to`. `links` and `rng` belong to the sender.
    pub fn transit(
        &self,
        links: &mut Links,
        rng: &mut SplitMix64,
        now: Time,
        from: Index,
        to: Index,
        len: usize,
    ) -> Fate {
        links.tidy(now);
        if from.max(to) >= self.layout.hosts() {
            return Fate::Lost(Cause::NoRoute);
        }
        if self.partitions.part(from, to) {
            return Fate::Lost(Cause::Partition);
        }
        let link = self.link_between(from, to);
        let flow = Flow {
            sender: from,
            from,
            to,
        };
        let original = link.carry(links, rng, flow, now, len);
        let twice = happens(rng, link.duplicate);
        let copy = twice.then(|| link.carry(links, rng, flow, now, len).ok());
        Fate::of(original, copy.flatten())
    }

    /// No datagram arrives sooner after it was sent.
    #[must_use]
    pub fn lookahead(&self) -> Span {
        self.rules.latency_min()
    }

    /// How long a datagram `from` may send, in bytes: the MTU of the links without rules.
    #[must_use]
    pub fn mtu(&self, _from: Index) -> usize {
        self.link.mtu
    }

    /// Whether a datagram can get from one host to the other: there is a way, and no partition
    /// lies across it. A link that loses everything still counts as a way.
    #[must_use]
    pub fn connected(&self, from: Index, to: Index) -> bool {
        from.max(to) < self.layout.hosts() && !self.partitions.part(from, to)
    }

    /// The link from one host to the other, under the rules in force.
    #[must_use]
    pub fn link_between(&self, from: Index, to: Index) -> &Link {
        self.rules.link(from, to, false)
    }

    /// Those that `host` has a link to.
    pub fn neighbours(&self, host: Index) -> impl Iterator<Item = Index> {
        self.layout.neighbours(host)
    }

    /// How many hosts there are.
    #[must_use]
    pub fn hosts(&self) -> u32 {
        self.layout.hosts()
    }

    /// Opens a partition: hosts on different sides cannot talk. Those on no side form one more.
    /// A host on several sides talks to all of these. A partition of the same name is replaced.
    ///
    /// # Errors
    ///
    /// [`Invalid`] if there is no side, or more than 63; nothing changes then.
    pub fn partition(&mut self, name: &str, sides: &[HostSet]) -> Result<(), Invalid> {
        self.partitions.open(name, sides, self.hosts())
    }

    /// Closes a partition; `false` if none of that name is open.
    pub fn heal(&mut self, name: &str) -> bool {
        self.partitions.close(name)
    }

    /// Closes all partitions.
    pub fn heal_all(&mut self) {
        self.partitions.close_all();
    }

    /// The names of the open partitions, sorted.
    pub fn partitions(&self) -> impl Iterator<Item = &str> {
        self.partitions.names()
    }

    /// What every link is like that no rule changes.
    #[must_use]
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// Changes every link; the rules stay in force above it.
    ///
    /// # Errors
    ///
    /// [`Invalid`] names the property that cannot be; nothing changes then.
    pub fn set_link(&mut self, link: Link) -> Result<(), Invalid> {
        link.check().map_err(|error| error.within("link"))?;
        self.link = link;
        self.work_out(self.rules.list().to_vec());
        Ok(())
    }

    /// Puts a rule in force, above all others. It replaces one of the same name, if it has a name.
    ///
    /// # Errors
    ///
    /// [`Invalid`] names the property that cannot be; nothing changes then.
    pub fn rule(&mut self, rule: Rule) -> Result<(), Invalid> {
        rule.set.check().map_err(|error| error.within("rule.set"))?;
        let mut rules = self.rules.list().to_vec();
        rules.retain(|old| old.name.is_empty() || old.name != rule.name);
        rules.push(rule);
        self.work_out(rules);
        Ok(())
    }

    /// Takes the rules of this name out of force; `false` if there are none.
    pub fn lift(&mut self, name: &str) -> bool {
        let mut rules = self.rules.list().to_vec();
        rules.retain(|rule| rule.name != name);
        let found = rules.len() < self.rules.list().len();
        if found {
            self.work_out(rules);
        }
        found
    }

    /// There are `hosts` hosts from now on; the number never falls.
    pub fn grow(&mut self, hosts: u32) {
        self.layout.grow(hosts);
        self.partitions.grow(self.hosts());
        self.work_out(self.rules.list().to_vec());
    }

    /// Works out the links anew.
    fn work_out(&mut self, rules: Vec<Rule>) {
        self.rules = Rules::new(rules, &self.link, &Change::default(), self.hosts());
    }
}
