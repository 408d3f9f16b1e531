//! The list of a node's tables, and all that follows from it: a table more is a line in each of the items of this file.
//!
//! [`Storage`] names the types, [`Tables`] holds what the parts have around them, [`Limits`] are bounds at run time, and
//! the macros make a storage out of a family of lists.

use core::fmt::Debug;
use core::hash::Hash;

use serde::{Deserialize, Serialize};

use super::{Blob, List};
use crate::address::Address;
use crate::board::News;
use crate::config::Checked;
use crate::context::Compared;
use crate::entries::{Entry, Lease};
use crate::exchange::{Base, Exchange, RangeDuty, Reconciler, Want};
use crate::membership::{Bygone, Relay, Seed, Timer};
use crate::outbox::Outgoing;
use crate::requests::{Letter, Read, Requests, Sync};
use crate::table::Member;

/// Names the containers of a node's tables: made by [`inline!`](crate::inline), or [`storage!`](crate::storage!) for a
/// [`Family`](super::Family) of your own. What it names is hidden, so that it can grow.
pub trait Storage<A: Address>: Clone + Eq + Hash + Debug {
    /// The most copies that a node keeps of what forgotten members contributed to
    /// [shared keys](crate::shared), each an entry of its own. 0 removes the keeping of copies from the
    /// program; those that others keep are read all the same.
    #[doc(hidden)]
    const COPIES: usize = 0;
    /// An entry's key.
    #[doc(hidden)]
    type Key: Blob;
    /// An entry's value.
    #[doc(hidden)]
    type Value: Blob;
    /// One row for each known node, this one included.
    #[doc(hidden)]
    type Members: List<Member<A>>;
    /// The entries of all owners.
    #[doc(hidden)]
    type Entries: List<Entry<Self::Key, Self::Value>>;
    /// Ends of entries that were set for a time; each stands in two such lists.
    #[doc(hidden)]
    type Leases: List<Lease<Self::Key>>;
    /// Deadlines of members that are not alive; as many as members is always enough.
    #[doc(hidden)]
    type Timers: List<Timer>;
    /// News still being told (the rumor part of membership and of versions).
    #[doc(hidden)]
    type News: List<News>;
    /// Small single messages owed, such as acks and pings.
    #[doc(hidden)]
    type Duties: List<Outgoing<A>>;
    /// Indirect probes under way on behalf of others.
    #[doc(hidden)]
    type Relays: List<Relay<A>>;
    /// Addresses to join through.
    #[doc(hidden)]
    type Seeds: List<Seed<A>>;
    /// What remains of forgotten members, their last-known addresses above all.
    #[doc(hidden)]
    type Bygones: List<Bygone<A>>;
    /// Reconciliations under way, at most 8.
    #[doc(hidden)]
    type Exchanges: List<Exchange<A>>;
    /// Ranges owed to partners of an exchange.
    #[doc(hidden)]
    type Ranges: List<RangeDuty>;
    /// Pulls of partners still to be answered.
    #[doc(hidden)]
    type Wants: List<Want>;
    /// Direct mail under way: one letter for each peer that is to be told this node's own writes.
    #[doc(hidden)]
    type Mails: List<Letter>;
    /// Anti-entropy on demand.
    #[doc(hidden)]
    type Syncs: List<Sync>;
    /// Reads that ask peers.
    #[doc(hidden)]
    type Reads: List<Read<Self::Key>>;
}

/// The tables of a node. A storage makes them empty, each around a list of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tables<A: Address, S: Storage<A>> {
    /// What all parts share, this node as an owner, and who is there.
    #[doc(hidden)]
    pub base: Base<A, S>,
    /// Anti-entropy.
    #[doc(hidden)]
    pub reconciler: Reconciler<A, S>,
    /// Mail, syncs and reads.
    #[doc(hidden)]
    pub requests: Requests<A, S>,
}

impl<A: Address, S: Storage<A>> Tables<A, S> {
    /// For a node with these settings.
    pub(crate) const fn set_up(&mut self, config: Checked<A>) {
        self.base.cx.config = config;
        if !Compared::<A, S>::ENTRIES {
            self.base.cx.members.keep_facts_alone();
        } else if !<S::Leases as List<_>>::PERMITTED {
            self.base.cx.members.keep_no_leases();
        }
    }

    /// What is not permitted within these limits is compared no more.
    #[doc(hidden)]
    #[must_use]
    pub fn within(mut self, limits: Limits) -> Self {
        if limits.entries == 0 {
            self.base.cx.members.keep_facts_alone();
        } else if limits.leases == 0 {
            self.base.cx.members.keep_no_leases();
        }
        self
    }
}

