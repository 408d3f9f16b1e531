//! A table, and how it is laid out in a terminal.

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, CellAlignment, ContentArrangement, ContentLineStyle, LineStyle};

/// How wide the terminal is, in characters.
const WIDTH: u16 = 100;

/// A table with a title.
pub(super) struct Table {
    pub title: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<String>>,
}

/// A column's head, and to which side its cells go.
#[derive(Clone, Copy)]
pub(super) struct Column {
    pub head: &'static str,
    pub right: bool,
}

/// A column of words.
pub(super) const fn words(head: &'static str) -> Column {
    Column { head, right: false }
}

/// A column of numbers.
pub(super) const fn numbers(head: &'static str) -> Column {
    Column { head, right: true }
}

impl Table {
    pub fn new(title: &str, columns: &[Column], rows: Vec<Vec<String>>) -> Self {
        Self {
            title: title.to_owned(),
            columns: columns.to_vec(),
            rows,
        }
    }

    /// The table in lines of at most [`WIDTH`] characters, in which long cells are wrapped.
    pub fn lay_out(&self) -> String {
        let mut table = bare();
        table.set_header(self.columns.iter().map(|column| column.head));
        table.add_rows(
            self.rows
                .iter()
                .map(|row| row.iter().map(|cell| plain(cell))),
        );
        for (column, shown) in self.columns.iter().zip(table.column_iter_mut()) {
            shown.set_padding((0, 1));
            if column.right {
                shown.set_cell_alignment(CellAlignment::Right);
            }
        }
        format!("{}\n{}\n", self.title, table.trim_fmt())
    }
}

/// A text in lines of at most [`WIDTH`] characters.
pub(super) fn wrapped(text: &str) -> String {
    let mut table = bare();
    table.add_row([plain(text)]);
    if let Some(column) = table.column_mut(0) {
        column.set_padding((0, 0));
    }
    table.trim_fmt()
}

/// Columns with nothing but space between them, and a rule below their heads.
fn bare() -> comfy_table::Table {
    let gap = ContentLineStyle::none().junction(' ');
    let rule = LineStyle::none().fill('-').junction(' ');
    let mut table = comfy_table::Table::new();
    table
        .load_style(
            NOTHING
                .header_lines(gap)
                .content_lines(gap)
                .header_separator(rule),
        )
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH);
    table
}

/// Without control characters, which would disturb a terminal.
fn plain(text: &str) -> Cell {
    Cell::new(text.replace(char::is_control, " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_right_and_words_left() {
        let rows = vec![
            vec!["a".to_owned(), "1".to_owned()],
            vec!["long".to_owned(), "1,000".to_owned()],
        ];
        let table = Table::new("Things", &[words("name"), numbers("n")], rows);
        let text = "Things\nname      n\n----- ------\na         1\nlong  1,000\n";
        assert_eq!(table.lay_out(), text);
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let rows = vec![vec!["x".repeat(150), "many words ".repeat(30)]];
        let table = Table::new("Wide", &[words("a"), words("b")], rows);
        let text = table.lay_out();
        let widest = text.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(WIDTH.into()), "{text}");
        assert_eq!(text.matches('x').count(), 150);
        assert_eq!(text.matches("words").count(), 30);
    }

    #[test]
    fn text_is_broken_at_spaces_and_keeps_no_control_characters() {
        let text = wrapped(&"word\u{1b}[2Jb\nc ".repeat(30));
        for line in text.lines() {
            assert!(line.len() <= usize::from(WIDTH), "{line}");
            assert!(!line.contains(char::is_control), "{line:?}");
            let words = line.split(' ');
            assert!(
                words
                    .into_iter()
                    .all(|word| ["word", "[2Jb", "c"].contains(&word)),
                "{line}"
            );
        }
        assert_eq!(text.matches("word").count(), 30);
    }
}
