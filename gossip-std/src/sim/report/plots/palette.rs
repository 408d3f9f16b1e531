//! Colours: told apart by everybody, and readable on light and on dark.

use plotters::style::RGBColor;

/// Colours for data, the most distinct first (Okabe and Ito 2008, "Color Universal Design": they
/// differ in lightness as well as in hue). Their black is left out: it vanishes on a dark page.
pub const SERIES: [RGBColor; 7] = [
    RGBColor(0x00, 0x72, 0xB2),
    RGBColor(0xE6, 0x9F, 0x00),
    RGBColor(0x00, 0x9E, 0x73),
    RGBColor(0xCC, 0x79, 0xA7),
    RGBColor(0x56, 0xB4, 0xE9),
    RGBColor(0xD5, 0x5E, 0x00),
    RGBColor(0xF0, 0xE4, 0x42),
];

/// What has no colour of its own.
pub const OTHER: RGBColor = RGBColor(0x8B, 0x94, 0x9E);
/// Text and axes on a light page.
pub const INK: RGBColor = RGBColor(0x1F, 0x23, 0x28);
/// Lines of the grid on a light page.
pub const GRID: RGBColor = RGBColor(0xDD, 0xE1, 0xE6);

/// Style rules by which a dark page turns ink and grid around. The plots name their colours in
/// attributes, which any style rule overrides.
pub fn dark_rules() -> String {
    let rule = |color: RGBColor, dark: &str| {
        let RGBColor(red, green, blue) = color;
        let name = format!("#{red:02X}{green:02X}{blue:02X}");
        format!("svg [fill=\"{name}\"]{{fill:{dark}}}svg [stroke=\"{name}\"]{{stroke:{dark}}}")
    };
    format!(
        "@media (prefers-color-scheme:dark){{{}{}}}",
        rule(INK, "#E6EDF3"),
        rule(GRID, "#30363D")
    )
}
