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
