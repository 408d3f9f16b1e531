//! A datagram to be sent.

/// What [`Node::poll_transmit`](crate::Node::poll_transmit) wrote: the first `len` bytes of the
/// caller's buffer go to `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Transmit<A> {
    /// The destination.
    pub to: A,
    /// How many bytes of the buffer to send.
    pub len: usize,
}
