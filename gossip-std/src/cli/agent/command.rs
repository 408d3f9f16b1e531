//! The commands that a running node takes, one a line.

use std::time::Duration;

use gossip_core::NodeId;
use gossip_std::sim::Span;

use super::shared::{self, Shared};

/// How wide the list of commands is before what they do, in characters.
const FORM_WIDTH: usize = 29;

/// How each command is written, and what it does; those of shared keys follow.
const COMMANDS: [(&str, &str); 17] = [
    ("set KEY VALUE...", "set an entry of this node"),
    (
        "set --ttl TIME KEY VALUE...",
        "set it for a time, such as 30s",
    ),
    (
        "renew KEY TIME",
        "let an entry of this node last for a time from now on",
    ),
    ("get KEY", "show the entries of this name, of all nodes"),
    ("get OWNER KEY", "show one entry of one node"),
    (
        "fresh OWNER KEY",
        "ask peers for a fresher value of one entry",
    ),
    ("delete KEY", "delete an entry of this node"),
    ("sync PEER", "make everything equal with one node"),
    (
        "sync PEER OWNER",
        "make the entries of one owner equal with one node",
    ),
    ("join HOST:PORT", "join through this node, too"),
    ("members", "show every known node"),
    ("entries", "show every known entry"),
    (
        "watch [OWNER] [PREFIX]",
        "print entries and every change of them; OWNER may be *",
    ),
    ("unwatch", "end the watch"),
    ("stats", "show what was sent, received, dropped and refused"),
    ("leave", "say goodbye and end"),
    ("help", "show this list"),
];

/// A line as understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command<'a> {
    Set {
        key: &'a str,
        value: &'a str,
        ttl: Option<Duration>,
    },
    Renew {
        key: &'a str,
        ttl: Duration,
    },
    Get {
        owner: Option<NodeId>,
        key: &'a str,
    },
    Fresh {
        owner: NodeId,
        key: &'a str,
    },
    Delete {
        key: &'a str,
    },
    /// Everything, or what one owner has.
    Sync {
        peer: NodeId,
        owner: Option<NodeId>,
    },
    Join {
        host: &'a str,
    },
    Shared(Shared<'a>),
    Members,
    Entries,
    /// Replaces an earlier watch.
    Watch {
        owner: Option<NodeId>,
        prefix: &'a str,
    },
    Unwatch,
    Stats,
    Leave,
    Help,
}

/// Understands one line; `None` if there is nothing on it.
///
/// # Errors
/// One line that says what is wrong with it.
pub(super) fn parse(line: &str) -> Result<Option<Command<'_>>, String> {
    let (name, rest) = word(line.trim());
    let command = match name {
        "" => return Ok(None),
        "set" => set(rest)?,
        "get" => get(rest)?,
        "renew" => renew(rest)?,
        "fresh" => fresh(rest)?,
        "sync" => sync(rest)?,
        "delete" => Command::Delete {
            key: only(rest).ok_or_else(|| usage("delete"))?,
        },
        "join" => Command::Join {
            host: only(rest).ok_or_else(|| usage("join"))?,
        },
        "watch" => watch(rest)?,
        "members" | "entries" | "unwatch" | "stats" | "leave" | "help" if !rest.is_empty() => {
            return Err(usage(name));
        }
        "members" => Command::Members,
        "entries" => Command::Entries,
        "unwatch" => Command::Unwatch,
        "stats" => Command::Stats,
        "leave" => Command::Leave,
        "help" => Command::Help,
        _ => return about_shared(name, rest).map(Some),
    };
    Ok(Some(command))
}

/// All commands: how each is written, and what it does.
pub(super) fn commands() -> impl Iterator<Item = (&'static str, &'static str)> {
    COMMANDS.into_iter().chain(shared::FORMS)
}

/// The same in lines that begin so.
pub(super) fn list(begin: &str) -> String {
    let lines = commands().map(|(form, does)| format!("{begin}{form:FORM_WIDTH$}{does}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The list of commands, for `--help`.
pub(super) fn overview() -> String {
    format!(
        "Commands on standard input:\n{}\n\nThe node goes on when standard input or output is \
         closed; in the background of a shell, start it with </dev/null.\nCtrl-C and SIGTERM make it leave the \
         cluster; a second one ends it at once.",
        list("  ")
    )
}

fn set(rest: &str) -> Result<Command<'_>, String> {
    let (ttl, rest) = match word(rest) {
        ("--ttl", rest) => {
            let (ttl, rest) = word(rest);
            (Some(time(ttl)?), rest)
        }
        _ => (None, rest),
    };
    match word(rest) {
        (key, value) if !value.is_empty() => Ok(Command::Set { key, value, ttl }),
        _ => Err(usage("set")),
    }
}

fn renew(rest: &str) -> Result<Command<'_>, String> {
    let (key, ttl) = word(rest);
    let ttl = time(only(ttl).ok_or_else(|| usage("renew"))?)?;
    Ok(Command::Renew { key, ttl })
}

/// A time with its unit; the node says which are possible.
fn time(text: &str) -> Result<Duration, String> {
    let span: Result<Span, _> = text.parse();
    let span = span.map_err(|error| format!("TIME {text:?}: {error}"))?;
    Ok(Duration::from_millis(span.as_millis()))
}

fn get(rest: &str) -> Result<Command<'_>, String> {
    if let Some(key) = only(rest) {
        return Ok(Command::Get { owner: None, key });
    }
    let (owner, rest) = word(rest);
    let key = only(rest).ok_or_else(|| usage("get"))?;
    Ok(Command::Get {
        owner: Some(node_id("OWNER", owner)?),
        key,
    })
}

