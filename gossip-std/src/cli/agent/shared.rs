//! The commands about shared keys: how they are understood, carried out and answered.

use std::fmt;

use gossip_core::SetError;
use gossip_core::shared::Merge;
use gossip_std::Agent;
use gossip_std::agent::MergedInfo;
use serde::Serialize;

use super::content::{Id, Text};
use crate::cli::text::{self, Value};

/// How each is written, and what it does.
pub(super) const FORMS: [(&str, &str); 7] = [
    ("share KEY VALUE...", "say a value for a shared key"),
    ("claim KEY VALUE...", "say it unless one is known already"),
    ("number KEY N", "say a number for a shared key"),
    ("add KEY N", "count N more, or less, with a shared counter"),
    (
        "include KEY ELEMENT",
        "add to this node's part of a shared set",
    ),
    (
        "exclude KEY ELEMENT",
        "take out of this node's part of a shared set",
    ),
    (
        "merged KEY HOW",
        "show what all make of it: HOW is last, first, max, min, sum, union or contributors",
    ),
];

/// The names that `merged` takes.
const MERGES: [(&str, Merge); 7] = [
    ("last", Merge::Last),
    ("first", Merge::First),
    ("max", Merge::Max),
    ("min", Merge::Min),
    ("sum", Merge::Sum),
    ("union", Merge::Union),
    ("contributors", Merge::Count),
];

/// A command about a shared key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shared<'a> {
    pub(super) key: &'a str,
    what: What<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What<'a> {
    Share(&'a str),
    Claim(&'a str),
    Number(i64),
    Add(i64),
    Include(&'a str),
    Exclude(&'a str),
    Merged(&'static str, Merge),
}

/// What came of it.
#[derive(Serialize)]
#[serde(tag = "command", rename_all = "lowercase")]
pub(super) enum Done {
    Share { key: String },
    Claim { key: String, claimed: bool },
    Number { key: String },
    Add { key: String },
    Include { key: String, added: bool },
    Exclude { key: String, removed: bool },
    Merged(Reading),
}

#[derive(Serialize)]
pub(super) struct Reading {
    key: String,
    merge: &'static str,
    #[serde(flatten)]
    found: Option<Found>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Found {
    Value {
        owner: Id,
        #[serde(flatten)]
        value: Value,
    },
    Number {
        number: Text<i64>,
    },
    Contributors {
        contributors: usize,
    },
    Elements {
        elements: Vec<Value>,
    },
}

/// The command `name` about `key`, if there is one of that name; `None` inside if the rest of the line is
/// not what it takes.
pub(super) fn parse<'a>(name: &str, key: &'a str, rest: &'a str) -> Option<Option<Shared<'a>>> {
    let words = (!rest.is_empty()).then_some(rest);
    let number = || rest.parse().ok();
    let what = match name {
        "share" => words.map(What::Share),
        "claim" => words.map(What::Claim),
        "number" => number().map(What::Number),
        "add" => number().map(What::Add),
        "include" => words.map(What::Include),
        "exclude" => words.map(What::Exclude),
        "merged" => MERGES
            .iter()
            .find(|(how, _)| *how == rest)
            .map(|(how, merge)| What::Merged(how, *merge)),
        _ => return None,
    };
    let what = what.filter(|_| !key.is_empty());
    Some(what.map(|what| Shared { key, what }))
}

impl Shared<'_> {
    /// Does it.
    ///
    /// # Errors
    /// Why the node refused.
    pub(super) fn run(self, agent: &Agent) -> Result<Done, SetError> {
        let Self { key, what } = self;
        let name = key.to_owned();
        Ok(match what {
            What::Share(value) => {
                agent.share(key, value.as_bytes())?;
                Done::Share { key: name }
            }
            What::Claim(value) => Done::Claim {
                claimed: agent.claim(key, value.as_bytes())?,
                key: name,
            },
            What::Number(number) => {
                agent.share_number(key, number)?;
                Done::Number { key: name }
            }
            What::Add(amount) => {
                agent.count(key, amount)?;
                Done::Add { key: name }
            }
            What::Include(element) => Done::Include {
                added: agent.include(key, element.as_bytes())?,
                key: name,
            },
            What::Exclude(element) => Done::Exclude {
                removed: agent.exclude(key, element.as_bytes())?,
                key: name,
            },
            What::Merged(how, merge) => Done::Merged(Reading {
                key: name,
                merge: how,
                found: agent.merged(key, merge).map(Found::from),
            }),
        })
    }
}

impl From<MergedInfo> for Found {
    fn from(merged: MergedInfo) -> Self {
        match merged {
            MergedInfo::Value { owner, value } => Self::Value {
                owner: Text(owner),
                value: value.into(),
            },
            MergedInfo::Number(number) => Self::Number {
                number: Text(number),
            },
            MergedInfo::Count(contributors) => Self::Contributors { contributors },
            MergedInfo::Elements(all) => Self::Elements {
                elements: all.into_iter().map(Value::from).collect(),
            },
        }
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = |key: &String| text::key(key);
        match self {
            Self::Share { key: name } => write!(f, "ok: shared {}", key(name)),
            Self::Claim {
                key: name,
                claimed: true,
            } => write!(f, "ok: claimed {}", key(name)),
            Self::Claim { key: name, .. } => write!(f, "{} is claimed already", key(name)),
            Self::Number { key: name } => write!(f, "ok: shared {}", key(name)),
            Self::Add { key: name } => write!(f, "ok: counted {}", key(name)),
            Self::Include {
                key: name,
                added: true,
            } => write!(f, "ok: added to {}", key(name)),
            Self::Include { key: name, .. } => write!(f, "it is in {} already", key(name)),
            Self::Exclude {
                key: name,
                removed: true,
            } => {
                write!(f, "ok: taken out of {}", key(name))
            }
            Self::Exclude { key: name, .. } => {
                write!(f, "this node's part of {} has it not", key(name))
            }
            Self::Merged(reading) => reading.fmt(f),
        }
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (merge, key) = (self.merge, text::key(&self.key));
        let Some(found) = &self.found else {
            return write!(f, "nobody contributes to {merge} {key}");
        };
        write!(f, "{merge} {key} = ")?;
        match found {
            Found::Value { owner, value } => write!(f, "{value} by node {}", owner.0),
            Found::Number { number } => write!(f, "{}", number.0),
            Found::Contributors { contributors } => write!(f, "{contributors}"),
            Found::Elements { elements } => {
                let all: Vec<String> = elements.iter().map(ToString::to_string).collect();
                write!(f, "{{{}}}", all.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_key_takes_what_its_command_says() {
        let what = |name, rest| parse(name, "k", rest).unwrap().map(|shared| shared.what);
        assert_eq!(what("share", "a  b"), Some(What::Share("a  b")));
        assert_eq!(what("add", "-3"), Some(What::Add(-3)));
        assert_eq!(what("add", "three"), None);
        assert_eq!(what("number", ""), None);
        assert_eq!(what("merged", "sum"), Some(What::Merged("sum", Merge::Sum)));
        assert_eq!(what("merged", "product"), None);
        assert_eq!(parse("share", "", ""), Some(None));
        assert_eq!(parse("sing", "k", "a"), None);
    }
}
