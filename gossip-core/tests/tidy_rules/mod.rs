//! What `tests/tidy.rs` checks, each rule a function from a file's text to what is wrong with it.

pub mod dependencies;
pub mod functions;
pub mod imports;
pub mod measures;
pub mod source;
pub mod words;

use std::fs;
use std::path::{Path, PathBuf};

/// The crate that the import rules are about.
pub const CORE: &str = "gossip-core/src/";

/// A file of the workspace.
#[derive(Debug)]
pub struct File {
    /// From the top of the workspace, with slashes.
    pub path: String,
    pub text: String,
}

/// Every Rust file of the workspace, build output and hidden folders left out.
pub fn files() -> Vec<File> {
    files_that_end_in(".rs")
}

/// Every manifest of a crate of the workspace.
pub fn manifests() -> Vec<File> {
    files_that_end_in("Cargo.toml")
}

/// Why what was decided was decided.
pub fn decisions() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/decisions.md");
    fs::read_to_string(path).expect("a text file")
}

fn files_that_end_in(end: &str) -> Vec<File> {
    let core = Path::new(env!("CARGO_MANIFEST_DIR"));
    let top = core.parent().expect("the crate lies in the workspace");
    let mut found = Vec::new();
    for folder in ["gossip-core", "gossip-std", "gossip-embedded", "fuzz"] {
        collect(&top.join(folder), end, &mut found);
    }
    found.sort();
    found
        .into_iter()
        .map(|path| File {
            text: fs::read_to_string(&path).expect("a text file"),
            path: relative(&path, top),
        })
        .collect()
}

fn collect(folder: &Path, end: &str, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.expect("readable").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            collect(&path, end, found);
        } else if name.ends_with(end) {
            found.push(path);
        }
    }
}

fn relative(path: &Path, top: &Path) -> String {
    let inside = path.strip_prefix(top).expect("inside the workspace");
    let parts = inside.iter().map(|part| part.to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}
