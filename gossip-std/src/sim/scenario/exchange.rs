//! How nodes of a scenario reconcile.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use gossip_core::{ByteRate, Config};
use serde::de::IntoDeserializer;
use serde::{Deserialize, Serialize};

use super::error::ScenarioError;
use super::protocol::millis;
use crate::sim::{Index, Span};

/// The settings of [`Config`] that are about exchanges. What is left out has the core's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Exchange {
    /// [`Config::exchange_mode`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<ExchangeMode>,
    /// [`Config::exchange_interval`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Span>,
    /// [`Config::exchange_fanout`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fanout: Option<u8>,
    /// [`Config::exchange_pages`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pages: Option<u8>,
    /// [`Config::reconciliation`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reconciliation: Option<Reconciliation>,
    /// [`Config::flow_control`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_control: Option<bool>,
    /// [`Config::byte_rate`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub byte_rate: Option<Bytes>,
}

/// [`ByteRate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Bytes {
    /// Bytes a second, in the long run.
    pub per_second: u32,
    /// Bytes that may go at once after silence.
    pub burst: u32,
}

/// Declares a choice that the core has, by the same names.
macro_rules! choice {
    ($name:ident: $($choice:ident),*) => {
        #[doc = concat!("[`gossip_core::", stringify!($name), "`], by its names with hyphens.")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name {
            $(
                #[doc = concat!("[`gossip_core::", stringify!($name), "::", stringify!($choice), "`].")]
                $choice,
            )*
        }

        /// As it stands in a scenario.
        impl Display for $name {
            fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                self.serialize(f)
            }
        }

        /// From what stands in a scenario; the error lists what could.
        impl FromStr for $name {
            type Err = serde::de::value::Error;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                Self::deserialize(name.into_deserializer())
            }
        }

        impl From<$name> for gossip_core::$name {
            fn from(name: $name) -> Self {
                match name { $($name::$choice => Self::$choice,)* }
            }
        }
    };
}

choice!(ExchangeMode: PushPull, Push, Pull, FirstPushThenPull);
choice!(Reconciliation: ScuttleBreadth, ScuttleDepth, PreciseOldest, PreciseNewest, PreciseRandom);

impl Exchange {
    pub(super) fn apply(&self, mut config: Config<Index>) -> Result<Config<Index>, ScenarioError> {
        if let Some(mode) = self.mode {
            config = config.exchange_mode(mode.into());
        }
        if let Some(interval) = self.interval {
            config = config.exchange_interval(millis("exchange.interval", interval)?);
        }
        if let Some(fanout) = self.fanout {
            config = config.exchange_fanout(fanout);
        }
        if let Some(pages) = self.pages {
            config = config.exchange_pages(pages);
        }
        if let Some(reconciliation) = self.reconciliation {
            config = config.reconciliation(reconciliation.into());
        }
        if let Some(flow_control) = self.flow_control {
            config = config.flow_control(flow_control);
        }
        Ok(match self.byte_rate {
            Some(Bytes { per_second, burst }) => {
                config.byte_rate(Some(ByteRate { per_second, burst }))
            }
            None => config,
        })
    }
}
