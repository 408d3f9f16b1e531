//! Datagrams that are overtaken by later ones.

use gossip_core::SplitMix64;
use serde::{Deserialize, Serialize};

use super::invalid::{Invalid, probability};
use super::latency::evenly;
use crate::sim::Span;
use crate::sim::chance::happens;

/// A share of datagrams is held back, so that later ones overtake them. (Latency that varies
/// reorders too; this adds to it.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Reorder {
    /// The probability that a datagram is held back.
    pub share: f64,
    /// The longest that it is held back; every shorter time is equally likely.
    pub by: Span,
}

impl Reorder {
    /// How long one datagram is held back.
    pub(super) fn draw(&self, rng: &mut SplitMix64) -> Span {
        if happens(rng, self.share) {
            return evenly(rng, self.by.as_micros());
        }
        Span::ZERO
    }

    /// Whether the share is one.
    ///
    /// # Errors
    ///
    /// [`Invalid`] if it is no probability.
    pub fn check(&self) -> Result<(), Invalid> {
        probability("reorder.share", self.share)
    }
}
