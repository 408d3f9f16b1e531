//! What was set for a run, as a reader wants to see it.

use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::sim::Span;

/// Names and settings, in the order in which they were set. A JSON object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters(Vec<(String, Setting)>);

impl Parameters {
    /// Adds a setting, or replaces the one with the same name.
    pub fn set(&mut self, name: &str, value: impl Into<Setting>) {
        let value = value.into();
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// The setting with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Setting> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        Some(value)
    }

    /// All settings in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

impl Serialize for Parameters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// One setting. A span is written as in scenario files, with its unit.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub enum Setting {
    /// A whole number.
    Count(u64),
    /// A share or another finite number; one that is not finite counts as [`Setting::Text`].
    Number(f64),
    /// A length of time.
    Span(Span),
    /// Anything else.
    Text(String),
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Span(span) => span.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

impl From<u64> for Setting {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<u32> for Setting {
    fn from(count: u32) -> Self {
        Self::Count(count.into())
    }
}

impl From<usize> for Setting {
    fn from(count: usize) -> Self {
        Self::Count(count as u64)
    }
}

impl From<f64> for Setting {
    fn from(number: f64) -> Self {
        if number.is_finite() {
            Self::Number(number)
        } else {
            Self::Text(number.to_string())
        }
    }
}

impl From<Span> for Setting {
    fn from(span: Span) -> Self {
        Self::Span(span)
    }
}

impl From<&str> for Setting {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Setting {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_keep_their_order_and_their_last_setting() {
        let mut parameters = Parameters::default();
        parameters.set("nodes", 8u32);
        parameters.set("loss", 0.25);
        parameters.set("interval", Span::from_millis(1500));
        parameters.set("nodes", 64u32);
        parameters.set("phi", f64::INFINITY);
        let json = serde_json::to_string(&parameters).unwrap();
        let expected = r#"{"nodes":64,"loss":0.25,"interval":"1.5s","phi":"inf"}"#;
        assert_eq!(json, expected);
        assert_eq!(parameters.get("loss"), Some(&Setting::Number(0.25)));
        assert_eq!(parameters.get("mtu"), None);
    }
}
