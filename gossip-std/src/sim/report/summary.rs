//! Many runs in one line per measure: mean, its confidence interval, and percentiles.

use serde::Serialize;

use crate::sim::outcome::Outcome;

use super::measures::{Measure, measures};
use super::student::t_95;
use super::unit::Unit;

/// One measure over many runs. Values are in `unit`; `None` where too few runs have the measure.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Statistics {
    /// The measure's name.
    pub measure: &'static str,
    /// What it is, for people.
    #[serde(skip)]
    pub label: &'static str,
    /// What it is counted in.
    pub unit: Unit,
    /// How many runs have it: where this is less than the number of runs, the rest describes only
    /// those that do.
    pub runs: usize,
    /// The mean.
    pub mean: Option<f64>,
    /// The 95 % confidence interval of the mean reaches so far to both sides (Student's t; it
    /// supposes that the mean is close to normal). Wants two runs.
    pub ci95: Option<f64>,
    /// The 5th percentile.
    pub p5: Option<f64>,
    /// The median.
    pub p50: Option<f64>,
    /// The 95th percentile.
    pub p95: Option<f64>,
}

/// Every measure over these runs, in the order of [`measures`].
#[must_use]
pub fn summary(runs: &[Outcome]) -> Vec<Statistics> {
    let table: Vec<Vec<Measure>> = runs.iter().map(measures).collect();
    let named = measures(&Outcome::default());
    let column = |(at, measure): (usize, &Measure)| {
        let values = table.iter().filter_map(|row| row[at].value).collect();
        statistics(*measure, values)
    };
    named.iter().enumerate().map(column).collect()
}

fn statistics(measure: Measure, mut values: Vec<f64>) -> Statistics {
    values.sort_by(f64::total_cmp);
    let (mean, ci95) = mean_and_interval(&values);
    Statistics {
        measure: measure.name,
        label: measure.label,
        unit: measure.unit,
        runs: values.len(),
        mean,
        ci95,
        p5: percentile(&values, 0.05),
        p50: percentile(&values, 0.5),
        p95: percentile(&values, 0.95),
    }
}

/// The mean, and how far its 95 % confidence interval reaches.
fn mean_and_interval(values: &[f64]) -> (Option<f64>, Option<f64>) {
    if values.is_empty() {
        return (None, None);
    }
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let degrees = values.len() - 1;
    let error = (squares / degrees.max(1) as f64 / count).sqrt();
    (Some(mean), t_95(degrees).map(|t| t * error))
}

/// The value below which `share` of the sorted values lie, interpolated between neighbours (Hyndman
/// and Fan 1996, definition 7).
fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * sorted.len().checked_sub(1)? as f64;
    let below = sorted[place.floor() as usize];
    let above = sorted[place.ceil() as usize];
    Some(below + (above - below) * place.fract())
}

#[cfg(test)]
mod tests {
    use gossip_core::SplitMix64;

    use super::*;
    use crate::sim::chance::unit;

    #[test]
    fn percentiles_lie_between_the_values() {
        let values = [1.0, 2.0, 3.0, 4.0, 5.0];
        assert_eq!(percentile(&values, 0.5), Some(3.0));
        assert_eq!(percentile(&values, 0.05), Some(1.2));
        assert_eq!(percentile(&values, 0.95), Some(4.8));
        assert_eq!(percentile(&values[..1], 0.95), Some(1.0));
        assert_eq!(percentile(&[], 0.5), None);
    }

    #[test]
    fn a_mean_wants_one_value_and_its_interval_two() {
        assert_eq!(mean_and_interval(&[]), (None, None));
        assert_eq!(mean_and_interval(&[3.0]), (Some(3.0), None));
        assert_eq!(mean_and_interval(&[3.0, 3.0]), (Some(3.0), Some(0.0)));
        // Standard deviation 1, standard error 1 / sqrt(3), t = 4.303.
        let (mean, half) = mean_and_interval(&[1.0, 2.0, 3.0]);
        assert_eq!(mean, Some(2.0));
        assert!((half.unwrap() - 2.484).abs() < 0.001);
    }

    #[test]
    fn the_interval_holds_the_true_mean_95_times_of_100() {
        let mut rng = SplitMix64::new(7);
        // A sum of twelve even numbers is close to normal, with mean 6.
        let mut draw = || (0..12).map(|_| unit(&mut rng)).sum::<f64>();
        let hits = (0..10_000)
            .filter(|_| {
                let values: Vec<f64> = (0..5).map(|_| draw()).collect();
                let (mean, half) = mean_and_interval(&values);
                (mean.unwrap() - 6.0).abs() <= half.unwrap()
            })
            .count();
        // Standard deviation 22: five of them, and as much again for what is not quite normal.
        assert!((9390..9610).contains(&hits), "{hits}");
    }
}
