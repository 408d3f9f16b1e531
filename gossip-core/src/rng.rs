//! A small seedable generator, for platforms whose own does not speak `rand_core` 0.10.

use core::convert::Infallible;

use rand_core::TryRng;

use crate::hash::mix;

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): 8 bytes of state, fast, reproducible, and **not**
/// cryptographic. Enough for protocol choices; seed it from the best entropy there is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SplitMix64(u64);

impl SplitMix64 {
    /// A generator whose whole sequence follows from `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn next(&mut self) -> u64 {
        let out = mix(self.0);
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        out
    }
}

impl TryRng for SplitMix64 {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.next() >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.next())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            for (byte, random) in chunk.iter_mut().zip(self.next().to_le_bytes()) {
                *byte = random;
            }
        }
        Ok(())
    }
}

/// A number below `bound` from 32 random bits, without division; 0 when `bound` is 0.
pub(crate) fn below(random: u32, bound: usize) -> usize {
    let bound = bound.min(u32::MAX as usize) as u64;
    (u64::from(random).wrapping_mul(bound) >> 32) as usize
}
