//! Real nodes with a flaw between them and the network, or between them and whoever looks at them.

use std::collections::BTreeMap;

use gossip_core::persist::ImportError;
use gossip_core::wire::{Datagram, Section, network, seal_tag};
use gossip_core::{
    Address, Checked, Generation, Incarnation, Instant, NodeId, SplitMix64, Stats, Status,
};
use gossip_std::heap::Heap;
use gossip_std::sim::measure::Inspect;
use gossip_std::sim::outcome::Outcome;
use gossip_std::sim::scenario::{Protocol, Scenario};
use gossip_std::sim::{
    Build, Call, Followers, Host, Index, NodeHost, Note, Outgoing, RunError, RunOptions, Settled,
    heap_nodes, id_of, run_with,
};

/// The checksum of the empty cluster name.
const CLUSTER: u32 = 0;

/// What is wrong with a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It tells nobody that it lives once it was suspected: its row never leaves it again.
    NeverRefutes,
    /// It alters the values of others' entries that it passes on, and seals the datagram again.
    AltersValues,
    /// It shows an entry again that it showed once and dropped.
    ShowsDeleted,
    /// It tells a member dead as soon as it hears that somebody suspects it.
    BelievesSuspicions,
    /// It keeps what others write, and does not show it when it is asked for.
    HidesWrites,
    /// It discards what it had written before, when it starts again.
    StartsAfresh,
}

/// Plays a scenario in which every node has the flaw, if there is one.
pub fn plays(scenario: &Scenario, seed: u64, flaw: Option<Flaw>) -> Result<Outcome, RunError> {
    let nodes = Flawed {
        nodes: heap_nodes(scenario),
        flaw,
        afresh: Protocol {
            fresh: Some(true),
            ..scenario.protocol.clone()
        },
    };
    run_with(
        scenario,
        &RunOptions { seed, cores: 1 },
        &nodes,
        Followers::default(),
    )
}

struct Flawed<B> {
    nodes: B,
    flaw: Option<Flaw>,
    /// The settings of nodes that discard what they had written.
    afresh: Protocol,
}

impl<B: Build<Host = NodeHost<Index, Heap>>> Build for Flawed<B> {
    type Host = FlawedHost;

    fn build(&self, host: Index, config: Checked<Index>) -> FlawedHost {
        let config = if self.flaw == Some(Flaw::StartsAfresh) {
            let config = self.afresh.config(config.id());
            config.expect("only one setting is another")
        } else {
            config
        };
        FlawedHost::new(config.id(), self.nodes.build(host, config), self.flaw)
    }

    fn build_settled(
        &self,
        host: Index,
        config: Checked<Index>,
        settled: &Settled,
    ) -> Result<FlawedHost, ImportError> {
        let node = self.nodes.build_settled(host, config, settled)?;
        Ok(FlawedHost::new(config.id(), node, self.flaw))
    }
}

type Entry = (u32, u64);

#[derive(Debug)]
pub struct FlawedHost {
    id: NodeId,
    node: NodeHost<Index, Heap>,
    flaw: Option<Flaw>,
    /// The node's incarnation before it refuted anything.
    unrefuted: Incarnation,
    /// What it showed before, and what of that was dropped: version and hash.
    shown: BTreeMap<(Index, String), Entry>,
    deleted: BTreeMap<(Index, String), Entry>,
}

impl FlawedHost {
    fn new(id: NodeId, node: NodeHost<Index, Heap>, flaw: Option<Flaw>) -> Self {
        Self {
            id,
            node,
            flaw,
            unrefuted: Incarnation::default(),
            deleted: BTreeMap::new(),
            shown: BTreeMap::new(),
        }
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    /// Whether a datagram holds the node's own row as it is after a refutation.
    fn refutes(&self, bytes: &[u8]) -> bool {
        let rows = sections(bytes)
            .into_iter()
            .filter_map(|section| match section {
                Section::Rows(rows) => Some(rows),
                _ => None,
            });
        rows.flat_map(|rows| rows.iter())
            .any(|row| row.id == self.id && row.incarnation > self.unrefuted)
    }

    fn remember(&mut self, note: &Note) {
        match note {
            Note::Set {
                owner,
                key,
                version,
                value,
                ..
            } => {
                self.shown.insert((*owner, key.clone()), (*version, *value));
                self.deleted.remove(&(*owner, key.clone()));
            }
            Note::Deleted { owner, key } => {
                let entry = self.shown.remove_entry(&(*owner, key.clone()));
                self.deleted.extend(entry);
            }
            _ => {}
        }
    }
}

fn sections(bytes: &[u8]) -> Vec<Section<'_, Index>> {
    let datagram = Datagram::parse::<Index>(bytes, CLUSTER, NodeId::MAX);
    datagram.map_or_else(|_| Vec::new(), |datagram| datagram.sections().collect())
}

