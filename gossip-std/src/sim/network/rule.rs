//! Links that differ from the rest.

use serde::{Deserialize, Serialize};

use super::bandwidth::Bandwidth;
use super::hosts::HostSet;
use super::invalid::Invalid;
use super::latency::Latency;
use super::link::Link;
use super::loss::LossModel;
use super::reorder::Reorder;

/// Some links differ: those from these hosts to those. In TOML
/// `{ from = "1-4", to = "5-", set = { loss = 0.5 } }`. Rules compose: each changes what it names,
/// and of two that name the same property the later one holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Rule {
    /// What the rule is lifted or replaced by; several may have no name.
    #[serde(default)]
    pub name: String,
    /// The senders.
    #[serde(default = "HostSet::all")]
    pub from: HostSet,
    /// The receivers.
    #[serde(default = "HostSet::all")]
    pub to: HostSet,
    /// Whether the rule holds for the way back as well.
    #[serde(default)]
    pub both_ways: bool,
    /// What is different.
    pub set: Change,
}

/// Some properties of a [`Link`]: those that change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Change {
    /// The new [`Link::latency`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// The new [`Link::loss`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<LossModel>,
    /// The new [`Link::duplicate`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate: Option<f64>,
    /// The new [`Link::reorder`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reorder: Option<Reorder>,
    /// The new [`Link::corrupt`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrupt: Option<f64>,
    /// The new [`Link::bandwidth`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<Bandwidth>,
    /// The new [`Link::mtu`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtu: Option<usize>,
}

impl Rule {
    /// Whether the rule makes links that can be.
    ///
    /// # Errors
    ///
    /// [`Invalid`] names the first property that cannot.
    pub fn check(&self) -> Result<(), Invalid> {
        self.set.check().map_err(|error| error.within("set"))
    }
}

impl Change {
    /// `link` with these changes.
    #[must_use]
    pub fn applied_to(&self, link: &Link) -> Link {
        Link {
            latency: self.latency.unwrap_or(link.latency),
            loss: self.loss.unwrap_or(link.loss),
            duplicate: self.duplicate.unwrap_or(link.duplicate),
            reorder: self.reorder.unwrap_or(link.reorder),
            corrupt: self.corrupt.unwrap_or(link.corrupt),
            bandwidth: self.bandwidth.or(link.bandwidth),
            mtu: self.mtu.unwrap_or(link.mtu),
        }
    }

    /// Whether every property that changes can be what it becomes.
    ///
    /// # Errors
    ///
    /// [`Invalid`] names the first property that cannot.
    pub fn check(&self) -> Result<(), Invalid> {
        // All that is not named is as it is by default, and so cannot be wrong.
        self.applied_to(&Link::default()).check()
    }
}
