//! A scenario: everything that a run depends on but its seed. Written in TOML.
//!
//! ```
//! use gossip_std::sim::scenario::Scenario;
//!
//! let text = r#"
//!     name = "one-of-eight"
//!     nodes = 8
//!     duration = "60s"
//!     [[at]]
//!     time = "10s"
//!     do = { crash = { random = 1 } }
//! "#;
//! let scenario = Scenario::parse(text).unwrap();
//! assert_eq!(Scenario::parse(&scenario.to_toml()), Ok(scenario));
//! assert!(Scenario::parse("name = \"x\"\nnodes = 0\nduration = \"1s\"").is_err());
//! ```

mod check;
mod error;
mod exchange;
mod expect;
mod library;
mod mail;
mod protocol;
mod start;
mod state;
#[cfg(test)]
mod tests;
mod timeline;
mod walk;

use serde::{Deserialize, Serialize};

use super::Span;
use super::network::NetworkConfig;

pub use error::ScenarioError;
pub use exchange::{Bytes, Exchange, ExchangeMode, Reconciliation};
pub use expect::Expect;
pub use library::{LIBRARY, Named};
pub use mail::DirectMail;
pub use protocol::{Floor, Protocol};
pub use start::{Boot, Clocks};
pub use state::{Entries, Phase, Workload};
pub use timeline::{Action, Again, At, Churn, Flash, Pick, Restart, Rolling, Set, Twin};

/// Everything that a run depends on but its seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scenario {
    /// Its name: a word, as file names are.
    pub name: String,
    /// What happens, in a few words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// How many nodes begin. They are numbered from 1.
    pub nodes: u32,
    /// How long the run lasts.
    pub duration: Span,
    /// What the nodes know of each other in the beginning.
    #[serde(default)]
    pub boot: Boot,
    /// The settings of every node.
    #[serde(default)]
    pub protocol: Protocol,
    /// What every node holds in the beginning.
    #[serde(default)]
    pub entries: Entries,
    /// What nodes keep writing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<Workload>,
    /// How datagrams travel.
    #[serde(default)]
    pub network: NetworkConfig,
    /// How wrong clocks are.
    #[serde(default)]
    pub clocks: Clocks,
    /// What must hold.
    #[serde(default)]
    pub expect: Expect,
    /// What happens, in any order; of several things at one moment the first in the file comes first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at: Vec<At>,
}

impl Scenario {
    /// Reads a scenario and checks it.
    ///
    /// # Errors
    /// The first thing that is wrong: a line of a text that is no scenario, or a field whose value
    /// makes none.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let scenario: Self =
            toml::from_str(text).map_err(|error| ScenarioError::from_toml(&error, text))?;
        scenario.check()?;
        Ok(scenario)
    }

    /// The scenario as a text that [`parse`](Self::parse) reads back.
    ///
    /// # Panics
    /// Never: every type in a scenario has a form in TOML.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).expect("every field has a form in TOML")
    }

    /// How many hosts there are in the end: `nodes` and all that join later, twins included.
    #[must_use]
    pub fn hosts(&self) -> u32 {
        let joining = self.at.iter().map(|at| match at.action {
            Action::Join { count, .. } => count,
            Action::Twin(_) => 1,
            _ => 0,
        });
        joining.fold(self.nodes, u32::saturating_add)
    }

    /// To how many keys each owner writes at most: its first entries, its workload and what the
    /// timeline has it set.
    #[must_use]
    pub fn keys(&self) -> u32 {
        let load = self
            .workload
            .as_ref()
            .map_or(0, |load| self.workload_keys(load));
        let flash = self.at.iter().map(|at| match &at.action {
            Action::Flash(flash) => flash.entries,
            _ => 0,
        });
        let named = self
            .at
            .iter()
            .filter(|at| matches!(at.action, Action::Set(_)));
        let numbered = flash.max().unwrap_or(0).max(load).max(self.entries.count);
        numbered.saturating_add(u32::try_from(named.count()).unwrap_or(u32::MAX))
    }

    /// To how many keys of its own each owner writes under this load.
    #[must_use]
    pub fn workload_keys(&self, load: &Workload) -> u32 {
        load.keys.unwrap_or_else(|| self.entries.count.max(1))
    }
}
