//! The files that a batch writes. They are made before the first run, so that a path that cannot be
//! written is told at once and not after an hour.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use gossip_std::sim::outcome::Outcome;
use gossip_std::sim::report::{self, About};

use super::flags::Play;
use crate::cli::failure::Failure;

/// How a report is drawn.
type Report = fn(&About, &[Outcome]) -> String;

/// The reports that are asked for, each with its open file.
pub(super) struct Files {
    reports: Vec<(PathBuf, File, Report)>,
}

impl Files {
    /// Makes the files, empty; the scenario was read from `source`, if from a file.
    pub(super) fn create(play: &Play, source: Option<PathBuf>) -> Result<Self, Failure> {
        check_distinct([
            ("the scenario", &source),
            ("--html", &play.html),
            ("--svg", &play.svg),
            ("--trace", &play.trace),
        ])?;
        let asked = [
            (&play.html, report::html as Report),
            (&play.svg, (|_, runs| report::svg(runs)) as Report),
        ];
        let mut reports = Vec::new();
        for (path, report) in asked {
            if let Some(path) = path {
                reports.push((path.clone(), create(path)?, report));
            }
        }
        Ok(Self { reports })
    }

    /// Writes the reports.
    pub(super) fn write(self, about: &About, runs: &[Outcome]) -> Result<(), Failure> {
        for (path, mut file, report) in self.reports {
            file.write_all(report(about, runs).as_bytes())
                .map_err(|error| {
                    Failure::Run(format!("cannot write {}: {error}", path.display()))
                })?;
        }
        Ok(())
    }
}

/// What is written to one file twice, or over what was read, would be lost.
fn check_distinct(files: [(&str, &Option<PathBuf>); 4]) -> Result<(), Failure> {
    let mut known: Vec<(&str, PathBuf)> = Vec::new();
    for (name, path) in files {
        let Some(path) = path else { continue };
        let place = place_of(path);
        if let Some((other, _)) = known.iter().find(|(_, known)| *known == place) {
            let path = path.display();
            return Err(Failure::Usage(format!(
                "{name} {path}: that is the file of {other} too; name another"
            )));
        }
        known.push((name, place));
    }
    Ok(())
}

/// Where a file is, or would be: the same for all paths that lead there.
fn place_of(path: &Path) -> PathBuf {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let in_folder = || {
        let folder = fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()?;
        Some(folder.join(path.file_name()?))
    };
    let found = fs::canonicalize(path).ok().or_else(in_folder);
    found.unwrap_or_else(|| path.to_owned())
}

/// A new file, in place of one that was there.
pub(super) fn create(path: &Path) -> Result<File, Failure> {
    File::create(path)
        .map_err(|error| Failure::Usage(format!("cannot write {}: {error}", path.display())))
}
