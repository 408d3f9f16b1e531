//! The files that a batch writes. They are made before the first run, so that a path that cannot be
//! written is told at once and not after an hour.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use gossip_std::sim::outcome::Outcome;
use gossip_std::sim::report;

use super::flags::Play;
use crate::cli::failure::Failure;

/// How a report is drawn.
type Report = fn(&[Outcome]) -> String;

/// The reports that are asked for, each with its open file.
pub(super) struct Files {
    reports: Vec<(PathBuf, File, Report)>,
}

impl Files {
    /// Makes the files, empty.
    pub(super) fn create(play: &Play) -> Result<Self, Failure> {
        let asked = [
            (&play.html, report::html as Report),
            (&play.svg, report::svg as Report),
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
    pub(super) fn write(self, runs: &[Outcome]) -> Result<(), Failure> {
        for (path, mut file, report) in self.reports {
            file.write_all(report(runs).as_bytes()).map_err(|error| {
                Failure::Run(format!("cannot write {}: {error}", path.display()))
            })?;
        }
        Ok(())
    }
}

/// A new file, in place of one that was there.
pub(super) fn create(path: &Path) -> Result<File, Failure> {
    File::create(path)
        .map_err(|error| Failure::Usage(format!("cannot write {}: {error}", path.display())))
}
