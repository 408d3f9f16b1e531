//! A set of hosts as one bit for each: what keeps millions of them cheap to mark.

use crate::sim::Index;

/// A set of hosts that grows as needed and knows its size.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    words: Vec<u64>,
    count: u32,
}

impl Marks {
    /// Adds a host; `true` if it was not there.
    pub fn insert(&mut self, host: Index) -> bool {
        let (word, bit) = place(host);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let added = self.words[word] & bit == 0;
        self.words[word] |= bit;
        self.count += u32::from(added);
        added
    }

    /// Takes a host out; `true` if it was there.
    pub fn remove(&mut self, host: Index) -> bool {
        let found = self.contains(host);
        if found {
            let (word, bit) = place(host);
            self.words[word] &= !bit;
            self.count -= 1;
        }
        found
    }

    /// Whether a host is in the set.
    #[must_use]
    pub fn contains(&self, host: Index) -> bool {
        let (word, bit) = place(host);
        self.words.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// How many hosts are in the set.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The hosts in the set, in order.
    pub fn iter(&self) -> impl Iterator<Item = Index> {
        let words = self.words.iter().enumerate();
        words.flat_map(|(word, bits)| {
            let set = (0..u64::BITS).filter(move |bit| bits >> bit & 1 == 1);
            set.map(move |bit| word as Index * u64::BITS + bit)
        })
    }
}

/// The word in which a host's bit stands, and the bit.
fn place(host: Index) -> (usize, u64) {
    let word = (host / u64::BITS) as usize;
    (word, 1 << (host % u64::BITS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_in_the_set_from_its_insertion_to_its_removal() {
        let mut marks = Marks::default();
        assert!(!marks.contains(1000));
        assert!(marks.insert(64) && marks.insert(0) && marks.insert(1000));
        assert!(!marks.insert(64), "twice");
        assert_eq!(marks.iter().collect::<Vec<_>>(), [0, 64, 1000]);
        assert!(marks.remove(64));
        assert!(!marks.remove(64) && !marks.remove(1_000_000));
        assert_eq!((marks.count(), marks.contains(64)), (2, false));
    }
}
