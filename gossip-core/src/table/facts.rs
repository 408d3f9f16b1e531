//! What is replicated of a member, and which of two versions of it wins.

use crate::address::Address;
use crate::hash::hash_bytes;
use crate::id::{Generation, Incarnation, NodeId};
use serde::{Serialize, Serializer};

/// A member's settled liveness. A later one wins over an earlier one of the same incarnation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Liveness {
    /// It is there.
    Alive,
    /// It is there, and says itself that it is slow to answer.
    Slow,
    /// It was suspected and did not refute.
    Dead,
    /// It said goodbye.
    Left,
}

impl Liveness {
    /// Alive, slow or not.
    #[must_use]
    pub const fn is_up(self) -> bool {
        matches!(self, Self::Alive | Self::Slow)
    }
}

/// As the number of its standing on the wire.
impl Serialize for Liveness {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(match self {
            Self::Alive => 0,
            Self::Dead => 1,
            Self::Left => 2,
            Self::Slow => 3,
        })
    }
}

/// The replicated facts of one member: a join semilattice whose join is the maximum of a total
/// order, so merging is idempotent, commutative and associative.
///
/// | the one with the ... wins | because |
/// |---|---|
/// | higher generation | a later life replaces an earlier one, dead or alive |
/// | else higher incarnation | the node itself raised it, to refute what was said of it |
/// | else liveness, `Alive < Slow < Dead < Left` | a death is only undone by the node itself (SWIM, section 4.2); a goodbye is the node's own word |
/// | else address, `None < Some`, then by order | arbitrary, but the same everywhere |
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Facts<A> {
    /// Which life.
    pub generation: Generation,
    /// The refutation counter inside that life.
    pub incarnation: Incarnation,
    /// Settled liveness.
    pub liveness: Liveness,
    /// The address that the node itself asserts, or at which it was first heard.
    pub address: Option<A>,
}

impl<A: Address> Facts<A> {
    /// `true` for what is told first of a life: nobody has doubted it yet.
    pub(crate) fn is_introduction(&self) -> bool {
        self.liveness == Liveness::Alive && self.incarnation == Incarnation::default()
    }

    /// `true` if `other` is what both become when they are merged and it changes `self`.
    #[must_use]
    pub fn yields_to(&self, other: &Self) -> bool {
        self < other
    }

    /// The join: whichever wins.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        self.max(other)
    }

    /// A hash that is equal on every platform for equal facts of the same member.
    pub(crate) fn hash(&self, id: NodeId) -> u64 {
        const SCRATCH: usize = 96;
        // Id 8, generation 7, incarnation 4, liveness 1, and the address with its tag.
        const { assert!(A::MAX_WIRE + 21 <= SCRATCH, "address too long") };
        let mut scratch = [0u8; SCRATCH];
        match postcard::to_slice(&(id, self), &mut scratch) {
            Ok(bytes) => hash_bytes(bytes),
            Err(_) => id.place().0,
        }
    }
}
