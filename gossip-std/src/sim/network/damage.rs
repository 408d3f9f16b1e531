//! Corruption: bytes that change on their way.

use gossip_core::SplitMix64;

use crate::sim::chance::below;

/// How one datagram is damaged. Which bits change follows from the seed in it, so a fate needs no
/// room for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    seed: u64,
}

/// The most bytes that one burst hits.
const BURST_BYTES: u64 = 8;

impl Damage {
    /// The next damage of this stream of chance.
    pub(super) fn draw(rng: &mut SplitMix64) -> Self {
        Self { seed: rng.next() }
    }

    /// Damages `bytes`: one bit flips, or a burst of up to eight bytes changes. Something is
    /// different afterwards, unless `bytes` is empty.
    pub fn apply(&self, bytes: &mut [u8]) {
        let mut rng = SplitMix64::new(self.seed);
        let start = below(&mut rng, bytes.len() as u64) as usize;
        let burst = 1 + below(&mut rng, BURST_BYTES) as usize;
        if below(&mut rng, 2) == 0 {
            if let Some(byte) = bytes.get_mut(start) {
                *byte ^= 1 << below(&mut rng, 8);
            }
            return;
        }
        for byte in bytes.iter_mut().skip(start).take(burst) {
            *byte ^= 1 + below(&mut rng, 255) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_always_changes_something_and_little() {
        let mut rng = SplitMix64::new(1);
        for len in 1..200 {
            for _ in 0..50 {
                let before = vec![0x5a; len];
                let mut after = before.clone();
                Damage::draw(&mut rng).apply(&mut after);
                let changed = before.iter().zip(&after).filter(|(a, b)| a != b).count();
                assert!((1..=8).contains(&changed), "{changed} of {len} bytes");
            }
        }
    }

    #[test]
    fn the_same_damage_is_the_same_twice() {
        let damage = Damage::draw(&mut SplitMix64::new(7));
        let (mut one, mut two) = ([0; 64], [0; 64]);
        damage.apply(&mut one);
        damage.apply(&mut two);
        assert_eq!(one, two);
        damage.apply(&mut []);
    }

    #[test]
    fn every_byte_can_be_hit() {
        let mut rng = SplitMix64::new(3);
        let mut ever_hit = [false; 16];
        for _ in 0..1000 {
            let mut bytes = [0; 16];
            Damage::draw(&mut rng).apply(&mut bytes);
            for (ever, byte) in ever_hit.iter_mut().zip(bytes) {
                *ever |= byte != 0;
            }
        }
        assert_eq!(ever_hit, [true; 16]);
    }
}
