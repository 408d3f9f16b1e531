//! What an agent can be asked to do with its peers, waiting until it is done.

use std::time::Duration;

use gossip_core::table::Prefix;
use gossip_core::{FreshRead, Instant, Node, NodeId, Request, RequestError, Synced};

use super::Agent;
use super::shared::{Phase, State};
use crate::heap::Heap;

/// Longer than any request takes: each ends at its own deadline, or with the agent.
const EVER: Duration = Duration::from_secs(u32::MAX as u64);

/// A value that peers were asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fresh {
    /// The freshest value that was found, if the key is set.
    pub value: Option<Vec<u8>>,
    /// Whom that took.
    pub report: FreshRead,
}

/// What it asks of its peers.
impl Agent {
    /// Makes everything, or a range of owners ([`Prefix::of`] one), equal with one peer, and waits until
    /// it is, at most `timeout`. The report says how it ended and what it cost.
    ///
    /// # Errors
    /// See [`RequestError`]; [`RequestError::NotRunning`] if the agent stops meanwhile.
    pub fn sync(
        &self,
        peer: NodeId,
        range: Prefix,
        timeout: Duration,
    ) -> Result<Synced, RequestError> {
        let deadline = self.deadline(timeout);
        let request = self.command(RequestError::NotRunning, |node| {
            node.sync(peer, range, deadline)
        })?;
        self.wait_for(
            |node| node.synced(request).is_some(),
            |node| node.take_synced(request),
        )
    }

    /// Asks up to `peers` peers, the owner before others, for a fresher value of a key, and waits until
    /// they have answered, at most `timeout`.
    ///
    /// # Errors
    /// See [`RequestError`]; [`RequestError::NotRunning`] if the agent stops meanwhile.
    pub fn read_fresh(
        &self,
        owner: NodeId,
        key: &str,
        peers: u8,
        timeout: Duration,
    ) -> Result<Fresh, RequestError> {
        let deadline = self.deadline(timeout);
        let request: Request = self.command(RequestError::NotRunning, |node| {
            node.read_fresh(owner, key, peers, deadline)
        })?;
        self.wait_for(
            |node| node.read(request).is_some(),
            |node| {
                let report = node.take_read(request)?;
                let value = node.get(owner, key).map(Vec::from);
                Some(Fresh { value, report })
            },
        )
    }

    fn deadline(&self, timeout: Duration) -> Instant {
        let millis = u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX);
        let timeout = gossip_core::Duration::from_millis(millis);
        self.inner.clock.now().after(timeout)
    }

    fn wait_for<T>(
        &self,
        is_over: impl Fn(&Node<std::net::SocketAddr, Heap>) -> bool,
        take: impl FnOnce(&mut Node<std::net::SocketAddr, Heap>) -> Option<T>,
    ) -> Result<T, RequestError> {
        let over = |state: &State| is_over(&state.node) || state.phase == Phase::Stopped;
        self.inner.shared.wait_until(EVER, over);
        let taken = take(&mut self.inner.shared.lock().node);
        taken.ok_or(RequestError::NotRunning)
    }
}
