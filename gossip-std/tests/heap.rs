//! The heap's containers obey the storage rules, and agree with a plain `Vec` at any size.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use gossip_core::storage::{List, conformance};
use gossip_std::{HeapBlob, HeapList};
use proptest::prelude::*;

#[test]
fn lists_of_every_capacity_conform() {
    for (seed, capacity) in [1, 2, 3, 24, 255, 256].into_iter().enumerate() {
        conformance::list(|| HeapList::new(capacity), 3_000, seed as u64).unwrap();
    }
}

#[test]
fn blobs_conform() {
    conformance::blob::<HeapBlob>(4096).unwrap();
}

#[test]
fn keys_read_as_text() {
    use gossip_core::storage::Blob;
    let key = HeapBlob::from_slice("température".as_bytes()).unwrap();
    assert_eq!(key.as_str(), Some("température"));
    assert_eq!(format!("{key}"), "température");
    let raw = HeapBlob::from_slice(b"a\xff\"").unwrap();
    assert_eq!(raw.as_str(), None);
    assert_eq!(format!("{raw} {raw:?}"), "a\u{fffd}\" b\"a\\xff\\\"\"");
}

/// One change of a list, at a place given as a share of its length.
#[derive(Clone, Debug)]
enum Step {
    Insert {
        at_65536: u16,
        value: u32,
    },
    Remove {
        at_65536: u16,
    },
    /// This many inserts at one place, one after the other.
    Fill {
        at_65536: u16,
        count: u16,
    },
    /// This many removals at one place.
    Drain {
        at_65536: u16,
        count: u16,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (any::<u16>(), any::<u32>())
            .prop_map(|(at_65536, value)| Step::Insert { at_65536, value }),
        4 => any::<u16>().prop_map(|at_65536| Step::Remove { at_65536 }),
        2 => (any::<u16>(), 1..900u16).prop_map(|(at_65536, count)| Step::Fill { at_65536, count }),
        1 => (any::<u16>(), 1..900u16)
            .prop_map(|(at_65536, count)| Step::Drain { at_65536, count }),
    ];
    proptest::collection::vec(step, 1..60)
}

/// The list under test beside a plain `Vec`.
struct Pair {
    list: HeapList<u32>,
    model: Vec<u32>,
}

impl Pair {
    fn insert(&mut self, index: usize, value: u32) -> Result<(), TestCaseError> {
        let fits = self.model.len() < self.list.capacity();
        prop_assert_eq!(
            self.list.insert(index, value),
            if fits { Ok(()) } else { Err(value) }
        );
        if fits {
            self.model.insert(index, value);
        }
        Ok(())
    }

    fn remove(&mut self, index: usize) -> Result<(), TestCaseError> {
        let held = (index < self.model.len()).then(|| self.model.remove(index));
        prop_assert_eq!(self.list.remove(index), held);
        Ok(())
    }

    fn apply(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let at = |share: u16| (usize::from(share) * (self.model.len() + 1)) >> 16;
        match *step {
            Step::Insert { at_65536, value } => self.insert(at(at_65536), value),
            Step::Remove { at_65536 } => self.remove(at(at_65536)),
            Step::Fill { at_65536, count } => {
                let index = at(at_65536);
                (0..count).try_for_each(|n| self.insert(index, u32::from(n)))
            }
            Step::Drain { at_65536, count } => {
                let index = at(at_65536);
                (0..count).try_for_each(|_| self.remove(index))
            }
        }
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let len = self.model.len();
        prop_assert_eq!(self.list.len(), len);
        prop_assert!(self.list.iter().eq(self.model.iter()));
        for index in [0, len / 3, len / 2, len.saturating_sub(1), len, len + 1] {
            prop_assert_eq!(self.list.get(index), self.model.get(index));
            let rest = self.model.get(index..).unwrap_or_default();
            prop_assert!(self.list.iter_from(index).eq(rest));
        }
        Ok(())
    }
}

fn hash(list: &HeapList<u32>) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(list)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_a_vec(steps in steps(), capacity in 1_500..6_000usize) {
        let mut pair = Pair { list: HeapList::new(capacity), model: Vec::new() };
        for step in &steps {
            pair.apply(step)?;
            pair.check()?;
        }
        let mut packed = HeapList::new(usize::MAX);
        for value in &pair.model {
            prop_assert_eq!(packed.push(*value), Ok(()));
        }
        prop_assert_eq!(&packed, &pair.list);
        prop_assert_eq!(hash(&packed), hash(&pair.list));
    }

    #[test]
    fn searches_like_a_vec(
        mut values in proptest::collection::btree_set(any::<u32>(), 1_100..2_000)
            .prop_map(|set| set.into_iter().collect::<Vec<_>>()),
        late in any::<prop::sample::Index>(),
        wanted in any::<u32>(),
    ) {
        let out = values.remove(late.index(values.len()));
        let mut list = HeapList::new(values.len() + 1);
        for value in &values {
            prop_assert_eq!(list.push(*value), Ok(()));
        }
        for value in values.iter().copied().chain([out, wanted]) {
            prop_assert_eq!(list.search_by(|held| held.cmp(&value)), values.binary_search(&value));
        }
        let index = list.search_by(|held| held.cmp(&out)).unwrap_err();
        prop_assert_eq!(list.insert(index, out), Ok(()));
        prop_assert_eq!(list.search_by(|held| held.cmp(&out)), Ok(index));
    }
}
