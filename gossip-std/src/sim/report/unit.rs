//! Units of measures, and how people read them.

use serde::Serialize;

/// What a measure is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// A share of 1; shown in percent.
    Share,
    /// A plain number.
    Count,
    /// Bytes.
    Bytes,
    /// How often an update was sent, per node.
    PerNode,
    /// Datagrams per node and second.
    DatagramsPerNodeSecond,
    /// Bytes per node and second.
    BytesPerNodeSecond,
}

impl Unit {
    /// Its symbol, empty for a plain number.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Share => "%",
            Self::Count => "",
            Self::Bytes => "B",
            Self::PerNode => "/node",
            Self::DatagramsPerNodeSecond => "/node/s",
            Self::BytesPerNodeSecond => "B/node/s",
        }
    }

    /// The value to four digits, without the symbol: for columns of one unit.
    #[must_use]
    pub fn number(self, value: f64) -> String {
        match self {
            Self::Share => digits(value * 100.0),
            _ => digits(value),
        }
    }

    /// The value to four digits with its unit; times in the unit that fits them.
    #[must_use]
    pub fn show(self, value: f64) -> String {
        match self {
            Self::Seconds => seconds(value),
            _ => format!("{} {}", self.number(value), self.symbol())
                .trim_end()
                .to_owned(),
        }
    }

    /// The same, and a dash where there is no value.
    #[must_use]
    pub fn show_if(self, value: Option<f64>) -> String {
        value.map_or_else(|| "-".to_owned(), |value| self.show(value))
    }
}

/// Units of time from the longest, each with its length in seconds and from where it is used.
pub(super) const TIMES: [(&str, f64, f64); 5] = [
    ("h", 3600.0, 7200.0),
    ("min", 60.0, 600.0),
    ("s", 1.0, 1.0),
    ("ms", 1e-3, 1e-3),
    ("µs", 1e-6, 0.0),
];

/// The unit in which people would tell a time of so many seconds, with its length in seconds.
pub(super) fn time_unit(seconds: f64) -> (&'static str, f64) {
    let fits = TIMES.iter().find(|(_, _, from)| seconds.abs() >= *from);
    fits.map_or(("s", 1.0), |&(name, length, _)| (name, length))
}

fn seconds(value: f64) -> String {
    if value == 0.0 {
        return "0 s".to_owned();
    }
    let (name, length) = time_unit(value);
    format!("{} {name}", digits(value / length))
}

/// A number to four digits, but never less than all digits of its whole part; without zeros at the
/// end, and with a comma every three digits.
pub(super) fn digits(value: f64) -> String {
    if !value.is_finite() {
        return "-".to_owned();
    }
    let magnitude = if value == 0.0 {
        0
    } else {
        value.abs().log10().floor() as i32
    };
    let decimals = (3 - magnitude).clamp(0, 9) as usize;
    fixed(value, decimals, true)
}

/// A number with so many decimals and a comma every three digits; `trim` drops zeros at the end.
pub(super) fn fixed(value: f64, decimals: usize, trim: bool) -> String {
    let text = format!("{value:.decimals$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = if trim {
        fraction.trim_end_matches('0')
    } else {
        fraction
    };
    let (sign, whole) = whole
        .strip_prefix('-')
        .map_or(("", whole), |whole| ("-", whole));
    let dot = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{dot}{fraction}", grouped(whole))
}

/// Digits with a comma every three of them, from the right.
fn grouped(whole: &str) -> String {
    let mut text = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_four_digits_and_the_whole_part() {
        for (value, text) in [
            (0.0, "0"),
            (1.0, "1"),
            (0.123_456, "0.1235"),
            (12.345_6, "12.35"),
            (1_234_567.0, "1,234,567"),
            (-1000.6, "-1,001"),
            (999.96, "1,000"),
            (f64::NAN, "-"),
        ] {
            assert_eq!(digits(value), text);
        }
    }

    #[test]
    fn times_are_told_in_the_unit_that_fits() {
        for (value, text) in [
            (0.0, "0 s"),
            (0.000_25, "250 µs"),
            (0.012_5, "12.5 ms"),
            (90.0, "90 s"),
            (900.0, "15 min"),
            (9000.0, "2.5 h"),
        ] {
            assert_eq!(Unit::Seconds.show(value), text);
        }
    }

    #[test]
    fn shares_are_percent_and_nothing_is_a_dash() {
        assert_eq!(Unit::Share.show(0.5), "50 %");
        assert_eq!(Unit::BytesPerNodeSecond.show(45.0), "45 B/node/s");
        assert_eq!(Unit::Share.show_if(None), "-");
    }
}
