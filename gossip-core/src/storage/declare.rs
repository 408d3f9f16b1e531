//! What the macros that make a storage have in common: the one place where its tables are listed, beside
//! [`Storage`](super::Storage) and [`Tables`](super::Tables).

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
