//! Watches: what changed of an agent's entries, at the watcher's own pace and without a queue that could
//! overflow.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use gossip_core::{Change, Changes, Cursor, Filter, NodeId};

use super::info::EntryInfo;
use super::shared::{Phase, Shared, State};

/// The most changes that a watch copies out of the node at a time.
const BATCH_MAX: usize = 256;
/// The most bytes of keys and values among them, but for the first.
const BATCH_BYTES: usize = 64 * 1024;

/// What a watcher is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchEvent {
    /// An entry was set to a new value.
    Set(EntryInfo),
    /// An entry is gone, whatever ended it.
    Removed {
        /// The node that wrote it.
        owner: NodeId,
        /// Its key.
        key: String,
    },
    /// Removals may have been missed: what was told so far is void, and everything that is set follows.
    Resync,
}

/// Which entries are watched: by default all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WatchFilter {
    /// Of this owner alone.
    pub owner: Option<NodeId>,
    /// Only those whose keys begin so.
    pub prefix: String,
}

/// Where a [`Watch`] stands, for another one to go on from: good for one agent as long as the process
/// runs. Anywhere else it means "from the start".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchCursor {
    pub(super) run: u64,
    pub(super) at: Cursor,
}

/// The changes of an agent's entries, this node's own included: see [`Agent::watch`](super::Agent::watch).
///
/// It holds up to 256 changes or 64 KiB at a time, one change at least, however slow it is read and
/// however much changes meanwhile: a key that changed often is told once, as it is then. As an iterator
/// it blocks, and ends when the agent has stopped and all that changed was read. It does not keep the
/// agent running.
#[derive(Debug)]
pub struct Watch {
    shared: Arc<Shared>,
    filter: WatchFilter,
    /// Behind what was handed out.
    cursor: Cursor,
    /// Copied and not handed out yet.
    batch: VecDeque<(Cursor, WatchEvent)>,
    stop: Arc<AtomicBool>,
}

impl WatchCursor {
    /// Before everything: a watch from here is told all that is set, then what changes.
    pub const START: Self = Self {
        run: 0,
        at: Cursor::START,
    };
}

impl WatchFilter {
    fn borrowed(&self) -> Filter<'_> {
        self.owner
            .map_or(Filter::ALL, Filter::of)
            .prefix(&self.prefix)
    }
}

impl Watch {
    pub(super) fn new(shared: Arc<Shared>, filter: WatchFilter, from: WatchCursor) -> Self {
        let known = from.run == shared.run;
        Self {
            shared,
            filter,
            cursor: if known { from.at } else { Cursor::START },
            batch: VecDeque::new(),
            stop: Arc::default(),
        }
    }

    /// Waits up to `timeout` for the next change. `None` if there was none in that time, or if no more
    /// will come: see [`has_ended`](Self::has_ended).
    pub fn next_timeout(&mut self, timeout: Duration) -> Option<WatchEvent> {
        // A time that no clock can tell is as good as none.
        self.next_until(Instant::now().checked_add(timeout))
    }

    /// The next change, if there is one now.
    pub fn try_next(&mut self) -> Option<WatchEvent> {
        self.next_timeout(Duration::ZERO)
    }

    /// `true` once no more will come: the agent has stopped, and every change was read.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        let state = self.shared.lock();
        self.batch.is_empty() && (self.is_stopped() || is_over(&state) && !self.has_more(&state))
    }

    /// Where this watch stands, behind what it was told.
    #[must_use]
    pub fn cursor(&self) -> WatchCursor {
        WatchCursor {
            run: self.shared.run,
            at: self.cursor,
        }
    }

    pub(super) fn stopper(&self) -> Stopper {
        Stopper {
            shared: Arc::clone(&self.shared),
            stop: Arc::clone(&self.stop),
        }
    }

    fn next_until(&mut self, until: Option<Instant>) -> Option<WatchEvent> {
        let shared = Arc::clone(&self.shared);
        let mut state = shared.lock();
        loop {
            if self.is_stopped() {
                return None;
            }
            if self.batch.is_empty() {
                self.fill(&state);
            }
            if let Some((cursor, event)) = self.batch.pop_front() {
                self.cursor = cursor;
                return Some(event);
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if is_over(&state) || left.is_some_and(|left| left.is_zero()) {
                return None;
            }
            state = shared.wait(state, left);
        }
    }

    /// Copies the earliest changes that this watch has not seen.
    fn fill(&mut self, state: &State) {
        let changes = state.node.changes(self.cursor, self.filter.borrowed());
        let (afresh, end) = (changes.is_afresh(), changes.end());
        let earliest = earliest(changes);
        if afresh && self.cursor != Cursor::START {
            self.batch.push_back((Cursor::START, WatchEvent::Resync));
        }
        let now = self.shared.clock.now();
        let mut bytes = 0;
        for change in &earliest {
            let value = change.entry.map_or(0, |entry| entry.value.len());
            bytes += change.key.len() + value;
            if bytes > BATCH_BYTES && !self.batch.is_empty() {
                return;
            }
            self.batch.push_back((change.cursor, event(now, change)));
        }
        if self.batch.is_empty() {
            self.cursor = end;
        }
    }

    fn has_more(&self, state: &State) -> bool {
        let mut changes = state.node.changes(self.cursor, self.filter.borrowed());
        changes.is_afresh() && self.cursor != Cursor::START || changes.next().is_some()
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl Iterator for Watch {
    type Item = WatchEvent;

    fn next(&mut self) -> Option<WatchEvent> {
        self.next_until(None)
    }
}

/// Ends a watch from outside.
#[derive(Debug)]
pub(super) struct Stopper {
    shared: Arc<Shared>,
    stop: Arc<AtomicBool>,
}

impl Stopper {
    pub(super) fn stop(&self) {
        // Under the lock: the watch either sees it before it waits, or is waiting.
        let state = self.shared.lock();
        self.stop.store(true, Ordering::Relaxed);
        drop(state);
        self.shared.wake_watches();
    }
}

/// Up to `BATCH_MAX` of the changes, the earliest, in their order.
fn earliest<'a>(changes: Changes<impl Iterator<Item = Change<'a>>>) -> Vec<Change<'a>> {
    let mut kept: Vec<Change<'a>> = Vec::new();
    for change in changes {
        kept.push(change);
        if kept.len() == 2 * BATCH_MAX {
            kept.select_nth_unstable_by_key(BATCH_MAX, |change| change.cursor);
            kept.truncate(BATCH_MAX);
        }
    }
    kept.sort_unstable_by_key(|change| change.cursor);
    kept.truncate(BATCH_MAX);
    kept
}

fn event(now: gossip_core::Instant, change: &Change<'_>) -> WatchEvent {
    match &change.entry {
        Some(entry) => WatchEvent::Set(EntryInfo::new(now, entry)),
        None => WatchEvent::Removed {
            owner: change.owner,
            key: change.key.to_owned(),
        },
    }
}

/// No more changes will be made.
fn is_over(state: &State) -> bool {
    state.phase == Phase::Stopped
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
