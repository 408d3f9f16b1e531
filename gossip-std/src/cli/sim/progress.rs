//! How far runs have come, on standard error if that is a terminal.

use std::time::Duration;

use gossip_std::sim::{Span, Time};
use indicatif::{ProgressBar, ProgressStyle};

/// The progress of some runs, in virtual time.
pub(super) struct Progress {
    bar: ProgressBar,
    duration: Span,
}

impl Progress {
    /// Of so many runs, each of which lasts this long; nothing is drawn if `quiet`, or where nobody watches.
    pub(super) fn new(runs: usize, duration: Span, quiet: bool) -> Self {
        let all = duration.as_millis().saturating_mul(runs as u64);
        let bar = bar(all, "{percent} % of {msg}", quiet);
        bar.set_message(match runs {
            1 => duration.to_string(),
            runs => format!("{runs} runs"),
        });
        Self { bar, duration }
    }

    /// Plays a run, which tells how far it has come. One that ends early is done all the same.
    pub(super) fn follow<T>(&self, play: impl FnOnce(&mut dyn FnMut(Time)) -> T) -> T {
        let mut done = 0;
        let mut come = |span: Span| {
            self.bar.inc(span.as_millis() - done);
            done = span.as_millis();
        };
        let played = play(&mut |now| come(now.since(Time::START)));
        come(self.duration);
        played
    }

    pub(super) fn end(self) {
        self.bar.finish_and_clear();
    }
}

/// A bar up to `all`, and where it stands in words.
pub(super) fn bar(all: u64, words: &str, quiet: bool) -> ProgressBar {
    if quiet {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(all);
    if let Ok(style) = ProgressStyle::with_template(&format!("{{bar:40}} {words}, {{elapsed}}")) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
