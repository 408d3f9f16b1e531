//! The network between simulated hosts: what becomes of each datagram.
//!
//! A [`Topology`] says who has a link to whom, a [`Link`] what all links are like, [`Rule`]s which
//! ones differ. A link takes a datagram in this order: it refuses what is longer than its MTU,
//! makes it wait where [`Bandwidth`] is short, loses it ([`LossModel`]), delays it ([`Latency`],
//! [`Reorder`]) and damages it ([`Damage`]). A duplicate goes through all of that for itself.
//! Partitions cut links by name. A [`Medium`] stands in for links where all share one channel.

mod addresses;
mod bandwidth;
mod damage;
mod fate;
mod hosts;
mod invalid;
mod latency;
mod link;
mod links;
mod loss;
mod medium;
mod partition;
mod reorder;
mod rule;
mod rules;
mod shorthand;
#[cfg(test)]
mod tests;
mod topology;
mod transit;

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
pub use medium::{Medium, MediumConfig, Reception, Refusal};
pub use reorder::Reorder;
pub use rule::{Change, Rule};
pub use topology::{Reach, Topology};

use crate::sim::{Index, Span};
use addresses::Addresses;
use partition::Partitions;
use rules::Rules;
use topology::Layout;

/// A network as it is written down.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct NetworkConfig {
    /// Which hosts are joined by links.
    pub topology: Topology,
    /// Whom a datagram can reach where not everyone has a link to everyone.
    pub reach: Reach,
    /// What every link is like that no rule changes.
    pub link: Link,
    /// Links that differ.
    pub rules: Vec<Rule>,
    /// One radio channel that all hosts share, in place of links between any two. Hosts hear their
    /// neighbours in the topology; links then say what else loses or damages frames.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub medium: Option<MediumConfig>,
}

/// The network: it decides what becomes of each datagram. It changes between datagrams only (by
/// its `&mut` verbs), so many senders may use it at once; what a link remembers is in [`Links`].
#[derive(Clone, Debug)]
pub struct Network {
    link: Link,
    reach: Reach,
    layout: Layout,
    rules: Rules,
    partitions: Partitions,
    medium: Option<Medium>,
    /// For each host the lowest that routes lead to past the open partitions; empty where
    /// datagrams are not routed or nothing is open.
    joined: Vec<Index>,
    /// Grows with every change that routes depend on.
    epoch: u64,
    addresses: Addresses,
}

impl NetworkConfig {
    /// Whether there can be such a network of `hosts` hosts.
    ///
    /// # Errors
    ///
    /// [`Invalid`] names the setting that cannot be.
    pub fn check(&self, hosts: u32) -> Result<(), Invalid> {
        self.topology.check(hosts)?;
        self.link.check().map_err(|error| error.within("link"))?;
        for (place, rule) in self.rules.iter().enumerate() {
            let outer = format!("rules[{place}]");
            rule.check().map_err(|error| error.within(&outer))?;
        }
        match &self.medium {
            Some(medium) => medium.check().map_err(|error| error.within("medium")),
            None => Ok(()),
        }
    }
}

impl Network {
    /// A network of `hosts` hosts. What is random about it follows from `seed`.
    ///
    /// # Errors
    ///
    /// [`Invalid`] names the setting that cannot be.
    pub fn new(config: &NetworkConfig, hosts: u32, seed: u64) -> Result<Self, Invalid> {
        config.check(hosts)?;
        let wan = config.topology.wan();
        Ok(Self {
            link: config.link,
            reach: config.reach,
            layout: Layout::new(&config.topology, hosts, seed)?,
            rules: Rules::new(config.rules.clone(), &config.link, &wan, hosts),
            partitions: Partitions::default(),
            medium: config.medium.as_ref().map(Medium::new).transpose()?,
            joined: Vec::new(),
            epoch: 0,
            addresses: Addresses::default(),
        })
    }

    /// The address under which a host sends: its number, until it got another.
    #[must_use]
    pub fn address_of(&self, host: Index) -> Index {
        self.addresses.of(host)
    }

    /// The host that has this address; `None` if it had it, and has another.
    #[must_use]
    pub fn host_at(&self, address: Index) -> Option<Index> {
        self.addresses.host(address)
    }

    /// Gives a host an address that nobody had before.
    pub fn readdress(&mut self, host: Index) {
        self.addresses.change(host);
    }

    /// No datagram arrives sooner after it was sent.
    #[must_use]
    pub fn lookahead(&self) -> Span {
        self.rules.latency_min()
    }

    /// A silent channel, if the hosts share one.
    #[must_use]
    pub fn medium(&self) -> Option<Medium> {
        self.medium.clone()
    }

    /// How long a datagram `from` may send, in bytes: what the widest of its links carries (within
    /// its site). A narrower link on the way drops what is too long for it.
    #[must_use]
    pub fn mtu(&self, from: Index) -> usize {
        self.rules.mtu(from)
    }

    /// The link from one host to the other, under the rules in force.
    #[must_use]
    pub fn link_between(&self, from: Index, to: Index) -> &Link {
        self.rules.link(from, to, self.layout.far(from, to))
    }

    /// Those that `host` has a link to; nobody if there is no such host.
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
        self.partitions.open(name, sides, self.hosts())?;
        self.reroute();
        Ok(())
    }

    /// Closes a partition; `false` if none of that name is open.
    pub fn heal(&mut self, name: &str) -> bool {
        let found = self.partitions.close(name);
        self.reroute();
        found
    }

    /// Closes all partitions.
    pub fn heal_all(&mut self) {
        self.partitions.close_all();
        self.reroute();
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
        rule.check().map_err(|error| error.within("rule"))?;
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

    /// There are `hosts` hosts from now on; the number never falls. Takes time for every host, so
    /// add many at once.
    pub fn grow(&mut self, hosts: u32) {
        self.layout.grow(hosts);
        self.partitions.grow(self.hosts());
        self.reroute();
        self.work_out(self.rules.list().to_vec());
    }

    /// Works out the links anew.
    fn work_out(&mut self, rules: Vec<Rule>) {
        self.rules = Rules::new(rules, &self.link, &self.layout.wan(), self.hosts());
    }
}
