//! One host's place in the network: the host, its chance, its clock, and what hinders it.

use std::collections::VecDeque;

use gossip_core::SplitMix64;

use super::clock::HostClock;
use super::radio::Radio;
use crate::sim::chance::{Purpose, stream};
use crate::sim::index::Index;
use crate::sim::network::Cause;
use crate::sim::queue::Event;
use crate::sim::time::{Span, Time};

/// Datagrams that wait for a paused or slow host at most, as in a socket's receive buffer; further
/// ones are dropped.
pub(super) const RECEIVE_BUFFER: usize = 256;

/// What a host's place has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Datagrams that the host sent.
    pub sent: u64,
    /// Their bytes.
    pub sent_bytes: u64,
    /// Datagrams that reached the host.
    pub received: u64,
    /// Their bytes.
    pub received_bytes: u64,
    /// Datagrams sent by the host that the network lost, by [`Cause`].
    lost: [u64; Cause::ALL.len()],
    /// Datagrams that arrived while the host was down, or when its receive buffer was full.
    pub dropped: u64,
    /// The longest datagram that the host sent, in bytes.
    pub longest: usize,
}

impl Counters {
    /// Datagrams sent by the host that the network lost, by cause.
    pub fn lost(&self) -> impl Iterator<Item = (Cause, u64)> {
        Cause::ALL.into_iter().zip(self.lost)
    }

    pub(super) fn lose(&mut self, cause: Cause) {
        self.lost[cause as usize] += 1;
    }
}

/// A host's place. It outlives the host: a crashed host leaves it empty, a restarted one returns.
#[derive(Debug)]
pub(super) struct Slot<H> {
    pub host: Option<H>,
    pub clock: HostClock,
    pub protocol: SplitMix64,
    pub network: SplitMix64,
    /// The time of the wake-up that counts; earlier ones that are still queued are stale.
    pub wake: Time,
    /// Counts what this host causes.
    pub sequence: u32,
    pub paused: bool,
    /// Events that came while the host was paused.
    pub held: Vec<Event>,
    /// How long the host takes for a datagram. That is the place's own: whatever host comes here next
    /// is as slow.
    pub slow: Span,
    /// Datagrams that wait for a slow host, the oldest first.
    pub backlog: VecDeque<Event>,
    /// When a slow host is done with the oldest of them; other turns that are still queued are stale.
    pub turn: Time,
    /// On a shared medium, what the host is sending.
    pub radio: Radio,
    pub counters: Counters,
}

impl<H> Slot<H> {
    pub(super) fn new(seed: u64, index: Index, host: Option<H>, clock: HostClock) -> Self {
        Self {
            host,
            clock,
            protocol: stream(seed, index, Purpose::Protocol),
            network: stream(seed, index, Purpose::Network),
            wake: Time::FAR,
            sequence: 0,
            paused: false,
            held: Vec::new(),
            slow: Span::ZERO,
            backlog: VecDeque::new(),
            turn: Time::FAR,
            radio: Radio::default(),
            counters: Counters::default(),
        }
    }

    pub(super) fn next_sequence(&mut self) -> u32 {
        self.sequence = self.sequence.wrapping_add(1);
        self.sequence
    }

    /// Forgets what belonged to the host that was here.
    pub(super) fn clear(&mut self) {
        self.host = None;
        self.paused = false;
        self.wake = Time::FAR;
        self.turn = Time::FAR;
    }
}
