//! Who may name whom inside the core: dependencies point down only.

use super::source::is_word;

/// For each top-level module what it may name, `module` or `module::item`. `node` composes the
/// parts and may name everything; the crate's root only re-exports.
///
/// From top to bottom: `node`; `requests` and `persist`; `exchange`; `membership`; `author`; what parts share (`context`, `outbox`, `sampling`); the
/// lower parts (`shared`, `entries`, `board`, `airtime`); `table`; then `storage`, `id`, `address`, `time`. Two stand aside. `storage` names every table's element type,
/// since that is what a storage is. `wire` knows data types and no protocol, and of the bytes the
/// parts know nothing but how long things are.
pub const ALLOWED: &[(&str, &[&str])] = &[
    ("address", &["wire::limits"]),
    ("airtime", &["time"]),
    (
        "author",
        &[
            "address",
            "board",
            "config::Mail",
            "context",
            "entries",
            "error::SetError",
            "id",
            "outbox",
            "shared",
            "stats",
            "storage",
            "table",
            "time",
            "wire",
        ],
    ),
    ("board", &["id", "storage"]),
    (
        "config",
        &[
            "address",
            "airtime::ByteRate",
            "exchange::ExchangeMode",
            "exchange::Reconciliation",
            "id",
            "time",
            "wire::limits",
        ],
    ),
    (
        "context",
        &[
            "address", "airtime", "board", "config", "entries", "hash", "id", "outbox", "sampling",
            "stats", "storage", "table", "time", "wire",
        ],
    ),
    (
        "entries",
        &["hash", "id", "storage", "time", "wire::limits"],
    ),
    ("error", &["time"]),
    ("event", &["id"]),
    (
        "exchange",
        &[
            "address",
            "author",
            "board",
            "context",
            "entries",
            "hash",
            "id",
            "membership",
            "outbox",
            "stats",
            "storage",
            "table",
            "time",
            "wire",
        ],
    ),
    ("hash", &[]),
    ("id", &["hash"]),
    (
        "membership",
        &[
            "address",
            "author",
            "board",
            "context",
            "entries",
            "error::DatagramError",
            "event::Mismatch",
            "exchange::Direction",
            "id",
            "outbox",
            "sampling",
            "stats",
            "storage",
            "table",
            "time",
            "wire",
        ],
    ),
    (
        "outbox",
        &[
            "exchange::Direction",
            "exchange::Owed",
            "id",
            "storage",
            "table",
            "wire::Rate",
        ],
    ),
    (
        "persist",
        &[
            "address",
            "author",
            "config",
            "context",
            "entries",
            "exchange::Base",
            "id",
            "membership",
            "stats",
            "storage",
            "table",
            "time",
            "wire",
        ],
    ),
    (
        "requests",
        &[
            "address",
            "author",
            "config::Mail",
            "context",
            "entries",
            "error",
            "event",
            "exchange",
            "hash",
            "id",
            "outbox",
            "rng",
            "stats",
            "storage",
            "table",
            "time",
            "wire",
        ],
    ),
    ("rng", &["hash"]),
    ("sampling", &["address", "hash", "rng", "storage", "table"]),
    ("shared", &["error::Kind", "id"]),
    ("stats", &["error", "wire::Kind"]),
    (
        "storage",
        &[
            "address",
            "board",
            "config",
            "context",
            "entries",
            "exchange",
            "membership",
            "outbox",
            "requests",
            "rng",
            "table",
        ],
    ),
    (
        "table",
        &[
            "address",
            "author::Adoption",
            "context::Replica",
            "entries::delta",
            "event",
            "exchange::Marks",
            "hash",
            "id",
            "membership::Detection",
            "storage",
        ],
    ),
    ("time", &[]),
    ("transmit", &[]),
    (
        "wire",
        &[
            "address",
            "config::TAG",
            "entries::Stretch",
            "entries::delta",
            "error",
            "exchange::Direction",
            "id",
            "table::Prefix",
            "time",
        ],
    ),
];

/// The columns of a row: the file of each, and its type. The table names them, since they are what a row is made of,
/// and each is its part's alone, since nobody else sees its fields.
pub const COLUMNS: [(&str, &str); 4] = [
    ("author/adoption.rs", "Adoption"),
    ("context/replica.rs", "Replica"),
    ("exchange/marks.rs", "Marks"),
    ("membership/detection.rs", "Detection"),
];

