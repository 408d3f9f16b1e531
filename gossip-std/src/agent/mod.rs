//! A node on a UDP socket, driven by a thread of its own.

mod backoff;
mod callback;
mod contribute;
mod driver;
mod events;
mod info;
mod io_errors;
mod joining;
mod names;
mod notices;
mod options;
mod requests;
mod shared;
mod socket;
mod start;
mod state_file;
mod watch;

use std::fmt::{self, Debug};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use gossip_core::{Event, Identity, JoinError, Node, NodeId, SetError, Stats};
use mio::{Interest, Poll, Waker};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use callback::Watcher;
pub use contribute::MergedInfo;
pub use events::{Events, Subscription};
pub use info::{EntryInfo, MemberInfo, SeedInfo};
pub use io_errors::IoErrors;
pub use notices::{Notice, Notices};
pub use options::{AgentError, AgentOptions};
pub use requests::Fresh;
pub use watch::{Watch, WatchCursor, WatchEvent, WatchFilter};

use crate::clock::Clock;
use crate::heap::{Heap, HeapBlob};
use driver::{Driver, SOCKET, WAKE};
use shared::{Phase, Shared, State, lock};
use socket::Port;
use start::{begin, begin_to_save};
use state_file::StateFile;

/// What an agent tells its subscribers.
pub type AgentEvent = Event<HeapBlob>;

/// A node on a UDP socket: a handle, cheap to clone, around one background thread.
///
/// Every call returns at once, except where it says that it waits. The thread sleeps until the
/// node's next deadline, a datagram or a command. It ends with [`shutdown`](Self::shutdown) or when
/// the last handle is dropped; what the node knew can still be read after that, and writes are
/// refused with `NotRunning`.
///
/// Socket errors do not stop it: they are counted in [`io_errors`](Self::io_errors), a datagram that
/// could not be sent is given up, and gossip repairs what was lost. IPv6 addresses carry no zone
/// here, so link-local ones (`fe80::`) do not work.
#[derive(Clone)]
pub struct Agent {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    /// The one that moves the node, and the one that keeps its state.
    threads: Mutex<Vec<JoinHandle<Result<(), AgentError>>>>,
    id: NodeId,
    local_addr: SocketAddr,
    /// The clock that the node goes by.
    clock: Clock,
    /// How many names may be kept.
    names_max: usize,
    /// What was noticed at the start, for the first who asks.
    first: Mutex<Vec<Notice>>,
}

/// Its life.
impl Agent {
    /// Binds a socket and starts a node on it.
    ///
    /// # Errors
    /// [`AgentError::Config`] for settings that make no sense together, [`AgentError::Bind`] if the
    /// address cannot be bound, [`AgentError::StateFile`] and [`AgentError::State`] for a state that
    /// cannot be kept or used, [`AgentError::Io`] if the system has no event queue or thread left.
    pub fn spawn(options: AgentOptions) -> Result<Self, AgentError> {
        // Before anything is opened; again below, with the address that the socket got.
        options.config.check()?;
        let mut port = Port::bind(options.bind).map_err(|error| AgentError::Bind {
            addr: options.bind,
            error,
        })?;
        let local_addr = port.local;
        let config = options.config_at(local_addr)?;
        let poll = Poll::new()?;
        poll.registry()
            .register(&mut port.socket, SOCKET, Interest::READABLE)?;
        let waker = Waker::new(poll.registry(), WAKE)?;
        let clock = Clock::new();
        let mut rng = options.rng();
        let mut file = options.state.as_deref().map(StateFile::open).transpose()?;
        let (mut node, first) = begin(&options, config, file.as_mut(), clock.now())?;
        // Due at once in every node's life: from here on it knows its own row.
        node.handle_timeout(clock.now(), &mut rng);
        let id = node.id();
        let shared = Arc::new(Shared::new(node, clock, waker));
        let transmit_bytes = options.transmit_bytes(&config);
        let saver = file
            .map(|file| begin_to_save(&shared, clock, file))
            .transpose()?;
        let driver = Driver::new(Arc::clone(&shared), port, clock, rng, transmit_bytes);
        let inner = Inner {
            shared,
            threads: Mutex::default(),
            id,
            local_addr,
            clock,
            names_max: options.limits.seeds,
            first: Mutex::new(first),
        };
        // What is begun ends with `inner`, should the rest fail.
        inner.begin(format!("gossip-{id}"), move || {
            driver.run(poll);
            Ok(())
        })?;
        if let Some(saver) = saver {
            inner.begin(format!("gossip-{id}-state"), move || saver.run())?;
        }
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Adds an address to join through. The node tries it until it is part of a cluster, and again
    /// whenever it has lost all its peers.
    ///
    /// # Errors
    /// [`JoinError::Full`] if there are too many, [`JoinError::NotRunning`] after the node left or
    /// the agent stopped. Nothing changed then.
    pub fn join(&self, seed: SocketAddr) -> Result<(), JoinError> {
        self.command(JoinError::NotRunning, |node| node.join(seed))
    }

    /// Asks the node to leave the cluster, and waits up to `wait` until its goodbye was handed to
    /// the network: `true` if it was. The thread stays until [`shutdown`](Self::shutdown).
    pub fn leave(&self, wait: Duration) -> bool {
        let mut state = self.inner.shared.lock();
        if state.phase == Phase::Running {
            state.node.leave();
        }
        drop(state);
        self.inner.shared.wake();
        let over = |state: &State| state.goodbye_sent || state.phase == Phase::Stopped;
        self.inner.shared.wait_until(wait, over);
        self.inner.shared.lock().goodbye_sent
    }

    /// Stops the threads without a goodbye, as a crash would, and waits until it has ended and the
    /// socket is closed. Calling it again does nothing.
    ///
    /// # Errors
    /// [`AgentError::StateFile`] if the last state could not be written, [`AgentError::Io`] if a thread
    /// had panicked.
    pub fn shutdown(&self) -> Result<(), AgentError> {
        self.inner.stop()
    }
}

/// What it shares.
impl Agent {
    /// Sets this node's entry `key` to `value`.
    ///
    /// # Errors
    /// See [`SetError`]. Nothing changed then, but for the counter of refused writes.
    pub fn set(&self, key: &str, value: &[u8]) -> Result<(), SetError> {
        self.command(SetError::NotRunning, |node| node.set(key, value))
    }

