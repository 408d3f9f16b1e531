//! How a subcommand ends badly: one line on standard error, and an exit code.

use std::fmt;
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
    /// Why clap refused these words of the command line.
    pub(super) fn refused(error: clap::Error, words: &[String]) -> Self {
        match negative(words) {
            Some((flag, value)) if error.kind() == ErrorKind::UnknownArgument => {
                Self::Usage(format!("{flag} is {value}; it must not be negative"))
            }
            _ => Self::from(error),
        }
    }

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

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message) | Self::Run(message) => f.write_str(message),
            Self::Silent(code) => write!(f, "ended with {code}"),
            Self::Help(help) => help.fmt(f),
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

/// The flag before a negative number and that number: clap takes it for a flag that it does not know.
fn negative(words: &[String]) -> Option<(&str, &str)> {
    let is_negative = |word: &str| {
        let number = word.strip_prefix('-').unwrap_or_default();
        number.starts_with(|c: char| c.is_ascii_digit())
            && number
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '.')
    };
    let mut pairs = words.windows(2);
    pairs.find_map(|pair| match pair {
        [flag, value] if flag.starts_with("--") && is_negative(value) => Some((&**flag, &**value)),
        _ => None,
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_number_is_found_with_its_flag() {
        let found = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            negative(&words).map(|(flag, value)| format!("{flag} {value}"))
        };
        for pair in ["--seed -1", "--loss -0.5", "--interval -2s"] {
            assert_eq!(
                found(&format!("gossip sim steady {pair} --json")).as_deref(),
                Some(pair)
            );
        }
        for line in [
            "gossip sim steady -1",
            "gossip --seed 1",
            "gossip --seed --json",
            "--set -1=x",
            "--seed -x",
        ] {
            assert_eq!(found(line), None, "{line}");
        }
    }
}