/// The fields of a struct that others than its own folder can reach.
pub fn open_fields(path: &str, code: &str, name: &str) -> Vec<String> {
    let own = module_of(path).map_or(String::new(), |part| format!("pub(in crate::{part}) "));
    let start = code.find(&format!("pub struct {name} {{"));
    let body = start.map_or("", |start| &code[start..]);
    let body = body.split_once('{').map_or("", |(_, body)| body);
    let body = body.split_once('}').map_or("", |(body, _)| body);
    let fields = body
        .lines()
        .map(str::trim)
        .filter(|line| line.contains(':'));
    let open = fields.filter(|line| line.starts_with("pub") && !line.starts_with(&own));
    let mut found: Vec<_> = open.map(str::to_owned).collect();
    if start.is_none() {
        found.push(format!("there is no struct {name}"));
    }
    found
}

/// The top-level module of a file, by its path inside `src`; `None` for the crate's root.
pub fn module_of(path: &str) -> Option<&str> {
    let first = path.split('/').next()?;
    let name = first.trim_end_matches(".rs");
    (name != "lib").then_some(name)
}

/// What the code of `module` names without leave, each as `module::item`.
pub fn forbidden(module: &str, code: &str) -> Vec<String> {
    if module == "node" {
        return Vec::new();
    }
    let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == module) else {
        return vec![format!("{module} is not in the table")];
    };
    let is_allowed =
        |path: &String| allows(module, path) || allowed.iter().any(|rule| allows(rule, path));
    let mut wrong = named(code);
    wrong.retain(|path| !is_allowed(path));
    wrong
}

