//! The flags of `gossip sim`.

use std::num::NonZero;
use std::path::PathBuf;
use std::thread;

use clap::{Args as Flags, Subcommand};

use super::overrides::Overrides;
use super::soak::Soak;
use super::source;
use crate::cli::failure::Failure;

/// Play a scenario with real nodes in virtual time; one seed fixes everything.
///
/// Exits with 1 if a rule was broken, and prints the command that replays the run.
#[derive(Debug, Flags)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(super) query: Option<Query>,
    #[command(flatten)]
    pub(super) play: Play,
}

/// What can be done besides playing one scenario.
#[derive(Debug, Subcommand)]
pub(super) enum Query {
    /// List the scenarios that come with the simulator
    List,
    /// Print a scenario's TOML, with the changes of the flags
    Show(Show),
    /// Play random faults over many seeds, until one breaks a rule
    Soak(Soak),
}

/// Which scenario to show.
#[derive(Debug, Flags)]
pub(super) struct Show {
    /// A scenario of the list, soak-SEED for one that `soak` plays, or a file
    #[arg(value_name = "NAME|FILE.toml")]
    pub(super) scenario: String,
    #[command(flatten)]
    pub(super) overrides: Overrides,
}

/// What to play, and what to make of it.
#[derive(Debug, Flags)]
pub(super) struct Play {
    /// A scenario of the list, soak-SEED for one that `soak` plays, or a file
    #[arg(value_name = "NAME|FILE.toml")]
    scenario: Option<String>,
    #[command(flatten)]
    pub(super) overrides: Overrides,
    /// Play it so many times, with one seed after the other
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) runs: u32,
    /// The seed of the first run
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(super) seed: u64,
    /// Work on one run with so many threads, or as many as there are processors if those are fewer;
    /// the outcome is the same
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u16).range(1..=256))]
    cores: u16,
    /// Work on so many runs at a time [default: as many as there are processors for]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) jobs: Option<u16>,
    /// Print JSON instead of tables
    #[arg(long)]
    pub(super) json: bool,
    /// Write a page with plots
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,
    /// Write the plots alone
    #[arg(long, value_name = "FILE")]
    pub(super) svg: Option<PathBuf>,
    /// Write everything that happened, one JSON object a line; for one run only
    #[arg(long, value_name = "FILE")]
    pub(super) trace: Option<PathBuf>,
    /// Print neither tables nor progress: the exit code says whether all went well
    #[arg(long, conflicts_with = "json")]
    pub(super) quiet: bool,
}

impl Play {
    /// What is to be played.
    pub(super) fn scenario(&self) -> Result<&str, Failure> {
        self.scenario
            .as_deref()
            .ok_or_else(|| Failure::Usage(format!("name a scenario: {}", source::known())))
    }

    /// The seeds of the runs.
    pub(super) fn seeds(&self) -> Result<Vec<u64>, Failure> {
        let last = self.seed.checked_add(u64::from(self.runs) - 1);
        let last = last.ok_or_else(|| {
            Failure::Usage(format!(
                "--seed {}: too large for {} runs",
                self.seed, self.runs
            ))
        })?;
        if self.trace.is_some() && self.runs > 1 {
            let message = format!("--trace is for one run, and there are {}", self.runs);
            return Err(Failure::Usage(message));
        }
        Ok((self.seed..=last).collect())
    }

    /// How many runs to work on at a time.
    pub(super) fn jobs(&self) -> usize {
        match self.jobs {
            Some(jobs) => usize::from(jobs),
            None => (processors() / self.cores()).max(1),
        }
    }

    /// How many threads work on one run. They wait for each other a thousand times a virtual second:
    /// more than there are processors would mostly wait.
    pub(super) fn cores(&self) -> usize {
        usize::from(self.cores).min(processors())
    }

    /// The command that plays the run with this seed again.
    pub(super) fn replay(&self, seed: u64) -> String {
        let scenario = quoted(self.scenario.as_deref().unwrap_or_default());
        let mut command = format!("gossip sim {scenario} --seed {seed}");
        for word in self.overrides.words() {
            command += " ";
            command += &word;
        }
        command
    }

    /// The command that plays all runs again.
    pub(super) fn again(&self) -> String {
        let all = (self.runs > 1).then(|| format!(" --runs {}", self.runs));
        self.replay(self.seed) + &all.unwrap_or_default()
    }
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// A word as a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./+=:@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn parse(line: &str) -> Result<Args, clap::Error> {
        let words = std::iter::once("sim").chain(line.split_whitespace());
        Line::try_parse_from(words).map(|line| line.args)
    }

    fn play(line: &str) -> Play {
        parse(line).unwrap().play
    }

    #[test]
    fn a_name_is_played_and_a_question_is_answered() {
        assert_eq!(play("crash").scenario().unwrap(), "crash");
        assert!(matches!(parse("list").unwrap().query, Some(Query::List)));
        let Some(Query::Show(show)) = parse("show crash --nodes 9").unwrap().query else {
            panic!("show is a question");
        };
        assert_eq!(show.scenario, "crash");
        assert!(!show.overrides.is_empty());
        assert!(parse("").unwrap().play.scenario().is_err());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            "crash serf",
            "show",
            "crash --runs 0",
            "crash --cores 0",
            "crash --jobs 0",
            "crash --seed x",
            "crash --nodes -3",
            "crash --interval 200",
            "crash --loss",
            "crash --latency 5ms..",
            "crash --json --quiet",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn the_replay_command_plays_the_same_run() {
        let flags = "--nodes 9 --fanout 2 --interval 500ms --gossip-interval 100ms --loss 0.25 \
                     --mtu 500 --duration 40s --entries 3 --latency 1ms..20ms --direct-mail all --exchange-mode push \
                     --reconciliation precise-oldest --flow-control false";
        let asked = play(&format!("crash --runs 50 --jobs 2 --quiet {flags}"));
        let command = asked.replay(17);
        let again = play(command.strip_prefix("gossip sim ").unwrap());
        assert_eq!(again.overrides, asked.overrides);
        assert_eq!((again.scenario().unwrap(), again.seed), ("crash", 17));
        assert_eq!(play("crash").replay(3), "gossip sim crash --seed 3");
    }

    #[test]
    fn a_report_has_the_command_that_plays_all_runs_again() {
        let again = play("crash --runs 3 --seed 7 --nodes 9 --json").again();
        assert_eq!(again, "gossip sim crash --seed 7 --nodes 9 --runs 3");
    }

    #[test]
    fn a_word_with_a_space_is_quoted() {
        assert_eq!(quoted("my dir/it's.toml"), r"'my dir/it'\''s.toml'");
        assert_eq!(quoted("dir/a-1.toml"), "dir/a-1.toml");
    }
}
