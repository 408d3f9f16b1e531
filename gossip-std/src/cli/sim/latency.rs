//! A latency as a flag has it: `10ms`, or from the shortest to the longest `1ms..10ms`.

use std::fmt;
use std::str::FromStr;

use gossip_std::sim::Span;
use gossip_std::sim::network::Latency;

/// A latency that fits one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    min: Span,
    max: Span,
}

impl From<Range> for Latency {
    fn from(Range { min, max }: Range) -> Self {
        if min == max {
            Self::Constant(min)
        } else {
            Self::Uniform { min, max }
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.min == self.max {
            self.min.fmt(f)
        } else {
            write!(f, "{}..{}", self.min, self.max)
        }
    }
}

impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let span = |text: &str| text.parse::<Span>().map_err(|error| error.to_string());
        let (min, max) = match text.split_once("..") {
            Some((min, max)) => (span(min)?, span(max)?),
            None => (span(text)?, span(text)?),
        };
        if min > max {
            return Err(format!("{min} is longer than {max}; write {max}..{min}"));
        }
        Ok(Self { min, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_is_one_span_or_a_range() {
        let uniform = |min, max| Latency::Uniform {
            min: Span::from_millis(min),
            max: Span::from_millis(max),
        };
        let read = |text: &str| text.parse::<Range>().map(Latency::from);
        assert_eq!(read("10ms"), Ok(Latency::Constant(Span::from_millis(10))));
        assert_eq!(read("1ms..10ms"), Ok(uniform(1, 10)));
        for text in ["", "..", "1ms..", "..1ms", "10ms..1ms", "1..10ms"] {
            assert!(read(text).is_err(), "{text}");
        }
        for text in ["10ms", "1ms..10ms"] {
            assert_eq!(text.parse::<Range>().unwrap().to_string(), text);
        }
    }
}