/// The most exchanges that a node keeps track of at a time.
const EXCHANGES_MAX: usize = 8;

/// The fewest members and duties that a node can work with.
const LEAST: usize = 2;

/// What the tables of a storage hold at most, whose bounds are given at run time. The unit is elements, but for `key` and
/// `value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Limits {
    /// Known nodes, this one included; less than 2 counts as 2. Default 10,000.
    pub members: usize,
    /// Entries of all owners together, tombstones included. With 0 the node keeps members alone, and
    /// compares facts alone with others. Default 200,000.
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
    /// Forgotten members of whom something is kept, their last-known addresses above all. Each is tried in turn, so
    /// more of them would be tried later. Default 16.
    pub bygones: usize,
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
            bygones: 16,
            exchanges: EXCHANGES_MAX,
            ranges: 64,
            wants: 256,
            mails: 1024,
            syncs: 16,
            reads: 64,
        }
    }
}

impl Limits {
    /// The nearest with which a node can work.
    #[doc(hidden)]
    #[must_use]
    pub fn usable(self) -> Self {
        Self {
            members: self.members.max(LEAST),
            duties: self.duties.max(LEAST),
            exchanges: self.exchanges.clamp(1, EXCHANGES_MAX),
            ranges: self.ranges.max(1),
            wants: self.wants.max(1),
            ..self
        }
    }
}

/// Implements [`Storage`](crate::Storage) with lists and blobs of a family.
#[doc(hidden)]
#[macro_export]
macro_rules! __storage_types {
    (
        $name:ident, $family:ty, copies: $copies:expr, key: $key:expr, value: $value:expr,
        members: $members:expr, entries: $entries:expr, leases: $leases:expr, news: $news:expr,
        duties: $duties:expr, relays: $relays:expr, seeds: $seeds:expr, bygones: $bygones:expr,
        exchanges: $exchanges:expr, ranges: $ranges:expr, wants: $wants:expr, mails: $mails:expr,
        syncs: $syncs:expr, reads: $reads:expr
    ) => {
        impl<A: $crate::Address> $crate::storage::Storage<A> for $name {
            const COPIES: usize = $copies;
            type Key = <$family as $crate::storage::Family>::Blob<{ $key }>;
            type Value = <$family as $crate::storage::Family>::Blob<{ $value }>;
            type Members =
                <$family as $crate::storage::Family>::List<$crate::table::Member<A>, { $members }>;
            type Entries = <$family as $crate::storage::Family>::List<
                $crate::entries::Entry<
                    <$family as $crate::storage::Family>::Blob<{ $key }>,
                    <$family as $crate::storage::Family>::Blob<{ $value }>,
                >,
                { $entries },
            >;
            type Leases = <$family as $crate::storage::Family>::List<
                $crate::entries::Lease<<$family as $crate::storage::Family>::Blob<{ $key }>>,
                { $leases },
            >;
            type Timers =
                <$family as $crate::storage::Family>::List<$crate::membership::Timer, { $members }>;
            type News = <$family as $crate::storage::Family>::List<$crate::board::News, { $news }>;
            type Duties = <$family as $crate::storage::Family>::List<
                $crate::outbox::Outgoing<A>,
                { $duties },
            >;
            type Relays = <$family as $crate::storage::Family>::List<
                $crate::membership::Relay<A>,
                { $relays },
            >;
            type Seeds =
                <$family as $crate::storage::Family>::List<$crate::membership::Seed<A>, { $seeds }>;
            type Bygones = <$family as $crate::storage::Family>::List<
                $crate::membership::Bygone<A>,
                { $bygones },
            >;
            type Exchanges = <$family as $crate::storage::Family>::List<
                $crate::exchange::Exchange<A>,
                { $exchanges },
            >;
            type Ranges = <$family as $crate::storage::Family>::List<
                $crate::exchange::RangeDuty,
                { $ranges },
            >;
            type Wants =
                <$family as $crate::storage::Family>::List<$crate::exchange::Want, { $wants }>;
            type Mails =
                <$family as $crate::storage::Family>::List<$crate::requests::Letter, { $mails }>;
            type Syncs =
                <$family as $crate::storage::Family>::List<$crate::requests::Sync, { $syncs }>;
            type Reads = <$family as $crate::storage::Family>::List<
                $crate::requests::Read<<$family as $crate::storage::Family>::Blob<{ $key }>>,
                { $reads },
            >;
        }
    };
}

