//! The agent's thread: it moves the node by the core's five verbs.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gossip_core::{Event, SplitMix64};
use mio::{Poll, Token};

use super::backoff::Backoff;
use super::io_errors::IoClass;
use super::shared::{Phase, Shared, lock};
use super::socket::Datagrams;
use crate::clock::Clock;

/// The socket has something to read.
pub(super) const SOCKET: Token = Token(0);
/// A handle gave a command.
pub(super) const WAKE: Token = Token(1);

/// The most datagrams read, timeouts handled, datagrams sent and events told before the others get
/// their turn: so that a flood of one starves none.
const RECEIVE_BATCH: usize = 64;
const TIMEOUT_BATCH: usize = 64;
const TRANSMIT_BATCH: usize = 256;
const EVENT_BATCH: usize = 256;

/// How often a send is tried that signals interrupt.
const SEND_TRIES: usize = 4;

/// The longest sleep: what a wake-up that the system lost would cost at most.
const SLEEP_MAX: Duration = Duration::from_secs(3600);
/// The pause after the system failed to wait for us.
const POLL_PAUSE: Duration = Duration::from_millis(100);

/// The largest datagram that UDP knows, in bytes.
const RECEIVE_BYTES: usize = 65_535;

/// Moves the node of an agent.
pub(super) struct Driver<P> {
    shared: Arc<Shared>,
    port: P,
    clock: Clock,
    rng: SplitMix64,
    received: Vec<u8>,
    outgoing: Vec<u8>,
    /// There may be more to read. The system says so once, so it is kept until a read finds nothing.
    readable: bool,
    backoff: Backoff,
}

impl<P: Datagrams> Driver<P> {
    pub(super) fn new(
        shared: Arc<Shared>,
        port: P,
        clock: Clock,
        rng: SplitMix64,
        transmit_bytes: usize,
    ) -> Self {
        Self {
            shared,
            port,
            clock,
            rng,
            received: vec![0; RECEIVE_BYTES],
            outgoing: vec![0; transmit_bytes],
            readable: true,
            backoff: Backoff::default(),
        }
    }

    /// Runs until the agent is asked to stop.
    pub(super) fn run(mut self, mut poll: Poll) {
        let _told = TellStopped(Arc::clone(&self.shared));
        let mut ready = mio::Events::with_capacity(8);
        while self.shared.lock().phase == Phase::Running {
            let sleep = self.turn();
            match poll.poll(&mut ready, Some(sleep)) {
                Ok(()) => self.readable |= ready.iter().any(|event| event.token() == SOCKET),
                Err(error) => {
                    if self.shared.count(&error) != IoClass::Interrupted {
                        self.shared
                            .wait_until(POLL_PAUSE, |state| state.phase != Phase::Running);
                    }
                    self.readable = true;
                }
            }
        }
    }

    /// Does what there is to do; how long to sleep then.
    fn turn(&mut self) -> Duration {
        self.receive();
        let late = self.handle_timeouts();
        let unsent = self.transmit();
        // Before the events, with which removed entries leave the table.
        self.shared.tell_watches();
        let untold = self.tell_events();
        if late || unsent || untold {
            Duration::ZERO
        } else {
            self.idle()
        }
    }

    fn receive(&mut self) {
        if !self.readable || !self.pause().is_zero() {
            return;
        }
        for _ in 0..RECEIVE_BATCH {
            match self.port.receive(&mut self.received) {
                Ok((len, from)) => {
                    self.backoff.succeeded();
                    let bytes = self.received.get(..len).unwrap_or_default();
                    let now = self.clock.now();
                    // The node counts what it drops, by reason.
                    let _ = self.shared.lock().node.handle_datagram(now, from, bytes);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.readable = false;
                    return;
                }
                Err(error) => {
                    let class = self.shared.count(&error);
                    if self.backoff.failed(class, Instant::now()) {
                        return;
                    }
                }
            }
        }
    }

    /// `true` if there are more.
    fn handle_timeouts(&mut self) -> bool {
        for _ in 0..TIMEOUT_BATCH {
            let mut state = self.shared.lock();
            let now = self.clock.now();
            if state.node.poll_timeout() > now {
                return false;
            }
            state.node.handle_timeout(now, &mut self.rng);
        }
        true
    }

    /// `true` if there are more.
    fn transmit(&mut self) -> bool {
        for _ in 0..TRANSMIT_BATCH {
            let mut state = self.shared.lock();
            let now = self.clock.now();
            let Some(transmit) = state.node.poll_transmit(now, &mut self.outgoing) else {
                if state.node.has_left() && !state.goodbye_sent {
                    self.shared.goodbye_sent(&mut state);
                }
                return false;
            };
            drop(state);
            let bytes = self.outgoing.get(..transmit.len).unwrap_or_default();
            // Sockets reach one peer at a time, and no node of an agent speaks to everyone.
            if let Some(to) = transmit.to.one() {
                self.send(bytes, to);
            }
        }
        true
    }

    /// Sends, or counts why not: the datagram is lost then, as it could be on its way.
    fn send(&self, bytes: &[u8], to: SocketAddr) {
        for _ in 0..SEND_TRIES {
            match self.port.send(bytes, to) {
                Ok(()) => return,
                Err(error) => {
                    if self.shared.count(&error) != IoClass::Interrupted {
                        return;
                    }
                }
            }
        }
    }

    /// `true` if there are more.
    fn tell_events(&mut self) -> bool {
        for _ in 0..EVENT_BATCH {
            let Some(event) = self.shared.lock().node.poll_event() else {
                return false;
            };
            if matches!(event, Event::Synced { .. } | Event::Read { .. }) {
                self.shared.request_over();
            }
            lock(&self.shared.subscribers).tell(&event);
        }
        true
    }

    fn idle(&self) -> Duration {
        let due = self.shared.lock().node.poll_timeout();
        let sleep = self.clock.until(due).min(SLEEP_MAX);
        if self.readable {
            sleep.min(self.pause())
        } else {
            sleep
        }
    }

    /// What is left of a pause in reading.
    fn pause(&self) -> Duration {
        self.backoff.pause(Instant::now())
    }
}

/// Tells that the thread has ended, however it ended.
struct TellStopped(Arc<Shared>);

impl Drop for TellStopped {
    fn drop(&mut self) {
        self.0.stopped();
    }
}

#[cfg(test)]
#[path = "driver_tests.rs"]
mod tests;
