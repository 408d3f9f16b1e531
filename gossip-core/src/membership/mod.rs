//! Who is there: probing, suspicion, joining, and what is believed of whom.
//!
//! The small state machines know no bytes and nobody else; [`Swim`] holds them and says what they do together.
//!
//! | what | state | what [`Swim`] does with it |
//! |---|---|---|
//! | probes | `probe`, `relay` | `rounds` (whom to probe), `probing` (through whom else), `answers` (acks and nacks) |
//! | verdicts | `timer`, `alarms`, `suspicion` | `verdict` (suspicion, doubted deaths, what a deadline means) |
//! | lateness | `lateness` | `slowness` |
//! | rows | `table/` | `merge` (what is told), `lives` (later lives and their proof), `crowd` (a full table) |
//! | this node | `rivalry`, `seen` | `myself` (refuting, outbidding), `whereabouts` (where it is seen) |
//! | sleep | `touch` | `pause` |
//! | the forgotten | `bygone`, `lost` | `forgotten` |
//! | joining | `seed` | `rounds`, and `node/timeout.rs` |
//! | words | `outbox`, `board` | `tell` (its messages, and news that rides along) |
//! | others | `clash`, `strangers` | `namesakes`, `strangers` |

mod alarms;
mod answers;
mod bygone;
mod clash;
mod crowd;
mod detection;
mod forgotten;
mod lateness;
mod lives;
mod lost;
mod merge;
mod myself;
mod namesakes;
mod pause;
mod probe;
mod probing;
mod relay;
mod rivalry;
mod rounds;
mod seed;
mod seen;
mod slowness;
mod strangers;
mod suspicion;
mod swim;
mod tell;
mod terms;
#[cfg(test)]
mod tests;
mod timer;
mod touch;
mod verdict;
mod whereabouts;

pub(crate) use alarms::Alarms;
pub use bygone::{Bygone, Bygones};
pub(crate) use clash::Clashes;
pub use detection::Detection;
pub(crate) use detection::Doubt;
pub(crate) use lateness::Lateness;
pub(crate) use lives::{Merged, what_of};
pub(crate) use lost::Lost;
pub(crate) use probe::{Nacked, Prober, Silence, Step};
pub use relay::{Relay, Relays};
pub use rivalry::Identity;
pub(crate) use rivalry::{Answer, Rivalry, Word};
pub use seed::{Seed, Seeds};
pub(crate) use seen::Seen;
pub(crate) use strangers::Strangers;
pub(crate) use suspicion::suspicion_timeout;
pub(crate) use swim::QUICK_TRIES;
pub use swim::Swim;
pub(crate) use tell::Told;
pub(crate) use terms::terms;
pub use timer::{Timer, Timers};
pub(crate) use touch::Touch;
pub(crate) use verdict::Fate;
