//! The deterministic simulator: thousands of real nodes in virtual time, and one seed fixes
//! everything.

mod address;
pub mod batch;
pub mod chance;
mod host;
pub mod invariant;
pub mod measure;
mod monitor;
pub mod network;
mod node_host;
mod node_inspect;
mod note;
pub mod outcome;
mod queue;
mod record;
pub mod report;
mod run;
pub mod scenario;
pub mod soak;
mod time;
mod trace;
pub mod world;

pub use address::HostAddress;
pub use host::{Host, Index, Outgoing, To};
pub use monitor::{Monitor, MonitorOptions};
pub use node_host::{Call, NodeHost, hash_of, host_of, id_of};
pub use note::Note;
pub use record::{NETWORK, Observer, Record, What};
pub use run::{Build, Nodes, RunError, RunOptions, heap_nodes, roomy, run, run_with};
pub use time::{Span, SpanError, Time};
pub use trace::Trace;
pub use world::{Counters, HostClock, World, WorldOptions};
