//! How long a datagram travels.

use gossip_core::SplitMix64;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::invalid::{Invalid, ensure};
use super::shorthand::{self, Shorthand};
use crate::sim::Span;
use crate::sim::chance::{below, unit};

/// The time from one end of a link to the other. In TOML `"5ms"` for a constant, or
/// `{ uniform = { min = "1ms", max = "10ms" } }`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Latency {
    /// Always the same.
    Constant(Span),
    /// Every microsecond from `min` to `max`, both included, equally likely.
    Uniform {
        /// The shortest.
        min: Span,
        /// The longest.
        max: Span,
    },
    /// The normal distribution; a draw below `min` counts as `min`.
    Normal {
        /// The mean of the distribution before `min` is applied.
        mean: Span,
        /// Its standard deviation.
        deviation: Span,
        /// Nothing is faster.
        min: Span,
    },
    /// A body and a tail: `min` plus a log-normal time, `median` in all.
    LogNormal {
        /// Nothing is faster.
        min: Span,
        /// Half of all datagrams are faster.
        median: Span,
        /// The standard deviation of the logarithm of the time above `min`: 0.5 is a short tail,
        /// 1.5 a long one.
        sigma: f64,
    },
    /// The heaviest tail: longer than x with probability `(min / x)^shape` (Pareto). The mean is
    /// `min * shape / (shape - 1)`, and infinite up to a shape of 1.
    Pareto {
        /// Nothing is faster, and most are little slower.
        min: Span,
        /// The exponent of the tail: smaller is heavier.
        shape: f64,
    },
}

impl Default for Latency {
    /// From 1 to 10 ms: a building's network.
    fn default() -> Self {
        Self::Uniform {
            min: Span::from_millis(1),
            max: Span::from_millis(10),
        }
    }
}

impl Latency {
    /// The latency of one datagram, never below [`Latency::min`].
    pub fn draw(&self, rng: &mut SplitMix64) -> Span {
        match *self {
            Self::Constant(span) => span,
            Self::Uniform { min, max } => {
                min + evenly(rng, max.as_micros().saturating_sub(min.as_micros()))
            }
            Self::Normal {
                mean,
                deviation,
                min,
            } => Span::from_secs_f64(mean.as_secs() + deviation.as_secs() * normal(rng)).max(min),
            Self::LogNormal { min, median, sigma } => {
                let body = median.as_secs() - min.as_secs();
                min + Span::from_secs_f64(body * (sigma * normal(rng)).exp())
            }
            // The inverse of the distribution function; 1 - unit is never 0.
            Self::Pareto { min, shape } => min.times((1.0 - unit(rng)).powf(-1.0 / shape)).max(min),
        }
    }

    /// The shortest that [`Latency::draw`] can return.
    #[must_use]
    pub fn min(&self) -> Span {
        match *self {
            Self::Constant(span) => span,
            Self::Uniform { min, .. }
            | Self::Normal { min, .. }
            | Self::LogNormal { min, .. }
            | Self::Pareto { min, .. } => min,
        }
    }

    /// The share of draws that are longer than `span`.
    #[must_use]
    pub fn share_above(&self, span: Span) -> f64 {
        let span_secs = span.as_secs();
        if span < self.min() {
            return 1.0;
        }
        match *self {
            Self::Constant(_) => 0.0,
            Self::Uniform { min, max } => {
                let above = max.as_micros().saturating_sub(span.as_micros());
                let all = max.as_micros() - min.as_micros();
                (above as f64 / all.max(1) as f64).min(1.0)
            }
            Self::Normal {
                mean, deviation, ..
            } => normal_above((span_secs - mean.as_secs()) / deviation.as_secs()),
            Self::LogNormal { min, median, sigma } => {
                let body = (median.as_secs() - min.as_secs()).max(f64::MIN_POSITIVE);
                normal_above(((span_secs - min.as_secs()) / body).ln() / sigma)
            }
            Self::Pareto { min, shape } => (min.as_secs() / span_secs).powf(shape),
        }
    }

    /// Whether the numbers describe a distribution.
    ///
    /// # Errors
    ///
    /// [`Invalid`] names the number that does not.
    pub fn check(&self) -> Result<(), Invalid> {
        match *self {
            Self::Constant(_) | Self::Normal { .. } => Ok(()),
            Self::Uniform { min, max } => {
                ensure(min <= max, "latency.uniform.max", max, "at least min")
            }
            Self::LogNormal { min, median, sigma } => {
                let name = "latency.log-normal.median";
                ensure(min <= median, name, median, "at least min")?;
                let positive = sigma >= 0.0 && sigma.is_finite();
                ensure(positive, "latency.log-normal.sigma", sigma, "0 or more")
            }
            Self::Pareto { min, shape } => {
                ensure(min > Span::ZERO, "latency.pareto.min", min, "above 0s")?;
                let positive = shape > 0.0 && shape.is_finite();
                ensure(positive, "latency.pareto.shape", shape, "above 0")
            }
        }
    }
}

