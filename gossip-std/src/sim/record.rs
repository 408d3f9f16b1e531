//! What the engine tells observers: everything that happened, in order.

use serde::Serialize;

use super::index::by_id;
use super::network::Cause;
use super::{Index, Span, Time, To};

/// The host of a record that is about the network as a whole.
pub const NETWORK: Index = Index::MAX;

/// One thing that happened. Observers get records in the order of (time, host).
#[derive(Debug)]
pub struct Record<'a, N> {
    /// When.
    pub time: Time,
    /// To which host; [`NETWORK`] where it is about none in particular.
    pub host: Index,
    /// What.
    pub what: &'a What<N>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What<N> {
    /// The host told something.
    Note(N),
    /// It sent a datagram.
    Sent {
        /// The destination.
        to: To,
        /// The UDP payload in bytes.
        len: usize,
    },
    /// A datagram that it sent will not arrive.
    Lost {
        /// The destination.
        #[serde(serialize_with = "by_id")]
        to: Index,
        /// Why.
        cause: Cause,
    },
    /// It received a datagram.
    Received {
        /// The sender.
        #[serde(serialize_with = "by_id")]
        from: Index,
        /// The UDP payload in bytes.
        len: usize,
    },
    /// A datagram reached it while it was down.
    Dropped {
        /// The sender.
        #[serde(serialize_with = "by_id")]
        from: Index,
        /// The UDP payload in bytes.
        len: usize,
    },
    /// It is part of the run from here on. Every host is added once, those that are there from the
    /// beginning at [`Time::START`].
    Added,
    /// It went down without a word and lost its memory.
    Crashed,
    /// It came up again.
    Restarted {
        /// Whether it goes on with what it knew when it went down.
        with_memory: bool,
    },
    /// It stands still: its timers do not run, its datagrams wait or are lost.
    Paused,
    /// It goes on where it stood.
    Resumed,
    /// Its processor takes this long for each datagram from here on.
    Slowed {
        /// The time for one datagram.
        each: Span,
    },
    /// Its machine has another address from here on.
    Moved,
    /// Another node has its id, too.
    Doubled,
    /// It has its id for itself again.
    Alone,
    /// The network was cut ([`NETWORK`]).
    Partitioned {
        /// The partition's name, by which it is healed.
        name: String,
        /// The side on which each host is, in the order of their numbers: hosts on different sides do not hear each other. Hosts
        /// beyond the end are on side 0.
        sides: Vec<u32>,
    },
    /// A partition was healed ([`NETWORK`]).
    Healed {
        /// The partition's name.
        name: String,
    },
    /// Links changed in another way: loss, latency, rules ([`NETWORK`]).
    Rewired {
        /// What changed, in words.
        change: String,
    },
}

/// Somebody who watches a run.
pub trait Observer<N> {
    /// Takes notice of one record. Datagrams ([`What::Sent`], [`What::Lost`], [`What::Received`],
    /// [`What::Dropped`]) are only recorded in runs that ask for all details.
    fn record(&mut self, record: &Record<'_, N>);
}
