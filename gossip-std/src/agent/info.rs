//! What an agent tells of its node: owned copies, so that no lock is held while they are read.

use std::net::SocketAddr;
use std::time::Duration;

use gossip_core::membership::Seed;
use gossip_core::{
    EntryRef, Generation, Identity, Incarnation, Instant, Member, Node, NodeId, Status, Storage,
    Version,
};

/// One entry, as this node holds it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EntryInfo {
    /// The node that wrote it.
    pub owner: NodeId,
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: Vec<u8>,
    /// Its owner's count of writes when it was written.
    pub version: Version,
    /// How long it is still shown, if it was set for a time.
    pub left: Option<Duration>,
}

impl EntryInfo {
    pub(super) fn new(now: Instant, entry: &EntryRef<'_>) -> Self {
        let left = entry.expires.map(|at| at.since(now).as_millis());
        Self {
            left: left.map(|millis| Duration::from_millis(u64::from(millis))),
            owner: entry.owner,
            key: entry.key.into(),
            value: entry.value.into(),
            version: entry.version,
        }
    }
}

/// One member, as this node knows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MemberInfo {
    /// Who it is.
    pub id: NodeId,
    /// What is believed of it.
    pub status: Status,
    /// Where it is reached, if known.
    pub address: Option<SocketAddr>,
    /// Which of its lives this is.
    pub generation: Generation,
    /// How often it had to refute a suspicion in this life.
    pub incarnation: Incarnation,
    /// How far its entries are held here.
    pub held: Version,
    /// `false` if two live nodes seem to use its id.
    pub is_sole: bool,
}

impl MemberInfo {
    /// The member as `node` knows it.
    pub(super) fn new<S: Storage<SocketAddr>>(
        node: &Node<SocketAddr, S>,
        member: &Member<SocketAddr>,
    ) -> Self {
        let clashes = node.clashes().any(|id| id == member.id());
        let contested = member.id() == node.id() && node.identity() != Identity::Sole;
        Self {
            id: member.id(),
            status: member.status(),
            address: member.address(),
            generation: member.generation(),
            incarnation: member.incarnation(),
            held: member.held(),
            is_sole: !clashes && !contested,
        }
    }
}

/// An address to join through, and how that goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SeedInfo {
    /// Where it is.
    pub address: SocketAddr,
    /// How often it was tried since it was named or heard of last; stops at 255.
    pub tries: u8,
    /// When it is tried next; `None` once it has answered.
    pub next: Option<Duration>,
}

impl SeedInfo {
    pub(super) fn new(now: Instant, seed: Seed<SocketAddr>) -> Self {
        let next = seed.next_try().map(|at| at.since(now).as_millis());
        Self {
            address: seed.address(),
            tries: seed.tries(),
            next: next.map(|millis| Duration::from_millis(millis.into())),
        }
    }
}
