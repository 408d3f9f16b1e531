//! How a subcommand ends badly: one line on standard error, and an exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::ErrorKind;

/// Why a subcommand did not succeed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The command line makes no sense; exit code 2.
    Usage(String),
    /// Something failed while running; exit code 1.
    Run(String),
    /// Whoever is to know was told already; just this exit code.
    Silent(u8),
    /// Help or version was asked for, or is the best answer: clap prints it.
    Help(clap::Error),
}

impl Failure {
    /// Tells what went wrong and gives the exit code for it.
    pub(super) fn report(self) -> ExitCode {
        match self {
            Self::Usage(message) => complain(&message, 2),
            Self::Run(message) => complain(&message, 1),
            Self::Silent(code) => ExitCode::from(code),
            Self::Help(help) => {
                // A reader that went away does not care for the rest of the help.
                let _ = help.print();
                ExitCode::from(u8::try_from(help.exit_code()).unwrap_or(2))
            }
        }
    }
}

/// clap explains an error in paragraphs; the first one says what is wrong, and is made one line.
impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        match error.kind() {
            ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Self::Help(error),
            _ => Self::Usage(first_paragraph(&error.render().to_string())),
        }
    }
}

/// A failed write to standard output: quiet if the reader went away.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::Silent(1);
        }
        Self::Run(format!("cannot write to standard output: {error}"))
    }
}

fn complain(message: &str, code: u8) -> ExitCode {
    // With standard error gone there is nobody left to tell but by the exit code.
    let _ = writeln!(io::stderr(), "error: {message}");
    ExitCode::from(code)
}

fn first_paragraph(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.is_empty())
        .collect();
    lines.join(" ").trim_start_matches("error: ").to_owned() + " (see --help)"
}
