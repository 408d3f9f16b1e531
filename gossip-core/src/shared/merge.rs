//! What a read makes of all contributions to a key.

use super::contribution::Contribution;
use super::origins::Said;
use super::stamp::Stamp;
use super::union::Union;
use crate::id::NodeId;
use serde::{Deserialize, Serialize};

/// How the contributions to a key become one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Merge {
    /// The value with the latest stamp; of equal ones, that of the greatest owner.
    Last,
    /// The value with the earliest stamp; of equal ones, that of the least owner.
    First,
    /// The greatest number.
    Max,
    /// The least number.
    Min,
    /// The sum of all counters and numbers.
    Sum,
    /// How many owners contribute, whatever it is: 3 after one of them counted 40 and two counted 1 each,
    /// where [`Sum`](Self::Sum) reads 42.
    Count,
    /// Every element of any set.
    Union,
}

/// What a [`Merge`] made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merged<'a, U> {
    /// Of [`Merge::Last`] and [`Merge::First`].
    Value(Written<'a>),
    /// Of [`Merge::Max`], [`Merge::Min`] and [`Merge::Sum`]; a sum that an `i64` does not hold is the
    /// nearest that it does.
    Number(i64),
    /// Of [`Merge::Count`].
    Count(usize),
    /// Of [`Merge::Union`]: the elements in ascending order, each once.
    Elements(U),
}

/// A value, by whom and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written<'a> {
    /// Who said it.
    pub owner: NodeId,
    /// When.
    pub stamp: Stamp,
    /// The value.
    pub value: &'a [u8],
}

/// Folds contributions of which each origin occurs once, in the order of origins; `None` if nobody
/// contributes what this merge reads.
pub fn merge<'a, I>(origins: I, merge: Merge) -> Option<Merged<'a, Union<'a, I>>>
where
    I: Iterator<Item = Said<'a>> + Clone,
{
    match merge {
        Merge::Last => values(origins)
            .max_by_key(|said| (said.stamp, said.owner))
            .map(Merged::Value),
        Merge::First => values(origins)
            .min_by_key(|said| (said.stamp, said.owner))
            .map(Merged::Value),
        Merge::Max => numbers(origins).max().map(Merged::Number),
        Merge::Min => numbers(origins).min().map(Merged::Number),
        Merge::Sum => sum(origins).map(Merged::Number),
        Merge::Count => contributors(origins).map(Merged::Count),
        Merge::Union => Union::new(origins).map(Merged::Elements),
    }
}

fn values<'a>(origins: impl Iterator<Item = Said<'a>>) -> impl Iterator<Item = Written<'a>> {
    origins.filter_map(|said| match said.contribution {
        Contribution::Value { stamp, bytes } => Some(Written {
            owner: said.origin.owner,
            stamp,
            value: bytes,
        }),
        _ => None,
    })
}

fn numbers<'a>(origins: impl Iterator<Item = Said<'a>>) -> impl Iterator<Item = i64> {
    origins.filter_map(|said| match said.contribution {
        Contribution::Number { number, .. } => Some(number),
        _ => None,
    })
}

/// Parts have 65 bits, and there are fewer than 2^60 of them: the sum of 128 bits is exact, so their
/// order does not matter.
fn sum<'a>(origins: impl Iterator<Item = Said<'a>>) -> Option<i64> {
    let parts = origins.filter_map(|said| match said.contribution {
        Contribution::Counter(counter) => Some(counter.balance()),
        Contribution::Number { number, .. } => Some(i128::from(number)),
        _ => None,
    });
    let sum = parts.reduce(i128::saturating_add)?;
    let nearest = sum.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
    i64::try_from(nearest).ok()
}

/// Origins of one owner stand side by side.
fn contributors<'a>(origins: impl Iterator<Item = Said<'a>>) -> Option<usize> {
    let (mut last, mut count) = (None, 0usize);
    for said in origins {
        if last != Some(said.origin.owner) {
            last = Some(said.origin.owner);
            count = count.saturating_add(1);
        }
    }
    (count > 0).then_some(count)
}

#[cfg(test)]
mod tests;
