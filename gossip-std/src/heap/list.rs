//! A bounded list in chunks, so that an insert among many moves few.

use std::cmp::Ordering;
use std::fmt::{self, Debug};
use std::hash::{Hash, Hasher};

use gossip_core::storage::List;

/// The most elements of a chunk: what one insert moves at most. Large enough that the index over
/// the chunks of a few hundred thousand elements stays as cheap to update as a chunk.
const CHUNK_MAX: usize = 256;

/// Neighboring chunks that together hold no more than this are merged; half a chunk, so that a
/// removal and an insert in turn do not merge and split for ever.
const MERGE_MAX: usize = CHUNK_MAX / 2;

/// A list that becomes empty keeps the room of its last chunk up to so many elements: a queue that
/// fills and empties all the time allocates nothing for it.
const KEPT_MAX: usize = 16;

/// A [`List`] on the heap whose capacity is given at run time. It takes memory as it fills.
///
/// The elements sit in chunks of up to 256, with an index of where each chunk ends: `get` is a
/// binary search of that index, `insert` and `remove` move at most a chunk. Lists with equal
/// contents are equal and hash equally, whatever their capacity and however they are cut.
#[derive(Clone)]
pub struct HeapList<T> {
    capacity: usize,
    /// Never empty ones, but for a small one that is the only one.
    chunks: Vec<Vec<T>>,
    /// For each chunk, the index in the list at which the next one begins.
    ends: Vec<usize>,
}

impl<T> HeapList<T> {
    /// An empty list for at most `capacity` elements. Allocates nothing.
    #[must_use]
    pub const fn new(capacity: usize) -> Self {
        Self {
            capacity,
            chunks: Vec::new(),
            ends: Vec::new(),
        }
    }

    fn count(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// The chunk and the place in it where the element `index` is, or past the last chunk.
    fn locate(&self, index: usize) -> (usize, usize) {
        let chunk = self.ends.partition_point(|end| *end <= index);
        (chunk, index - self.start_of(chunk))
    }

    /// Where an element goes that is to have `index`: as [`locate`](Self::locate), but the end of
    /// the list is the end of its last chunk.
    fn locate_gap(&self, index: usize) -> (usize, usize) {
        match self.chunks.last() {
            Some(last) if index == self.count() => (self.chunks.len() - 1, last.len()),
            _ => self.locate(index),
        }
    }

    fn start_of(&self, chunk: usize) -> usize {
        if chunk == 0 { 0 } else { self.ends[chunk - 1] }
    }

    /// A chunk with room for one more element at the gap that `locate_gap` found.
    fn make_room(&mut self, (chunk, offset): (usize, usize)) -> (usize, usize) {
        let Some(full) = self.chunks.get_mut(chunk) else {
            self.open_chunk(chunk, Vec::new());
            return (chunk, 0);
        };
        if full.len() < CHUNK_MAX {
            return (chunk, offset);
        }
        // Only the end of the list is at a chunk's end: a list built in order is packed.
        let cut = if offset == CHUNK_MAX {
            CHUNK_MAX
        } else {
            CHUNK_MAX / 2
        };
        let upper = full.split_off(cut);
        self.open_chunk(chunk + 1, upper);
        if offset < cut {
            (chunk, offset)
        } else {
            (chunk + 1, offset - cut)
        }
    }

    /// Inserts `contents`, taken from the end of the chunk before it, as a chunk.
    fn open_chunk(&mut self, chunk: usize, contents: Vec<T>) {
        let end = if chunk == 0 { 0 } else { self.ends[chunk - 1] };
        if chunk > 0 {
            self.ends[chunk - 1] = end - contents.len();
        }
        self.ends.insert(chunk, end);
        self.chunks.insert(chunk, contents);
    }

    /// Closes `chunk` if it is empty, or joins it with a neighbor if both are small.
    fn tidy(&mut self, chunk: usize) {
        if let [only] = &self.chunks[..]
            && only.capacity() <= KEPT_MAX
        {
            return;
        }
        let len = self.chunks[chunk].len();
        let fits = |other: usize| {
            self.chunks
                .get(other)
                .is_some_and(|other| other.len() + len <= MERGE_MAX)
        };
        if len == 0 {
            self.chunks.remove(chunk);
            self.ends.remove(chunk);
        } else if fits(chunk + 1) {
            self.merge_with_next(chunk);
        } else if chunk > 0 && fits(chunk - 1) {
            self.merge_with_next(chunk - 1);
        }
    }

    fn merge_with_next(&mut self, chunk: usize) {
        let mut upper = self.chunks.remove(chunk + 1);
        self.chunks[chunk].append(&mut upper);
        self.ends.remove(chunk);
    }
}

impl<T: Clone + Eq + Hash + Debug> List<T> for HeapList<T> {
    fn capacity(&self) -> usize {
        self.capacity
    }

    fn len(&self) -> usize {
        self.count()
    }

    fn get(&self, index: usize) -> Option<&T> {
        let (chunk, offset) = self.locate(index);
        self.chunks.get(chunk)?.get(offset)
    }

    fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        let (chunk, offset) = self.locate(index);
        self.chunks.get_mut(chunk)?.get_mut(offset)
    }

    fn insert(&mut self, index: usize, value: T) -> Result<(), T> {
        let len = self.count();
        if index > len || len >= self.capacity {
            return Err(value);
        }
        let (chunk, offset) = self.make_room(self.locate_gap(index));
        self.chunks[chunk].insert(offset, value);
        self.ends[chunk..].iter_mut().for_each(|end| *end += 1);
        Ok(())
    }

