//! Lines of one's own in a chart.

use super::axis::Axis;
use super::chart::{Chart, line};
use super::palette::SERIES;
use super::{Plot, drawn, most};

/// Measures of one's own as lines in one chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Lines {
    /// What the chart shows.
    pub title: String,
    /// The horizontal axis.
    pub x: Scale,
    /// The vertical axis.
    pub y: Scale,
    /// Each line's name and its points.
    pub lines: Vec<(String, Vec<(f64, f64)>)>,
}

/// An axis. It ends where the data does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scale {
    /// From zero, with this label.
    Linear(String),
    /// From zero, in seconds, with this label.
    Time(String),
    /// From one power of ten to another, with this label. What is zero lies on its beginning.
    Powers(String),
}

impl Lines {
    pub(in crate::sim::report) fn plot(&self) -> Plot {
        let colors = SERIES.iter().cycle();
        let named = self.lines.iter().zip(colors);
        drawn(Chart {
            title: self.title.clone(),
            x: self.x.axis(self.values(|point| point.0)),
            y: self.y.axis(self.values(|point| point.1)),
            legend: named
                .clone()
                .map(|((name, _), color)| (name.clone(), *color))
                .collect(),
            shapes: named
                .map(|((_, points), color)| line(points.clone(), *color))
                .collect(),
        })
    }

    fn values(&self, of: fn(&(f64, f64)) -> f64) -> impl Iterator<Item = f64> + Clone {
        let points = self.lines.iter().flat_map(|(_, points)| points);
        points.map(of)
    }
}

impl Scale {
    fn axis(&self, values: impl Iterator<Item = f64> + Clone) -> Axis {
        let highest = most(values.clone());
        match self {
            Self::Linear(label) => Axis::new(label, highest),
            Self::Time(label) => Axis::time(label, highest),
            Self::Powers(label) => {
                let above = values.filter(|value| *value > 0.0);
                Axis::powers(label, above.fold(highest, f64::min), highest)
            }
        }
    }
}
