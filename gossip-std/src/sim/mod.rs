//! The deterministic simulator: thousands of real nodes in virtual time, and one seed fixes
//! everything.

pub mod chance;
mod host;
pub mod invariant;
pub mod measure;
mod monitor;
mod note;
pub mod outcome;
mod record;
mod time;

pub use host::{Host, Index, Outgoing, To};
pub use monitor::{Monitor, MonitorOptions};
pub use note::Note;
pub use record::{Cause, NETWORK, Observer, Record, What};
pub use time::{Span, SpanError, Time};
