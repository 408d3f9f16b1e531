//! How one update spread over the hosts, in the measures of Demers et al. 1987, section 1.4.

use serde::Serialize;

use super::delays::Delays;
use super::micros::micros;
use super::{mean, ratio};
use crate::sim::index::by_id;
use crate::sim::{Index, Span, Time};

/// A curve has at most so many points.
const CURVE_POINTS: usize = 256;

/// How one update spread.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Coverage {
    /// The update's name.
    pub update: String,
    /// The host that wrote it.
    #[serde(serialize_with = "by_id")]
    pub origin: Index,
    /// When it was written.
    #[serde(rename = "at-us")]
    pub at: Time,
    /// Hosts that held it in the end, the origin included.
    pub reached: u32,
    /// Hosts that were there to be reached, the origin included.
    pub of: u32,
    /// The share of `of` that was never reached.
    pub residue: f64,
    /// How often it was sent, per host (Demers' m).
    pub traffic: f64,
    /// The mean delay of those reached, without the origin.
    #[serde(rename = "t-ave-us", serialize_with = "micros")]
    pub t_ave: Option<Span>,
    /// The delay of the last host reached.
    #[serde(rename = "t-last-us", serialize_with = "micros")]
    pub t_last: Option<Span>,
    /// The delay of each host reached, without the origin.
    pub delays: Delays,
    /// The share reached, over time.
    pub curve: Vec<SharePoint>,
    /// When 99.99 % of `of` were reached.
    #[serde(rename = "to-9999-us", serialize_with = "micros")]
    pub to_9999: Option<Span>,
}

/// A share at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SharePoint {
    /// The time since the update was written.
    #[serde(rename = "after-us", serialize_with = "micros")]
    pub after: Span,
    /// The share from then on, 0 to 1.
    pub share: f64,
}

impl Coverage {
    /// Measures an update that `origin` wrote at `at`: `of` hosts were there to be reached (the
    /// origin included), it was sent `sent` times in all, and reached hosts other than the origin
    /// after these delays.
    #[must_use]
    pub fn new(
        update: String,
        origin: Index,
        at: Time,
        of: u32,
        sent: u64,
        mut delays: Vec<Span>,
    ) -> Self {
        delays.sort_unstable();
        let hosts = f64::from(of);
        let reached = (delays.len() as u32).saturating_add(1).min(of);
        Self {
            update,
            origin,
            at,
            reached,
            of,
            residue: ratio(f64::from(of - reached), hosts),
            traffic: ratio(sent as f64, hosts),
            t_ave: mean(&delays),
            t_last: delays.last().copied(),
            curve: curve(&delays, of),
            to_9999: time_to(&delays, of, 0.9999),
            delays: Delays::new(delays),
        }
    }
}

/// The delay after which the origin and the hosts with sorted `delays` are `share` of `of`.
fn time_to(delays: &[Span], of: u32, share: f64) -> Option<Span> {
    let needed = (f64::from(of) * share).ceil() as usize;
    match needed {
        0 => None,
        1 => Some(Span::ZERO),
        _ => delays.get(needed - 2).copied(),
    }
}

/// The share reached over time, from the origin alone to the last host, thinned evenly.
fn curve(delays: &[Span], of: u32) -> Vec<SharePoint> {
    if of == 0 {
        return Vec::new();
    }
    let point = |after, reached: usize| SharePoint {
        after,
        share: ratio(reached as f64, f64::from(of)).min(1.0),
    };
    let steps = delays.len().min(CURVE_POINTS - 1);
    let ranks = (1..=steps).map(|step| step * delays.len() / steps);
    let rest = ranks.map(|rank| point(delays[rank - 1], rank + 1));
    std::iter::once(point(Span::ZERO, 1)).chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(delays: impl IntoIterator<Item = u64>) -> Vec<Span> {
        delays.into_iter().map(Span::from_secs).collect()
    }

    fn measured(of: u32, sent: u64, delays: Vec<Span>) -> Coverage {
        Coverage::new("x".to_owned(), 0, Time::START, of, sent, delays)
    }

    #[test]
    fn the_measures_are_those_of_demers() {
        let one = measured(5, 10, secs([3, 1, 2]));
        assert_eq!((one.reached, one.residue, one.traffic), (4, 0.2, 2.0));
        assert_eq!(one.t_ave, Some(Span::from_secs(2)));
        assert_eq!(one.t_last, Some(Span::from_secs(3)));
        assert_eq!(one.to_9999, None);
        assert_eq!(measured(4, 0, secs([3, 1, 2])).to_9999, one.t_last);
    }

    #[test]
    fn the_curve_begins_with_the_origin_and_ends_with_all_that_were_reached() {
        for of in [2u32, 5, 257, 5000] {
            let one = measured(of, 0, secs(1..u64::from(of)));
            let first = one.curve.first().unwrap();
            assert_eq!(
                (first.after, first.share),
                (Span::ZERO, 1.0 / f64::from(of))
            );
            let last = one.curve.last().unwrap();
            assert_eq!((Some(last.after), last.share), (one.t_last, 1.0));
            assert!(one.curve.len() <= CURVE_POINTS);
            assert!(
                one.curve
                    .is_sorted_by(|a, b| a.share < b.share && a.after <= b.after)
            );
        }
    }

    #[test]
    fn of_ten_thousand_hosts_all_but_one_are_9999_of_10_000() {
        let one = measured(10_000, 0, secs(1..10_000));
        assert_eq!(one.to_9999, Some(Span::from_secs(9998)));
        assert_eq!(one.t_last, Some(Span::from_secs(9999)));
    }

    #[test]
    fn an_update_that_reached_nobody_has_no_delays() {
        let alone = measured(1, 0, Vec::new());
        assert_eq!(
            (alone.residue, alone.t_ave, alone.to_9999),
            (0.0, None, Some(Span::ZERO))
        );
        let stuck = measured(4, 0, Vec::new());
        assert_eq!(
            (stuck.residue, stuck.t_last, stuck.to_9999),
            (0.75, None, None)
        );
        let nowhere = measured(0, 7, secs([1]));
        assert_eq!(
            (nowhere.residue, nowhere.traffic, nowhere.reached),
            (0.0, 0.0, 0)
        );
        assert!(nowhere.curve.is_empty());
    }
}
