//! What an agent is told when it starts, and why it may not.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use gossip_core::persist::ImportError;
use gossip_core::{Address, Checked, Config, ConfigError, NodeId, SplitMix64};

use super::state_file::{self, StateFile};
use crate::heap::Limits;

/// The largest payload of a UDP datagram over IPv4, in bytes.
const PAYLOAD_MAX: usize = 65_507;

/// How an [`Agent`](super::Agent) is to run.
#[derive(Clone, Debug)]
pub struct AgentOptions {
    /// The local address of the socket; port 0 takes a free one. `[::]` takes IPv4 as well.
    pub bind: SocketAddr,
    /// The node's settings. Without an address in them, the node asserts the one that it is bound
    /// to, or, where that is a wildcard, the one that its peers see.
    pub config: Config<SocketAddr>,
    /// The bounds of the node's tables.
    pub limits: Limits,
    /// The seed of the node's choices, for a run that is to be repeated; `None` takes one from the
    /// operating system.
    pub seed: Option<u64>,
    /// The most bytes of a datagram sent, where paths are known to carry more than `mtu_floor`.
    /// What is below `mtu_floor` counts as `mtu_floor`, what is above 65,507 as that. Default 0.
    pub mtu: usize,
    /// A file that keeps the node's state over restarts: read when the agent starts, if it is there,
    /// and written at once, when the state has changed (once a second at most) and when the agent
    /// ends. A restart goes on in a new life of the node, with its own entries and with what it held of
    /// others. What was written in the last second before a crash may be lost. Default `None`.
    ///
    /// One agent at a time uses a file: it is locked as long as the agent runs, and a second one is refused.
    pub state: Option<PathBuf>,
    /// What to do with a state that is damaged: `false`, the default, refuses to start; `true` gives the file
    /// another name and starts without it. Peers then give the node back what they hold of its entries, if it
    /// has the same id and joins through somebody. A whole state that cannot be used, as that of
    /// another node or cluster, is refused all the same.
    pub recover_state: bool,
}

impl AgentOptions {
    /// The defaults for a socket at `bind` and a node with `config`.
    #[must_use]
    pub fn new(bind: SocketAddr, config: Config<SocketAddr>) -> Self {
        Self {
            bind,
            config,
            limits: Limits::default(),
            seed: None,
            mtu: 0,
            state: None,
            recover_state: false,
        }
    }

    /// The node whose state is in a file; `None` if there is no such file.
    ///
    /// # Errors
    /// [`AgentError::StateFile`] if it cannot be read, [`AgentError::State`] if it is no whole state.
    pub fn stored_id(state: &Path) -> Result<Option<NodeId>, AgentError> {
        StateFile::id(state)
    }

    /// The node whose state is in a file, as far as a damaged one tells.
    #[must_use]
    pub fn seeming_id(state: &Path) -> Option<NodeId> {
        state_file::seeming_id(state)
    }

    /// The settings of a node that is bound to `local`.
    pub(super) fn config_at(&self, local: SocketAddr) -> Result<Checked<SocketAddr>, ConfigError> {
        let checked = self.config.check()?;
        if checked.address().is_some() || local.ip().to_canonical().is_unspecified() {
            return Ok(checked);
        }
        self.config.address(local.canonical()).check()
    }

    pub(super) fn transmit_bytes(&self, config: &Checked<SocketAddr>) -> usize {
        self.mtu.min(PAYLOAD_MAX).max(config.mtu_floor())
    }

    pub(super) fn rng(&self) -> SplitMix64 {
        // `RandomState` is keyed by the operating system's randomness.
        SplitMix64::new(self.seed.unwrap_or_else(|| RandomState::new().hash_one(())))
    }
}

/// Why an agent did not start, or did not stop as it should.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentError {
    /// The socket could not be bound.
    #[error("cannot bind {addr}: {error}")]
    Bind {
        /// Where to.
        addr: SocketAddr,
        /// Why not.
        #[source]
        error: io::Error,
    },
    /// The settings do not make sense together.
    #[error("bad configuration: {0}")]
    Config(#[from] ConfigError),
    /// The file of the state cannot be read or written.
    #[error("cannot keep the state in {}: {error}", .path.display())]
    StateFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        error: io::Error,
    },
    /// What is in the file of the state cannot be used.
    #[error("cannot use {}: {error}; without the file the node starts anew", .path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        error: ImportError,
    },
    /// The operating system refused something else that an agent needs, or its thread failed.
    #[error("the agent failed: {0}")]
    Io(#[from] io::Error),
}

impl AgentError {
    /// `true` for a state that is damaged: [`AgentOptions::recover_state`] starts without it.
    #[must_use]
    pub fn is_damaged_state(&self) -> bool {
        matches!(self, Self::State { error, .. } if state_file::is_damage(error))
    }
}

#[cfg(test)]
mod tests {
    use gossip_core::NodeId;

    use super::*;

    fn options(config: Config<SocketAddr>) -> AgentOptions {
        AgentOptions::new("127.0.0.1:0".parse().unwrap(), config)
    }

    #[test]
    fn the_address_is_the_configured_or_the_bound_one_but_no_wildcard() {
        let at = |config, local: &str| {
            options(config)
                .config_at(local.parse().unwrap())
                .unwrap()
                .address()
        };
        let plain = Config::new(NodeId::from(1));
        let v4: SocketAddr = "127.0.0.1:7000".parse().unwrap();
        assert_eq!(at(plain, "127.0.0.1:7000"), Some(v4));
        assert_eq!(at(plain, "[::ffff:127.0.0.1]:7000"), Some(v4));
        for wildcard in ["0.0.0.0:7000", "[::]:7000", "[::ffff:0.0.0.0]:7000"] {
            assert_eq!(at(plain, wildcard), None, "{wildcard}");
            assert_eq!(at(plain.address(v4), wildcard), Some(v4), "{wildcard}");
        }
        assert_eq!(at(plain.address(v4), "127.0.0.1:9"), Some(v4));
    }

    #[test]
    fn the_mtu_is_at_least_the_floor_and_fits_udp() {
        let mut options = options(Config::new(NodeId::from(1)).mtu_floor(500));
        let checked = options.config.check().unwrap();
        for (mtu, bytes) in [(0, 500), (499, 500), (1400, 1400), (usize::MAX, 65_507)] {
            options.mtu = mtu;
            assert_eq!(options.transmit_bytes(&checked), bytes);
        }
    }

    #[test]
    fn a_seed_fixes_the_choices_and_none_does_not() {
        let mut options = options(Config::new(NodeId::from(1)));
        assert_ne!(options.rng(), options.rng());
        options.seed = Some(7);
        assert_eq!(options.rng(), SplitMix64::new(7));
    }
}
