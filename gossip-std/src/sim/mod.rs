//! The deterministic simulator: thousands of real nodes in virtual time, and one seed fixes
//! everything.

pub mod chance;
mod host;
pub mod outcome;
pub mod report;
mod time;

pub use host::{Host, Index, Outgoing, To};
pub use time::{Span, SpanError, Time};