/// Empty tables, whose lists are made in a constant, or by a family within limits.
#[doc(hidden)]
#[macro_export]
macro_rules! __storage_tables {
    ($lists:tt $key:expr, $value:expr) => {
        $crate::storage::Tables {
            base: $crate::exchange::Base::new($crate::context::Context::new(
                $crate::table::Table::new($crate::__storage_list!($lists members)),
                $crate::entries::Store::new(
                    $crate::__storage_list!($lists entries),
                    $crate::entries::Leases::new(
                        $crate::__storage_list!($lists leases),
                        $crate::__storage_list!($lists leases),
                    ),
                    $key,
                    $value,
                ),
                $crate::board::Board::new($crate::__storage_list!($lists news)),
                $crate::outbox::Outbox::new($crate::__storage_list!($lists duties)),
            ),
            $crate::membership::Swim::new(
                $crate::membership::Timers::new($crate::__storage_list!($lists members)),
                $crate::membership::Relays::new($crate::__storage_list!($lists relays)),
                $crate::membership::Seeds::new($crate::__storage_list!($lists seeds)),
                $crate::membership::Bygones::new($crate::__storage_list!($lists bygones)),
            )),
            reconciler: $crate::exchange::Reconciler::new(
                $crate::exchange::Exchanges::new($crate::__storage_list!($lists exchanges)),
                $crate::exchange::RangeDuties::new($crate::__storage_list!($lists ranges)),
                $crate::exchange::Wants::new($crate::__storage_list!($lists wants)),
            ),
            requests: $crate::requests::Requests::new(
                $crate::requests::Mails::new($crate::__storage_list!($lists mails)),
                $crate::requests::Syncs::new($crate::__storage_list!($lists syncs)),
                $crate::requests::Reads::new($crate::__storage_list!($lists reads)),
            ),
        }
    };
}

/// One empty list.
#[doc(hidden)]
#[macro_export]
macro_rules! __storage_list {
    ((const) $table:ident) => {
        $crate::storage::InlineList::new()
    };
    (($family:ty, $limits:ident) $table:ident) => {
        <$family as $crate::storage::Family>::list::<_, { usize::MAX }>($limits.$table)
    };
}

