//! No datagram is longer than the MTU.

use super::Broken;
use crate::sim::Index;

pub(super) const RULE: &str = "mtu";

/// Judges a datagram of `len` bytes where `most` are allowed.
pub(super) fn check(host: Index, len: usize, most: usize) -> Result<(), Broken> {
    if len <= most {
        return Ok(());
    }
    Err(Broken {
        rule: RULE,
        host,
        what: format!("sent a datagram of {len} bytes where the MTU is {most}"),
    })
}

#[cfg(test)]
mod tests {
    use crate::sim::invariant::Checks;
    use crate::sim::invariant::trial::Trial;
    use crate::sim::{To, What};

    fn sent(len: usize) -> Trial {
        let checks = Checks {
            mtu: Some(64),
            ..Checks::default()
        };
        let to = To::One(1);
        Trial::new(checks).play([(0, What::Sent { to, len })])
    }

    #[test]
    fn a_datagram_may_be_as_long_as_the_mtu_and_no_longer() {
        assert_eq!(sent(64).what(), "");
        assert_eq!(sent(65).broken(), (super::RULE, Some(0), 1.0));
    }
}
