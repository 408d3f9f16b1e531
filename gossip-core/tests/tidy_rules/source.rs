//! A file's code without its comments and without what stands in its strings.

/// `text` with comments and the contents of strings and characters blanked out. Every line stays where
/// it is, and so does every brace of the code.
pub fn code_of(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = skipped(&chars, at);
        if end == at {
            out.push(chars[at]);
            at += 1;
        } else {
            let inside = chars[at..end].iter();
            out.extend(inside.map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    out
}

/// The code up to the module of tests at its end, if it has one.
pub fn without_tests(code: &str) -> &str {
    let tests = code.find("#[cfg(test)]\nmod ").unwrap_or(code.len());
    let rest = &code[tests..];
    // A module in a file of its own hides nothing that follows.
    let is_inline = rest.lines().nth(1).is_some_and(|line| line.ends_with('{'));
    if is_inline { &code[..tests] } else { code }
}

/// Where the comment, string or character that begins at `at` ends; `at` if none does.
fn skipped(chars: &[char], at: usize) -> usize {
    let next = |offset: usize| chars.get(at + offset).copied().unwrap_or('\0');
    let before = at.checked_sub(1).map_or(' ', |before| chars[before]);
    match (chars[at], next(1)) {
        ('/', '/') => end_of_line(chars, at),
        ('/', '*') => end_of_comment(chars, at),
        ('"', _) => end_of_string(chars, at + 1),
        ('r', '"' | '#') if !is_word(before) || before == 'b' => end_of_raw(chars, at),
        ('\'', '\\') => 1 + find(chars, at + 3, '\''),
        ('\'', _) if next(2) == '\'' => at + 3,
        _ => at,
    }
}

fn end_of_line(chars: &[char], at: usize) -> usize {
    find(chars, at, '\n')
}

/// Block comments nest.
fn end_of_comment(chars: &[char], at: usize) -> usize {
    let (mut depth, mut at) = (0, at);
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at.min(chars.len())
}

fn end_of_string(chars: &[char], mut at: usize) -> usize {
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

/// `r"..."`, `r#"..."#` and so on; what only looks like one (`r#type`) is left alone.
fn end_of_raw(chars: &[char], at: usize) -> usize {
    let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
    let open = at + 1 + hashes;
    if chars.get(open) != Some(&'"') {
        return at;
    }
    let mut end = open + 1;
    while end < chars.len() {
        let closed = chars[end] == '"'
            && chars[end + 1..].iter().take_while(|c| **c == '#').count() >= hashes;
        if closed {
            return end + 1 + hashes;
        }
        end += 1;
    }
    end
}

fn find(chars: &[char], from: usize, wanted: char) -> usize {
    let rest = chars.iter().skip(from);
    from.min(chars.len()) + rest.take_while(|c| **c != wanted).count()
}

pub fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
