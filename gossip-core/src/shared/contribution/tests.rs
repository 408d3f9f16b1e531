//! Bytes of contributions, and the laws of their join.

use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::shared::{Clock, Wall};

pub(crate) fn stamp(number: u16) -> Stamp {
    Clock::default().tick(Some(Wall::from_unix_millis(u64::from(number))))
}

/// Sets as they stand in values.
const SETS: [&[u8]; 4] = [b"", b"\x01a", b"\x01b\x02ba", b"\x00\x01a\x01c"];
const VALUES: [&[u8]; 4] = [b"", b"red", b"blue", b"\xff\x00"];

/// What carries a stamp: an owner has one of it.
pub(crate) fn stamped() -> impl Strategy<Value = Contribution<'static>> {
    let number = prop_oneof![-3i64..3, any::<i64>()];
    (0u16..6, 0usize..12, number).prop_map(|(at, kind, number)| {
        let stamp = stamp(at);
        match kind {
            0..4 => Contribution::Value {
                stamp,
                bytes: VALUES[kind],
            },
            4..8 => Contribution::Elements {
                stamp,
                elements: Elements::new(SETS[kind - 4]).unwrap(),
            },
            _ => Contribution::Number { stamp, number },
        }
    })
}

/// Counters of one boot.
pub(crate) fn counter(boot: u8) -> impl Strategy<Value = Contribution<'static>> {
    let amount = || prop_oneof![0u64..5, any::<u64>()];
    (amount(), amount()).prop_map(move |(added, taken)| {
        Contribution::Counter(Counter {
            boot: Boot([boot, 0, 0, 7]),
            added,
            taken,
        })
    })
}

fn encode(contribution: &Contribution<'_>) -> Vec<u8> {
    let mut room = [0; MARK_BYTES];
    let head = contribution.head(&mut room).unwrap();
    [head, contribution.body()].concat()
}

fn laws(a: Contribution<'_>, b: Contribution<'_>, c: Contribution<'_>) {
    assert_eq!(a.join(a), a);
    assert_eq!(a.join(b), b.join(a));
    assert_eq!(a.join(b).join(c), a.join(b.join(c)));
    assert!(a.join(b).covers(a) && a.join(b).covers(b));
}

proptest! {
    #[test]
    fn a_contribution_is_read_as_it_was_written(said in prop_oneof![stamped(), counter(1)]) {
        let bytes = encode(&said);
        prop_assert_eq!(Contribution::decode(&bytes), Some(said));
    }

    #[test]
    fn joining_what_is_stamped_is_a_semilattice(a in stamped(), b in stamped(), c in stamped()) {
        laws(a, b, c);
    }

    #[test]
    fn joining_counters_is_a_semilattice(a in counter(1), b in counter(1), c in counter(1)) {
        laws(a, b, c);
    }

    #[test]
    fn a_later_stamp_wins_whatever_is_said(a in stamped(), b in stamped()) {
        if a.stamp() < b.stamp() {
            prop_assert_eq!(a.join(b), b);
        }
    }

    #[test]
    fn a_text_is_no_contribution(text in any::<std::string::String>()) {
        prop_assert_eq!(Contribution::decode(text.as_bytes()), None);
    }

    #[test]
    fn any_bytes_are_read_as_something_writable_or_nothing(
        kind in 0xf0u8..=0xff,
        rest in prop::collection::vec(any::<u8>(), 0..30),
    ) {
        let bytes = [&[kind], rest.as_slice()].concat();
        if let Some(said) = Contribution::decode(&bytes) {
            let again = encode(&said);
            prop_assert_eq!(Contribution::decode(&again), Some(said));
        }
    }

    #[test]
    fn counting_on_is_covered_by_nothing_before(said in counter(1), amount in -4i64..4) {
        let Contribution::Counter(before) = said else {
            panic!("a counter was made");
        };
        let after = before.plus(amount);
        prop_assert!(Contribution::Counter(after).covers(said));
        let full = before.added.max(before.taken) > u64::MAX - 4;
        if !full {
            prop_assert_eq!(after.balance() - before.balance(), i128::from(amount));
        }
    }
}

#[test]
fn the_largest_contributions_fit_their_room() {
    let largest = Counter {
        boot: Boot([255; 4]),
        added: u64::MAX,
        taken: u64::MAX,
    };
    assert_eq!(encode(&Contribution::Counter(largest)).len(), MARK_BYTES);
    let mut clock = Clock::default();
    let number = Contribution::Number {
        stamp: clock.tick(Some(Wall::MAX)),
        number: i64::MIN,
    };
    assert!(encode(&number).len() <= MARK_BYTES);
}

#[test]
fn a_small_counter_takes_seven_bytes() {
    let counter = Counter::new(Boot([1, 2, 3, 4])).plus(100);
    assert_eq!(
        encode(&Contribution::Counter(counter)),
        b"\xfb\x01\x02\x03\x04\x64\x00"
    );
}