    /// Sets this node's entry `key` to `value` for `ttl`: a lease, which every node ends by itself, also
    /// when this one is gone. See [`Node::set_for`].
    ///
    /// # Errors
    /// See [`SetError`]. Nothing changed then, but for the counter of refused writes.
    pub fn set_for(&self, key: &str, value: &[u8], ttl: Duration) -> Result<(), SetError> {
        let now = self.inner.shared.clock.now();
        self.command(SetError::NotRunning, |node| {
            node.set_for(now, key, value, in_millis(ttl))
        })
    }

    /// Sets this node's entry `key` to the value it has, for `ttl` from now on; `true` if there was one.
    ///
    /// # Errors
    /// See [`SetError`]. Nothing changed then, but for the counter of refused writes.
    pub fn renew(&self, key: &str, ttl: Duration) -> Result<bool, SetError> {
        let now = self.inner.shared.clock.now();
        self.command(SetError::NotRunning, |node| {
            node.renew(now, key, in_millis(ttl))
        })
    }

    /// Deletes this node's entry `key`; `true` if there was one.
    ///
    /// # Errors
    /// See [`SetError`]. Nothing changed then, but for the counter of refused writes.
    pub fn delete(&self, key: &str) -> Result<bool, SetError> {
        self.command(SetError::NotRunning, |node| node.delete(key))
    }

    /// Sets this node's entry `key` to `value` in postcard's encoding.
    ///
    /// # Errors
    /// As [`set`](Self::set), and [`SetError::Encoding`] if the value cannot be serialized.
    pub fn set_value<T: Serialize>(&self, key: &str, value: &T) -> Result<(), SetError> {
        // Outside the lock: serializing is the caller's code.
        let bytes = postcard::to_extend(value, Vec::new()).map_err(|_| SetError::Encoding)?;
        self.set(key, &bytes)
    }

    /// The value of `owner`'s entry `key` as this node holds it.
    #[must_use]
    pub fn get(&self, owner: NodeId, key: &str) -> Option<Vec<u8>> {
        self.read(|node| node.get(owner, key).map(Vec::from))
    }

    /// The value of `owner`'s entry `key`, decoded by postcard.
    #[must_use]
    pub fn value<T: DeserializeOwned>(
        &self,
        owner: NodeId,
        key: &str,
    ) -> Option<Result<T, postcard::Error>> {
        self.get(owner, key)
            .map(|bytes| postcard::from_bytes(&bytes))
    }

    /// All entries that this node holds, sorted by owner, then key.
    #[must_use]
    pub fn entries(&self) -> Vec<EntryInfo> {
        let now = self.inner.shared.clock.now();
        let mut entries: Vec<EntryInfo> = self.read(|node| {
            let entries = node.entries();
            entries.map(|entry| EntryInfo::new(now, &entry)).collect()
        });
        entries.sort_unstable_by(|a, b| (a.owner, &a.key).cmp(&(b.owner, &b.key)));
        entries
    }
}

/// What it knows.
impl Agent {
    /// The node's id.
    #[must_use]
    pub fn id(&self) -> NodeId {
        self.inner.id
    }

    /// The local address of the socket, with the port it really has.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.inner.local_addr
    }

