//! The commands that a running node takes, one a line.

use gossip_core::NodeId;

/// How each command is written, and what it does.
pub(super) const COMMANDS: [(&str, &str); 9] = [
    ("set KEY VALUE...", "set an entry of this node"),
    ("get KEY", "show the entries of this name, of all nodes"),
    ("get OWNER KEY", "show one entry of one node"),
    ("delete KEY", "delete an entry of this node"),
    ("members", "show every known node"),
    ("entries", "show every known entry"),
    ("stats", "show what was sent, received, dropped and refused"),
    ("leave", "say goodbye and end"),
    ("help", "show this list"),
];

/// A line as understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command<'a> {
    Set { key: &'a str, value: &'a str },
    Get { owner: Option<NodeId>, key: &'a str },
    Delete { key: &'a str },
    Members,
    Entries,
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
        "delete" => Command::Delete {
            key: only(rest).ok_or_else(|| usage("delete"))?,
        },
        "members" | "entries" | "stats" | "leave" | "help" if !rest.is_empty() => {
            return Err(usage(name));
        }
        "members" => Command::Members,
        "entries" => Command::Entries,
        "stats" => Command::Stats,
        "leave" => Command::Leave,
        "help" => Command::Help,
        _ => return Err(format!("unknown command {name:?}; help lists them all")),
    };
    Ok(Some(command))
}

/// The list of commands, for `--help`.
pub(super) fn overview() -> String {
    let lines: Vec<String> = COMMANDS
        .iter()
        .map(|(form, does)| format!("  {form:18}{does}"))
        .collect();
    format!(
        "Commands on standard input:\n{}\n\nThe node goes on when standard input is closed; in the \
         background of a shell, start it with </dev/null.\nCtrl-C and SIGTERM make it leave the \
         cluster; a second one ends it at once.",
        lines.join("\n")
    )
}

fn set(rest: &str) -> Result<Command<'_>, String> {
    match word(rest) {
        (key, value) if !value.is_empty() => Ok(Command::Set { key, value }),
        _ => Err(usage("set")),
    }
}

fn get(rest: &str) -> Result<Command<'_>, String> {
    if let Some(key) = only(rest) {
        return Ok(Command::Get { owner: None, key });
    }
    let (owner, rest) = word(rest);
    let key = only(rest).ok_or_else(|| usage("get"))?;
    let owner = owner.parse().ok().and_then(NodeId::new);
    let owner = owner.ok_or_else(|| format!("OWNER is a node's id, at most {}", NodeId::MAX))?;
    Ok(Command::Get {
        owner: Some(owner),
        key,
    })
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
    let forms: Vec<&str> = COMMANDS
        .iter()
        .map(|(form, _)| *form)
        .filter(named)
        .collect();
    format!("usage: {}", forms.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn understands_every_listed_command() {
        for (form, _) in COMMANDS {
            let line = form.replace("OWNER", "7");
            assert!(matches!(parse(&line), Ok(Some(_))), "{form}");
        }
    }

    #[test]
    fn a_value_is_the_rest_of_the_line() {
        let set = Command::Set {
            key: "a",
            value: "b  c = d",
        };
        assert_eq!(parse("  set a   b  c = d \r\n"), Ok(Some(set)));
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
            "members x",
            "frob",
            "leave now",
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
