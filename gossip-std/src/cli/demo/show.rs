//! How the story is shown: live on a terminal, in plain lines elsewhere, or as JSON.

use std::env;
use std::io::{self, IsTerminal};
use std::time::Duration;

use super::cluster::Cluster;
use super::lines::{Json, Plain};
use super::live::Live;
use super::play::{Report, Summary};

/// Someone who follows the story.
pub(super) trait Show {
    /// It is about to begin.
    fn open(&mut self, cluster: &Cluster) -> io::Result<()>;

    /// It goes on: called many times a second, with the step that is being played, if any.
    fn frame(&mut self, cluster: &Cluster, running: Option<&Report>) -> io::Result<()>;

    /// A step has ended.
    fn end(&mut self, report: Report) -> io::Result<()>;

    /// The story has ended.
    fn close(&mut self, summary: &Summary) -> io::Result<()>;

    /// How long to wait after each step.
    fn pause(&self) -> Duration {
        Duration::ZERO
    }
}

/// What suits standard output.
pub(super) fn choose(json: bool) -> Box<dyn Show> {
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