    /// The address that the node asserts as its own: configured, bound to, or learned from peers.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.read(Node::address)
    }

    /// All members that this node knows, itself included, sorted by id.
    #[must_use]
    pub fn members(&self) -> Vec<MemberInfo> {
        let mut members: Vec<MemberInfo> = self.read(|node| {
            node.members()
                .map(|member| MemberInfo::new(node, member))
                .collect()
        });
        members.sort_unstable_by_key(|member| member.id);
        members
    }

    /// Whether this node is the only one with its id, as far as it knows.
    #[must_use]
    pub fn identity(&self) -> Identity {
        self.read(Node::identity)
    }

    /// How many members are believed alive, suspects and this node included.
    #[must_use]
    pub fn live(&self) -> usize {
        self.read(Node::live)
    }

    /// `true` if the node knows a live peer.
    #[must_use]
    pub fn is_joined(&self) -> bool {
        self.read(Node::is_joined)
    }

    /// A hash of all that is replicated: equal on nodes that know the same.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.read(Node::fingerprint)
    }

    /// The node's counters.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.read(|node| *node.stats())
    }

    /// The errors of the socket and of the state's file that the agent survived.
    #[must_use]
    pub fn io_errors(&self) -> IoErrors {
        self.inner.shared.lock().io_errors
    }

    /// A new subscription to what happens from now on. Subscribe first and read the state then, and
    /// nothing is missed.
    #[must_use]
    pub fn events(&self) -> Events {
        lock(&self.inner.shared.subscribers).add()
    }
}

/// What it watches.
impl Agent {
    /// Watches entries: first all that are set now, then what changes, in the order in which it happened.
    /// Unlike [`events`](Self::events) it tells of this node's own entries too, and a slow reader costs no
    /// memory. Any number of watches may be open.
    #[must_use]
    pub fn watch(&self, filter: WatchFilter) -> Watch {
        self.watch_from(filter, WatchCursor::START)
    }

    /// Watches entries from where an earlier watch with the same filter stood, or from
    /// [`watch_cursor`](Self::watch_cursor).
    #[must_use]
    pub fn watch_from(&self, filter: WatchFilter, from: WatchCursor) -> Watch {
        Watch::new(Arc::clone(&self.inner.shared), filter, from)
    }

    /// Where a watch stands that is to be told only what changes from now on.
    #[must_use]
    pub fn watch_cursor(&self) -> WatchCursor {
        WatchCursor {
            run: self.inner.shared.run,
            at: self.read(Node::newest_change),
        }
    }

    /// As [`watch_from`](Self::watch_from), but calls `call` for each change, from a thread of its own
    /// that ends when the [`Watcher`] is dropped or the agent has stopped. If `call` owns a handle of
    /// the agent, the agent runs until then.
    ///
    /// # Errors
    /// [`AgentError::Io`] if the system has no thread left.
    pub fn watch_with(
        &self,
        filter: WatchFilter,
        from: WatchCursor,
        call: impl FnMut(WatchEvent) + Send + 'static,
    ) -> Result<Watcher, AgentError> {
        Ok(Watcher::spawn(self.watch_from(filter, from), call)?)
    }
}

impl Agent {
    fn read<T>(&self, read: impl FnOnce(&Node<SocketAddr, Heap>) -> T) -> T {
        read(&self.inner.shared.lock().node)
    }

    /// Changes the node and has the thread look at it, or refuses with `stopped`.
    fn command<T, E>(
        &self,
        stopped: E,
        change: impl FnOnce(&mut Node<SocketAddr, Heap>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut state = self.inner.shared.lock();
        if state.phase != Phase::Running {
            return Err(stopped);
        }
        let done = change(&mut state.node)?;
        drop(state);
        self.inner.shared.wake();
        Ok(done)
    }
}

/// As the core counts; the longest time it knows if it is longer.
fn in_millis(span: Duration) -> gossip_core::Duration {
    let millis = u32::try_from(span.as_millis()).unwrap_or(u32::MAX);
    gossip_core::Duration::from_millis(millis)
}

impl Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { id, local_addr, .. } = &*self.inner;
        f.debug_struct("Agent")
            .field("id", id)
            .field("local_addr", local_addr)
            .finish()
    }
}

impl Inner {
    fn begin(
        &self,
        name: String,
        work: impl FnOnce() -> Result<(), AgentError> + Send + 'static,
    ) -> io::Result<()> {
        let thread = thread::Builder::new().name(name).spawn(work)?;
        lock(&self.threads).push(thread);
        Ok(())
    }

    fn stop(&self) -> Result<(), AgentError> {
        self.shared.stop();
        // Whoever calls a second time waits here for the first.
        let mut threads = lock(&self.threads);
        let ended: Vec<_> = threads.drain(..).map(JoinHandle::join).collect();
        ended.into_iter().try_for_each(|ended| {
            ended.unwrap_or_else(|_| Err(io::Error::other("its thread panicked").into()))
        })
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Nobody is left to be told of an error.
        let _ = self.stop();
    }
}
