//! Virtual time: microseconds since a run began, and spans of it as people write them.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A moment of a run, in microseconds since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Time(u64);

impl Time {
    /// When a run begins.
    pub const START: Self = Self(0);
    /// Later than any run lasts.
    pub const FAR: Self = Self(u64::MAX);

    /// The moment `micros` microseconds after the beginning.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the beginning.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Seconds since the beginning.
    #[must_use]
    pub fn as_secs(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// The time from `earlier` to here; zero if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

/// Stops at [`Time::FAR`].
impl Add<Span> for Time {
    type Output = Self;

    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

/// Stops at [`Time::START`].
impl Sub<Span> for Time {
    type Output = Self;

    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Span(self.0).fmt(f)
    }
}

/// A length of virtual time in microseconds, below a century. Written with a unit: `250us`, `10ms`, `1.5s`,
/// `5min`, `2h`; read also from several of them: `1h 30min`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Span(u64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// Longer than any run.
    pub const MAX: Self = Self(u64::MAX);

    /// `micros` microseconds.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// `millis` milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1000))
    }

    /// `secs` seconds.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// The nearest microsecond to `secs` seconds; negative and not-a-number count as zero.
    #[must_use]
    pub fn from_secs_f64(secs: f64) -> Self {
        // A float-to-integer cast saturates, and takes NaN to 0.
        Self((secs * 1e6).round() as u64)
    }

    /// Microseconds.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Whole milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0 / 1000
    }

    /// Seconds.
    #[must_use]
    pub fn as_secs(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// This span scaled by `factor`.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        Self((self.0 as f64 * factor).round() as u64)
    }
}

/// Stops at [`Span::MAX`].
impl Add for Span {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

/// The units, longest first, with their length in microseconds.
const UNITS: [(&str, u64); 5] = [
    ("h", 3_600_000_000),
    ("min", 60_000_000),
    ("s", 1_000_000),
    ("ms", 1000),
    ("us", 1),
];

/// The longest unit in which the number is at least 1, exact to the microsecond.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.pad("0s");
        }
        // Minutes and hours only where they come out even: "90s" reads better than "1.5min".
        let fits = |&&(name, micros): &&(&str, u64)| match name {
            "h" | "min" => self.0.is_multiple_of(micros),
            _ => self.0 >= micros,
        };
        let (name, micros) = *UNITS.iter().find(fits).unwrap_or(&("us", 1));
        let (whole, rest) = (self.0 / micros, self.0 % micros);
        let mut text = whole.to_string();
        if rest > 0 {
            let digits = micros.ilog10() as usize;
            let fraction = format!("{rest:0digits$}");
            text = format!("{whole}.{}", fraction.trim_end_matches('0'));
        }
        f.pad(&format!("{text}{name}"))
    }
}

/// Why a text is no [`Span`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no span of time; write it like 250us, 10ms, 1.5s, 5min or 2h")]
pub struct SpanError(String);

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let parsed = humantime::parse_duration(text).ok();
        let micros = parsed.map(|span| (span.as_nanos() + 500) / 1000);
        // A century: far below where a float loses whole microseconds.
        let fits = micros.filter(|micros| *micros < 3_200_000_000_000_000);
        let micros = fits.ok_or_else(|| SpanError(text.to_owned()))?;
        Ok(Self(micros as u64))
    }
}

impl TryFrom<String> for Span {
    type Error = SpanError;

    fn try_from(text: String) -> Result<Self, SpanError> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_reads_back_as_it_was_written() {
        for micros in [
            0,
            1,
            250,
            999,
            1000,
            1500,
            10_000,
            1_500_000,
            60_000_000,
            90_000_000,
            7_200_000_000,
            1_234_567,
        ] {
            let span = Span::from_micros(micros);
            assert_eq!(span.to_string().parse(), Ok(span), "{span}");
        }
        for (text, micros) in [
            ("10ms", 10_000),
            ("0.2s", 200_000),
            ("1.5s", 1_500_000),
            ("5min", 300_000_000),
            ("0us", 0),
            ("1h 30m", 5_400_000_000),
            ("0.0000014s", 1),
        ] {
            assert_eq!(text.parse(), Ok(Span::from_micros(micros)));
        }
        assert_eq!(Span::from_secs(90).to_string(), "90s");
        assert_eq!(Span::from_secs(120).to_string(), "2min");
    }

    #[test]
    fn what_is_no_span_is_refused() {
        for text in [
            "", "10", "ms", "-1s", "1 dai", "1e400s", "NaNs", "1.5.2s", "infs", "200years",
        ] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
