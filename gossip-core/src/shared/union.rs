//! The union of sets, without room for it: each step looks for the least element not told yet.

use super::contribution::Contribution;
use super::origins::Said;

/// The elements of all sets, in ascending order, each once. Each step walks over all sets, so that a union
/// of n elements costs n walks and no memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Union<'a, I> {
    origins: I,
    last: Option<&'a [u8]>,
}

impl<'a, I: Iterator<Item = Said<'a>> + Clone> Union<'a, I> {
    /// `None` if nobody contributes a set; an empty one is one.
    pub(super) fn new(origins: I) -> Option<Self> {
        let any = origins
            .clone()
            .any(|said| matches!(said.contribution, Contribution::Elements { .. }));
        any.then_some(Self {
            origins,
            last: None,
        })
    }
}

impl<'a, I: Iterator<Item = Said<'a>> + Clone> Iterator for Union<'a, I> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let last = self.last;
        let sets = self
            .origins
            .clone()
            .filter_map(|said| match said.contribution {
                Contribution::Elements { elements, .. } => Some(elements),
                _ => None,
            });
        let later = sets.filter_map(|mut set| set.find(|e| last.is_none_or(|last| *e > last)));
        self.last = Some(later.min()?);
        self.last
    }
}
