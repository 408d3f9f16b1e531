//! The layout rules hold: short files and functions, dependencies that point down, and none of what
//! must not stand in code. Each rule has a test of its own, in `tidy_rules/`, that it can fail.

mod tidy_rules;

use tidy_rules::dependencies::{dependencies, reasons};
use tidy_rules::functions::functions;
use tidy_rules::imports::{
    ALLOWED, COLUMNS, allows, climbs, forbidden, lent, module_of, named, open_fields,
};
use tidy_rules::measures::{implements_node, sizes, tests_a_part};
use tidy_rules::source::{code_of, without_tests};
use tidy_rules::words::{has, has_allocator, has_feature};
use tidy_rules::{CORE, File, decisions, files, manifests};

/// No file has so many lines.
const FILE_LINES: usize = 500;
/// No function has so many.
const FUNCTION_LINES: usize = 60;

/// The node has no more lines of code, ...
const NODE_LINES: usize = 1500;
/// ... no larger share of the crate, ...
const NODE_PERCENT: usize = 12;
/// ... and its methods stand in no more files.
const NODE_FILES: usize = 8;
/// What has state or rules of its own.
const PARTS: [&str; 15] = [
    "airtime.rs",
    "author/",
    "board.rs",
    "context/",
    "entries/",
    "exchange/",
    "membership/",
    "outbox.rs",
    "persist/",
    "requests/mail/",
    "requests/read/",
    "requests/sync/",
    "sampling/",
    "shared/",
    "table/",
];

/// Fails with everything that is wrong.
fn check(complaints: impl Iterator<Item = String>) {
    let complaints: Vec<String> = complaints.collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// The files of the core itself, their paths inside `src`, without their tests.
fn core() -> Vec<(String, String)> {
    let inside = |file: &File| {
        let path = file.path.strip_prefix(CORE)?;
        let code = code_of(&file.text);
        let is_test = path.ends_with("tests.rs");
        (!is_test).then(|| (path.to_string(), without_tests(&code).to_string()))
    };
    files().iter().filter_map(inside).collect()
}

#[test]
fn files_are_found() {
    let files = files();
    for part in ["src/lib.rs", "src/node/mod.rs", "tests/tidy.rs"] {
        let path = format!("gossip-core/{part}");
        assert!(files.iter().any(|file| file.path == path), "{path}");
    }
    assert!(!files.iter().any(|file| file.path.contains("/target/")));
    assert!(core().len() > 30);
}

#[test]
fn every_dependency_has_a_reason_and_every_reason_a_dependency() {
    let reasons = reasons(&decisions());
    let manifests = manifests();
    assert!(manifests.len() >= 5, "{}", manifests.len());
    let has_reason = |name: &str| {
        reasons
            .iter()
            .any(|(known, why)| known == name && !why.is_empty())
    };
    let mut wrong = Vec::new();
    for file in &manifests {
        let unexplained = dependencies(&file.text)
            .into_iter()
            .filter(|name| !has_reason(name));
        wrong.extend(
            unexplained.map(|name| format!("{}: decisions.md does not say why {name}", file.path)),
        );
    }
    let used: Vec<String> = manifests
        .iter()
        .flat_map(|file| dependencies(&file.text))
        .collect();
    let gone = reasons.iter().filter(|(name, _)| !used.contains(name));
    wrong
        .extend(gone.map(|(name, _)| format!("decisions.md explains {name}, which nothing needs")));
    check(wrong.into_iter());
}

#[test]
fn files_are_short() {
    check(files().iter().filter_map(|file| {
        let lines = file.text.lines().count();
        (lines >= FILE_LINES).then(|| format!("{} has {lines} lines", file.path))
    }));
}

#[test]
fn functions_are_short() {
    check(files().iter().flat_map(|file| {
        let found = functions(&code_of(&file.text));
        let long = found
            .into_iter()
            .filter(|function| function.lines.is_none_or(|lines| lines >= FUNCTION_LINES));
        long.map(|function| match function.lines {
            Some(lines) => format!("{}:{} has {lines} lines", file.path, function.line),
            None => format!("{}:{} has no end", file.path, function.line),
        })
        .collect::<Vec<_>>()
    }));
}

#[test]
fn imports_point_down() {
    check(core().iter().flat_map(|(path, code)| {
        let wrong = module_of(path).map_or(Vec::new(), |module| forbidden(module, code));
        let named = wrong
            .into_iter()
            .map(|name| format!("{path} may not name {name}"));
        let climbing = climbs(path, code).then(|| format!("{path} climbs by super"));
        named.chain(climbing).collect::<Vec<_>>()
    }));
}

/// What parts share is asked in the room where it stands: a question of the context that a part adds is its own, or a
/// lower part could call a higher one through it.
#[test]
fn what_a_part_asks_of_the_context_is_its_own() {
    check(core().iter().flat_map(|(path, code)| {
        let found = lent(path, code).into_iter();
        found.map(move |name| format!("{path} lends {name} to everybody"))
    }));
}

/// What a part keeps in a row is changed by that part alone, and a whole row by the table alone.
#[test]
fn columns_belong_to_their_parts() {
    let core = core();
    let open = COLUMNS.iter().flat_map(|(file, column)| {
        let found = core.iter().find(|(path, _)| path == file);
        let fields = found.map_or(vec!["no such file".into()], |(path, code)| {
            open_fields(path, code, column)
        });
        fields
            .into_iter()
            .map(move |field| format!("{file}: {field}"))
    });
    let outside = core.iter().filter(|(path, _)| !path.starts_with("table/"));
    let rows = outside
        .filter(|(_, code)| code.contains("&mut Member<"))
        .map(|(path, _)| format!("{path} changes a whole row"));
    check(open.chain(rows));
}

/// The way of a datagram leads through functions that are there.
#[test]
fn the_way_of_a_datagram_is_the_codes() {
    let page = include_str!("../docs/CONTRIBUTING.md");
    let rows = page.lines().filter(|line| line.starts_with("| "));
    let all = files();
    let mut steps = 0;
    let mut wrong = Vec::new();
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, step, names_of_files, names, _] = cells[..] else {
            continue;
        };
        if !names_of_files.contains(".rs`") {
            continue;
        }
        steps += 1;
        let inside =
            |path: &String| quoted(names_of_files).any(|name| *path == format!("{CORE}{name}"));
        let found = all.iter().filter(|file| inside(&file.path));
        let text: String = found.map(|file| file.text.as_str()).collect();
        let missing = quoted(names)
            .map(|name| name.rsplit("::").next().unwrap_or_default().to_owned())
            .filter(|name| !has(&text, name));
        wrong.extend(missing.map(|name| format!("{step}: no {name} in {names_of_files}")));
    }
    assert!(steps > 30, "{steps} steps");
    check(wrong.into_iter());
}

