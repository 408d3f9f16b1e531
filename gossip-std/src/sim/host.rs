//! What the simulator runs: anything that speaks in datagrams and tells when to wake it.

use gossip_core::{Instant, SplitMix64};
use serde::Serialize;

use super::index::{Index, by_id};

/// Where a datagram goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum To {
    /// To one host.
    One(#[serde(serialize_with = "by_id")] Index),
    /// To everybody in range; only a medium carries it, and a network of
    /// links drops and counts it.
    Everyone,
}

/// What [`Host::poll_transmit`] wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The destination.
    pub to: To,
    /// How many bytes of the buffer to send.
    pub len: usize,
}

/// A protocol under simulation: the verbs of a [`gossip_core::Node`], and notes about what happened.
///
/// A host must be deterministic: all chance comes from the `rng` it is given, all time from `now`,
/// which is the host's own clock and may drift. `NodeHost` runs the real node;
/// implement this trait to run an application on top of one.
pub trait Host: Send + std::fmt::Debug {
    /// What the host tells its observers.
    type Note: Send + std::fmt::Debug;
    /// What can be asked of the host at a scheduled time.
    type Call: Send + std::fmt::Debug;

    /// One received datagram.
    fn handle_datagram(&mut self, now: Instant, from: Index, bytes: &[u8]);

    /// Time has passed; called as soon as `poll_timeout` is reached.
    fn handle_timeout(&mut self, now: Instant, rng: &mut SplitMix64);

    /// A scheduled call has come.
    fn handle_call(&mut self, now: Instant, call: Self::Call, rng: &mut SplitMix64);

    /// Writes the best next datagram into `buf`, whose length is the MTU of this host's links.
    fn poll_transmit(&mut self, now: Instant, buf: &mut [u8]) -> Option<Outgoing>;

    /// What happened, until `None`.
    fn poll_note(&mut self) -> Option<Self::Note>;

    /// When `handle_timeout` is due; [`Instant::FAR`] for never.
    fn poll_timeout(&self) -> Instant;
}
