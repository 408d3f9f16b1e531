//! Bytes of other nodes made safe to print: no peer may control the reader's terminal.

use std::fmt::{self, Write as _};
use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

/// A value as it is printed: text in quotes if every character is printable, hexadecimal otherwise.
/// In JSON it is `"value"` if it is UTF-8, and `"hex"` otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Value {
    /// UTF-8, printable or not.
    #[serde(rename = "value")]
    Text(String),
    /// Anything else, as hexadecimal digits.
    #[serde(rename = "hex")]
    Hex(String),
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::Text(text),
            Err(error) => Self::Hex(hex(error.as_bytes())),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) if is_printable(text) => f.write_str(&quoted(text)),
            Self::Text(text) => write!(f, "0x{}", hex(text.as_bytes())),
            Self::Hex(digits) => write!(f, "0x{digits}"),
        }
    }
}

/// A key as it is printed: as it is where that is unmistakable, else quoted with escapes.
pub(super) fn key(key: &str) -> String {
    let plain = |c: char| !c.is_whitespace() && !matches!(c, '"' | '\\' | '=');
    if !key.is_empty() && key.chars().all(plain) && is_printable(key) {
        return key.to_owned();
    }
    if is_printable(key) {
        quoted(key)
    } else {
        format!("\"{}\"", key.escape_debug())
    }
}

/// One JSON object in pure ASCII: other characters are escaped, so that it is safe on a terminal
/// and still says exactly what it said.
pub(super) fn json(object: &impl Serialize) -> io::Result<String> {
    let mut bytes = Vec::new();
    object.serialize(&mut Serializer::with_formatter(&mut bytes, Ascii))?;
    String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for c in fragment.chars() {
            if (' '..='~').contains(&c) {
                writer.write_all(&[c as u8])?;
                continue;
            }
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}

/// `true` if the standard library's escaping finds nothing to escape but quotes and backslashes: no
/// control, format, private or unassigned character.
fn is_printable(text: &str) -> bool {
    let plain = text.replace(['"', '\'', '\\'], "");
    plain.escape_debug().eq(plain.chars())
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String does not fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8]) -> String {
        Value::from(bytes.to_vec()).to_string()
    }

    #[test]
    fn printable_text_is_quoted() {
        assert_eq!(shown(b"hello world"), "\"hello world\"");
        assert_eq!(shown("grüße, नमस्ते".as_bytes()), "\"grüße, नमस्ते\"");
        assert_eq!(shown(br#"a "b" \c"#), r#""a \"b\" \\c""#);
        assert_eq!(shown(b""), "\"\"");
    }

    #[test]
    fn everything_else_is_hexadecimal() {
        assert_eq!(shown(b"\x1b[2J"), "0x1b5b324a");
        assert_eq!(shown(b"a\nb"), "0x610a62");
        assert_eq!(shown(b"\xff\x00"), "0xff00");
        assert_eq!(shown("\u{9b}31m".as_bytes()), "0xc29b33316d");
        assert_eq!(shown("\u{202e}".as_bytes()), "0xe280ae");
    }

    #[test]
    fn keys_are_quoted_where_they_would_mislead() {
        assert_eq!(key("name"), "name");
        assert_eq!(key("größe"), "größe");
        assert_eq!(key("a b"), "\"a b\"");
        assert_eq!(key("a=b"), "\"a=b\"");
        assert_eq!(key("\u{1b}]0;x\u{7}"), "\"\\u{1b}]0;x\\u{7}\"");
    }

    #[test]
    fn json_is_ascii_and_exact() {
        let hostile = "\u{1b}[31m\u{7f}\u{9b}ü\u{1f600}\"\n";
        let text = json(&hostile).unwrap();
        assert!(text.chars().all(|c| (' '..='~').contains(&c)), "{text}");
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), hostile);
    }
}
