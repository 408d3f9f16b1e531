//! Where a run gets its hosts from.

use gossip_core::persist::ImportError;
use gossip_core::{Checked, Node, Storage, Tables};

use super::settled::Settled;
use crate::heap::{Heap, Limits};
use crate::sim::host::Host;
use crate::sim::index::Index;
use crate::sim::measure::Inspect;
use crate::sim::node_host::{Call, NodeHost};
use crate::sim::note::Note;
use crate::sim::scenario::Scenario;

/// Makes the hosts of a run: real nodes, or something around them.
pub trait Build {
    /// What it makes.
    type Host: Host<Note = Note, Call = Call> + Inspect;

    /// A host with a node of this configuration that has not started yet.
    fn build(&self, host: Index, config: Checked<Index>) -> Self::Host;

    /// The same, where the node knows all that a settled cluster knows.
    ///
    /// # Errors
    /// What the node has no room for.
    fn build_settled(
        &self,
        host: Index,
        config: Checked<Index>,
        settled: &Settled,
    ) -> Result<Self::Host, ImportError>;
}

/// Real nodes, with tables made by a function.
#[derive(Clone, Copy, Debug)]
pub struct Nodes<F> {
    /// Makes the empty tables of one node.
    pub tables: F,
}

impl<S, F> Build for Nodes<F>
where
    S: Storage<Index> + Send,
    Node<Index, S>: Send,
    F: Fn() -> Tables<Index, S>,
{
    type Host = NodeHost<Index, S>;

    fn build(&self, _host: Index, config: Checked<Index>) -> Self::Host {
        NodeHost::new(config, (self.tables)())
    }

    fn build_settled(
        &self,
        _host: Index,
        config: Checked<Index>,
        settled: &Settled,
    ) -> Result<Self::Host, ImportError> {
        let node = settled.node(config, (self.tables)())?;
        Ok(NodeHost::restored(config, node))
    }
}

/// Room for every member and entry of this scenario, and for mail to all; the other tables have their usual bounds.
#[must_use]
pub fn roomy(scenario: &Scenario) -> Limits {
    let hosts = scenario.hosts() as usize;
    let usual = Limits::default();
    Limits {
        members: hosts + 1,
        entries: hosts.saturating_mul(scenario.keys() as usize + 1),
        mails: hosts,
        ..usual
    }
}

/// Real nodes on the heap with [`roomy`] bounds.
#[must_use]
pub fn heap_nodes(scenario: &Scenario) -> impl Build<Host = NodeHost<Index, Heap>> + use<> {
    let limits = roomy(scenario);
    Nodes {
        tables: move || Heap::tables(limits),
    }
}
