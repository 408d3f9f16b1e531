//! Writes that hold for a time, and when replicas may find that time to be over.

use gossip_core::wire::limits::LEASE_STEP;

use crate::sim::{Span, Time};

/// How long a write holds, by its owner's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// From then on.
    pub from: Time,
    /// For so long.
    pub ttl: Span,
}

/// How far replicas may be from the end of a lease as the run's own clock would have it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Leeway {
    /// How many hosts a write may pass, each of which rounds what is left of it down to a step.
    pub hosts: u32,
    /// How much faster or slower than the run's clock that of a host may run: a share of 1.
    pub drift: f64,
    /// How long the datagrams that bring a write may take together, and a host to notice the end.
    pub late: Span,
}

impl Leeway {
    /// No replica drops the write before.
    #[must_use]
    pub fn soonest(&self, lease: &Lease) -> Time {
        let step = Span::from_millis(u64::from(LEASE_STEP.as_millis()));
        let rounded = step.times(f64::from(self.hosts));
        let left = lease.ttl.as_micros().saturating_sub(rounded.as_micros());
        lease.from + Span::from_micros(left).times(1.0 / (1.0 + self.drift))
    }

    /// No replica that runs shows the write after.
    #[must_use]
    pub fn latest(&self, lease: &Lease) -> Time {
        lease.from + lease.ttl.times(1.0 / (1.0 - self.drift)) + self.late
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_and_clocks_may_end_a_lease_early_and_transit_may_end_it_late() {
        let lease = Lease {
            from: Time::START + Span::from_secs(100),
            ttl: Span::from_secs(12),
        };
        let leeway = Leeway {
            hosts: 10,
            drift: 0.1,
            late: Span::from_secs(5),
        };
        assert_eq!(leeway.soonest(&lease).as_secs(), 110.0);
        assert!((leeway.latest(&lease).as_secs() - 118.333).abs() < 0.001);
        let exact = Leeway::default();
        assert_eq!(exact.soonest(&lease), exact.latest(&lease));
    }
}
