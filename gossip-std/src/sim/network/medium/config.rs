//! The numbers of a radio: airtime and backoff.

use gossip_core::SplitMix64;
use serde::{Deserialize, Serialize};

use crate::sim::Span;
use crate::sim::chance::below;
use crate::sim::network::invalid::{Invalid, ensure};

/// A radio and its channel access. By default IEEE 802.15.4-2006 at 2450 MHz: 250 kbit/s, data
/// frames with short addresses, unslotted CSMA-CA (sections 6.5, 7.2.2.2, 7.5.1.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct MediumConfig {
    /// Bits a second.
    pub bitrate_bps: u64,
    /// What goes before each frame, whatever its length: preamble, start delimiter, length.
    pub preamble: Span,
    /// The radio's own bytes in each frame: header and checksum.
    pub header_bytes: usize,
    /// The longest datagram in bytes, without `header_bytes`.
    pub mtu: usize,
    /// From sensing a clear channel to being on the air.
    pub turnaround: Span,
    /// The unit of backoff.
    pub slot: Span,
    /// The first backoff is below two to this power slots; each further one below twice as many.
    pub exponent_min: u32,
    /// No backoff is longer than two to this power slots.
    pub exponent_max: u32,
    /// After so many backoffs that ended on a busy channel, the datagram is given up.
    pub attempts: u32,
}

impl Default for MediumConfig {
    fn default() -> Self {
        Self {
            bitrate_bps: 250_000,
            preamble: Span::from_micros(192),
            header_bytes: 11,
            mtu: 116,
            turnaround: Span::from_micros(192),
            slot: Span::from_micros(320),
            exponent_min: 3,
            exponent_max: 5,
            attempts: 5,
        }
    }
}

/// A wait of 2^20 slots is longer than any radio's.
const EXPONENT_MAX: u32 = 20;

impl MediumConfig {
    /// How long a datagram of `len` bytes is on the air, rounded up to microseconds.
    #[must_use]
    pub fn airtime(&self, len: usize) -> Span {
        let bits = 8 * (self.header_bytes as u128 + len as u128);
        let micros = (bits * 1_000_000).div_ceil(u128::from(self.bitrate_bps.max(1)));
        self.preamble + Span::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }

    /// How long to wait before the channel is sensed for the `attempt`th time, counted from 0;
    /// `None` when it is time to give up.
    pub fn backoff(&self, attempt: u32, rng: &mut SplitMix64) -> Option<Span> {
        if attempt >= self.attempts {
            return None;
        }
        let exponent = self.exponent_min.saturating_add(attempt);
        let slots = below(rng, 1 << exponent.min(self.exponent_max));
        Some(Span::from_micros(
            self.slot.as_micros().saturating_mul(slots),
        ))
    }

    /// Whether there can be such a radio.
    ///
    /// # Errors
    ///
    /// [`Invalid`] names the number that cannot be.
    pub fn check(&self) -> Result<(), Invalid> {
        let rate = self.bitrate_bps;
        ensure(rate >= 1, "bitrate-bps", rate, "1 or more")?;
        ensure(self.mtu >= 1, "mtu", self.mtu, "1 or more")?;
        ensure(self.attempts >= 1, "attempts", self.attempts, "1 or more")?;
        let (min, max) = (self.exponent_min, self.exponent_max);
        let right = (min..=EXPONENT_MAX).contains(&max);
        ensure(right, "exponent-max", max, "from exponent-min to 20")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn airtime_is_preamble_and_every_byte() {
        let radio = MediumConfig::default();
        // 127 bytes after the preamble, 32 us each: the standard's longest frame.
        assert_eq!(radio.airtime(116), Span::from_micros(4256));
        assert_eq!(radio.airtime(0), Span::from_micros(192 + 352));
        let slow = MediumConfig {
            bitrate_bps: 3,
            header_bytes: 0,
            ..radio
        };
        assert_eq!(slow.airtime(1), Span::from_micros(192 + 2_666_667));
    }

    #[test]
    fn backoff_doubles_up_to_its_bound_and_then_gives_up() {
        let radio = MediumConfig::default();
        let mut rng = SplitMix64::new(1);
        for (attempt, slots) in [(0, 8), (1, 16), (2, 32), (3, 32), (4, 32)] {
            let mut seen = vec![0; slots];
            for _ in 0..slots * 100 {
                let wait = radio.backoff(attempt, &mut rng).unwrap();
                seen[(wait.as_micros() / 320) as usize] += 1;
            }
            // Mean 100, standard deviation 10: five of them.
            assert!(seen.iter().all(|n| (50..=150).contains(n)), "{seen:?}");
        }
        assert_eq!(radio.backoff(5, &mut rng), None);
    }

    #[test]
    fn a_radio_that_cannot_be_is_refused() {
        let radio = MediumConfig::default();
        assert_eq!(radio.check(), Ok(()));
        let exponents = MediumConfig {
            exponent_max: 2,
            ..radio
        };
        let text = "exponent-max is 2; it must be from exponent-min to 20";
        assert_eq!(exponents.check().unwrap_err().to_string(), text);
        let mute = MediumConfig {
            bitrate_bps: 0,
            ..radio
        };
        assert!(mute.check().is_err());
    }
}