    fn remove(&mut self, index: usize) -> Option<T> {
        let (chunk, offset) = self.locate(index);
        let elements = self.chunks.get_mut(chunk)?;
        let value = elements.remove(offset);
        self.ends[chunk..].iter_mut().for_each(|end| *end -= 1);
        self.tidy(chunk);
        Some(value)
    }

    fn iter_from<'a>(&'a self, index: usize) -> impl Iterator<Item = &'a T>
    where
        T: 'a,
    {
        let (chunk, offset) = self.locate(index);
        let (first, rest) = match self.chunks.get(chunk..) {
            Some([first, rest @ ..]) => (&first[offset..], rest),
            _ => (&[][..], &[][..]),
        };
        first.iter().chain(rest.iter().flatten())
    }

    /// The first equal element, so that the answer does not depend on how the list is cut.
    fn search_by(&self, mut order: impl FnMut(&T) -> Ordering) -> Result<usize, usize> {
        let mut below = |element: &T| order(element) == Ordering::Less;
        let chunk = self
            .chunks
            .partition_point(|chunk| chunk.last().is_some_and(&mut below));
        let Some(elements) = self.chunks.get(chunk) else {
            return Err(self.count());
        };
        let offset = elements.partition_point(below);
        let index = self.start_of(chunk) + offset;
        match elements.get(offset).map(order) {
            Some(Ordering::Equal) => Ok(index),
            _ => Err(index),
        }
    }
}

impl<T: PartialEq> PartialEq for HeapList<T> {
    fn eq(&self, other: &Self) -> bool {
        self.count() == other.count()
            && self
                .chunks
                .iter()
                .flatten()
                .eq(other.chunks.iter().flatten())
    }
}

impl<T: Eq> Eq for HeapList<T> {}

impl<T: Hash> Hash for HeapList<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.count().hash(state);
        self.chunks
            .iter()
            .flatten()
            .for_each(|element| element.hash(state));
    }
}

impl<T: Debug> Debug for HeapList<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.chunks.iter().flatten())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lens(list: &HeapList<usize>) -> Vec<usize> {
        let sizes: Vec<usize> = list.chunks.iter().map(Vec::len).collect();
        let summed = sizes.iter().scan(0, |end, len| {
            *end += len;
            Some(*end)
        });
        assert!(
            summed.eq(list.ends.iter().copied()),
            "the index follows the chunks"
        );
        sizes
    }

    fn counted(len: usize) -> HeapList<usize> {
        let mut list = HeapList::new(len);
        (0..len).for_each(|value| list.push(value).unwrap());
        list
    }

    #[test]
    fn built_in_order_it_is_packed() {
        assert_eq!(lens(&counted(CHUNK_MAX * 2 + 1)), [CHUNK_MAX, CHUNK_MAX, 1]);
    }

    #[test]
    fn a_full_chunk_splits_in_the_middle() {
        for (index, sizes) in [
            (0, [CHUNK_MAX / 2 + 1, CHUNK_MAX / 2]),
            (CHUNK_MAX / 2, [CHUNK_MAX / 2, CHUNK_MAX / 2 + 1]),
            (CHUNK_MAX - 1, [CHUNK_MAX / 2, CHUNK_MAX / 2 + 1]),
        ] {
            let mut list = counted(CHUNK_MAX);
            list.capacity += 1;
            list.insert(index, 999).unwrap();
            assert_eq!(lens(&list), sizes, "insert at {index}");
            assert_eq!(list.get(index), Some(&999));
        }
    }

    #[test]
    fn inserts_at_the_border_of_full_chunks_do_not_crumble() {
        let mut list = counted(CHUNK_MAX * 2);
        list.capacity += CHUNK_MAX;
        for _ in 0..CHUNK_MAX {
            list.insert(CHUNK_MAX, 999).unwrap();
        }
        assert!(lens(&list).len() <= 5, "{:?}", lens(&list));
    }

    #[test]
    fn small_neighbors_merge_and_empty_chunks_go() {
        let mut list = counted(CHUNK_MAX * 4);
        while list.count() > 1 {
            // Spread the removals, so that every chunk shrinks.
            list.remove(list.count() * 5 / 8).unwrap();
            let sizes = lens(&list);
            let merged = sizes.windows(2).all(|pair| pair[0] + pair[1] > MERGE_MAX);
            assert!(merged && !sizes.contains(&0), "{sizes:?}");
        }
        list.remove(0).unwrap();
        assert_eq!((lens(&list), list.count()), (vec![], 0));
    }

    #[test]
    fn a_list_that_becomes_empty_keeps_a_little_room_and_no_more() {
        for (len, chunks) in [(1, 1), (KEPT_MAX, 1), (KEPT_MAX * 2, 0)] {
            let mut list = counted(len);
            while list.count() > 0 {
                list.remove(0).unwrap();
            }
            assert_eq!(list.chunks.len(), chunks, "{len}");
            let room = list.chunks.first().map(Vec::capacity);
            assert_eq!(list.search_by(|_| Ordering::Less), Err(0));
            assert_eq!((list.get(0), list.iter().next()), (None, None));
            list.push(7).unwrap();
            assert_eq!(list.get(0), Some(&7));
            assert!(room.is_none_or(|room| list.chunks[0].capacity() == room));
        }
    }

    #[test]
    fn search_finds_the_first_equal_element_across_chunks() {
        let mut list = HeapList::new(1000);
        (0..1000).for_each(|value| list.push(value / 400).unwrap());
        assert_eq!(list.search_by(|value: &usize| value.cmp(&1)), Ok(400));
        assert_eq!(list.search_by(|value| value.cmp(&3)), Err(1000));
        assert_eq!(list.search_by(|_| Ordering::Greater), Err(0));
    }
}
