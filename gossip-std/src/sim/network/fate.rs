//! What becomes of a datagram.

use serde::{Deserialize, Serialize};

use super::damage::Damage;
use crate::sim::Time;

/// What becomes of a datagram: decided in whole when it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nobody receives it.
    Lost(Cause),
    /// It arrives, once or twice.
    Arrives(Arrivals),
}

/// Why a datagram was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The link's loss model.
    Random,
    /// An open partition lies between the two.
    Partition,
    /// There is no such host, or no link leads there.
    NoRoute,
    /// It was longer than the MTU of a link.
    TooLarge,
    /// The queue of a link with little bandwidth was full.
    Congestion,
    /// Another frame on the medium overlapped.
    Collision,
    /// The receiver was sending itself.
    Deaf,
    /// The medium was never free.
    Busy,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 8] = [
        Self::Random,
        Self::Partition,
        Self::NoRoute,
        Self::TooLarge,
        Self::Congestion,
        Self::Collision,
        Self::Deaf,
        Self::Busy,
    ];
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Random => "random",
            Self::Partition => "partition",
            Self::NoRoute => "no route",
            Self::TooLarge => "too large",
            Self::Congestion => "congestion",
            Self::Collision => "collision",
            Self::Deaf => "receiver was sending",
            Self::Busy => "medium was busy",
        })
    }
}

/// The copies of a datagram that arrive: one, or two where the network duplicates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrivals {
    first: Arrival,
    second: Option<Arrival>,
}

/// One copy of a datagram at its destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When it gets there.
    pub at: Time,
    /// What happened to its bytes on the way.
    pub damage: Option<Damage>,
}

impl Fate {
    /// The fate of a datagram whose copies fared like this.
    pub(super) fn of(original: Result<Arrival, Cause>, copy: Option<Arrival>) -> Self {
        match (original, copy) {
            (Ok(first), second) => Self::Arrives(Arrivals { first, second }),
            (Err(_), Some(first)) => Self::Arrives(Arrivals {
                first,
                second: None,
            }),
            (Err(cause), None) => Self::Lost(cause),
        }
    }
}

/// The copies, in no order of time.
impl IntoIterator for Arrivals {
    type Item = Arrival;
    type IntoIter = std::iter::Chain<std::iter::Once<Arrival>, std::option::IntoIter<Arrival>>;

    fn into_iter(self) -> Self::IntoIter {
        std::iter::once(self.first).chain(self.second)
    }
}
