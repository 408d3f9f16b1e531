//! When something was written: a hybrid logical clock, one for each key.
//!
//! A [`Stamp`] is the compact form of Kulkarni, Demirbas, Madappa, Avva, Leone, "Logical Physical Clocks"
//! (OPODIS 2014, section 6.2): 48 bits of wall-clock milliseconds and 16 bits that count, in one number, so
//! that "one more" carries from the count into the milliseconds. Their algorithm for a send or local event
//! is then `max(last + 1, wall)`. Without a wall clock it is Lamport's clock ("Time, Clocks, and
//! the Ordering of Events in a Distributed System", CACM 1978).
//!
//! **Wrong clocks.** A clock is made anew for each write, from the stamps of the key's contributions that
//! the writer holds: stamps of different keys are never compared, so nothing more is needed, and a node
//! keeps no clock. Whoever writes after it has seen a stamp is later than it, even if that stamp came from
//! a clock that is years ahead. So such a clock makes writes win that its writer had not seen, and only for
//! the keys that it wrote; there, order goes on by counting alone, which is right for all that see each
//! other's writes. It can reach no other key, and a key is free of it once those stamps are deleted there.
//! The paper bounds the drift instead by ignoring messages from too far ahead (its part on resilience);
//! that would depend on the reader's clock, and replicas that hold the same would read differently.

use serde::{Deserialize, Serialize};

/// Bits of a stamp that count.
const COUNT_BITS: u32 = 16;

/// The time of a wall clock that need not be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wall(u64);

impl Wall {
    /// The latest time that counts, `2^47 - 1` ms, some 4,400 years after the epoch: half of all stamps
    /// lie beyond it, so that there is always a later one.
    pub const MAX: Self = Self((1 << 47) - 1);

    /// Milliseconds since the Unix epoch, or since any other that all writers of a key share; capped at
    /// [`Wall::MAX`].
    pub const fn from_unix_millis(millis: u64) -> Self {
        if millis > Self::MAX.0 {
            Self::MAX
        } else {
            Self(millis)
        }
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> u64 {
        self.0
    }
}

/// When a contribution was written. Later ones are greater; of two writes of which neither writer had
/// seen the other's, the one with the later wall clock is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Stamp(u64);

impl Stamp {
    /// The wall-clock part, in milliseconds: at least what the writer's clock said, or 0 if nobody who
    /// wrote the key had one.
    pub const fn millis(self) -> u64 {
        self.0 >> COUNT_BITS
    }

    /// How many writes came after one another while the wall-clock part stood still.
    pub const fn count(self) -> u16 {
        self.0 as u16
    }
}

/// The clock of one key, as somebody sees it who is about to write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Clock {
    last: Stamp,
}

impl Clock {
    /// Takes a stamp of the key into account: whatever is written next is later.
    pub fn observe(&mut self, stamp: Stamp) {
        self.last = self.last.max(stamp);
    }

    /// The stamp of a write now. Stamps end at `u64::MAX`, which honest writers do not reach.
    pub fn tick(&mut self, wall: Option<Wall>) -> Stamp {
        let now = wall.map_or(0, |wall| wall.0 << COUNT_BITS);
        self.last = Stamp(self.last.0.saturating_add(1).max(now));
        self.last
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wall(millis: u64) -> Option<Wall> {
        Some(Wall::from_unix_millis(millis))
    }

    fn any_wall() -> impl Strategy<Value = Option<Wall>> {
        prop_oneof![
            Just(None),
            (0u64..100).prop_map(wall),
            any::<u64>().prop_map(wall)
        ]
    }

    proptest! {
        /// The first demand of Kulkarni et al.: if e happened before f, the stamp of e is less.
        /// Each event is on a node and has seen some of the events before it.
        #[test]
        fn stamps_respect_happened_before(
            events in prop::collection::vec((0usize..4, any::<u32>(), any_wall()), 1..30)
        ) {
            let mut clocks = [Clock::default(); 4];
            let mut stamps: std::vec::Vec<(usize, Stamp)> = std::vec::Vec::new();
            for (node, seen, wall) in events {
                let mut before = std::vec::Vec::new();
                for (index, (by, stamp)) in stamps.iter().enumerate() {
                    if *by == node || seen >> (index % 32) & 1 == 1 {
                        clocks[node].observe(*stamp);
                        before.push(*stamp);
                    }
                }
                let stamp = clocks[node].tick(wall);
                prop_assert!(before.iter().all(|earlier| *earlier < stamp));
                stamps.push((node, stamp));
            }
        }

        /// Their last demand: the wall-clock part is near the wall clocks. It is the greatest that anybody
        /// had, and one more for each 65,536 writes meanwhile.
        #[test]
        fn a_stamp_is_not_ahead_of_every_clock(walls in prop::collection::vec(0u64..1 << 40, 1..60)) {
            let mut clock = Clock::default();
            let mut latest = 0;
            for millis in walls {
                latest = latest.max(millis);
                let stamp = clock.tick(wall(millis));
                prop_assert_eq!(stamp.millis(), latest);
            }
        }
    }

    #[test]
    fn without_a_wall_clock_a_stamp_counts() {
        let mut clock = Clock::default();
        for expected in 1..=3 {
            let stamp = clock.tick(None);
            assert_eq!((stamp.millis(), stamp.count()), (0, expected));
        }
    }

    #[test]
    fn a_clock_that_goes_back_does_not_take_stamps_back() {
        let mut clock = Clock::default();
        let noon = clock.tick(wall(1000));
        let earlier = clock.tick(wall(10));
        assert!(earlier > noon);
        assert_eq!((earlier.millis(), earlier.count()), (1000, 1));
    }

    #[test]
    fn a_full_count_carries_into_the_milliseconds() {
        let mut clock = Clock::default();
        clock.tick(wall(7));
        for _ in 0..u16::MAX {
            clock.tick(wall(7));
        }
        let stamp = clock.tick(wall(7));
        assert_eq!((stamp.millis(), stamp.count()), (8, 0));
    }

    #[test]
    fn a_stamp_of_the_last_possible_clock_can_be_exceeded() {
        let mut wrong = Clock::default();
        let far = wrong.tick(wall(u64::MAX));
        let mut right = Clock::default();
        right.observe(far);
        assert!(right.tick(wall(5)) > far);
        assert!(right.tick(None) > far);
    }
}
