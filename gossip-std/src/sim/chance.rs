//! Streams of chance: every host and every purpose has its own, all following from one seed.
//!
//! What one host draws never depends on what another does first, so the order in which hosts are
//! worked on, or the number of cores that work on them, changes nothing.

use gossip_core::SplitMix64;

/// What a stream of chance is for. The purposes of one host do not disturb each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The choices of the protocol.
    Protocol = 1,
    /// The fate of the datagrams that a host sends.
    Network = 2,
    /// What the application does, and when.
    Workload = 3,
    /// Where hosts stand, which links exist, how clocks drift.
    Setting = 4,
    /// When something breaks.
    Fault = 5,
}

/// The stream for one purpose of one host (or of one run: host `u32::MAX`) under a seed.
#[must_use]
pub fn stream(seed: u64, host: u32, purpose: Purpose) -> SplitMix64 {
    // Three steps of a strong mixer: distinct inputs end far apart in the generator's sequence.
    let mut state = SplitMix64::new(seed ^ 0x5851_f42d_4c95_7f2d).next();
    state = SplitMix64::new(state ^ u64::from(host)).next();
    SplitMix64::new(SplitMix64::new(state ^ ((purpose as u64) << 56)).next())
}

/// A number from 0 (included) to 1 (excluded), with 53 random bits.
pub fn unit(rng: &mut SplitMix64) -> f64 {
    (rng.next() >> 11) as f64 / (1u64 << 53) as f64
}

/// `true` with this probability; draws nothing where the answer is certain.
pub fn happens(rng: &mut SplitMix64, probability: f64) -> bool {
    probability > 0.0 && (probability >= 1.0 || unit(rng) < probability)
}

/// A number below `bound`, every one equally likely but for a share of `bound / 2^64`; 0 when
/// `bound` is 0.
pub fn below(rng: &mut SplitMix64, bound: u64) -> u64 {
    ((u128::from(rng.next()) * u128::from(bound)) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_by_seed_host_and_purpose() {
        let mut firsts: Vec<u64> = Vec::new();
        for seed in 0..10 {
            for host in 0..10 {
                for purpose in [Purpose::Protocol, Purpose::Network, Purpose::Workload] {
                    firsts.push(stream(seed, host, purpose).next());
                }
            }
        }
        firsts.sort_unstable();
        firsts.dedup();
        assert_eq!(firsts.len(), 300);
    }

    #[test]
    fn chance_is_even() {
        let mut rng = stream(1, 0, Purpose::Network);
        let hits = (0..100_000).filter(|_| happens(&mut rng, 0.3)).count();
        // Mean 30,000, standard deviation 145: five of them.
        assert!((29_275..30_725).contains(&hits), "{hits}");
        assert!((0..1000).all(|_| below(&mut rng, 7) < 7));
        assert_eq!(below(&mut rng, 0), 0);
    }
}
