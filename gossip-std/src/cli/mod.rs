//! The command line: this file reads it, each subcommand has a file or a folder of its own.
//!
//! Exit codes: 0 when all went well, 1 when something failed while running, 2 for a command line
//! that makes no sense, 130 when a signal cut `demo` short.

mod address;
mod agent;
mod demo;
mod failure;
mod random;
mod signals;
mod sim;
mod text;

use std::env;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Failure;

/// Gossip between equal nodes: membership, failure detection and shared state without a server.
#[derive(Debug, Parser)]
#[command(name = "gossip", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Args),
    Agent(agent::Args),
    Sim(Box<sim::Args>),
}

/// Reads the command line and runs what it says.
pub(crate) fn main() -> ExitCode {
    let words = env::args_os().map(|word| word.to_string_lossy().into_owned());
    let result = match Cli::try_parse() {
        Ok(cli) => run(cli.command),
        Err(error) => Err(Failure::refused(error, &words.collect::<Vec<_>>())),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Demo(args) => demo::run(&args),
        Command::Agent(args) => agent::run(&args),
        Command::Sim(args) => sim::run(&args),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
