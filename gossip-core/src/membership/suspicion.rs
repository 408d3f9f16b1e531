//! How long a suspect has, which grows with the logarithm of the cluster.

use crate::board::log2_in_256ths;
use crate::time::Duration;

/// The time in which a suspect can refute: `mult * log10(members)` rounds, at least `mult`. Long
/// enough for the suspicion to reach the suspect and its answer to come back by gossip, both of
/// which take `O(log N)` rounds (SWIM, section 4.2).
pub(crate) fn suspicion_timeout(round: Duration, mult: u8, members: usize) -> Duration {
    const LOG10_OF_2_IN_256THS: u32 = 77;
    let log10 = log2_in_256ths(members).saturating_mul(LOG10_OF_2_IN_256THS) >> 8;
    round.scaled(log10.max(256).saturating_mul(u32::from(mult)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suspect_has_longer_in_a_larger_cluster() {
        let round = Duration::from_secs(1);
        assert_eq!(suspicion_timeout(round, 4, 1), Duration::from_secs(4));
        assert_eq!(suspicion_timeout(round, 4, 10), Duration::from_secs(4));
        let large = suspicion_timeout(round, 4, 1000).as_millis();
        assert!((11_700..=12_000).contains(&large), "{large}");
    }
}
