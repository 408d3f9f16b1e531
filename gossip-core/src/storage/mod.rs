//! Where a node keeps its tables: one container trait, and a trait that names the tables.
//!
//! The protocol knows a single container, the bounded ordered [`List`]. A [`Storage`] names one list
//! type per table; [`Tables`] holds the lists themselves. [`inline!`](crate::inline) declares a
//! storage whose bounds are fixed by its type and whose tables can be built in a `const`;
//! [`storage!`](crate::storage!) one whose bounds are given at run time, with lists of a [`Family`] of your own, as
//! `gossip_std::Heap` is. [`conformance`] is a test that anyone's lists and blobs can run.

pub mod conformance;
mod inline;
mod tables;

use core::cmp::Ordering;
use core::fmt::Debug;
use core::hash::Hash;

pub use inline::{Inline, InlineBlob, InlineList};
#[doc(hidden)]
pub use tables::bygones;
pub use tables::{Limits, Storage, Tables};

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
