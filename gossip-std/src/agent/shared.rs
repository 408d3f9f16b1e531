//! What an agent's handles and its thread share.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::SocketAddr;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gossip_core::{Cursor, Event, Node};
use mio::Waker;

use super::AgentEvent;
use super::events::Subscribers;
use super::io_errors::{IoClass, IoErrors};
use super::notices::Notice;
use crate::clock::Clock;
use crate::heap::Heap;

/// The node, and how the two sides tell each other that something happened.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// Notified when `phase`, `goodbye_sent`, `watched` or a watch's wish to stop changes, and when a request
    /// is over.
    changed: Condvar,
    waker: Waker,
    /// The node's time.
    pub(super) clock: Clock,
    /// Tells cursors of this agent from others; never 0.
    pub(super) run: u64,
    pub(super) subscribers: Mutex<Subscribers<AgentEvent>>,
    pub(super) notices: Mutex<Subscribers<Notice>>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) node: Node<SocketAddr, Heap>,
    pub(super) phase: Phase,
    /// The node has left, and all it had to say about that was handed to the socket.
    pub(super) goodbye_sent: bool,
    pub(super) io_errors: IoErrors,
    /// The names to join through that are kept.
    pub(super) names: Vec<String>,
    /// The newest change that watches were woken for.
    watched: Cursor,
}

/// Where the agent's thread is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Running,
    /// It was asked to stop.
    Stopping,
    Stopped,
}

impl Shared {
    pub(super) fn new(node: Node<SocketAddr, Heap>, clock: Clock, waker: Waker) -> Self {
        let state = State {
            watched: node.newest_change(),
            node,
            phase: Phase::Running,
            goodbye_sent: false,
            io_errors: IoErrors::default(),
            names: Vec::new(),
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
            waker,
            clock,
            // Keyed by the operating system's randomness.
            run: RandomState::new().hash_one(()) | 1,
            subscribers: Mutex::new(Subscribers::new(Event::Resync)),
            notices: Mutex::new(Subscribers::new(Notice::Missed)),
        }
    }

    /// The state. Held for single calls of the node, never while anything blocks.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Makes the thread look at the node again.
    pub(super) fn wake(&self) {
        // It fails only if the system's event queue is broken; then the thread finds out itself.
        let _ = self.waker.wake();
    }

    /// Lets the thread end soon.
    pub(super) fn stop(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Running {
            state.phase = Phase::Stopping;
        }
        drop(state);
        self.changed.notify_all();
        self.wake();
    }

    /// The thread has ended.
    pub(super) fn stopped(&self) {
        self.lock().phase = Phase::Stopped;
        self.changed.notify_all();
        lock(&self.subscribers).close();
        lock(&self.notices).close();
    }

    pub(super) fn goodbye_sent(&self, state: &mut State) {
        state.goodbye_sent = true;
        self.changed.notify_all();
    }

    /// A sync or a read is over: whoever waits for one looks whether it is its own.
    pub(super) fn request_over(&self) {
        self.changed.notify_all();
    }

    /// Wakes the watches if anything readable changed.
    pub(super) fn tell_watches(&self) {
        let mut state = self.lock();
        let newest = state.node.newest_change();
        if state.watched != newest {
            state.watched = newest;
            drop(state);
            self.wake_watches();
        }
    }

    pub(super) fn wake_watches(&self) {
        self.changed.notify_all();
    }

    /// Waits for any change, at `most` that long; the lock is free meanwhile.
    pub(super) fn wait<'s>(
        &self,
        state: MutexGuard<'s, State>,
        most: Option<Duration>,
    ) -> MutexGuard<'s, State> {
        match most {
            None => self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner),
            Some(most) => {
                let waited = self.changed.wait_timeout(state, most);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        }
    }

    /// Waits until `holds` or `timeout` is over; the lock is free meanwhile.
    pub(super) fn wait_until(&self, timeout: Duration, holds: impl Fn(&State) -> bool) -> bool {
        let waiting = |state: &mut State| !holds(state);
        let waited = self
            .changed
            .wait_timeout_while(self.lock(), timeout, waiting);
        holds(&waited.unwrap_or_else(PoisonError::into_inner).0)
    }

    pub(super) fn count_unsaved(&self) {
        self.lock().io_errors.count(IoClass::Unsaved);
    }

    pub(super) fn count(&self, error: &io::Error) -> IoClass {
        let class = IoClass::of(error);
        self.lock().io_errors.count(class);
        class
    }
}

/// Locks `mutex` even if a thread panicked while it held it: what it protects is changed by single
/// calls that cannot leave it half-changed, and a user's thread must not fail for another's fault.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