/// `true` if the path is what the rule names, or lies in it.
pub fn allows(rule: &str, path: &str) -> bool {
    path.strip_prefix(rule)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// `true` if the code reaches out of its folder by `super`: a way around the table.
pub fn climbs(path: &str, code: &str) -> bool {
    let is_top = !path.contains('/') || path.ends_with("/mod.rs");
    let is_deep_mod = path.matches('/').count() > 1 && path.ends_with("/mod.rs");
    code.contains("super::super")
        || is_deep_mod && code.contains("super::")
        || is_top && code.lines().any(|line| line.starts_with("use super"))
}

/// The methods that a file outside of `context/` gives the context for everybody to call.
pub fn lent(path: &str, code: &str) -> Vec<String> {
    if path.starts_with("context/") {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut inside = false;
    for line in code.lines() {
        if line.starts_with("impl") {
            inside = line.contains(" Context<A, S> {");
        }
        let method = line.trim_start().strip_prefix("pub(crate) fn ");
        if let Some(method) = method.filter(|_| inside) {
            let end = method.find(|c: char| !is_word(c)).unwrap_or(method.len());
            found.push(method[..end].to_owned());
        }
    }
    found
}

/// Every path into the crate: `module::item` or `module` alone.
pub fn named(code: &str) -> Vec<String> {
    let uses = code.match_indices("crate::").filter(|(at, _)| {
        let before = code[..*at].chars().next_back().unwrap_or(' ');
        // A macro's `$crate` speaks for the macro's user.
        !is_word(before) && before != '$'
    });
    uses.flat_map(|(at, start)| paths(&code[at + start.len()..], 2))
        .collect()
}

/// The first `depth` names of each path that begins here, groups in braces opened.
fn paths(text: &str, depth: usize) -> Vec<String> {
    if depth == 0 {
        return vec![String::new()];
    }
    if let Some(group) = text.strip_prefix('{') {
        let parts = split_group(group);
        return parts
            .into_iter()
            .flat_map(|part| paths(part, depth))
            .collect();
    }
    let len = text.find(|c| !is_word(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(len);
    match rest.strip_prefix("::") {
        Some(rest) if depth > 1 && !rest.starts_with('<') => paths(rest, depth - 1)
            .into_iter()
            .map(|tail| format!("{name}::{tail}"))
            .collect(),
        _ => vec![name.to_string()],
    }
}

/// The parts of a group up to its closing brace.
fn split_group(group: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' if depth > 0 => {}
            ',' | '}' => {
                parts.push(group[start..at].trim());
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

#[test]
fn the_table_points_down() {
    let names: Vec<_> = ALLOWED.iter().map(|(name, _)| *name).collect();
    assert!(names.is_sorted());
    let layers: [&[&str]; 10] = [
        &[
            "id", "address", "time", "hash", "rng", "error", "event", "transmit",
        ],
        &["table"],
        &["shared", "entries", "wire", "board", "airtime"],
        &["sampling", "outbox"],
        &["context"],
        &["author"],
        &["membership"],
        &["exchange"],
        &["requests", "persist"],
        &["node"],
    ];
    let layer = |name: &str| layers.iter().position(|layer| layer.contains(&name));
    for (name, allowed) in ALLOWED {
        for rule in *allowed {
            let (module, item) = rule.split_once("::").unwrap_or((rule, ""));
            // The exceptions are single items: numbers, the columns of a row, and what messages say of an exchange.
            let single = ["limits", "delta", "Direction", "Owed"].contains(&item);
            let column = *name == "table" && COLUMNS.iter().any(|(_, column)| *column == item);
            let exception = single || column;
            let (Some(from), Some(to)) = (layer(name), layer(module)) else {
                continue;
            };
            assert!(to <= from || exception, "{name} -> {rule} points up");
        }
    }
}

#[test]
fn lent_methods_are_found() {
    let code = "impl<A> Context<A, S> {\n    pub(crate) fn mine(&self) {}\n    fn own(&self) {}\n}\n\
                impl<A> Other<A, S> {\n    pub(crate) fn other(&self) {}\n}\n";
    assert_eq!(lent("exchange/claims.rs", code), ["mine"]);
    assert!(lent("context/rows.rs", code).is_empty());
}

#[test]
fn forbidden_names_are_found() {
    assert_eq!(forbidden("wire", "use crate::node::Node;"), ["node::Node"]);
    assert_eq!(
        forbidden("table", "use crate::wire::{Writer, limits};").len(),
        2
    );
    assert_eq!(
        forbidden("entries", "x: crate::wire::Writer"),
        ["wire::Writer"]
    );
    let group = "use crate::{\n    id::NodeId,\n    outbox::{Outbox, Outgoing},\n};";
    assert_eq!(
        forbidden("board", group),
        ["outbox::Outbox", "outbox::Outgoing"]
    );
    assert_eq!(
        forbidden("author", "use crate::membership;"),
        ["membership"]
    );
    assert_eq!(forbidden("exchange", "use crate::Node;"), ["Node"]);
    assert_eq!(forbidden("strange", ""), ["strange is not in the table"]);
    let fine = "use crate::id::{Life, NodeId};\nuse crate::wire::limits::{self, entry};";
    assert!(forbidden("entries", fine).is_empty());
    assert!(forbidden("storage", "$crate::Anything::at_all()").is_empty());
    assert!(forbidden("node", "use crate::wire::Writer;").is_empty());
}

#[test]
fn climbing_is_found() {
    assert!(climbs("wire/codec.rs", "use super::super::node::Node;"));
    assert!(climbs("stats.rs", "use super::node::Node;"));
    assert!(climbs("wire/mod.rs", "use super::node;"));
    assert!(climbs("wire/deep/mod.rs", "    super::node::f()"));
    assert!(!climbs("wire/deep/file.rs", "use super::sibling::f;"));
    assert!(!climbs("wire/codec.rs", "use super::section::Kind;"));
    assert_eq!(module_of("wire/codec.rs"), Some("wire"));
    assert_eq!(
        (module_of("stats.rs"), module_of("lib.rs")),
        (Some("stats"), None)
    );
}

#[test]
fn open_fields_are_found() {
    let code = "pub struct Marks {\n    pub(in crate::exchange) pull: u8,\n    own: u8,\n    pub(crate) told: u8,\n}\n";
    let open = |path| open_fields(path, code, "Marks");
    assert_eq!(open("exchange/marks.rs"), ["pub(crate) told: u8,"]);
    assert_eq!(open("membership/marks.rs").len(), 2);
    assert_eq!(
        open_fields("exchange/marks.rs", code, "Other"),
        ["there is no struct Other"]
    );
}
