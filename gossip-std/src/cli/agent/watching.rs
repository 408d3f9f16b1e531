//! The watch that a session prints, at most one at a time.

use std::cell::RefCell;
use std::sync::mpsc::SyncSender;

use gossip_core::NodeId;
use gossip_std::{Agent, AgentError, WatchCursor, WatchFilter, Watcher};

use super::input::Input;

/// Which watch is printed, if any.
pub(super) struct Watching {
    sender: SyncSender<Input>,
    current: RefCell<Current>,
}

#[derive(Default)]
struct Current {
    /// Tells its changes from those of earlier watches that are still on their way.
    number: u32,
    watcher: Option<Watcher>,
}

impl Watching {
    /// None yet; changes will go to `sender`.
    pub(super) fn new(sender: SyncSender<Input>) -> Self {
        Self {
            sender,
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
        let (number, sender) = (current.number, self.sender.clone());
        let filter = WatchFilter {
            owner,
            prefix: prefix.to_owned(),
        };
        // The main loop only stops receiving when it ends anyway.
        let tell = move |event| drop(sender.send(Input::Change(number, event)));
        current.watcher = Some(agent.watch_with(filter, WatchCursor::START, tell)?);
        Ok(())
    }

    /// Watches nothing; `true` if something was watched.
    pub(super) fn end(&self) -> bool {
        let mut current = self.current.borrow_mut();
        current.number = current.number.wrapping_add(1);
        // Without waiting: it may be waiting for room in the queue that only we empty.
        current.watcher.take().is_some()
    }

    /// `true` if changes of this number are to be printed.
    pub(super) fn is_current(&self, number: u32) -> bool {
        self.current.borrow().number == number
    }
}
