//! How far a node is in touch with its peers.

use crate::time::Instant;

/// How far this node is in touch with its peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Touch {
    /// A peer has answered a ping since the round began.
    pub(crate) answered: bool,
    /// What is known of others is too old then, unless a peer answers.
    pub(crate) stale_at: Instant,
    /// It is too old, and waits for an ack with this token, which no datagram of before can carry.
    pub(crate) asked: Option<u16>,
    /// When whoever speaks is asked for that ack again at the earliest.
    pub(crate) next_ask: Instant,
}

impl Touch {
    pub(crate) const NONE: Self = Self {
        answered: false,
        stale_at: Instant::FAR,
        asked: None,
        next_ask: Instant::ZERO,
    };

    pub(crate) fn rebase(&mut self, epoch: Instant, next_token: u16) {
        self.stale_at = self.stale_at.counted_from(epoch);
        self.asked = self.asked.map(|token| next_token.wrapping_sub(token));
        self.next_ask = self.next_ask.counted_from(epoch);
    }
}
