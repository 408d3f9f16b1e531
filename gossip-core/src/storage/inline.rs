//! Storage inside the node itself: bounds fixed by the type, no allocation, `const` constructors.

use core::fmt::{self, Debug};

use heapless::Vec;

use super::{Blob, List};

/// A [`List`] of at most `N` elements, held in place.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct InlineList<T, const N: usize>(Vec<T, N>);

impl<T, const N: usize> InlineList<T, N> {
    /// An empty list.
    pub const fn new() -> Self {
        Self(Vec::new())
    }
}

impl<T, const N: usize> Default for InlineList<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Debug, const N: usize> Debug for InlineList<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter()).finish()
    }
}

impl<T: Clone + Eq + core::hash::Hash + Debug, const N: usize> List<T> for InlineList<T, N> {
    const PERMITTED: bool = N > 0;

    fn capacity(&self) -> usize {
        N
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, index: usize) -> Option<&T> {
        self.0.get(index)
    }

    fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.0.get_mut(index)
    }

    fn insert(&mut self, index: usize, value: T) -> Result<(), T> {
        if index > self.0.len() {
            return Err(value);
        }
        self.0.push(value)?;
        if let Some(tail @ [_, ..]) = self.0.get_mut(index..) {
            tail.rotate_right(1);
        }
        Ok(())
    }

    fn remove(&mut self, index: usize) -> Option<T> {
        if let Some(tail @ [_, ..]) = self.0.get_mut(index..) {
            tail.rotate_left(1);
            self.0.pop()
        } else {
            None
        }
    }

    fn iter_from<'a>(&'a self, index: usize) -> impl Iterator<Item = &'a T>
    where
        T: 'a,
    {
        self.0.get(index..).unwrap_or_default().iter()
    }
}

/// A [`Blob`] of at most `N` bytes, held in place.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct InlineBlob<const N: usize>(Vec<u8, N>);

impl<const N: usize> AsRef<[u8]> for InlineBlob<N> {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl<const N: usize> Debug for InlineBlob<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(self.as_ref(), f)
    }
}

impl<const N: usize> Blob for InlineBlob<N> {
    fn from_parts(parts: &[&[u8]]) -> Option<Self> {
        let mut bytes = Vec::new();
        for part in parts {
            bytes.extend_from_slice(part).ok()?;
        }
        Some(Self(bytes))
    }

    fn from_slice(bytes: &[u8]) -> Option<Self> {
        Vec::from_slice(bytes).ok().map(Self)
    }
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

        impl<A: $crate::Address> $crate::storage::Storage<A> for $name {
            const COPIES: usize = 0 $(+ $copies)?;
            type Key = $crate::storage::InlineBlob<{ $key }>;
            type Value = $crate::storage::InlineBlob<{ $value }>;
            type Members = $crate::storage::InlineList<$crate::table::Member<A>, { $members }>;
            type Entries = $crate::storage::InlineList<
                $crate::entries::Entry<
                    $crate::storage::InlineBlob<{ $key }>,
                    $crate::storage::InlineBlob<{ $value }>,
                >,
                { $entries },
            >;
            type Leases = $crate::storage::InlineList<
                $crate::entries::Lease<$crate::storage::InlineBlob<{ $key }>>,
                { 0 $(+ $leases)? },
            >;
            type Timers = $crate::storage::InlineList<$crate::membership::Timer, { $members }>;
            type News = $crate::storage::InlineList<$crate::membership::News, { $news }>;
            type Duties = $crate::storage::InlineList<$crate::node::Duty<A>, { $duties }>;
            type Relays = $crate::storage::InlineList<$crate::membership::Relay<A>, { $relays }>;
            type Seeds = $crate::storage::InlineList<$crate::membership::Seed<A>, { $seeds }>;
            type Bygones = $crate::storage::InlineList<
                $crate::membership::Bygone<A>,
                { $crate::storage::bygones(&[$($bygones)?]) },
            >;
            type Exchanges =
                $crate::storage::InlineList<$crate::exchange::Exchange<A>, { $exchanges }>;
            type Ranges = $crate::storage::InlineList<$crate::exchange::RangeDuty, { $ranges }>;
            type Wants = $crate::storage::InlineList<$crate::exchange::Want, { $wants }>;
            type Mails =
                $crate::storage::InlineList<$crate::exchange::Letter, { 0 $(+ $mails)? }>;
            type Syncs =
                $crate::storage::InlineList<$crate::exchange::Sync, { 0 $(+ $syncs)? }>;
            type Reads = $crate::storage::InlineList<
                $crate::exchange::Read<$crate::storage::InlineBlob<{ $key }>>,
                { 0 $(+ $reads)? },
            >;
        }

        impl $name {
            /// Empty tables with these bounds.
            #[must_use]
            $vis const fn tables<A: $crate::Address>() -> $crate::storage::Tables<A, Self> {
                use $crate::storage::InlineList;
                $crate::storage::Tables {
                    members: $crate::table::Table::new(InlineList::new()),
                    entries: $crate::entries::Store::new(
                        InlineList::new(),
                        $crate::entries::Leases::new(InlineList::new(), InlineList::new()),
                        $key,
                        $value,
                    ),
                    timers: $crate::membership::Timers::new(InlineList::new()),
                    news: $crate::membership::Board::new(InlineList::new()),
                    duties: $crate::node::Duties::new(InlineList::new()),
                    relays: $crate::membership::Relays::new(InlineList::new()),
                    seeds: $crate::membership::Seeds::new(InlineList::new()),
                    bygones: $crate::membership::Bygones::new(InlineList::new()),
                    exchanges: $crate::exchange::Exchanges::new(InlineList::new()),
                    ranges: $crate::exchange::RangeDuties::new(InlineList::new()),
                    wants: $crate::exchange::Wants::new(InlineList::new()),
                    mails: $crate::exchange::Mails::new(InlineList::new()),
                    syncs: $crate::exchange::Syncs::new(InlineList::new()),
                    reads: $crate::exchange::Reads::new(InlineList::new()),
                }
            }
        }
    };
}
