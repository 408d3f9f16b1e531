//! The watch that a session prints, at most one at a time.

use std::cell::RefCell;

use gossip_core::NodeId;
use gossip_std::{Agent, AgentError, WatchCursor, WatchFilter, Watcher};

use super::output::Output;
use super::report::{Report, Watched};

/// Which watch is printed, if any.
pub(super) struct Watching {
    output: Output,
    current: RefCell<Current>,
}

#[derive(Default)]
struct Current {
    /// Tells its changes from those of earlier watches that are still on their way.
    number: u32,
    watcher: Option<Watcher>,
}

impl Watching {
    /// None yet; changes will be printed there.
    pub(super) fn new(output: Output) -> Self {
        Self {
            output,
            current: RefCell::default(),
        }
    }

    /// Watches these entries, and no longer those of before.
    pub(super) fn begin(
        &self,
        agent: &Agent,
        owner: Option<NodeId>,
        prefix: &str,
    ) -> Result<(), AgentError> {
        self.end();
        let mut current = self.current.borrow_mut();
        let (number, output) = (current.number, self.output.clone());
        let filter = WatchFilter {
            owner,
            prefix: prefix.to_owned(),
        };
        // It has a thread of its own, which may wait for the reader as long as it likes.
        let tell = move |event| {
            output.change(number, &Report::Watch(Watched::from(event)));
        };
        current.watcher = Some(agent.watch_with(filter, WatchCursor::START, tell)?);
        Ok(())
    }

    /// Watches nothing; `true` if something was watched.
    pub(super) fn end(&self) -> bool {
        let mut current = self.current.borrow_mut();
        current.number = current.number.wrapping_add(1);
        self.output.begin_watch(current.number);
        current.watcher.take().is_some()
    }
}
