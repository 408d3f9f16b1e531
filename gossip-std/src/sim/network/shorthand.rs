//! Settings that may be written as one plain value instead of a table: `loss = 0.2`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Unexpected, Visitor};

/// A setting with a short form.
pub(super) trait Shorthand<'de>: Sized {
    /// What may be written, for the error that says what was expected.
    const EXPECTED: &'static str;

    /// From a plain number, if that is a short form.
    fn from_number(_number: f64) -> Option<Self> {
        None
    }

    /// From a plain text, if that is a short form.
    fn from_text(_text: &str) -> Option<Self> {
        None
    }

    /// From the table that is the long form.
    fn from_table<D: Deserializer<'de>>(table: D) -> Result<Self, D::Error>;
}

/// Reads the short form or the long one.
pub(super) fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Shorthand<'de>,
{
    deserializer.deserialize_any(Either(PhantomData))
}

struct Either<T>(PhantomData<T>);

impl<'de, T: Shorthand<'de>> Visitor<'de> for Either<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        T::from_number(number)
            .ok_or_else(|| E::invalid_value(Unexpected::Float(number), &T::EXPECTED))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        self.visit_f64(number as f64)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        self.visit_f64(number as f64)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::from_text(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &T::EXPECTED))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::from_table(MapAccessDeserializer::new(map))
    }
}
