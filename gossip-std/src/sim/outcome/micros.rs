//! Spans as JSON numbers of microseconds: their fields' names end in `-us`.

use serde::{Serialize, Serializer};

use crate::sim::Span;

/// For `#[serde(serialize_with)]`: writes a span, or spans, in microseconds.
pub fn micros<T: Micros, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.micros().serialize(serializer)
}

/// What can be written in microseconds.
pub trait Micros {
    /// The form that is written.
    fn micros(&self) -> impl Serialize;
}

impl Micros for Span {
    fn micros(&self) -> impl Serialize {
        self.as_micros()
    }
}

impl Micros for Option<Span> {
    fn micros(&self) -> impl Serialize {
        self.map(Span::as_micros)
    }
}

impl Micros for Vec<Span> {
    fn micros(&self) -> impl Serialize {
        self.iter().map(|span| span.as_micros()).collect::<Vec<_>>()
    }
}
