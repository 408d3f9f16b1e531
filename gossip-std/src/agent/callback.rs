//! Watches that call back, each from a thread of its own: no caller's code runs on the agent's.

use std::io;
use std::thread::{self, JoinHandle};

use super::watch::{Stopper, Watch, WatchCursor, WatchEvent};

/// A watch that calls a function for each change: see
/// [`Agent::watch_with`](super::Agent::watch_with). Dropping it ends the calls, without waiting for one
/// that is under way.
#[derive(Debug)]
#[must_use = "dropping it ends the calls"]
pub struct Watcher {
    stopper: Stopper,
    thread: Option<JoinHandle<WatchCursor>>,
}

impl Watcher {
    pub(super) fn spawn(
        mut watch: Watch,
        mut call: impl FnMut(WatchEvent) + Send + 'static,
    ) -> io::Result<Self> {
        let stopper = watch.stopper();
        let thread = thread::Builder::new()
            .name("gossip-watch".to_owned())
            .spawn(move || {
                watch.by_ref().for_each(&mut call);
                watch.cursor()
            })?;
        Ok(Self {
            stopper,
            thread: Some(thread),
        })
    }

    /// Ends the calls, waits for one that is under way, and says where the watch stands then; `None` if
    /// the function panicked. Must not be called by the function itself, which would wait for its own
    /// end.
    pub fn stop(mut self) -> Option<WatchCursor> {
        self.stopper.stop();
        self.thread.take()?.join().ok()
    }

    /// `true` once no more calls will be made: the agent has stopped and every change was told, or the
    /// function panicked.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.stopper.stop();
    }
}
