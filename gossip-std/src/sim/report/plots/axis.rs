//! Axes that begin at zero and end at a round number, with ticks at round numbers; and logarithmic
//! ones, from one power of ten to another.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use super::super::unit::{fixed, time_unit};

/// About so many intervals between ticks.
const INTERVALS: f64 = 6.0;

/// An axis from zero or a power of ten up.
#[derive(Clone, Debug)]
pub struct Axis {
    /// What it shows, with the unit.
    pub label: String,
    /// The distance between two ticks, in the axis' unit.
    step: f64,
    /// How many times it fits.
    intervals: u32,
    /// Decimals of the ticks' numbers.
    decimals: usize,
    /// One unit of the axis in the data's unit.
    unit: f64,
    /// The power of ten at which a logarithmic axis begins; `None` for one that begins at zero.
    first_power: Option<i32>,
}

impl Axis {
    /// An axis for data from 0 to `most`.
    pub fn new(label: &str, most: f64) -> Self {
        Self::in_unit(label.to_owned(), most, 1.0, 0.0)
    }

    /// An axis for whole numbers from 0 to `most`.
    pub fn counts(label: &str, most: f64) -> Self {
        Self::in_unit(label.to_owned(), most, 1.0, 1.0)
    }

    /// An axis for shares from 0 to 1, in percent.
    pub fn percent(label: &str) -> Self {
        Self::in_unit(format!("{label} (%)"), 1.0, 0.01, 0.0)
    }

    /// An axis for seconds from 0 to `most`, in the unit in which people would tell them.
    pub fn time(label: &str, most: f64) -> Self {
        let most = finite(most);
        let (name, length) = time_unit(if most > 0.0 { most } else { 1.0 });
        Self::in_unit(format!("{label} ({name})"), most, length, 0.0)
    }

    /// A logarithmic axis that reaches from `least` to `most`, both above zero. What is less lies on
    /// its beginning.
    pub fn powers(label: &str, least: f64, most: f64) -> Self {
        let power = |value: f64| finite(value.log10());
        let first = power(least).floor();
        let intervals = (power(most) - 1e-9).ceil() - first;
        Self {
            intervals: intervals.max(1.0) as u32,
            decimals: (-first).max(0.0) as usize,
            first_power: Some(first as i32),
            ..Self::new(label, 1.0)
        }
    }

    fn in_unit(label: String, most: f64, unit: f64, least_step: f64) -> Self {
        let most = finite(most) / unit;
        let most = if most > 0.0 { most } else { 1.0 };
        let (step, decimals) = round_step(most / INTERVALS);
        let (step, decimals) = if step < least_step {
            (least_step, 0)
        } else {
            (step, decimals)
        };
        Self {
            label,
            step,
            // A little less than the quotient, so that rounding cannot add an empty interval.
            intervals: (most / step - 1e-9).ceil().max(1.0) as u32,
            decimals,
            unit,
            first_power: None,
        }
    }

    /// The distance between two ticks, in the data's unit.
    pub fn step(&self) -> f64 {
        self.step * self.unit
    }

    /// The end, in the data's unit.
    pub fn end(&self) -> f64 {
        self.tick(self.intervals)
    }

    fn tick(&self, at: u32) -> f64 {
        match self.first_power {
            Some(first) => 10f64.powi(first + at as i32),
            None => self.step() * f64::from(at),
        }
    }

    /// How far along the axis a value of the data lies, from 0 to 1; what is beyond an end is on it.
    fn place(&self, value: f64) -> f64 {
        let along = match self.first_power {
            Some(first) => (value.log10() - f64::from(first)) / f64::from(self.intervals),
            None => value / self.end(),
        };
        finite(along).clamp(0.0, 1.0)
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let length = f64::from(limit.1 - limit.0);
        limit.0 + (length * self.place(*value)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() {
            return Vec::new();
        }
        (0..=self.intervals).map(|at| self.tick(at)).collect()
    }

    fn range(&self) -> Range<f64> {
        self.first_power.map_or(0.0, |_| self.tick(0))..self.end()
    }
}

/// A tick's number, in the axis' unit.
impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, tick: &f64) -> String {
        fixed(tick / self.unit, self.decimals, false)
    }
}

/// The least of 1, 2 and 5 times a power of ten that is no less than `least`, and its decimals.
fn round_step(least: f64) -> (f64, usize) {
    let power = least.log10().floor();
    let ten = 10f64.powf(power);
    let (factor, power) = match least / ten {
        ratio if ratio <= 1.0 => (1.0, power),
        ratio if ratio <= 2.0 => (2.0, power),
        ratio if ratio <= 5.0 => (5.0, power),
        _ => (1.0, power + 1.0),
    };
    (factor * 10f64.powf(power), (-power).max(0.0) as usize)
}

/// The value, and zero for what is no number.
fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use plotters::coord::ranged1d::BoldPoints;

    use super::*;

    fn numbers(axis: &Axis) -> Vec<String> {
        let ticks = axis.key_points(BoldPoints(10));
        ticks.iter().map(|tick| axis.format_ext(tick)).collect()
    }

    #[test]
    fn ticks_are_round_and_reach_the_data() {
        assert_eq!(
            numbers(&Axis::new("", 6.0)),
            ["0", "1", "2", "3", "4", "5", "6"]
        );
        assert_eq!(
            numbers(&Axis::new("", 0.31)),
            ["0.0", "0.1", "0.2", "0.3", "0.4"]
        );
        assert_eq!(numbers(&Axis::counts("", 2.0)), ["0", "1", "2"]);
        assert_eq!(numbers(&Axis::percent("")).last().unwrap(), "100");
        for most in [1e-9, 0.07, 0.999, 1.0, 3.3, 59.0, 6e4, 1e12] {
            let axis = Axis::new("", most);
            assert!(axis.end() >= most * (1.0 - 1e-6), "{most}");
            assert!((3..=9).contains(&numbers(&axis).len()), "{most}");
        }
    }

    #[test]
    fn time_is_told_in_the_unit_that_fits() {
        let axis = Axis::time("delay", 0.25);
        assert_eq!(axis.label, "delay (ms)");
        assert_eq!(numbers(&axis).last().unwrap(), "250");
        assert_eq!(axis.map(&0.1, (0, 1000)), 400);
    }

    #[test]
    fn a_logarithmic_axis_has_a_tick_at_each_power_of_ten() {
        let axis = Axis::powers("", 3.0, 1000.0);
        assert_eq!(numbers(&axis), ["1", "10", "100", "1,000"]);
        assert_eq!(axis.map(&100.0, (0, 900)), 600);
        assert_eq!(axis.map(&0.0, (0, 900)), 0, "on the edge");
        assert_eq!(Axis::powers("", 7.0, 7.0).end(), 10.0);
    }

    #[test]
    fn an_axis_of_no_time_is_one_second() {
        assert_eq!(Axis::time("time", 0.0).label, "time (s)");
    }

    #[test]
    fn nothing_leaves_the_axis_and_no_data_makes_one() {
        for most in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let axis = Axis::new("", most);
            assert_eq!(axis.end(), 1.0);
            for value in [-1.0, 2.0, f64::NAN, f64::INFINITY] {
                assert!((0.0..=1.0).contains(&axis.place(value)));
            }
        }
    }
}
