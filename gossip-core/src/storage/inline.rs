//! Storage inside the node itself: bounds fixed by the type, no allocation, `const` constructors.

use core::fmt::{self, Debug};

use heapless::Vec;

use super::{Blob, Family, List};

/// The family of lists and blobs that are held in place.
#[derive(Clone, Copy, Debug)]
pub struct Inline;

impl Family for Inline {
    type List<T: Clone + Eq + core::hash::Hash + Debug, const N: usize> = InlineList<T, N>;
    type Blob<const N: usize> = InlineBlob<N>;

    /// Its room is that of the type, whatever the `capacity`.
    fn list<T: Clone + Eq + core::hash::Hash + Debug, const N: usize>(
        _capacity: usize,
    ) -> InlineList<T, N> {
        InlineList::new()
    }
}

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

    // Each moves one place on, hand over hand: less code than a rotation, and no slower for as few as there are here.
    fn insert(&mut self, index: usize, mut value: T) -> Result<(), T> {
        if index > self.0.len() || self.0.is_full() {
            return Err(value);
        }
        let behind = self.0.iter_mut().skip(index);
        behind.for_each(|place| core::mem::swap(place, &mut value));
        self.0.push(value)
    }

    fn remove(&mut self, index: usize) -> Option<T> {
        let mut behind = self.0.iter_mut().skip(index);
        let mut place = behind.next()?;
        for next in behind {
            core::mem::swap(place, next);
            place = next;
        }
        self.0.pop()
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