/// Declares a storage whose bounds are given at run time, as [`Limits`](crate::storage::Limits), with lists and blobs of a
/// [`Family`](crate::storage::Family): on a heap, in a pool, in memory of another kind. Everything is permitted.
///
/// ```
/// use core::fmt::Debug;
/// use core::hash::Hash;
/// use gossip_core::storage::{Family, InlineBlob, InlineList, Limits};
/// use gossip_core::{Config, Node, NodeId, storage};
///
/// /// Lists of at most eight, whatever the limits.
/// pub struct Eights;
///
/// impl Family for Eights {
///     type List<T: Clone + Eq + Hash + Debug, const N: usize> = InlineList<T, 8>;
///     type Blob<const N: usize> = InlineBlob<16>;
///     fn list<T: Clone + Eq + Hash + Debug, const N: usize>(_: usize) -> InlineList<T, 8> {
///         InlineList::new()
///     }
/// }
///
/// storage! {
///     /// Eight of everything.
///     pub struct Eight: Eights;
/// }
///
/// let limits = Limits { key: 16, value: 16, ..Limits::default() };
/// let config = Config::<u16>::new(NodeId::from(7)).mtu_floor(127).check().unwrap();
/// let mut node: Node<u16, Eight> = Node::new(config, Eight::tables(limits));
/// node.set("k", b"v").unwrap();
/// assert!(node.usage().all(|usage| usage.capacity == 8));
/// ```
#[macro_export]
macro_rules! storage {
    ($(#[$meta:meta])* $vis:vis struct $name:ident: $family:ty;) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        $vis struct $name;

        $crate::__storage_types! {
            $name, $family, copies: usize::MAX, key: usize::MAX, value: usize::MAX,
            members: usize::MAX, entries: usize::MAX, leases: usize::MAX, news: usize::MAX,
            duties: usize::MAX, relays: usize::MAX, seeds: usize::MAX, bygones: usize::MAX,
            exchanges: usize::MAX, ranges: usize::MAX, wants: usize::MAX, mails: usize::MAX,
            syncs: usize::MAX, reads: usize::MAX
        }

        impl $name {
            /// Empty tables within these limits.
            #[must_use]
            $vis fn tables<A: $crate::Address>(
                limits: $crate::storage::Limits,
            ) -> $crate::storage::Tables<A, Self> {
                let limits = limits.usable();
                let tables: $crate::storage::Tables<A, Self> =
                    $crate::__storage_tables!(($family, limits) limits.key, limits.value);
                tables.within(limits)
            }
        }
    };
}

/// How many bygones a storage keeps: as many as its declaration names.
#[doc(hidden)]
#[must_use]
pub const fn bygones(named: &[usize]) -> usize {
    const DEFAULT: usize = 8;
    match named {
        [named, ..] => *named,
        [] => DEFAULT,
    }
}

/// Declares a storage with named bounds, fixed by its type.
///
/// | bound | what it limits | bytes each, roughly |
/// |---|---|---|
/// | `members` | known nodes, this one included | 100 + the address |
/// | `entries` | entries of all owners together, tombstones included | 28 + `key` + `value` |
/// | `key`, `value` | bytes of one key and of one value | |
/// | `news` | changes being told at a time | 16 |
/// | `duties` | acks, pings and the like owed at a time | 24 + the address |
/// | `relays` | indirect probes served at a time | 16 + the address |
/// | `seeds` | addresses to join through | 24 + the address |
/// | `exchanges` | reconciliations at a time, at most 8 | 80 + the address |
/// | `ranges`, `wants` | differing ranges, unanswered pulls, over all exchanges | 24, 32 |
/// | `mails` (0 if not named) | peers with direct mail under way | 40 |
/// | `syncs` (0 if not named) | syncs on demand, with reports that nobody took | 72 |
/// | `reads` (0 if not named) | reads that ask peers, with reports that nobody took | 280 + `key` |
/// | `copies` (0 if not named) | copies kept of what forgotten members contributed to shared keys; each is one of the `entries` | |
/// | `leases` (0 if not named) | entries that were set for a time | 2 * (24 + `key`) |
/// | `bygones` (8 if not named) | last-known addresses of forgotten members | 24 + the address |
///
/// A bound of 0 removes what depends on it from the program. `entries` need `exchanges`, `ranges` and
/// `wants`, and those are there for entries alone: members are compared without. Nodes of one cluster may
/// differ in what they permit. `members` and `duties` must be at least 2.
///
/// ```
/// use gossip_core::{Config, Node, NodeId, inline};
///
/// inline! {
///     /// Enough for a greenhouse.
///     pub struct Greenhouse {
///         members: 16, entries: 64, key: 8, value: 16, news: 8, duties: 8,
///         relays: 4, seeds: 2, exchanges: 2, ranges: 4, wants: 4,
///     }
/// }
///
/// let config = Config::<u16>::new(NodeId::from(7)).mtu_floor(127).check().unwrap();
/// let node: Node<u16, Greenhouse> = Node::new(config, Greenhouse::tables());
/// assert_eq!(node.id(), NodeId::from(7));
/// ```
#[macro_export]
macro_rules! inline {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            members: $members:expr, entries: $entries:expr, key: $key:expr, value: $value:expr,
            news: $news:expr, duties: $duties:expr, relays: $relays:expr, seeds: $seeds:expr,
            exchanges: $exchanges:expr, ranges: $ranges:expr, wants: $wants:expr
            $(, mails: $mails:expr)? $(, syncs: $syncs:expr)? $(, reads: $reads:expr)?
            $(, copies: $copies:expr)? $(, leases: $leases:expr)?
            $(, bygones: $bygones:expr)? $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        $vis struct $name;

        const _: () = assert!($members >= 2 && $duties >= 2 && $exchanges <= 8);

        $crate::__storage_types! {
            $name, $crate::storage::Inline, copies: 0 $(+ $copies)?, key: $key, value: $value,
            members: $members, entries: $entries, leases: 0 $(+ $leases)?, news: $news, duties: $duties,
            relays: $relays, seeds: $seeds, bygones: $crate::storage::bygones(&[$($bygones)?]),
            exchanges: $exchanges, ranges: $ranges, wants: $wants, mails: 0 $(+ $mails)?,
            syncs: 0 $(+ $syncs)?, reads: 0 $(+ $reads)?
        }

        impl $name {
            /// Empty tables with these bounds.
            #[must_use]
            $vis const fn tables<A: $crate::Address>() -> $crate::storage::Tables<A, Self> {
                $crate::__storage_tables!((const) $key, $value)
            }
        }
    };
}
