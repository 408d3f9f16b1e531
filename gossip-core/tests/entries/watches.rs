//! Whoever asks a node at arbitrary moments what changed knows exactly what it shows.

use crate::watched;

use gossip_core::inline;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use watched::{ENTRIES, Seen, op, trial};

inline! {
    struct Cramped {
        members: 8, entries: ENTRIES, key: 8, value: 16, news: 6, duties: 6,
        relays: 2, seeds: 2, exchanges: 3, ranges: 4, wants: 4,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn watchers_know_exactly_what_is_shown(
        seed in any::<u64>(),
        ops in prop::collection::vec(op(), 1..100),
    ) {
        if let Err(wrong) = trial(Cramped::tables, seed, &ops) {
            prop_assert!(false, "{wrong}");
        }
    }
}

/// The property is about something: its histories have gaps, full tables and forgotten owners.
#[test]
fn histories_of_the_property_are_eventful() {
    let mut runner = TestRunner::deterministic();
    let seen = (0..40).map(|seed| {
        let ops = prop::collection::vec(op(), 100).new_tree(&mut runner);
        let ops = ops.expect("a history").current();
        trial(Cramped::tables, seed, &ops).expect("watchers know")
    });
    let all = seen.fold(Seen::default(), |all, seen| Seen {
        gaps: all.gaps + seen.gaps,
        told: all.told + seen.told,
        refused: all.refused + seen.refused,
        forgotten: all.forgotten + seen.forgotten,
    });
    assert!(all.gaps > 40 && all.told > 1_000, "{all:?}");
    assert!(all.refused > 40 && all.forgotten > 10, "{all:?}");
}
