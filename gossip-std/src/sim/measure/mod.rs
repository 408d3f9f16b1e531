//! What a run is judged by: how updates spread, how hosts get to know of each other and of crashes,
//! what all that costs, and how far replicas lag behind.
//!
//! Notes cost O(1) or O(log n) each. What must be read from the hosts is read in samples, whose
//! period the runner chooses: a sample costs O(hosts), and where replicas differ O(hosts * owners).

mod beliefs;
mod deaths;
mod detection;
mod ground;
mod incidents;
mod inspect;
mod lease;
mod ledger;
mod let_out;
mod marks;
mod membership;
mod peaks;
mod reach;
#[cfg(test)]
pub(in crate::sim) mod script;
mod spread;
mod staleness;
mod tally;
mod traffic;
mod truth;

pub use beliefs::Beliefs;
pub use deaths::Deaths;
pub use detection::Detections;
pub use ground::Ground;
pub use incidents::Incidents;
pub use inspect::{Cluster, Inspect};
pub use lease::{Lease, Leeway};
pub use ledger::{BIRTH, Ledger, Owner, Write};
pub use let_out::{LetOut, Waiting};
pub use marks::Marks;
pub use membership::Acquaintance;
pub use peaks::Peaks;
pub use reach::{Demand, Reach};
pub use spread::Spread;
pub use staleness::Staleness;
pub use tally::Tally;
pub use traffic::TrafficSeries;
pub use truth::Truth;
