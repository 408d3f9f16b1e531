//! Watchers know exactly what a node shows that keeps its tables on the heap; and they see the very same
//! as with tables inline, gap for gap.

#[path = "../../gossip-core/tests/support/mod.rs"]
mod support;
#[path = "../../gossip-core/tests/watched/mod.rs"]
mod watched;

use gossip_core::{Tables, inline};
use gossip_std::{Heap, Limits};
use proptest::prelude::*;
use watched::{ENTRIES, op, trial};

inline! {
    struct Cramped {
        members: 8, entries: ENTRIES, key: 8, value: 16, news: 6, duties: 6,
        relays: 2, seeds: 2, exchanges: 3, ranges: 4, wants: 4, leases: 0,
    }
}

fn heap() -> Tables<u16, Heap> {
    Heap::tables(Limits {
        bygones: 8,
        members: 8,
        entries: ENTRIES,
        key: 8,
        value: 16,
        news: 6,
        duties: 6,
        relays: 2,
        seeds: 2,
        exchanges: 3,
        ranges: 4,
        wants: 4,
        leases: 0,
        mails: 0,
        syncs: 0,
        reads: 0,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn watchers_of_a_heap_know_what_is_shown_and_see_what_others_see(
        seed in any::<u64>(),
        ops in prop::collection::vec(op(), 1..100),
    ) {
        let seen = trial(heap, seed, &ops);
        prop_assert!(seen.is_ok(), "{seen:?}");
        prop_assert_eq!(seen, trial(Cramped::tables, seed, &ops));
    }
}
