//! The bodies of the fuzz targets, so that libFuzzer, the corpus replay and a debugger run the same.
//!
//! A body takes any bytes and panics if the core breaks a promise. `fuzz_targets/` wraps each for
//! cargo-fuzz; without `--cfg fuzzing` the same binaries run the files named on their command line,
//! on stable and without libFuzzer. From the repository's root:
//!
//! ```text
//! cargo +nightly fuzz run pair --sanitizer none        fuzz one target
//! cargo run --manifest-path fuzz/Cargo.toml --bin pair FILE     run one input on stable
//! cargo test --manifest-path fuzz/Cargo.toml           replay the corpus on stable
//! .ci/fuzz                                             the long runs of all targets, into the corpus
//! ```
//!
//! The inputs in `corpus/` are the smallest set that reaches what long runs reached with inputs of
//! up to 256 bytes (libFuzzer's `-set_cover_merge=1`), together with every input that once failed.

#![forbid(unsafe_code)]

pub mod decode;
mod hostile;
mod input;
pub mod node;
mod oracle;
pub mod pair;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Makes a target's binary of a body: a libFuzzer target under `--cfg fuzzing`, else a program that
/// runs the files named on its command line.
#[cfg(fuzzing)]
#[macro_export]
macro_rules! target {
    ($body:path) => {
        libfuzzer_sys::fuzz_target!(|bytes: &[u8]| $body(bytes));
    };
}

/// Makes a target's binary of a body: a libFuzzer target under `--cfg fuzzing`, else a program that
/// runs the files named on its command line.
#[cfg(not(fuzzing))]
#[macro_export]
macro_rules! target {
    ($body:path) => {
        fn main() -> std::io::Result<()> {
            for path in std::env::args_os().skip(1) {
                $body(&std::fs::read(path)?);
            }
            Ok(())
        }
    };
}

/// The checked-in inputs of a target.
#[must_use]
pub fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target)
}

/// Runs a body on every file of a directory, all of them even if some fail. Returns how many files
/// there were and the names of those that made the body panic.
///
/// # Errors
/// The directory or a file in it cannot be read.
pub fn replay(directory: &Path, body: fn(&[u8])) -> io::Result<(usize, Vec<PathBuf>)> {
    let mut files = fs::read_dir(directory)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    files.sort();
    let mut failed = Vec::new();
    for path in &files {
        let bytes = fs::read(path)?;
        if catch_unwind(AssertUnwindSafe(|| body(&bytes))).is_err() {
            failed.push(path.clone());
        }
    }
    Ok((files.len(), failed))
}
