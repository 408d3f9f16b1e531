//! How old a state may be when it is imported.

use crate::time::Duration;
use serde::{Deserialize, Serialize};

/// What may have happened between the export of a state and its import.
///
/// | age | its own life | the other members |
/// |---|---|---|
/// | `Current` | goes on | as they were |
/// | `AtMost`, less than half of `forget_after` | a new one | as they were |
/// | `AtMost` of more, or `Unknown` | a new one | waiting for word of them |
///
/// **Its own life.** A version must never be used twice in one life, and what the node said after the
/// export is not in the state. So a state that need not be the latest begins a life beyond the one
/// stored, with its entries numbered anew, as an owner does that runs out of versions. Peers show what
/// they hold until they have covered the new life from zero.
///
/// **The others.** A state that is older than the cluster's memory may name members that everybody
/// else has forgotten, and told as if they were alive they would come back, with their entries. So
/// such a row waits: its entries can be read, but it is compared with nobody and told to nobody until
/// somebody else speaks of the member, and it is forgotten after `forget_after` if nobody does.
///
/// **Leases.** What was left of one is less by the time that passed at most. A value whose lease may be
/// over is gone; with `Unknown` that is every value that had one. An owner that holds it still tells it anew in
/// its next life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Age {
    /// Since the export the node received, sent and wrote nothing, and the time that passed is short:
    /// it slept with its memory off, or moved to another process.
    Current,
    /// So much time has passed at most, and what the node did after the export is lost.
    AtMost(Duration),
    /// Nobody knows how much time has passed.
    Unknown,
}

impl Age {
    /// The time that has passed, as far as it is known.
    pub(crate) const fn passed(self) -> Duration {
        match self {
            Self::Current => Duration::ZERO,
            Self::AtMost(time) => time,
            Self::Unknown => Duration::MAX,
        }
    }
}