/// Turns over one bit of each value that is not `own`.
fn alter_values(bytes: &mut [u8], own: NodeId) {
    let places: Vec<usize> = sections(bytes)
        .into_iter()
        .filter_map(|section| match section {
            Section::Claim(head, claim, items) if head.owner != own => Some((claim, items)),
            _ => None,
        })
        .flat_map(|(claim, items)| {
            items
                .iter()
                .filter_map(move |item| item.listed(Instant::ZERO, claim.b)?.value)
        })
        .filter(|value| !value.is_empty())
        .map(|value| value.as_ptr() as usize - bytes.as_ptr() as usize)
        .collect();
    for place in &places {
        bytes[*place] ^= 1;
    }
    assert!(places.is_empty() || seal_tag(bytes, network(CLUSTER, Index::KIND)));
}

impl Host for FlawedHost {
    type Note = Note;
    type Call = Call;

    fn handle_datagram(&mut self, now: Instant, from: Index, bytes: &[u8]) {
        self.node.handle_datagram(now, from, bytes);
    }

    fn handle_timeout(&mut self, now: Instant, rng: &mut SplitMix64) {
        self.node.handle_timeout(now, rng);
    }

    fn handle_call(&mut self, now: Instant, call: Call, rng: &mut SplitMix64) {
        self.node.handle_call(now, call, rng);
    }

    fn poll_transmit(&mut self, now: Instant, buf: &mut [u8]) -> Option<Outgoing> {
        loop {
            if self.node.stats().refutations == 0
                && let Some(me) = self.node.node().member(self.id)
            {
                self.unrefuted = me.incarnation();
            }
            let out = self.node.poll_transmit(now, buf)?;
            let bytes = &mut buf[..out.len];
            if self.has(Flaw::NeverRefutes) && self.refutes(bytes) {
                continue;
            }
            if self.has(Flaw::AltersValues) {
                alter_values(bytes, self.id);
            }
            return Some(out);
        }
    }

    fn poll_note(&mut self) -> Option<Note> {
        let mut note = self.node.poll_note()?;
        self.remember(&note);
        if self.has(Flaw::BelievesSuspicions)
            && let Note::Member { status, .. } = &mut note
            && *status == Status::Suspect
        {
            *status = Status::Dead;
        }
        Some(note)
    }

    fn poll_timeout(&self) -> Instant {
        self.node.poll_timeout()
    }
}

impl Inspect for FlawedHost {
    fn fingerprint(&self) -> u64 {
        self.node.fingerprint()
    }

    fn live(&self) -> u32 {
        self.node.live()
    }

    fn holds_live(&self, member: Index) -> bool {
        self.node.holds_live(member)
    }

    fn stats(&self) -> &Stats {
        self.node.stats()
    }

    fn held(&self, owner: Index) -> Option<(Generation, u32)> {
        self.node.held(owner)
    }

    fn shows(&self, owner: Index, key: &str) -> Option<u32> {
        let hides = self.has(Flaw::HidesWrites) && id_of(owner) != self.id;
        self.node.shows(owner, key).filter(|_| !hides)
    }

    fn is_telling(&self, owner: Index) -> bool {
        self.node.is_telling(owner)
    }

    fn visible(&self, tell: &mut dyn FnMut(Index, &str, u32, u64)) {
        self.node.visible(tell);
        if self.has(Flaw::ShowsDeleted) {
            for ((owner, key), (version, value)) in &self.deleted {
                tell(*owner, key, *version, *value);
            }
        }
    }

    fn tables(&self, tell: &mut dyn FnMut(&'static str, usize, usize)) {
        self.node.tables(tell);
    }
}
