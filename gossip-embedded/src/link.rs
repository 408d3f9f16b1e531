//! What a node needs of a radio, a wire or anything else that carries datagrams.

use gossip_core::Address;

/// A way to send datagrams to peers and to receive theirs.
///
/// Nothing here blocks: a link hands a frame to its hardware or says that it cannot now, and gives
/// out a frame that has arrived or says that there is none. A link may lose, repeat, delay and
/// reorder frames; it must not invent any.
///
/// An error costs at most the datagram at hand. The run loop counts it and goes on, so a link that
/// can recover does so by itself, in a later call.
pub trait Link {
    /// Where a datagram goes: the link's own kind of address.
    type Address: Address;

    /// What can go wrong beyond loss, which is no error.
    type Error;

    /// The longest datagram in bytes that [`send`](Self::send) takes and
    /// [`receive`](Self::receive) gives: always the same number, and at least the cluster's
    /// `mtu_floor`.
    fn mtu(&self) -> usize;

    /// Takes `bytes`, at most [`mtu`](Self::mtu) of them, to be sent to `to`: all of them or none.
    ///
    /// # Errors
    /// The datagram was not taken and never will be; it counts as lost.
    fn send(&mut self, to: Self::Address, bytes: &[u8]) -> Result<Sent, Self::Error>;

    /// Puts the next datagram that has arrived into the front of `buf` and says who sent it and how
    /// many bytes it has, or `None` if there is none now. A datagram that is longer than `buf`, that
    /// is damaged, or that this link itself sent is discarded and not given out.
    ///
    /// # Errors
    /// At most one datagram was lost; further ones may be waiting.
    fn receive(&mut self, buf: &mut [u8]) -> Result<Option<(Self::Address, usize)>, Self::Error>;
}

/// What became of a datagram given to [`Link::send`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub enum Sent {
    /// The link has it.
    Taken,
    /// The link is busy with an earlier one: offer the same datagram again later.
    Busy,
}
