//! Who is to be tried next of those who are not among the live.

/// Whose turn it is to be tried of those who are not among the live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Lost {
    pub(crate) sort: u8,
    pub(crate) seed: u8,
    /// The dead member that was tried last: how far its place lies behind this node's own.
    pub(crate) after: u64,
}

impl Lost {
    pub(crate) const NONE: Self = Self {
        sort: 0,
        seed: 0,
        after: 0,
    };
}
