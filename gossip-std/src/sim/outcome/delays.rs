//! How long an update took to each host: every delay, or a histogram where there are too many.

use serde::Serialize;

use super::micros::micros;
use crate::sim::Span;

/// With more delays than this only a histogram of them is kept.
pub const DELAYS_KEPT: usize = 10_000;

/// How many bins a histogram has.
const BINS: u64 = 1000;

/// Delays, from the smallest to the largest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", untagged)]
pub enum Delays {
    /// Every one, sorted.
    Each {
        /// The delays.
        #[serde(rename = "each-us", serialize_with = "micros")]
        each: Vec<Span>,
    },
    /// Counts of them, in bins of equal width without the empty ones.
    Binned {
        /// The bins in order.
        bins: Vec<Bin>,
    },
}

/// How many delays lie in an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Bin {
    /// Where it begins (included).
    #[serde(rename = "from-us", serialize_with = "micros")]
    pub from: Span,
    /// Where it ends (excluded).
    #[serde(rename = "until-us", serialize_with = "micros")]
    pub until: Span,
    /// How many lie in it.
    pub count: u64,
}

impl Delays {
    /// Keeps sorted delays, or their histogram if they are more than [`DELAYS_KEPT`].
    pub(super) fn new(sorted: Vec<Span>) -> Self {
        let all = Self::Each { each: sorted };
        match all.last() {
            Some(last) if all.count() > DELAYS_KEPT as u64 => Self::Binned {
                bins: all.histogram(width_for(last, BINS)),
            },
            _ => all,
        }
    }

    /// The delays in bins of this width from zero, the empty ones left out. A width of zero counts
    /// as a microsecond. Delays that are binned already go where their bin begins.
    #[must_use]
    pub fn histogram(&self, width: Span) -> Vec<Bin> {
        match self {
            Self::Each { each } => binned(each.iter().map(|&delay| (delay, 1)), width),
            Self::Binned { bins } => binned(bins.iter().map(|bin| (bin.from, bin.count)), width),
        }
    }

    /// The largest, or the end of the last bin.
    #[must_use]
    pub fn last(&self) -> Option<Span> {
        match self {
            Self::Each { each } => each.last().copied(),
            Self::Binned { bins } => bins.last().map(|bin| bin.until),
        }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        match self {
            Self::Each { each } => each.len() as u64,
            Self::Binned { bins } => bins.iter().map(|bin| bin.count).sum(),
        }
    }
}

impl Default for Delays {
    fn default() -> Self {
        Self::Each { each: Vec::new() }
    }
}

/// Counts delays, each so many times and in the order of size, into bins of this width.
fn binned(delays: impl Iterator<Item = (Span, u64)>, width: Span) -> Vec<Bin> {
    let width = width.as_micros().max(1);
    let mut bins: Vec<Bin> = Vec::new();
    for (delay, more) in delays {
        let from = Span::from_micros(delay.as_micros() / width * width);
        match bins.last_mut() {
            Some(bin) if bin.from == from => bin.count += more,
            _ => bins.push(Bin {
                from,
                until: from + Span::from_micros(width),
                count: more,
            }),
        }
    }
    bins
}

/// The least width with which at most `most` bins from zero hold `last`.
fn width_for(last: Span, most: u64) -> Span {
    Span::from_micros(last.as_micros() / most + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bin(from: u64, until: u64, count: u64) -> Bin {
        Bin {
            from: Span::from_micros(from),
            until: Span::from_micros(until),
            count,
        }
    }

    #[test]
    fn a_histogram_counts_every_delay_once() {
        let delays = Delays::new([0, 9, 10, 35].map(Span::from_micros).to_vec());
        let bins = [bin(0, 10, 2), bin(10, 20, 1), bin(30, 40, 1)];
        assert_eq!(delays.histogram(Span::from_micros(10)), bins);
        assert_eq!(delays.histogram(Span::ZERO).len(), 4);
        assert!(Delays::default().histogram(Span::ZERO).is_empty());
    }

    #[test]
    fn too_many_delays_become_bins_that_lose_none() {
        let many = DELAYS_KEPT as u64 + 1;
        let delays = Delays::new((0..many).map(Span::from_micros).collect());
        assert!(matches!(&delays, Delays::Binned { bins } if bins.len() as u64 <= BINS));
        assert_eq!(delays.count(), many);
        let half = many.div_ceil(2);
        let coarse = delays.histogram(Span::from_micros(half));
        assert_eq!(coarse.iter().map(|bin| bin.count).sum::<u64>(), many);
        assert_eq!(coarse.len(), 2);
        assert!(delays.last() >= Some(Span::from_micros(many - 1)));
    }
}
