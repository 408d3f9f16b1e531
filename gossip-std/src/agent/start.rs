//! How an agent's node begins.

use std::net::SocketAddr;
use std::sync::Arc;

use gossip_core::{Checked, Instant, Node};

use super::notices::Notice;
use super::shared::Shared;
use super::state_file::{Saver, StateFile, is_damage};
use super::{AgentError, AgentOptions};
use crate::clock::Clock;
use crate::heap::Heap;

/// The node, from its state where there is one, and what is to be said of that.
pub(super) fn begin(
    options: &AgentOptions,
    config: Checked<SocketAddr>,
    file: Option<&mut StateFile>,
    now: Instant,
) -> Result<(Node<SocketAddr, Heap>, Vec<Notice>), AgentError> {
    let anew = || Node::new(config, Heap::tables(options.limits));
    let Some(file) = file else {
        return Ok((anew(), Vec::new()));
    };
    match file.node(config, options.limits, now) {
        Ok(node) => Ok((
            node.unwrap_or_else(anew),
            file.future_notice().into_iter().collect(),
        )),
        Err(AgentError::State { path, error }) if options.recover_state && is_damage(&error) => {
            let kept = file.set_aside()?;
            Ok((anew(), vec![Notice::SetAside { path, kept, error }]))
        }
        Err(error) => Err(error),
    }
}

/// Writes the first state: a life that peers may hear of is in the file before it speaks.
pub(super) fn begin_to_save(
    shared: &Arc<Shared>,
    clock: Clock,
    file: StateFile,
) -> Result<Saver, AgentError> {
    let mut saver = Saver::new(Arc::clone(shared), clock, file);
    saver.save_first()?;
    Ok(saver)
}
