//! How long functions are, by the indentation that rustfmt gives them.

/// A function in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// The line that it begins on, from 1.
    pub line: usize,
    /// From its signature to its closing brace; `None` if no end was found.
    pub lines: Option<usize>,
}

/// Every function with a body. Text in strings and comments must be blanked out.
pub fn functions(code: &str) -> Vec<Function> {
    let lines: Vec<&str> = code.lines().collect();
    let starts = (0..lines.len()).filter(|at| begins(lines[*at]));
    starts
        .filter_map(|at| {
            let lines = length(&lines[at..])?;
            Some(Function {
                line: at + 1,
                lines,
            })
        })
        .collect()
}

/// `true` if a function begins on the line.
fn begins(line: &str) -> bool {
    const BEFORE: [&str; 8] = [
        "pub",
        "pub(crate)",
        "pub(super)",
        "const",
        "async",
        "unsafe",
        "extern",
        "default",
    ];
    let mut words = line.split_whitespace();
    let word = words.find(|word| !BEFORE.contains(word));
    word == Some("fn") && words.next().is_some()
}

/// The length of the function that begins on the first line: `None` if it has no body, `Some(None)`
/// if its body does not end.
fn length(lines: &[&str]) -> Option<Option<usize>> {
    let indent: String = lines[0].chars().take_while(|c| *c == ' ').collect();
    let (open, close) = (format!("{indent}{{"), format!("{indent}}}"));
    let mut inside = false;
    for (at, line) in lines.iter().enumerate() {
        let line = line.trim_end();
        // The signature ends with a brace at the end of a line, or a semicolon.
        if !inside && (line.ends_with("{}") || (at == 0 && line.ends_with('}'))) {
            return Some(Some(at + 1));
        }
        if !inside && line.ends_with(';') {
            return None;
        }
        if inside && line.starts_with(&close) {
            return Some(Some(at + 1));
        }
        inside = inside || line.ends_with('{') || line == open;
    }
    Some(None)
}

#[test]
fn lengths_are_counted_from_signature_to_brace() {
    let code = "\
fn one() {}
pub(crate) const fn three(
    a: u8,
) -> u8 {
    if a > 0 {
        1
    } else {
        2
    }
}
impl X {
    pub async fn two<T>(&self) -> T
    where
        T: Copy,
    {
        loop {}
    }
    fn declared(&self);
    fn declared_long(
        &self,
    ) -> u8;
}
fn never_ends() {
    1
";
    let found: Vec<_> = functions(code)
        .into_iter()
        .map(|function| (function.line, function.lines))
        .collect();
    let expected = [(1, Some(1)), (2, Some(9)), (12, Some(6)), (23, None)];
    assert_eq!(found, expected);
}

#[test]
fn what_is_no_function_is_not_counted() {
    let code =
        "struct S { f: fn(u8) -> u8 }\nlet fnord = 1;\ntype F = fn();\nmacro_rules! m {\n}\n";
    assert_eq!(functions(code), []);
}
