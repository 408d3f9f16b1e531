//! A table, and how it is laid out in a terminal.

/// How wide the terminal is, in characters.
pub(super) const WIDTH: usize = 100;
/// What stands between two columns.
const GAP: &str = "  ";

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

    /// The table in lines of at most [`WIDTH`] characters. Where it is too wide, the widest column
    /// is wrapped.
    pub fn lay_out(&self) -> String {
        let widths = self.widths();
        let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        let heads: Vec<String> = self.columns.iter().map(|c| c.head.to_owned()).collect();
        let mut text = format!("{}\n", self.title);
        for row in [&heads, &rule].into_iter().chain(&self.rows) {
            self.line(&mut text, row, &widths);
        }
        text
    }

    fn widths(&self) -> Vec<usize> {
        let heads = self.columns.iter().map(|column| length(column.head));
        let mut widths: Vec<usize> = heads.collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(length(cell));
            }
        }
        let gaps = GAP.len() * widths.len().saturating_sub(1);
        let mut excess = (widths.iter().sum::<usize>() + gaps).saturating_sub(WIDTH);
        while excess > 0 {
            let Some(widest) = widths.iter_mut().max().filter(|width| **width > 1) else {
                break;
            };
            *widest -= 1;
            excess -= 1;
        }
        widths
    }

    /// One row, in as many lines as its longest cell needs.
    fn line(&self, text: &mut String, row: &[String], widths: &[usize]) {
        let cells: Vec<Vec<String>> = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| wrap(cell, *width))
            .collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        for at in 0..height {
            let parts = cells.iter().zip(&self.columns).zip(widths);
            let parts = parts.map(|((lines, column), width)| {
                let part = lines.get(at).map_or("", String::as_str);
                pad(part, *width, column.right)
            });
            let line = parts.collect::<Vec<_>>().join(GAP);
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
}

fn length(text: &str) -> usize {
    text.chars().count()
}

fn pad(text: &str, width: usize, right: bool) -> String {
    if right {
        format!("{text:>width$}")
    } else {
        format!("{text:<width$}")
    }
}

/// Lines of at most `width` characters, broken at spaces where there are some. Control characters,
/// which would disturb a terminal, become spaces.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let mut rest: Vec<char> = text.trim_end().chars().collect();
    let mut lines = Vec::new();
    while rest.len() > width {
        let space = rest[..=width].iter().rposition(|c| *c == ' ');
        let end = space.filter(|at| *at > 0).unwrap_or(width.max(1));
        let after = rest.split_off(end);
        lines.push(rest.into_iter().collect());
        rest = after.into_iter().skip_while(|c| *c == ' ').collect();
    }
    lines.push(rest.into_iter().collect());
    lines
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
        let text = "Things\nname      n\n----  -----\na         1\nlong  1,000\n";
        assert_eq!(table.lay_out(), text);
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let rows = vec![vec!["x".repeat(150), "many words ".repeat(30)]];
        let table = Table::new("Wide", &[words("a"), words("b")], rows);
        let text = table.lay_out();
        assert!(text.lines().all(|line| length(line) <= WIDTH), "{text}");
        assert_eq!(text.matches('x').count(), 150);
        assert_eq!(text.matches("words").count(), 30);
    }

    #[test]
    fn text_is_broken_at_spaces_and_keeps_no_control_characters() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdef", 4), ["abcd", "ef"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap("a\u{1b}[2Jb\nc", 20), ["a [2Jb c"]);
    }
}
