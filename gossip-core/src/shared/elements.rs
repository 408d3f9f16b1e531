//! A set of strings of bytes inside a value: each with its length before it, in ascending order.

use postcard::take_from_bytes;

/// A set, as it stands in a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Elements<'a>(&'a [u8]);

/// Where an element stands, or would.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    /// The elements before it.
    pub(crate) before: &'a [u8],
    /// The elements after it.
    pub(crate) after: &'a [u8],
    /// It is there.
    pub(crate) found: bool,
}

impl<'a> Elements<'a> {
    /// The set with these bytes, if they are one: ascending, each element once.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let mut walk = Self(bytes);
        let mut last: Option<&[u8]> = None;
        while !walk.0.is_empty() {
            let element = walk.next()?;
            if last.is_some_and(|last| last >= element) {
                return None;
            }
            last = Some(element);
        }
        Some(Self(bytes))
    }

    /// The bytes of the set.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.0
    }

    /// `true` if the element is there.
    #[must_use]
    pub fn contains(&self, element: &[u8]) -> bool {
        self.place(element).found
    }

    /// Where `element` stands, or would.
    pub(crate) fn place(&self, element: &[u8]) -> Place<'a> {
        let mut rest = *self;
        loop {
            let before_len = self.0.len().saturating_sub(rest.0.len());
            let before = self.0.get(..before_len).unwrap_or_default();
            let here = rest.0;
            match rest.next() {
                Some(next) if next < element => {}
                Some(next) if next == element => {
                    return Place {
                        before,
                        after: rest.0,
                        found: true,
                    };
                }
                _ => {
                    return Place {
                        before,
                        after: here,
                        found: false,
                    };
                }
            }
        }
    }
}

/// The elements in ascending order.
impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (element, rest) = take_from_bytes(self.0).ok()?;
        self.0 = rest;
        Some(element)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    fn encode(set: &BTreeSet<Vec<u8>>) -> Vec<u8> {
        set.iter().fold(Vec::new(), |mut bytes, element| {
            let mut scratch = [0; 16];
            bytes.extend(&*postcard::to_slice(element.as_slice(), &mut scratch).unwrap());
            bytes
        })
    }

    fn sets() -> impl Strategy<Value = BTreeSet<Vec<u8>>> {
        prop::collection::btree_set(prop::collection::vec(0u8..4, 0..4), 0..8)
    }

    proptest! {
        #[test]
        fn a_set_is_read_as_it_was_written(set in sets()) {
            let bytes = encode(&set);
            let read: BTreeSet<Vec<u8>> = Elements::new(&bytes).unwrap().map(Vec::from).collect();
            prop_assert_eq!(read, set);
        }

        #[test]
        fn an_element_put_at_its_place_makes_the_larger_set(
            set in sets(),
            element in prop::collection::vec(0u8..4, 0..4),
        ) {
            let bytes = encode(&set);
            let place = Elements::new(&bytes).unwrap().place(&element);
            prop_assert_eq!(place.found, set.contains(&element));
            let only = encode(&BTreeSet::from([element.clone()]));
            let joined = [place.before, &only, place.after].concat();
            let mut larger = set;
            larger.insert(element);
            prop_assert_eq!(joined, encode(&larger));
        }

        #[test]
        fn any_bytes_are_a_set_in_order_or_none(bytes in prop::collection::vec(0u8..5, 0..12)) {
            if let Some(elements) = Elements::new(&bytes) {
                let listed: Vec<_> = elements.collect();
                prop_assert!(listed.windows(2).all(|pair| pair[0] < pair[1]));
                let total: usize = listed.iter().map(|element| element.len() + 1).sum();
                prop_assert_eq!(total, bytes.len());
            }
        }
    }

    #[test]
    fn what_is_not_ascending_is_no_set() {
        assert!(Elements::new(b"\x01b\x01a").is_none());
        assert!(Elements::new(b"\x01a\x01a").is_none());
        assert!(Elements::new(b"\x02a").is_none());
        assert!(Elements::new(b"\x01a\x01b").is_some());
    }
}
