//! Storage on the heap: bounds given at run time, memory taken as it is needed.

mod blob;
mod list;

use gossip_core::storage::{Storage, Tables};
use gossip_core::{Address, entries, exchange, membership, node, table};

pub use blob::HeapBlob;
pub use list::HeapList;

/// The most exchanges that a node keeps track of at a time.
const EXCHANGES_MAX: usize = 8;

/// Of how many forgotten members something is kept, their last-known addresses above all. Each is tried in
/// turn, so more of them would be tried later.
const BYGONES: usize = 16;

/// The fewest members and duties that a node can work with.
const LEAST: usize = 2;

/// The storage for big clusters: every table is bounded, by [`Limits`] given at run time, and grows
/// to its bound only as it fills.
///
/// ```
/// use gossip_core::{Config, Node, NodeId};
/// use gossip_std::{Heap, Limits};
///
/// let config = Config::<u16>::new(NodeId::from(7)).check().unwrap();
/// let limits = Limits { members: 500, ..Limits::default() };
/// let node: Node<u16, Heap> = Node::new(config, Heap::tables(limits));
/// assert_eq!(node.id(), NodeId::from(7));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Heap;

impl Heap {
    /// Empty tables with these bounds.
    #[must_use]
    pub fn tables<A: Address>(limits: Limits) -> Tables<A, Self> {
        let members = limits.members.max(LEAST);
        let exchanges = limits.exchanges.clamp(1, EXCHANGES_MAX);
        let mut table = table::Table::new(HeapList::new(members));
        if limits.entries == 0 {
            table.keep_facts_alone();
        } else if limits.leases == 0 {
            table.keep_no_leases();
        }
        Tables {
            members: table,
            entries: entries::Store::new(
                HeapList::new(limits.entries),
                entries::Leases::new(HeapList::new(limits.leases), HeapList::new(limits.leases)),
                limits.key,
                limits.value,
            ),
            timers: membership::Timers::new(HeapList::new(members)),
            news: membership::Board::new(HeapList::new(limits.news)),
            duties: node::Duties::new(HeapList::new(limits.duties.max(LEAST))),
            relays: membership::Relays::new(HeapList::new(limits.relays)),
            seeds: membership::Seeds::new(HeapList::new(limits.seeds)),
            bygones: membership::Bygones::new(HeapList::new(BYGONES)),
            exchanges: exchange::Exchanges::new(HeapList::new(exchanges)),
            ranges: exchange::RangeDuties::new(HeapList::new(limits.ranges.max(1))),
            wants: exchange::Wants::new(HeapList::new(limits.wants.max(1))),
            mails: exchange::Mails::new(HeapList::new(limits.mails)),
            syncs: exchange::Syncs::new(HeapList::new(limits.syncs)),
            reads: exchange::Reads::new(HeapList::new(limits.reads)),
        }
    }
}

impl<A: Address> Storage<A> for Heap {
    /// As many as there are entries.
    const COPIES: usize = usize::MAX;
    type Key = HeapBlob;
    type Value = HeapBlob;
    type Members = HeapList<table::Member<A>>;
    type Entries = HeapList<entries::Entry<HeapBlob, HeapBlob>>;
    type Leases = HeapList<entries::Lease<HeapBlob>>;
    type Timers = HeapList<membership::Timer>;
    type News = HeapList<membership::News>;
    type Duties = HeapList<node::Duty<A>>;
    type Relays = HeapList<membership::Relay<A>>;
    type Seeds = HeapList<membership::Seed<A>>;
    type Bygones = HeapList<membership::Bygone<A>>;
    type Exchanges = HeapList<exchange::Exchange<A>>;
    type Ranges = HeapList<exchange::RangeDuty>;
    type Wants = HeapList<exchange::Want>;
    type Mails = HeapList<exchange::Letter>;
    type Syncs = HeapList<exchange::Sync>;
    type Reads = HeapList<exchange::Read<HeapBlob>>;
}

/// What the tables of a [`Heap`] may hold at most. The unit is elements, but for `key` and `value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Known nodes, this one included; less than 2 counts as 2. Default 10,000.
    pub members: usize,
    /// Entries of all owners together, tombstones included. With 0 the node keeps members alone, and
    /// compares no more with others. Default 200,000.
    pub entries: usize,
    /// Entries of all owners that were set for a time. Default 200,000.
    pub leases: usize,
    /// Bytes of one key. Default 255.
    pub key: usize,
    /// Bytes of one value. A datagram of `mtu_floor` bytes bounds key and value together as well,
    /// and usually more tightly. Default 60,000.
    pub value: usize,
    /// Changes being told at a time. Default 256.
    pub news: usize,
    /// Acks, pings and the like owed at a time; less than 2 counts as 2. Default 256.
    pub duties: usize,
    /// Indirect probes served at a time. Default 64.
    pub relays: usize,
    /// Addresses to join through. Default 16.
    pub seeds: usize,
    /// Reconciliations at a time, from 1 to 8; what is outside counts as the nearer. Default 8.
    pub exchanges: usize,
    /// Differing ranges owed at a time, over all exchanges; at least 1. Default 64.
    pub ranges: usize,
    /// Unanswered pulls at a time, over all exchanges; at least 1. Default 256.
    pub wants: usize,
    /// Peers with direct mail under way at a time. Default 1024.
    pub mails: usize,
    /// Syncs on demand at a time, with reports that nobody took. Default 16.
    pub syncs: usize,
    /// Reads that ask peers at a time, with reports that nobody took. Default 64.
    pub reads: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            members: 10_000,
            entries: 200_000,
            leases: 200_000,
            key: 255,
            value: 60_000,
            news: 256,
            duties: 256,
            relays: 64,
            seeds: 16,
            exchanges: EXCHANGES_MAX,
            ranges: 64,
            wants: 256,
            mails: 1024,
            syncs: 16,
            reads: 64,
        }
    }
}
