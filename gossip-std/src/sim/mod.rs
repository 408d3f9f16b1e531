//! The deterministic simulator: thousands of real nodes in virtual time, and one seed fixes
//! everything.

pub mod chance;
mod host;
pub mod network;
pub mod outcome;
pub mod scenario;
mod time;

pub use host::{Host, Index, Outgoing, To};
pub use time::{Span, SpanError, Time};
