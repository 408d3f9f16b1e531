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
        if sorted.len() > DELAYS_KEPT {
            let bins = binned(&sorted, BINS);
            Self::Binned { bins }
        } else {
            Self::Each { each: sorted }
        }
    }

    /// The delays in at most `most` bins of equal width, the empty ones left out.
    #[must_use]
    pub fn histogram(&self, most: u64) -> Vec<Bin> {
        match self {
            Self::Each { each } => binned(each, most),
            Self::Binned { bins } => coarser(bins, most),
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

/// Counts sorted delays into at most `most` bins of equal width that begin at zero.
fn binned(sorted: &[Span], most: u64) -> Vec<Bin> {
    let Some(last) = sorted.last() else {
        return Vec::new();
    };
    let width = width(last.as_micros(), most);
    let mut bins = Vec::new();
    for delay in sorted {
        count(&mut bins, delay.as_micros() / width, width, 1);
    }
    bins
}

/// Merges bins; each goes where it begins.
fn coarser(bins: &[Bin], most: u64) -> Vec<Bin> {
    let Some(last) = bins.last() else {
        return Vec::new();
    };
    let width = width(last.from.as_micros(), most);
    let mut merged = Vec::new();
    for bin in bins {
        count(&mut merged, bin.from.as_micros() / width, width, bin.count);
    }
    merged
}

/// The least width, in microseconds, with which `most` bins from zero hold `last`.
fn width(last: u64, most: u64) -> u64 {
    last / most.max(1) + 1
}

/// Adds to the bin with this number, which is the last one or a new one after it.
fn count(bins: &mut Vec<Bin>, number: u64, width: u64, more: u64) {
    let from = Span::from_micros(number * width);
    match bins.last_mut() {
        Some(bin) if bin.from == from => bin.count += more,
        _ => bins.push(Bin {
            from,
            until: from + Span::from_micros(width),
            count: more,
        }),
    }
}