/// What stands between backquotes.
fn quoted(cell: &str) -> impl Iterator<Item = String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned)
}

/// The node composes its parts, and the rules stand in them; none of them is a hall.
#[test]
fn the_node_is_small_and_no_folder_is_large() {
    let core = core();
    let sizes = sizes(core.iter());
    let all: usize = sizes.iter().map(|(_, lines)| lines).sum();
    let node = sizes.iter().find(|(name, _)| name == "node");
    let node = node.map_or(0, |(_, lines)| *lines);
    assert!(node > 500, "{node}: the node was not found");
    assert!(node <= NODE_LINES, "node/ has {node} lines of code");
    assert!(node * 100 <= all * NODE_PERCENT, "node/ {node} of {all}");
    let large = sizes.iter().filter(|(_, lines)| lines * 4 > all);
    let large = large.map(|(name, lines)| format!("{name}/ has {lines} of {all} lines"));
    let files = core.iter().filter(|(_, code)| implements_node(code));
    let files: Vec<_> = files.map(|(path, _)| path.as_str()).collect();
    let outside = files.iter().filter(|path| !path.starts_with("node/"));
    let outside = outside.map(|path| format!("{path} implements the node"));
    let many = (files.len() > NODE_FILES).then(|| format!("{files:?} implement the node"));
    check(large.chain(outside).chain(many));
}

#[test]
fn each_part_is_tested_without_a_node() {
    let all = files();
    let own = |part: &str| {
        let inside = format!("{CORE}{part}");
        all.iter()
            .any(|file| file.path.starts_with(&inside) && tests_a_part(&file.text))
    };
    let untested = PARTS.iter().filter(|part| !own(part));
    check(untested.map(|part| format!("{part} has no tests without a node")));
}

#[test]
fn every_allowed_import_is_used() {
    let core = core();
    let mut unused = Vec::new();
    for (module, allowed) in ALLOWED {
        let own = core
            .iter()
            .filter(|(path, _)| module_of(path) == Some(module));
        let names: Vec<String> = own.flat_map(|(_, code)| named(code)).collect();
        for rule in *allowed {
            if !names.iter().any(|name| allows(rule, name)) {
                unused.push(format!("{module} no longer needs {rule}"));
            }
        }
    }
    check(unused.into_iter());
}

#[test]
fn the_core_has_neither_features_nor_an_allocator() {
    check(core().iter().flat_map(|(path, code)| {
        let feature = has_feature(code).then(|| format!("{path} depends on a feature"));
        let heap = has_allocator(code).then(|| format!("{path} uses alloc or std"));
        feature.into_iter().chain(heap).collect::<Vec<_>>()
    }));
}

#[test]
fn nothing_is_unsafe_but_firmware_and_nothing_is_left_undone() {
    check(files().iter().flat_map(|file| {
        let code = code_of(&file.text);
        let firmware = file.path.starts_with("gossip-embedded/firmware/");
        let words = ["todo!", "unimplemented!", "dbg!", "unsafe"];
        let found = words
            .iter()
            .filter(|word| has(&code, word) && !(firmware && **word == "unsafe"));
        found
            .map(|word| format!("{} has {word}", file.path))
            .collect::<Vec<_>>()
    }));
}
