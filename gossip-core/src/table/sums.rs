//! What a fingerprint is made of.

/// Two nodes compare what both of them keep, so that what only one of them keeps makes no difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Sums {
    /// Facts alone: one of the two keeps no entries.
    Facts,
    /// Facts, and how far entries are held of those owners that have set none for a time: one of the two
    /// keeps no leases.
    Lasting,
    /// Facts, and how far all entries are held.
    #[default]
    Whole,
}

impl Sums {
    /// What a node that compares `self` and one that compares `other` have in common.
    pub(crate) fn or_less(self, other: Self) -> Self {
        self.min(other)
    }
}
