//! The draws of which a scenario is made.

use gossip_core::SplitMix64;

use crate::sim::chance::{Purpose, below, happens, stream};
use crate::sim::{Index, Span};

/// A stream of chance with the questions that a generator asks.
pub(super) struct Dice(SplitMix64);

/// Times are whole hundredths of a second, so that a file reads well.
const STEP_MILLIS: u64 = 10;

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        // Another stream than those of the run itself, which are drawn from the seed as it is.
        Self(stream(!seed, Index::MAX, Purpose::Fault))
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + below(&mut self.0, u64::from(high - low) + 1) as u32
    }

    /// A span from `low` to `high`.
    pub(super) fn span(&mut self, low: Span, high: Span) -> Span {
        let steps = (high.as_millis() - low.as_millis()) / STEP_MILLIS;
        low + Span::from_millis(below(&mut self.0, steps + 1) * STEP_MILLIS)
    }

    /// `true` with this probability.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        happens(&mut self.0, probability)
    }

    /// One of these.
    pub(super) fn one_of<T: Copy>(&mut self, things: &[T]) -> T {
        things[below(&mut self.0, things.len() as u64) as usize]
    }

    /// Some of these, at least one and at most `most`, in their order.
    pub(super) fn some_of(&mut self, things: &[Index], most: usize) -> Vec<Index> {
        let count = self.between(1, most.clamp(1, things.len()) as u32) as usize;
        let mut things = things.to_vec();
        while things.len() > count {
            let place = below(&mut self.0, things.len() as u64) as usize;
            things.remove(place);
        }
        things
    }
}
