//! What an agent's handles and its thread share.

use std::io;
use std::net::SocketAddr;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gossip_core::Node;
use mio::Waker;

use super::events::Subscribers;
use super::io_errors::{IoClass, IoErrors};
use crate::heap::Heap;

/// The node, and how the two sides tell each other that something happened.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// Notified when `phase` or `goodbye_sent` changes.
    changed: Condvar,
    waker: Waker,
    pub(super) subscribers: Mutex<Subscribers>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) node: Node<SocketAddr, Heap>,
    pub(super) phase: Phase,
    /// The node has left, and all it had to say about that was handed to the socket.
    pub(super) goodbye_sent: bool,
    pub(super) io_errors: IoErrors,
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
    pub(super) fn new(node: Node<SocketAddr, Heap>, waker: Waker) -> Self {
        let state = State {
            node,
            phase: Phase::Running,
            goodbye_sent: false,
            io_errors: IoErrors::default(),
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
            waker,
            subscribers: Mutex::default(),
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
    }

    pub(super) fn goodbye_sent(&self, state: &mut State) {
        state.goodbye_sent = true;
        self.changed.notify_all();
    }

    /// Waits until `holds` or `timeout` is over; the lock is free meanwhile.
    pub(super) fn wait_until(&self, timeout: Duration, holds: impl Fn(&State) -> bool) -> bool {
        let waiting = |state: &mut State| !holds(state);
        let waited = self
            .changed
            .wait_timeout_while(self.lock(), timeout, waiting);
        holds(&waited.unwrap_or_else(PoisonError::into_inner).0)
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
