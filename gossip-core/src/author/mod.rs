//! A node as the owner of entries: what it writes, how that is let out, in which life, what it contributes to shared
//! keys, and what it keeps of the contributions of others.
//!
//! | file | what |
//! |---|---|
//! | `write` | own writes and leases: checked, stored, numbered |
//! | `flow`, `pace` | how fast they are let out |
//! | `former`, `life` | what was written in an earlier life, and a life that waits for more of it |
//! | `shared`, `copies` | contributions to shared keys, and those of others that are gone |

mod adoption;
mod copies;
mod flow;
mod former;
mod life;
mod pace;
mod shared;
mod sweep;
#[cfg(test)]
mod tests;
mod write;

pub use adoption::Adoption;
pub(crate) use copies::{Loss, ROUNDS_FOR_COPIES};
pub(crate) use former::{Heard, Reclaim};
pub(crate) use pace::Pace;
pub(crate) use shared::{check_key, looks_said, said};
pub(crate) use write::{Granted, SWEEP_BUDGET};

use core::marker::PhantomData;

use crate::address::Address;
use crate::context::Compared;
use crate::storage::{List, Storage};
use crate::time::Instant;

/// This node as an owner.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[doc(hidden)]
pub struct Author<A, S> {
    /// What becomes of an earlier life.
    pub(crate) reclaim: Reclaim,
    pub(crate) pace: Pace,
    pub(crate) next_sweep: Instant,
    node: PhantomData<(A, S)>,
}

impl<A: Address, S: Storage<A>> Author<A, S> {
    /// Nothing was written yet.
    pub(crate) const NEW: Self = Self {
        reclaim: Reclaim::Over,
        pace: Pace::NEW,
        next_sweep: Instant::ZERO,
        node: PhantomData,
    };

    /// Whether this storage permits entries.
    pub(crate) const ENTRIES: bool = Compared::<A, S>::ENTRIES;

    /// Whether it permits entries that are set for a time.
    pub(crate) const LEASES: bool = Self::ENTRIES && S::Leases::PERMITTED;

    /// Whether copies of what others contribute are kept at all.
    pub(crate) const COPIES: bool = S::COPIES > 0 && Self::ENTRIES;

    /// Whether what was written in an earlier life is taken back.
    pub(crate) const RECLAIMS: bool = Self::ENTRIES;
}
