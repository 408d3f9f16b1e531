//! When hosts knew each other, and when they noticed that one was gone.

use serde::Serialize;

use super::micros::micros;
use crate::sim::index::by_id;
use crate::sim::{Index, Span, Time};

/// When everybody knew everybody and everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct MembershipMeasure {
    /// From the start until every running host first held every running host for live.
    #[serde(rename = "full-after-us", serialize_with = "micros")]
    pub full_after: Option<Span>,
    /// From the start until the replicas of all running hosts were first equal and complete.
    #[serde(rename = "state-after-us", serialize_with = "micros")]
    pub state_after: Option<Span>,
    /// From the last heal of a partition until every running host held every running host for live.
    #[serde(rename = "full-after-heal-us", serialize_with = "micros")]
    pub full_after_heal: Option<Span>,
    /// From the last heal of a partition until the replicas of all running hosts were equal and complete.
    #[serde(rename = "state-after-heal-us", serialize_with = "micros")]
    pub state_after_heal: Option<Span>,
    /// The share of the pairs (running host, other running host) in which the first held the second
    /// for live when the run ended; 1 is full.
    pub known_at_end: f64,
}

/// How a crash was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Detection {
    /// The host that crashed.
    #[serde(rename = "node", serialize_with = "by_id")]
    pub host: Index,
    /// When it did.
    #[serde(rename = "at-us")]
    pub at: Time,
    /// Hosts that held it for live and kept running: those that could find out.
    pub of: u32,
    /// Those of them that declared it dead.
    pub observers: u32,
    /// From the crash until the first of them did.
    #[serde(rename = "first-us", serialize_with = "micros")]
    pub first: Option<Span>,
    /// From the crash until half of `of` did.
    #[serde(rename = "median-us", serialize_with = "micros")]
    pub median: Option<Span>,
    /// From the crash until all of `of` did.
    #[serde(rename = "last-us", serialize_with = "micros")]
    pub last: Option<Span>,
}

impl Detection {
    /// Measures the crash of `host` at `at`: `of` hosts could find out, and those that did took so
    /// long.
    #[must_use]
    pub fn new(host: Index, at: Time, of: u32, mut delays: Vec<Span>) -> Self {
        delays.sort_unstable();
        let nth = |rank: usize| delays.get(rank.checked_sub(1)?).copied();
        Self {
            host,
            at,
            of,
            observers: delays.len() as u32,
            first: nth(1),
            median: nth(of.div_ceil(2) as usize),
            last: nth(of as usize),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(of: u32, delays: &[u64]) -> [Option<u64>; 3] {
        let delays = delays.iter().copied().map(Span::from_micros).collect();
        let one = Detection::new(1, Time::START, of, delays);
        [one.first, one.median, one.last].map(|span| span.map(Span::as_micros))
    }

    #[test]
    fn a_crash_is_found_by_half_and_by_all_of_those_who_could() {
        assert_eq!(found(4, &[40, 10, 30, 20]), [Some(10), Some(20), Some(40)]);
        assert_eq!(found(5, &[10, 20, 30]), [Some(10), Some(30), None]);
        assert_eq!(found(5, &[10, 20]), [Some(10), None, None]);
        assert_eq!(found(1, &[10]), [Some(10), Some(10), Some(10)]);
        assert_eq!(found(0, &[]), [None, None, None]);
    }
}
