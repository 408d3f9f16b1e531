//! Who is there: probing, suspicion, joining, and the news of all that.
//!
//! Each part is a small state machine that knows no bytes; [`Node`](crate::Node) composes them.

mod alarms;
mod bygone;
mod clash;
mod lateness;
mod news;
mod probe;
mod relay;
mod rivalry;
mod seed;
mod seen;
mod suspicion;
mod timer;

pub(crate) use alarms::Alarms;
pub use bygone::{Bygone, Bygones};
pub(crate) use clash::Clashes;
pub(crate) use lateness::Lateness;
pub(crate) use news::What;
pub use news::{Board, News};
pub(crate) use probe::{Nacked, Prober, Silence, Step};
pub use relay::{Relay, Relays};
pub use rivalry::Identity;
pub(crate) use rivalry::{Answer, Rivalry, Word};
pub use seed::{Seed, Seeds};
pub(crate) use seen::Seen;
pub(crate) use suspicion::{retransmit_limit, suspicion_timeout};
pub use timer::{Timer, Timers};
