//! What an exchange stands on.

use crate::address::Address;
use crate::author::Author;
use crate::context::Context;
use crate::membership::Swim;
use crate::storage::Storage;

/// The parts below the exchange: what is shared, this node as an owner, and membership.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Base<A: Address, S: Storage<A>> {
    pub(crate) cx: Context<A, S>,
    pub(crate) author: Author<A, S>,
    pub(crate) swim: Swim<A, S>,
}

impl<A: Address, S: Storage<A>> Base<A, S> {
    /// Around tables that are empty.
    #[must_use]
    pub const fn new(cx: Context<A, S>, swim: Swim<A, S>) -> Self {
        Self {
            cx,
            author: Author::NEW,
            swim,
        }
    }
}
