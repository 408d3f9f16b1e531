//! Lines of text with a tone, for a terminal with or without color.

use crossterm::style::{Attribute, Color, ContentStyle};

/// What a piece of text means to say by its looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Normal,
    Strong,
    Faint,
    Good,
    Bad,
    Warn,
    Accent,
}

/// One line. Every character is one column wide.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line(Vec<(Tone, String)>);

impl Line {
    /// Adds a piece at the end.
    #[must_use]
    pub(super) fn with(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.push(tone, text);
        self
    }

    /// Adds a piece at the end.
    pub(super) fn push(&mut self, tone: Tone, text: impl Into<String>) {
        self.0.push((tone, text.into()));
    }

    /// Adds all of another line at the end.
    pub(super) fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Columns taken.
    pub(super) fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| text.chars().count()).sum()
    }

    /// Fills up with blanks to `width` columns.
    #[must_use]
    pub(super) fn padded(mut self, width: usize) -> Self {
        let missing = width.saturating_sub(self.width());
        self.push(Tone::Normal, " ".repeat(missing));
        self
    }

    /// The text alone.
    pub(super) fn plain(&self) -> String {
        self.0.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// At most the first `width` columns, with escape codes if `color`.
    pub(super) fn painted(&self, width: usize, color: bool) -> String {
        let mut room = width;
        let mut painted = String::new();
        for (tone, text) in &self.0 {
            let piece: String = text.chars().take(room).collect();
            room -= piece.chars().count();
            match tone.style() {
                Some(style) if color => painted.push_str(&style.apply(piece).to_string()),
                _ => painted.push_str(&piece),
            }
        }
        painted
    }
}

impl Tone {
    fn style(self) -> Option<ContentStyle> {
        let color = |color| ContentStyle {
            foreground_color: Some(color),
            ..ContentStyle::new()
        };
        let attribute = |attribute: Attribute| ContentStyle {
            attributes: attribute.into(),
            ..ContentStyle::new()
        };
        match self {
            Self::Normal => None,
            Self::Strong => Some(attribute(Attribute::Bold)),
            Self::Faint => Some(attribute(Attribute::Dim)),
            Self::Good => Some(color(Color::Green)),
            Self::Bad => Some(color(Color::Red)),
            Self::Warn => Some(color(Color::Yellow)),
            Self::Accent => Some(color(Color::Cyan)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_painted_line_is_clipped_and_closes_its_styles() {
        let line = Line::default()
            .with(Tone::Good, "✓ good")
            .with(Tone::Normal, " plain");
        assert_eq!(line.width(), 12);
        assert_eq!(line.painted(8, false), "✓ good p");
        let painted = line.painted(3, true);
        assert!(painted.contains("✓ g") && !painted.contains("✓ go"));
        assert!(
            painted.ends_with("\u{1b}[39m") || painted.ends_with("\u{1b}[0m"),
            "{painted:?}"
        );
    }
}
