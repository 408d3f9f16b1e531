//! A shuffled round-robin over the table's rows that needs no list of them.
//!
//! SWIM (section 4.3) probes members in a random order, each once a cycle, so that a failure is
//! noticed within a bounded number of rounds. Instead of a shuffled copy of the member list, a cycle
//! walks `0, 1, 2, ...` through a keyed permutation (a Feistel network, Luby and Rackoff 1988) of the
//! next power of four, and skips what lies past the table's end. It takes 16 bytes at any size.
//! A member that joins, or is moved along by one that does, is visited in the next cycle at the
//! latest: at most `2 N` rounds go by without a visit.

use rand_core::Rng;

use crate::hash::mix;

/// The state of a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Shuffle {
    key: u64,
    /// Half the bits of the permuted range.
    half: u32,
    next: u32,
}

const ROUNDS: u64 = 4;

impl Shuffle {
    /// Before the first cycle.
    pub(crate) const NEW: Self = Self {
        key: 0,
        half: 0,
        next: u32::MAX,
    };

    /// The next row of `len` that `accept` takes, beginning a new cycle where one ends. `None` if it
    /// takes none of them.
    pub(crate) fn next(
        &mut self,
        len: usize,
        rng: &mut impl Rng,
        accept: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let mut cycles = 0;
        // What is left of this cycle may hold no acceptable row, but a whole one does if any does.
        while cycles < 2 {
            if self.next >= self.size() {
                self.begin(len, rng);
                cycles = u32::saturating_add(cycles, 1);
            }
            while self.next < self.size() {
                let index = self.permute(self.next) as usize;
                self.next = self.next.saturating_add(1);
                if index < len && accept(index) {
                    return Some(index);
                }
            }
        }
        None
    }

    fn begin(&mut self, len: usize, rng: &mut impl Rng) {
        const HALF_MAX: u32 = 15;
        let bits = usize::BITS.saturating_sub(len.saturating_sub(1).leading_zeros());
        self.half = bits.div_ceil(2).clamp(1, HALF_MAX);
        self.key = rng.next_u64();
        self.next = 0;
    }

    /// How many positions a cycle has.
    fn size(&self) -> u32 {
        1u32.wrapping_shl(self.half.wrapping_mul(2))
    }

    fn permute(&self, position: u32) -> u32 {
        let mask = 1u32.wrapping_shl(self.half).wrapping_sub(1);
        let (mut left, mut right) = (position.wrapping_shr(self.half), position & mask);
        for round in 0..ROUNDS {
            let scrambled = mix(self.key.wrapping_add(round << 32) ^ u64::from(right)) as u32;
            (left, right) = (right, left ^ (scrambled & mask));
        }
        left.wrapping_shl(self.half) | right
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::SplitMix64;

    #[test]
    fn a_cycle_visits_every_row_once() {
        for len in [1, 2, 3, 15, 16, 17, 64, 1000] {
            let mut rng = SplitMix64::new(len as u64);
            let mut shuffle = Shuffle::NEW;
            for _ in 0..3 {
                let mut seen = [false; 1000];
                for _ in 0..len {
                    let index = shuffle.next(len, &mut rng, |_| true).unwrap();
                    assert!(
                        !core::mem::replace(&mut seen[index], true),
                        "{index} of {len} twice"
                    );
                }
            }
        }
    }

    #[test]
    fn cycles_differ() {
        let mut rng = SplitMix64::new(5);
        let mut shuffle = Shuffle::NEW;
        let mut cycle = || -> [usize; 64] {
            core::array::from_fn(|_| shuffle.next(64, &mut rng, |_| true).unwrap())
        };
        assert_ne!(cycle(), cycle());
    }

    #[test]
    fn finds_the_one_acceptable_row_and_none_if_there_is_none() {
        let mut rng = SplitMix64::new(9);
        let mut shuffle = Shuffle::NEW;
        for _ in 0..50 {
            assert_eq!(shuffle.next(100, &mut rng, |index| index == 37), Some(37));
        }
        assert_eq!(shuffle.next(100, &mut rng, |_| false), None);
        assert_eq!(shuffle.next(0, &mut rng, |_| true), None);
    }
}
