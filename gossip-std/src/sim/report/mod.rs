//! Reports of runs, for people and for machines: each takes any number of runs of one scenario.
//!
//! Nothing is drawn or written for what was not measured. No report reads a clock or a file: the
//! same runs give the same bytes.

mod about;
mod html;
mod json;
mod measures;
mod plots;
mod student;
mod summary;
mod svg;
mod table;
mod tables;
mod text;
mod unit;

pub use about::About;
pub use html::html;
pub use json::json;
pub use measures::{Measure, measures};
pub use plots::{Lines, Scale};
pub use summary::{Statistics, summary};
pub use svg::{svg, svg_of_lines};
pub use text::text;
pub use unit::Unit;
