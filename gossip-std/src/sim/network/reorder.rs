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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_held_back_by_up_to_the_span() {
        let reorder = Reorder {
            share: 0.3,
            by: Span::from_millis(50),
        };
        let mut rng = SplitMix64::new(1);
        let spans: Vec<Span> = (0..100_000).map(|_| reorder.draw(&mut rng)).collect();
        let held: Vec<f64> = spans
            .iter()
            .filter(|span| **span > Span::ZERO)
            .map(|span| span.as_secs())
            .collect();
        // Mean 30,000, standard deviation 145: five of them. (One in 50,001 is held for no time.)
        assert!((29_270..30_730).contains(&held.len()), "{}", held.len());
        let mean = held.iter().sum::<f64>() / held.len() as f64;
        // Deviation 50 / sqrt(12) = 14.4 ms, over the square root of 30,000.
        assert!((mean - 0.025).abs() < 5.0 * 0.0144 / 173.0, "{mean}");
        assert!(held.iter().all(|secs| *secs <= 0.050));
    }
}
