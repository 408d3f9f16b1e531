//! What there is to show of the story, and to whom.

use std::io;
use std::time::Duration;

use super::cluster::Cluster;
use super::steady::Steady;
use super::steps::Step;
use super::story::Progress;

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

/// How the story ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Success,
    Failure,
    Interrupted,
}

/// A step that is being played, has succeeded, or was given up.
pub(super) struct Report {
    pub(super) step: &'static Step,
    pub(super) ok: bool,
    pub(super) took: Duration,
    /// What was done to the cluster.
    pub(super) did: String,
    pub(super) progress: Progress,
    /// What went wrong, where that is more than time running out.
    pub(super) error: Option<String>,
    /// What the step measured, if it is the one that measures.
    pub(super) steady: Option<Steady>,
}

/// The whole story.
pub(super) struct Summary {
    pub(super) ending: Ending,
    pub(super) nodes: usize,
    pub(super) seed: u64,
    pub(super) steps_ok: usize,
    pub(super) took: Duration,
    pub(super) steady: Option<Steady>,
}

impl Report {
    /// One that is about to be played.
    pub(super) fn new(step: &'static Step) -> Self {
        Self {
            step,
            ok: false,
            took: Duration::ZERO,
            did: String::new(),
            progress: Progress::default(),
            error: None,
            steady: None,
        }
    }
}
