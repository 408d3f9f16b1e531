//! Where a node keeps its tables: one container trait, and a trait that names the tables.
//!
//! The protocol knows a single container, the bounded ordered [`List`]. A [`Storage`] names one list
//! type per table; [`Tables`] holds the lists themselves. [`inline!`](crate::inline) declares a
//! storage whose bounds are fixed by its type and whose tables can be built in a `const`;
//! [`storage!`](crate::storage!) one whose bounds are given at run time, with lists of a [`Family`] of your own, as
//! `gossip_std::Heap` is. [`conformance`] is a test that anyone's lists and blobs can run.

pub mod conformance;
mod declare;
mod inline;
mod limits;

use core::cmp::Ordering;
use core::fmt::Debug;
use core::hash::Hash;

#[doc(hidden)]
pub use inline::bygones;
pub use inline::{Inline, InlineBlob, InlineList};
pub use limits::Limits;

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

/// A bounded sequence, kept in order by its user.
///
/// Two lists with equal contents must be equal and hash equally, however they came about: the state
/// of a node is a value, and so is each part of it.
pub trait List<T>: Clone + Eq + Hash + Debug {
    /// `false` if this type can never hold anything: what uses the table is then compiled out.
    const PERMITTED: bool = true;

    /// The most elements the list will hold.
    fn capacity(&self) -> usize;

    /// How many elements it holds.
    fn len(&self) -> usize;

    /// The element at `index`.
    fn get(&self, index: usize) -> Option<&T>;

    /// The element at `index`, to change in place.
    fn get_mut(&mut self, index: usize) -> Option<&mut T>;

    /// Puts `value` before the element now at `index`, or gives it back if the list is full or
    /// `index` is past the end.
    fn insert(&mut self, index: usize, value: T) -> Result<(), T>;

    /// Takes out the element at `index`.
    fn remove(&mut self, index: usize) -> Option<T>;

    /// The elements from `index` on.
    fn iter_from<'a>(&'a self, index: usize) -> impl Iterator<Item = &'a T>
    where
        T: 'a;

    /// `true` if the list holds nothing.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `true` if another insert would be refused.
    fn is_full(&self) -> bool {
        self.len() >= self.capacity()
    }

    /// All elements in order.
    fn iter<'a>(&'a self) -> impl Iterator<Item = &'a T>
    where
        T: 'a,
    {
        self.iter_from(0)
    }

    /// Appends `value`, or gives it back if the list is full.
    fn push(&mut self, value: T) -> Result<(), T> {
        self.insert(self.len(), value)
    }

    /// Binary search in a list sorted with respect to `order`: the index of an equal element, or
    /// where one would go.
    fn search_by(&self, mut order: impl FnMut(&T) -> Ordering) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.get(middle).map(&mut order) {
                Some(Ordering::Less) => low = middle.saturating_add(1),
                Some(Ordering::Equal) => return Ok(middle),
                Some(Ordering::Greater) | None => high = middle,
            }
        }
        Err(low)
    }
}

/// A bounded string of bytes: a key or a value.
pub trait Blob: Clone + Eq + Hash + Debug + AsRef<[u8]> {
    /// A blob holding these bytes one after another, or `None` if they do not fit the type.
    fn from_parts(parts: &[&[u8]]) -> Option<Self>;

    /// A blob holding `bytes`, or `None` if they do not fit the type.
    fn from_slice(bytes: &[u8]) -> Option<Self> {
        Self::from_parts(&[bytes])
    }
}

/// Where the lists and blobs of a storage live.
///
/// `N` is the bound that a declaration names, if it names one; a family whose bounds are given at run time looks at
/// `capacity` alone.
pub trait Family {
    /// A list for at most so many elements.
    type List<T: Clone + Eq + Hash + Debug, const N: usize>: List<T>;
    /// A blob of at most so many bytes.
    type Blob<const N: usize>: Blob;

    /// An empty list for at most `capacity` elements.
    fn list<T: Clone + Eq + Hash + Debug, const N: usize>(capacity: usize) -> Self::List<T, N>;
}

/// Names the containers of a node's tables: made by [`inline!`](crate::inline), or [`storage!`](crate::storage!) for a
/// [`Family`] of your own. What it names is hidden, so that it can grow.
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
