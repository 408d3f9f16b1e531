//! What is wrong with a setting, and what would be right.

use std::fmt;

/// A setting that no network can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} is {found}; it must be {want}")]
pub struct Invalid {
    field: String,
    found: String,
    want: &'static str,
}

impl Invalid {
    /// `field` is `found`, and must be `want`.
    pub(super) fn new(field: &str, found: impl fmt::Display, want: &'static str) -> Self {
        Self {
            field: field.to_owned(),
            found: found.to_string(),
            want,
        }
    }

    /// The same, inside the setting `outer`.
    #[must_use]
    pub(super) fn within(mut self, outer: &str) -> Self {
        self.field = format!("{outer}.{}", self.field);
        self
    }
}

/// Holds if `value` is a probability.
pub(super) fn probability(field: &str, value: f64) -> Result<(), Invalid> {
    ensure((0.0..=1.0).contains(&value), field, value, "from 0 to 1")
}

/// Holds if `right`; otherwise `field`, which is `found`, should be `want`.
pub(super) fn ensure(
    right: bool,
    field: &str,
    found: impl fmt::Display,
    want: &'static str,
) -> Result<(), Invalid> {
    if right {
        return Ok(());
    }
    Err(Invalid::new(field, found, want))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_where_what_and_what_would_be_right() {
        let error = probability("loss", 1.5).unwrap_err().within("link");
        assert_eq!(
            error.to_string(),
            "link.loss is 1.5; it must be from 0 to 1"
        );
        assert!(probability("loss", f64::NAN).is_err());
        assert_eq!(probability("loss", 1.0), Ok(()));
    }
}
