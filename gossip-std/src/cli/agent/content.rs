//! What an entry holds, as it is printed: a plain value, or a contribution to a shared key, decoded.

use std::fmt;

use gossip_core::NodeId;
use gossip_core::shared::{Contribution, copy_of};
use serde::{Serialize, Serializer};

use crate::cli::text::{self, Value};

/// An id: a string in JSON, because many readers round numbers above 2^53.
pub(super) type Id = Text<NodeId>;

/// Serialized as it is displayed.
#[derive(Clone, Copy)]
pub(super) struct Text<T>(pub(super) T);

impl<T: fmt::Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// The content of an entry. What looks like a contribution is shown as one; in JSON `raw` has its bytes, too.
#[derive(Clone, Serialize)]
#[serde(untagged)]
pub(super) enum Content {
    Plain(Value),
    Shared {
        #[serde(flatten)]
        said: Said,
        /// Hexadecimal.
        raw: String,
        /// Where it is a copy: of which key, and whose contribution it is.
        #[serde(flatten)]
        copied: Option<Copied>,
    },
}

#[derive(Clone, Serialize)]
pub(super) struct Copied {
    copy_of: String,
    origin: Id,
}

/// A contribution.
#[derive(Clone, Serialize)]
#[serde(tag = "shared", rename_all = "lowercase")]
pub(super) enum Said {
    Value {
        #[serde(flatten)]
        value: Value,
    },
    Number {
        number: Text<i64>,
    },
    Counter {
        /// What it adds to the sum.
        counted: Text<i128>,
        added: Text<u64>,
        taken: Text<u64>,
    },
    Set {
        elements: Vec<Value>,
    },
}

impl Content {
    /// What the bytes of an entry of this key are.
    pub(super) fn new(key: &str, bytes: Vec<u8>) -> Self {
        let copied = copy_of(key).and_then(|(about, _)| {
            let (origin, said) = postcard::take_from_bytes::<NodeId>(&bytes).ok()?;
            let copied = Copied {
                copy_of: about.to_owned(),
                origin: Text(origin),
            };
            Some((copied, said))
        });
        let (copied, said) = match copied {
            Some((copied, said)) => (Some(copied), said),
            None => (None, &bytes[..]),
        };
        match Contribution::decode(said) {
            Some(said) => Self::Shared {
                said: said.into(),
                raw: text::hex(&bytes),
                copied,
            },
            None => Self::Plain(Value::from(bytes)),
        }
    }

    /// The key and what it holds: `key = "value"`, or `key: counted 3`.
    pub(super) fn with_key<'c>(&'c self, key: &'c str) -> impl fmt::Display + 'c {
        fmt::from_fn(move |f| match self {
            Self::Plain(value) => write!(f, "{} = {value}", text::key(key)),
            Self::Shared {
                said,
                copied: Some(Copied { copy_of, origin }),
                ..
            } => write!(
                f,
                "{}: {said} by node {}, kept",
                text::key(copy_of),
                origin.0
            ),
            Self::Shared { said, .. } => write!(f, "{}: {said}", text::key(key)),
        })
    }
}

impl From<Contribution<'_>> for Said {
    fn from(contribution: Contribution<'_>) -> Self {
        match contribution {
            Contribution::Value { bytes, .. } => Self::Value {
                value: bytes.to_vec().into(),
            },
            Contribution::Number { number, .. } => Self::Number {
                number: Text(number),
            },
            Contribution::Counter(counter) => Self::Counter {
                counted: Text(counter.balance()),
                added: Text(counter.added),
                taken: Text(counter.taken),
            },
            Contribution::Elements { elements, .. } => Self::Set {
                elements: elements.map(|one| one.to_vec().into()).collect(),
            },
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { value } => write!(f, "shared {value}"),
            Self::Number { number } => write!(f, "number {}", number.0),
            Self::Counter { counted, .. } => write!(f, "counted {}", counted.0),
            Self::Set { elements } => {
                let all: Vec<String> = elements.iter().map(ToString::to_string).collect();
                write!(f, "set {{{}}}", all.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(key: &str, bytes: &[u8]) -> String {
        Content::new(key, bytes.to_vec()).with_key(key).to_string()
    }

    #[test]
    fn contributions_are_decoded_and_copies_say_whose_they_are() {
        assert_eq!(shown("k", b"v"), "k = \"v\"");
        assert_eq!(shown("who", b"\xf8\x00me"), "who: shared \"me\"");
        assert_eq!(shown("who", b"\xf8\x00\x1b"), "who: shared 0x1b");
        assert_eq!(shown("n", &[0xf9, 0, 7]), "n: number -4");
        assert_eq!(shown("n", &[0xfb, 1, 2, 3, 4, 50, 8]), "n: counted 42");
        assert_eq!(shown("s", b"\xfa\x00\x01a\x01b"), "s: set {\"a\", \"b\"}");
        let copy = [3, 0xfb, 1, 2, 3, 4, 5, 0];
        assert_eq!(shown("\0n\u{1}", &copy), "n: counted 5 by node 3, kept");
        assert_eq!(shown("n", &[0xfb, 1]), "n = 0xfb01");
    }

    #[test]
    fn json_has_what_a_contribution_says_and_its_bytes() {
        let json = |key: &str, bytes: &[u8]| {
            serde_json::to_value(Content::new(key, bytes.to_vec())).expect("it is plain data")
        };
        let told = json("n", &[0xfb, 1, 2, 3, 4, 50, 8]);
        assert_eq!(
            (&told["shared"], &told["counted"]),
            (&"counter".into(), &"42".into())
        );
        assert_eq!(told["raw"], "fb010203043208");
        let told = json("\0n\u{1}", &[3, 0xf9, 0, 8]);
        assert_eq!(
            (&told["copy_of"], &told["origin"]),
            (&"n".into(), &"3".into())
        );
        assert_eq!(
            (&told["shared"], &told["number"]),
            (&"number".into(), &"4".into())
        );
        assert_eq!(json("k", b"v")["value"], "v");
    }
}
