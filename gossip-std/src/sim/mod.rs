//! The deterministic simulator: thousands of real nodes in virtual time, and one seed fixes
//! everything.

mod address;
pub mod chance;
mod host;
pub mod network;
mod node_host;
mod note;
pub mod outcome;
mod queue;
mod record;
pub mod report;
pub mod scenario;
mod time;
pub mod world;

pub use address::HostAddress;
pub use host::{Host, Index, Outgoing, To};
pub use node_host::{Call, NodeHost, hash_of, host_of, id_of};
pub use note::Note;
pub use record::{NETWORK, Observer, Record, What};
pub use time::{Span, SpanError, Time};
pub use world::{Counters, HostClock, World, WorldOptions};
