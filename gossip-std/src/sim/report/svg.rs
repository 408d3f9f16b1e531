//! The plots of runs in one SVG file, one below the other.

use std::fmt::Write;

use crate::sim::outcome::Outcome;

use super::plots::{Lines, Plot, SIZE, dark_rules, plots};

/// One SVG document with every plot. It follows the viewer's choice of a light or dark page.
#[must_use]
pub fn svg(runs: &[Outcome]) -> String {
    document(&plots(runs))
}

/// One SVG document with these charts, in the same way.
#[must_use]
pub fn svg_of_lines(charts: &[Lines]) -> String {
    let plots: Vec<Plot> = charts.iter().map(Lines::plot).collect();
    document(&plots)
}

fn document(plots: &[Plot]) -> String {
    let (width, height) = SIZE;
    // A document without plots is an empty one, not one without a size.
    let total = height * plots.len().max(1) as u32;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {total}\" \
         width=\"{}\" height=\"{}\" stroke-linejoin=\"round\">\n<style>\
         .page{{fill:#FFFFFF}}@media (prefers-color-scheme:dark){{.page{{fill:#0D1117}}}}\
         {}</style>\n<rect class=\"page\" width=\"{width}\" height=\"{total}\"/>\n",
        width / 2,
        total / 2,
        dark_rules(),
    );
    for (plot, y) in plots.iter().zip((0..total).step_by(height as usize)) {
        let elements = &plot.elements;
        writeln!(svg, "<g transform=\"translate(0 {y})\">{elements}</g>")
            .expect("writing into a text does not fail");
    }
    svg + "</svg>\n"
}
