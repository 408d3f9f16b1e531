//! How long a suspect has, and how often news is told: both grow with the logarithm of the cluster.

use crate::time::Duration;

/// The time in which a suspect can refute: `mult * log10(members)` rounds, at least `mult`. Long
/// enough for the suspicion to reach the suspect and its answer to come back by gossip, both of
/// which take `O(log N)` rounds (SWIM, section 4.2).
pub(crate) fn suspicion_timeout(round: Duration, mult: u8, members: usize) -> Duration {
    const LOG10_OF_2_IN_256THS: u32 = 77;
    let log10 = log2_in_256ths(members).saturating_mul(LOG10_OF_2_IN_256THS) >> 8;
    round.scaled(log10.max(256).saturating_mul(u32::from(mult)))
}

/// How often each node tells a piece of news: `mult * log2(members)`, rounded up.
pub(crate) fn retransmit_limit(mult: u8, members: usize) -> u8 {
    let log2 = log2_in_256ths(members.saturating_add(1)).div_ceil(256);
    let limit = log2.saturating_mul(u32::from(mult));
    u8::try_from(limit).unwrap_or(u8::MAX)
}

/// `log2(number)` in 256ths, straight lines between the powers of two: at most 0.09 too small.
fn log2_in_256ths(number: usize) -> u32 {
    let number = u32::try_from(number).unwrap_or(u32::MAX).max(1);
    let whole = number.ilog2();
    let rest = u64::from(number).wrapping_sub(1u64.wrapping_shl(whole)) << 8;
    let fraction = rest.wrapping_shr(whole) as u32;
    (whole << 8) | fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log2_is_exact_at_powers_and_close_between() {
        for power in 0..20 {
            assert_eq!(log2_in_256ths(1 << power), power << 8);
        }
        for number in 1..5000usize {
            let exact = (number as f64).log2() * 256.0;
            let ours = f64::from(log2_in_256ths(number));
            assert!(
                exact - ours <= 23.0 && ours <= exact + 1.0,
                "{number}: {ours} for {exact}"
            );
        }
    }

    #[test]
    fn a_suspect_has_longer_in_a_larger_cluster() {
        let round = Duration::from_secs(1);
        assert_eq!(suspicion_timeout(round, 4, 1), Duration::from_secs(4));
        assert_eq!(suspicion_timeout(round, 4, 10), Duration::from_secs(4));
        let large = suspicion_timeout(round, 4, 1000).as_millis();
        assert!((11_700..=12_000).contains(&large), "{large}");
    }

    #[test]
    fn news_is_told_more_often_in_a_larger_cluster() {
        assert_eq!(retransmit_limit(2, 1), 2);
        assert_eq!(retransmit_limit(2, 63), 12);
        assert_eq!(retransmit_limit(255, 1000), 255);
    }
}
