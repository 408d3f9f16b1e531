//! The partner of a node whose storage has no table of exchanges.

use super::{CREDIT, Span};

/// To whom rows are being told that it lacks. There is one at a time: whoever comes next takes the
/// place, and a later round finds what was left undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Partner<A> {
    pub(crate) to: A,
    /// Datagrams that may be sent before something must be heard.
    pub(crate) credit: u8,
    /// Rows with a `tell` link lie here.
    pub(crate) tells: Span,
}

impl<A> Partner<A> {
    pub(crate) fn new(to: A) -> Self {
        Self {
            to,
            credit: CREDIT,
            tells: Span::EMPTY,
        }
    }
}
