//! `gossip demo`: a cluster of real nodes on real sockets lives through one story.

mod cluster;
mod frame;
mod lines;
mod live;
mod observer;
mod play;
mod screen;
mod show;
mod steady;
mod steps;
mod story;
mod styled;
mod timeline;

use std::env;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args as Flags;

use super::failure::Failure;
use super::{random, signals};
use cluster::Cluster;
use lines::{Json, Plain};
use live::Live;
use show::{Ending, Show};

/// Watch a cluster of real nodes on this machine share state, lose a node, and take it back.
///
/// Exits with 0 only if every step succeeds.
#[derive(Debug, Flags)]
pub(crate) struct Args {
    /// How many nodes take part
    #[arg(long, value_name = "N", default_value_t = 8,
          value_parser = clap::value_parser!(u8).range(2..=128))]
    nodes: u8,
    /// Seeds every choice of the nodes and of the story; packets still race [default: random]
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Print JSON: one object for each step and a summary
    #[arg(long)]
    json: bool,
}

/// Plays the story once.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let signal = Arc::clone(&stop);
    signals::watch(
        move || signal.store(true, Ordering::Relaxed),
        screen::restore,
    )
    .map_err(|error| Failure::Run(format!("cannot handle signals: {error}")))?;
    // A seed of 32 bits is as good as one of 64 here, and shorter to type again.
    let seed = args.seed.unwrap_or_else(|| random::number() >> 32);
    let mut cluster = Cluster::new(usize::from(args.nodes), seed);
    let mut show = choose(args.json);
    match play::play(&mut cluster, show.as_mut(), &stop)? {
        Ending::Success => Ok(()),
        Ending::Failure => Err(Failure::Silent(1)),
        Ending::Interrupted => Err(Failure::Silent(130)),
    }
}

/// What suits standard output: live on a terminal, plain lines elsewhere, or JSON.
fn choose(json: bool) -> Box<dyn Show> {
    if json {
        return Box::new(Json);
    }
    if io::stdout().is_terminal() && env::var_os("TERM").is_none_or(|term| term != "dumb") {
        // https://no-color.org: set and not empty.
        let color = env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        return Box::new(Live::new(color));
    }
    Box::new(Plain)
}
