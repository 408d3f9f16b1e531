//! A datagram to be sent.

use serde::{Deserialize, Serialize};

/// Whom a datagram is for.
///
/// A node addresses [`Everyone`](Self::Everyone) only on a medium that one transmission reaches all neighbours on; today
/// no configuration does. A link without such a transmission may drop it: what is for everyone is said again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Destination<A> {
    /// One peer.
    One(A),
    /// Whoever hears it.
    Everyone,
}

impl<A> Destination<A> {
    /// The address, if it is for one peer.
    #[must_use]
    pub fn one(self) -> Option<A> {
        match self {
            Self::One(address) => Some(address),
            Self::Everyone => None,
        }
    }
}

/// What [`Node::poll_transmit`](crate::Node::poll_transmit) wrote: the first `len` bytes of the
/// caller's buffer go to `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct Transmit<A> {
    /// The destination.
    pub to: Destination<A>,
    /// How many bytes of the buffer to send.
    pub len: usize,
}

impl<A> Transmit<A> {
    pub(crate) const fn to_one(address: A, len: usize) -> Self {
        Self {
            to: Destination::One(address),
            len,
        }
    }
}
