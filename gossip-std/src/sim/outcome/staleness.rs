//! How far replicas lag behind their owners.

use serde::Serialize;

use super::micros::micros;
use super::ratio;
use crate::sim::{Span, Time};

/// How much was out of date, over time. An entry is stale on a host while its owner has a newer
/// version of it (or deleted it); its age counts from when the owner wrote what is missing.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct StalenessMeasure {
    /// The most stale entries in any sample, over all hosts.
    pub peak_entries: u64,
    /// The greatest age in any sample.
    #[serde(rename = "peak-age-us", serialize_with = "micros")]
    pub peak_age: Span,
    /// The mean number of stale entries over the samples.
    pub mean_entries: f64,
    /// The samples in the order of time.
    pub series: Vec<StaleSample>,
}

/// What was out of date at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
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
}

impl StalenessMeasure {
    /// Measures samples in the order of time.
    #[must_use]
    pub fn new(series: Vec<StaleSample>) -> Self {
        let total: f64 = series.iter().map(|sample| sample.entries as f64).sum();
        Self {
            peak_entries: series.iter().map(|s| s.entries).max().unwrap_or(0),
            peak_age: series.iter().map(|s| s.max_age).max().unwrap_or(Span::ZERO),
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
            at: Time::START,
            entries,
            max_age: Span::from_secs(age),
        };
        let measure = StalenessMeasure::new(vec![sample(0, 0), sample(9, 2), sample(3, 5)]);
        assert_eq!((measure.peak_entries, measure.mean_entries), (9, 4.0));
        assert_eq!(measure.peak_age, Span::from_secs(5));
        assert_eq!(
            StalenessMeasure::new(Vec::new()),
            StalenessMeasure::default()
        );
    }
}
