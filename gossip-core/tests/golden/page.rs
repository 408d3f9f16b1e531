//! The tables of `docs/wire.md`, to compare them with what the code says.

/// The page's text.
pub fn text() -> &'static str {
    include_str!("../../docs/wire.md")
}

/// The rows of the table whose header begins with these cells, without their backquotes.
pub fn table(header: &[&str]) -> Vec<Vec<String>> {
    let tables = tables_of(text());
    let found = tables.into_iter().find(|table| {
        let first = &table[0];
        first.len() >= header.len() && first.iter().zip(header).all(|(a, b)| a == b)
    });
    let mut table = found.unwrap_or_else(|| panic!("no table {header:?}"));
    table.remove(0);
    table
}

/// For each kind of section its number, its name, and the rows of its table.
pub fn sections() -> Vec<(u8, String, Vec<Vec<String>>)> {
    let parts = text().split("\n### ").skip(1);
    parts
        .map(|part| {
            let (title, body) = part.split_once('\n').expect("a title");
            let (number, name) = title.split_once(' ').expect("a number and a name");
            let body = body.split("\n## ").next().unwrap_or_default();
            let mut table = tables_of(body).remove(0);
            table.remove(0);
            (number.parse().expect("a number"), name.to_string(), table)
        })
        .collect()
}

/// A number as the page writes it.
pub fn number(cell: &str) -> usize {
    let digits = cell.replace(',', "");
    digits
        .parse()
        .unwrap_or_else(|_| panic!("no number: {cell}"))
}

/// A sum like `1 + A`, for addresses of so many bytes.
pub fn sum(cell: &str, address: usize) -> usize {
    cell.split('+')
        .map(|term| match term.trim() {
            "A" => address,
            term => number(term),
        })
        .sum()
}

/// Every table: its rows, the header first, the line of dashes left out.
fn tables_of(text: &str) -> Vec<Vec<Vec<String>>> {
    let mut tables = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        let is_row = line.starts_with('|');
        if is_row && !inside {
            tables.push(Vec::new());
        }
        inside = is_row;
        if is_row && !line.starts_with("|---") {
            let row = line.trim_matches('|').split('|');
            let cells = row.map(|cell| cell.trim().replace('`', ""));
            tables.last_mut().expect("a table").push(cells.collect());
        }
    }
    tables
}
