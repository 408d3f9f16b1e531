//! Shared keys: a key that many nodes write, and whose value is made when it is read.
//!
//! Nothing second is replicated. Each writer keeps an entry of its own for the key, which it alone writes
//! and which travels like any other; the entry's value is a [`Contribution`]. A read folds the
//! contributions of all owners with a [`Merge`]. That is a state-based CRDT whose state is the entries
//! themselves (Shapiro, Preguiça, Baquero, Zawirski, "A comprehensive study of Convergent and Commutative
//! Replicated Data Types", INRIA RR-7506, 2011): a map from [`Origin`]s to contributions, joined origin by
//! origin with [`Contribution::join`].
//!
//! | a writer ... | keeps | which is read with |
//! |---|---|---|
//! | says a value | [`Contribution::Value`] | [`Merge::Last`], [`Merge::First`] |
//! | says a number | [`Contribution::Number`] | [`Merge::Max`], [`Merge::Min`], [`Merge::Sum`] |
//! | counts | [`Contribution::Counter`] | [`Merge::Sum`] |
//! | says elements of a set | [`Contribution::Elements`] | [`Merge::Union`] |
//! | does any of these | | [`Merge::Count`] |
//!
//! When an owner is forgotten, others keep copies of what it contributed, as entries of their own under
//! keys that no application can write ([`Slot`]). A copy names its origin, so a read counts it
//! once however many there are ([`Origins`]).
//!
//! All of this is pure: bytes, numbers and iterators go in and come out. The owner (`author`) composes it with the
//! table of entries.

mod contribution;
mod copy;
mod elements;
mod merge;
mod origins;
mod stamp;
mod union;

pub use crate::error::Kind;
pub use contribution::{Boot, Contribution, Counter};
pub(crate) use contribution::{MARK_BYTES, kind_of};
pub(crate) use copy::{OWNER_BYTES, RESERVED_PREFIX, read_copy};
pub use copy::{Slot, copy_of, is_reserved, subject};
pub use elements::Elements;
pub use merge::{Merge, Merged, Written, merge};
pub use origins::{Origin, Origins, Said};
pub use stamp::{Clock, Stamp, Wall};
pub use union::Union;
