//! What the manifests depend on, and the table of decisions that gives the reason for each.

/// The crates of this workspace need no reason.
const OURS: &str = "gossip-";

/// The heading that the table stands under.
const HEADING: &str = "## Dependencies";

/// The names of the published crates that a manifest depends on, for whatever purpose.
pub fn dependencies(manifest: &str) -> Vec<String> {
    let mut inside = false;
    let mut names: Vec<String> = Vec::new();
    for line in manifest.lines() {
        if let Some(header) = line.strip_prefix('[') {
            let (table, name) = header_of(header);
            inside = table.ends_with("dependencies");
            names.extend(name.filter(|_| table.ends_with("dependencies.")));
        } else if inside && let Some(name) = key_of(line) {
            names.push(name);
        }
    }
    names.retain(|name| !name.starts_with(OURS));
    names.sort();
    names.dedup();
    names
}

/// The crates that the table names in its first column, each with the reason in its last.
pub fn reasons(decisions: &str) -> Vec<(String, String)> {
    let below = decisions.split_once(HEADING).map_or("", |(_, below)| below);
    let part = below.split_once("\n## ").map_or(below, |(part, _)| part);
    let rows = part.lines().filter(|line| line.starts_with("| `"));
    let named = rows.flat_map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let names = cells.first().copied().unwrap_or_default();
        let reason = cells.get(2).copied().unwrap_or_default().to_string();
        let names = names.split('`').skip(1).step_by(2);
        names
            .map(move |name| (name.to_string(), reason.clone()))
            .collect::<Vec<_>>()
    });
    named.collect()
}

/// `dev-dependencies]` is a table; `dependencies.serde]` is the table of one of its names.
fn header_of(header: &str) -> (&str, Option<String>) {
    let header = header.trim_end().trim_end_matches(']');
    match header.rfind("dependencies.") {
        Some(at) => {
            let (table, name) = header.split_at(at + "dependencies.".len());
            (table, Some(name.to_string()))
        }
        None => (header, None),
    }
}

/// The name in `serde = "1"` or `serde.workspace = true`.
fn key_of(line: &str) -> Option<String> {
    let (key, _) = line.split_once('=')?;
    let name = key.split('.').next()?.trim();
    let is_name = !name.is_empty() && !name.starts_with('#');
    is_name.then(|| name.to_string())
}

#[test]
fn every_kind_of_dependency_is_found() {
    let manifest = "[package]\nname = \"x\"\n\n[dependencies]\nclap = { version = \"4\" }\n# no = 1\n\
        gossip-core.workspace = true\nserde.workspace = true\n\n[dev-dependencies.png]\nversion = \"1\"\n\n\
        [target.'cfg(unix)'.dependencies]\nlibc = \"0.2\"\n\n[features]\ncli = [\"dep:clap\"]\n";
    assert_eq!(
        dependencies(manifest),
        ["clap", "libc", "png", "serde"].map(str::to_string)
    );
}

#[test]
fn the_reasons_are_those_of_the_table_and_of_no_other() {
    let text = "| `x` | y | z |\n## Dependencies\n| crate | where | why |\n|---|---|---|\n\
        | `a`, `b` | core | small |\n| `c` | dev | |\n\n## Later\n| `d` | e | f |\n";
    let expected = [("a", "small"), ("b", "small"), ("c", "")];
    let expected = expected.map(|(name, why)| (name.to_string(), why.to_string()));
    assert_eq!(reasons(text), expected);
}