/// How much of the standard normal distribution lies above `z`, to within 0.003 (the logistic
/// approximation of Bowling et al. 2009).
fn normal_above(z: f64) -> f64 {
    if z.is_nan() {
        return 0.0;
    }
    1.0 / (1.0 + (0.07056 * z.powi(3) + 1.5976 * z).exp())
}

/// From zero to `micros` microseconds, both included.
pub(super) fn evenly(rng: &mut SplitMix64, micros: u64) -> Span {
    Span::from_micros(below(rng, micros.saturating_add(1)))
}

/// Mean 0, deviation 1.
fn normal(rng: &mut SplitMix64) -> f64 {
    StandardNormal.sample(rng)
}

impl Serialize for Latency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Constant(span) => span.serialize(serializer),
            _ => Self::serialize(self, serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Latency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        shorthand::deserialize(deserializer)
    }
}

impl<'de> Shorthand<'de> for Latency {
    const EXPECTED: &'static str = "a span of time like \"5ms\", or one of the tables constant, \
        uniform, normal, log-normal and pareto";

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok().map(Self::Constant)
    }

    fn from_table<D: Deserializer<'de>>(table: D) -> Result<Self, D::Error> {
        Self::deserialize(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWS: usize = 100_000;

    fn draws(latency: Latency) -> Vec<f64> {
        latency.check().unwrap();
        let mut rng = SplitMix64::new(1);
        let spans = (0..DRAWS).map(|_| latency.draw(&mut rng));
        let checked = spans.inspect(|span| assert!(*span >= latency.min(), "{span}"));
        checked.map(Span::as_secs).collect()
    }

    fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / values.len() as f64
    }

    /// Holds if `found` is within five standard errors of `want`, for draws of this deviation.
    fn assert_near(found: f64, want: f64, deviation: f64) {
        let bound = 5.0 * deviation / (DRAWS as f64).sqrt();
        assert!((found - want).abs() < bound, "{found}, not {want}");
    }

    fn share_above(values: &[f64], bound: f64) -> f64 {
        values.iter().filter(|value| **value > bound).count() as f64 / DRAWS as f64
    }

    fn ms(millis: u64) -> Span {
        Span::from_millis(millis)
    }

    #[test]
    fn a_constant_is_constant() {
        let values = draws(Latency::Constant(ms(5)));
        assert!(values.iter().all(|value| *value == 0.005));
    }

    #[test]
    fn uniform_fills_its_range_evenly() {
        let uniform = |min, max| Latency::Uniform { min, max };
        let values = draws(uniform(ms(1), ms(10)));
        assert!(values.iter().all(|value| *value <= 0.010));
        assert_near(mean(&values), 0.0055, 0.009 / 12f64.sqrt());
        let two = Span::from_micros(2);
        let ends = draws(uniform(Span::from_micros(1), two));
        assert_near(share_above(&ends, 1.5e-6), 0.5, 0.5);
    }

    #[test]
    fn normal_has_its_mean_and_deviation_and_keeps_its_minimum() {
        let normal = |min| Latency::Normal {
            mean: ms(20),
            deviation: ms(4),
            min,
        };
        let values = draws(normal(Span::ZERO));
        assert_near(mean(&values), 0.020, 0.004);
        // 15.87 % lie above one deviation, 2.275 % above two.
        assert_near(share_above(&values, 0.024), 0.158_655, 0.366);
        assert_near(share_above(&values, 0.028), 0.022_75, 0.15);
        // Half of all are cut off at the mean.
        let cut = draws(normal(ms(20)));
        assert_near(share_above(&cut, 0.020), 0.5, 0.5);
    }

    #[test]
    fn log_normal_has_its_median_and_tail() {
        let values = draws(Latency::LogNormal {
            min: ms(10),
            median: ms(30),
            sigma: 1.0,
        });
        assert_near(share_above(&values, 0.030), 0.5, 0.5);
        // One deviation up: e times the median above the minimum.
        let one_up = 0.010 + 0.020 * std::f64::consts::E;
        assert_near(share_above(&values, one_up), 0.158_655, 0.366);
    }

    #[test]
    fn pareto_has_its_tail() {
        let values = draws(Latency::Pareto {
            min: ms(10),
            shape: 3.0,
        });
        assert_near(share_above(&values, 0.020), 0.125, 0.331);
        assert_near(share_above(&values, 0.100), 0.001, 0.0316);
        assert_near(mean(&values), 0.015, 0.00866);
    }

    #[test]
    fn what_is_no_distribution_is_refused() {
        let uniform = Latency::Uniform {
            min: ms(2),
            max: ms(1),
        };
        let text = "latency.uniform.max is 1ms; it must be at least min";
        assert_eq!(uniform.check().unwrap_err().to_string(), text);
        for shape in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let min = ms(1);
            assert!(Latency::Pareto { min, shape }.check().is_err(), "{shape}");
        }
        let (min, median, sigma) = (ms(2), ms(1), 1.0);
        let upside_down = Latency::LogNormal { min, median, sigma };
        assert!(upside_down.check().is_err());
    }
}
