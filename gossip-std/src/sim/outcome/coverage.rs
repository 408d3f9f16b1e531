//! How one update spread over the hosts, in the measures of Demers et al. 1987, section 1.4.

use serde::Serialize;

use super::delays::Delays;
use super::micros::micros;
use super::{mean, ratio};
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

    /// When the update's `share` of the hosts was reached, as far as the curve tells.
    #[must_use]
    pub fn time_to(&self, share: f64) -> Option<Span> {
        let point = self.curve.iter().find(|point| point.share >= share)?;
        Some(point.after)
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
