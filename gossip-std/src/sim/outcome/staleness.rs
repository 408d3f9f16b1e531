//! How far replicas lag behind their owners.

use serde::Serialize;

use super::micros::micros;
use super::ratio;
use crate::sim::{Span, Time};

/// How much was out of date, over time. An entry is stale on a host while its owner has let out a newer
/// version of it (or deleted it); its age counts from when the owner let out the first that the host
/// lacks (van Renesse et al. 2008, section 5). What flow control holds back is not stale but waits, at
/// its owner alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct StalenessMeasure {
    /// The most stale entries in any sample, over all hosts.
    pub peak_entries: u64,
    /// The greatest age in any sample.
    #[serde(rename = "peak-age-us", serialize_with = "micros")]
    pub peak_age: Span,
    /// The mean age of the stale entries of all samples.
    #[serde(rename = "mean-age-us", serialize_with = "micros")]
    pub mean_age: Span,
    /// The mean number of stale entries over the samples.
    pub mean_entries: f64,
    /// The longest that a write had waited in any sample.
    #[serde(rename = "peak-wait-us", serialize_with = "micros")]
    pub peak_wait: Span,
    /// The samples in the order of time.
    pub series: Vec<StaleSample>,
}

/// What was out of date at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct StaleSample {
    /// When.
    #[serde(rename = "at-us")]
    pub at: Time,
    /// Stale entries, over all hosts.
    pub entries: u64,
    /// The greatest age among them.
    #[serde(rename = "max-age-us", serialize_with = "micros")]
    pub max_age: Span,
    /// Their mean age; zero if there are none.
    #[serde(rename = "mean-age-us", serialize_with = "micros")]
    pub mean_age: Span,
    /// Entries of which a write waits at its owner to be let out.
    pub waiting: u64,
    /// How long the oldest of these has waited.
    #[serde(rename = "max-wait-us", serialize_with = "micros")]
    pub max_wait: Span,
}

impl StalenessMeasure {
    /// Measures samples in the order of time.
    #[must_use]
    pub fn new(series: Vec<StaleSample>) -> Self {
        let total: f64 = series.iter().map(|sample| sample.entries as f64).sum();
        let ages = series
            .iter()
            .map(|sample| sample.entries as f64 * sample.mean_age.as_secs());
        Self {
            mean_age: Span::from_secs_f64(ratio(ages.sum(), total)),
            peak_entries: series.iter().map(|s| s.entries).max().unwrap_or(0),
            peak_age: series.iter().map(|s| s.max_age).max().unwrap_or(Span::ZERO),
            peak_wait: series
                .iter()
                .map(|s| s.max_wait)
                .max()
                .unwrap_or(Span::ZERO),
            mean_entries: ratio(total, series.len() as f64),
            series,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_and_means_are_those_of_the_samples() {
        let sample = |entries, age| StaleSample {
            entries,
            max_age: Span::from_secs(age),
            mean_age: Span::from_secs(age / 2),
            max_wait: Span::from_secs(age / 3),
            ..StaleSample::default()
        };
        let measure = StalenessMeasure::new(vec![sample(0, 0), sample(9, 2), sample(3, 6)]);
        assert_eq!((measure.peak_entries, measure.mean_entries), (9, 4.0));
        assert_eq!(measure.peak_age, Span::from_secs(6));
        assert_eq!(measure.peak_wait, Span::from_secs(2));
        // Nine entries were one second old, three were three.
        assert_eq!(measure.mean_age, Span::from_millis(1500));
        assert_eq!(
            StalenessMeasure::new(Vec::new()),
            StalenessMeasure::default()
        );
    }
}
