//! Whom an agent joins through, by address and by name.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use gossip_core::{JoinError, Mismatch, Node};

use super::names::{self, Name};
use super::shared::Phase;
use super::{Agent, Inner, SeedInfo};

/// Whom it joins through.
impl Agent {
    /// Joins through a host that is given as `HOST:PORT`. Where the host is a name, that is kept: it is looked up
    /// by a thread of its own at once, and again as long as nobody is met or it does not answer, ever more
    /// seldom, and in any case once a minute. The addresses that it has then are tried, up to four, and those that it has no longer are not.
    /// A name that does not resolve is a [`Notice`](super::Notice).
    ///
    /// # Errors
    /// See [`JoinError`]. For a name, [`JoinError::Full`] if as many names are kept as addresses could be, or
    /// if the system has no thread left. Nothing changed then.
    pub fn join_host(&self, host: &str) -> Result<(), JoinError> {
        match host.parse() {
            Ok(address) => self.join(address),
            Err(_) => self.inner.keep_name(host),
        }
    }

    /// The addresses to join through: see [`Event::NoAnswer`](gossip_core::Event::NoAnswer).
    #[must_use]
    pub fn seeds(&self) -> Vec<SeedInfo> {
        let now = self.inner.clock.now();
        self.read(|node| {
            let seeds = node.seeds();
            seeds.map(|seed| SeedInfo::new(now, seed)).collect()
        })
    }

    /// The node that was met last and does not fit this one: see [`Event::Mismatch`](gossip_core::Event::Mismatch).
    #[must_use]
    pub fn mismatch(&self) -> Option<(SocketAddr, Mismatch)> {
        self.read(Node::mismatch)
    }
}

impl Inner {
    /// Keeps a name to join through.
    fn keep_name(&self, name: &str) -> Result<(), JoinError> {
        let mut state = self.shared.lock();
        if state.phase != Phase::Running {
            return Err(JoinError::NotRunning);
        }
        if state.names.iter().any(|known| known == name) {
            return Ok(());
        }
        let max = self.names_max;
        if state.names.len() >= max {
            return Err(JoinError::Full { max });
        }
        let (shared, text) = (Arc::clone(&self.shared), name.to_owned());
        let kept = Name::new(shared, text, self.local_addr, names::resolve);
        // Nobody waits for its end, which a resolver may put off.
        let thread = thread::Builder::new().name(format!("gossip-{}-name", self.id));
        let spawned = thread.spawn(move || kept.run());
        spawned.map_err(|_| JoinError::Full { max })?;
        state.names.push(name.to_owned());
        Ok(())
    }
}
