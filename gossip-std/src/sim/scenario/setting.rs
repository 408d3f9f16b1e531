//! How datagrams travel: the network in a scenario.

use serde::{Deserialize, Serialize};

use super::error::{ScenarioError, ensure, within};
use crate::sim::network::{Link, MediumConfig, Reach, Rule, Topology};

/// How datagrams travel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Setting {
    /// Who is linked with whom.
    pub topology: Topology,
    /// Whether datagrams are forwarded to hosts that are no neighbours.
    pub reach: Reach,
    /// Every link that no rule changes.
    pub link: Link,
    /// What is different on some links.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// One shared radio channel in place of links.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub medium: Option<MediumConfig>,
}

impl Setting {
    pub(super) fn check(&self, hosts: u32, mtu: usize) -> Result<(), ScenarioError> {
        within("network.topology", self.topology.check(hosts))?;
        within("network.link", self.link.check())?;
        for (number, rule) in (1..).zip(&self.rules) {
            within(&format!("network.rules[{number}]"), rule.check(hosts))?;
        }
        if let Some(medium) = &self.medium {
            within("network.medium", medium.check())?;
        }
        ensure(mtu <= self.link.mtu, "protocol.mtu", || {
            format!(
                "is {mtu}; it must be at most network.link.mtu, {}",
                self.link.mtu
            )
        })
    }
}