fn fresh(rest: &str) -> Result<Command<'_>, String> {
    let (owner, rest) = word(rest);
    let key = only(rest).ok_or_else(|| usage("fresh"))?;
    let owner = node_id("OWNER", owner)?;
    Ok(Command::Fresh { owner, key })
}

fn sync(rest: &str) -> Result<Command<'_>, String> {
    let (peer, owner) = word(rest);
    if peer.is_empty() || owner.contains(char::is_whitespace) {
        return Err(usage("sync"));
    }
    let peer = node_id("PEER", peer)?;
    let owner = match owner {
        "" => None,
        owner => Some(node_id("OWNER", owner)?),
    };
    Ok(Command::Sync { peer, owner })
}

fn about_shared<'a>(name: &str, rest: &'a str) -> Result<Command<'a>, String> {
    let (key, rest) = word(rest);
    match shared::parse(name, key, rest) {
        Some(Some(shared)) => Ok(Command::Shared(shared)),
        Some(None) => Err(usage(name)),
        None => Err(format!("unknown command {name:?}; help lists them all")),
    }
}

/// The first word is the owner if it can be one, and the prefix if it is the only one.
fn watch(rest: &str) -> Result<Command<'_>, String> {
    let (first, prefix) = word(rest);
    if prefix.contains(char::is_whitespace) {
        return Err(usage("watch"));
    }
    let (owner, prefix) = match (first, prefix) {
        ("" | "*", prefix) => (None, prefix),
        (word, "") => node_id("OWNER", word).map_or((None, word), |id| (Some(id), "")),
        (id, prefix) => (Some(node_id("OWNER", id)?), prefix),
    };
    Ok(Command::Watch { owner, prefix })
}

fn node_id(name: &str, text: &str) -> Result<NodeId, String> {
    let id = text.parse().ok().and_then(NodeId::new);
    id.ok_or_else(|| format!("{name} is a node's id, at most {}", NodeId::MAX))
}

/// The first word, and what follows it.
fn word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}

/// The one word of `text`, if it is just one.
fn only(text: &str) -> Option<&str> {
    (!text.is_empty() && !text.contains(char::is_whitespace)).then_some(text)
}

fn usage(name: &str) -> String {
    let named = |form: &&str| form.split(' ').next() == Some(name);
    let forms: Vec<&str> = commands().map(|(form, _)| form).filter(named).collect();
    format!("usage: {}", forms.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn understands_every_listed_command() {
        for (form, _) in commands() {
            assert!(form.len() < FORM_WIDTH, "{form}");
            let line = form
                .replace("OWNER", "7")
                .replace("TIME", "30s")
                .replace("PEER", "8")
                .replace(" N", " 7")
                .replace(['[', ']'], "");
            let line = line.replace("HOW", "sum");
            assert!(matches!(parse(&line), Ok(Some(_))), "{form}");
        }
    }

    #[test]
    fn a_value_is_the_rest_of_the_line() {
        let set = Command::Set {
            key: "a",
            value: "b  c = d",
            ttl: None,
        };
        assert_eq!(parse("  set a   b  c = d \r\n"), Ok(Some(set)));
    }

    #[test]
    fn a_time_stands_before_the_key() {
        let ttl = Duration::from_millis(1500);
        let (key, value) = ("a", "b --ttl c");
        let set = Command::Set {
            key,
            value,
            ttl: Some(ttl),
        };
        assert_eq!(parse("set --ttl 1.5s a b --ttl c"), Ok(Some(set)));
        assert_eq!(
            parse("renew a 1500ms"),
            Ok(Some(Command::Renew { key, ttl }))
        );
    }

    #[test]
    fn get_takes_an_owner_or_not() {
        assert_eq!(
            parse("get 7"),
            Ok(Some(Command::Get {
                owner: None,
                key: "7"
            }))
        );
        let owner = Some(NodeId::from(7));
        assert_eq!(
            parse("get 7 name"),
            Ok(Some(Command::Get { owner, key: "name" }))
        );
        assert!(parse("get seven name").unwrap_err().contains("OWNER"));
    }

    #[test]
    fn watch_takes_an_owner_or_any_and_a_prefix_or_none() {
        let watch = |owner: Option<u16>, prefix| {
            let owner = owner.map(NodeId::from);
            Ok(Some(Command::Watch { owner, prefix }))
        };
        assert_eq!(parse("watch"), watch(None, ""));
        assert_eq!(parse("watch 7"), watch(Some(7), ""));
        assert_eq!(parse("watch 7  te "), watch(Some(7), "te"));
        assert_eq!(parse("watch te"), watch(None, "te"));
        assert_eq!(parse("watch * 7"), watch(None, "7"));
        assert!(parse("watch x te").unwrap_err().contains("OWNER"));
    }

    #[test]
    fn an_empty_line_is_nothing() {
        assert_eq!(parse(" \t\r\n"), Ok(None));
    }

    #[test]
    fn wrong_lines_get_one_line() {
        let wrong = [
            "set",
            "set a",
            "get",
            "get 1 2 3",
            "delete",
            "delete a b",
            "fresh",
            "fresh 7",
            "fresh a b",
            "sync",
            "sync x",
            "sync 1 2 3",
            "members x",
            "watch 1 a b",
            "unwatch 1",
            "frob",
            "set --ttl 3 a b",
            "set --ttl 3s a",
            "renew a",
            "renew a soon",
            "renew a 3s b",
            "leave now",
            "join",
            "join a:1 b:2",
            "\u{1b}[2J",
        ];
        for line in wrong {
            let message = parse(line).unwrap_err();
            assert!(
                !message.is_empty() && !message.contains(char::is_control),
                "{message:?}"
            );
        }
        assert_eq!(parse("get").unwrap_err(), "usage: get KEY | get OWNER KEY");
    }
}
