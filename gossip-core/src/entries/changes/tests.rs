//! Watches over a store alone: every way in which something changes or leaves, and numbers that run out.

use std::collections::BTreeMap;
use std::string::{String, ToString};
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::entries::delta::Listed;
use crate::entries::{Lease, Leases};
use crate::id::Version;
use crate::storage::{InlineBlob, InlineList};

const ROOM: usize = 6;
const KEYS: [&str; 4] = ["a", "ab", "b", "ba"];

type Blob8 = InlineBlob<8>;
type Shelf =
    Store<Blob8, Blob8, InlineList<Entry<Blob8, Blob8>, ROOM>, InlineList<Lease<Blob8>, 0>>;
type Map = BTreeMap<(u64, String), Vec<u8>>;

#[derive(Clone, Debug)]
enum Step {
    Set(u16, usize, u8),
    Delete(u16, usize),
    Vanish(usize),
    Forget(u16),
    MakeRoom,
    TellEvent,
    /// So few numbers are left.
    Age(u32),
    /// This watcher asks for everything, or for one change.
    Ask(usize, bool),
}

fn step() -> impl Strategy<Value = Step> {
    let owner = || 1u16..4;
    let key = || 0..KEYS.len();
    prop_oneof![
        8 => (owner(), key(), 0u8..3).prop_map(|(owner, key, value)| Step::Set(owner, key, value)),
        4 => (owner(), key()).prop_map(|(owner, key)| Step::Delete(owner, key)),
        3 => (0..ROOM).prop_map(Step::Vanish),
        1 => owner().prop_map(Step::Forget),
        1 => Just(Step::MakeRoom),
        3 => Just(Step::TellEvent),
        1 => (0u32..12).prop_map(Step::Age),
        9 => (0..FILTERS.len(), any::<bool>()).prop_map(|(watcher, all)| Step::Ask(watcher, all)),
    ]
}

const FILTERS: [fn() -> Filter<'static>; 5] = [
    || Filter::ALL,
    || Filter::ALL.prefix("a"),
    || Filter::of(NodeId::from(2)),
    || Filter::of(NodeId::from(2)).prefix("b"),
    || Filter::of(NodeId::from(9)),
];

/// Somebody who knows the store by its changes alone.
struct Watcher {
    filter: Filter<'static>,
    cursor: Cursor,
    map: Map,
}

impl Watcher {
    /// Takes everything, or the earliest change; `true` if it knows everything then.
    fn ask(&mut self, shelf: &Shelf, all: bool) -> bool {
        let changes = shelf.changes(self.cursor, self.filter);
        if changes.is_afresh() {
            self.map.clear();
        }
        let end = changes.end();
        if all {
            changes.for_each(|change| self.take(&change));
            self.cursor = end;
            return true;
        }
        match changes.earliest() {
            Some(change) => {
                self.take(&change);
                self.cursor = change.cursor;
                false
            }
            None => {
                self.cursor = end;
                true
            }
        }
    }

    fn take(&mut self, change: &Change<'_>) {
        let key = (change.owner.get(), change.key.to_string());
        match change.entry {
            Some(entry) => self.map.insert(key, entry.value.to_vec()),
            None => self.map.remove(&key),
        };
    }
}

fn shown(shelf: &Shelf, filter: Filter<'_>) -> Map {
    let accepted = shelf
        .visible()
        .filter(|entry| filter.accepts(entry.owner, entry.key));
    accepted
        .map(|entry| {
            (
                (entry.owner.get(), entry.key.to_string()),
                entry.value.to_vec(),
            )
        })
        .collect()
}

fn write(shelf: &mut Shelf, owner: u16, key: usize, value: Option<u8>) {
    let owner = NodeId::from(owner);
    let value = value.map(|value| [value]);
    shelf.put(
        owner,
        Listed {
            key: KEYS[key],
            version: Version::BIRTH,
            value: value.as_ref().map(|value| &value[..]),
            expires: None,
        },
    );
}

fn apply(shelf: &mut Shelf, step: &Step) {
    match *step {
        Step::Set(owner, key, value) => write(shelf, owner, key, Some(value)),
        Step::Delete(owner, key) => write(shelf, owner, key, None),
        Step::Vanish(index) => {
            shelf.vanish(index);
        }
        Step::Forget(owner) => shelf.forget(NodeId::from(owner)),
        Step::MakeRoom => {
            shelf.drop_gone();
        }
        Step::TellEvent => {
            shelf.take_changed();
        }
        Step::Age(left) => shelf.clock.last = shelf.clock.last.max(u32::MAX - left),
        Step::Ask(..) => {}
    }
}

fn shelf() -> Shelf {
    let leases = Leases::new(InlineList::new(), InlineList::new());
    Store::new(InlineList::new(), leases, 8, 8)
}

fn watchers() -> Vec<Watcher> {
    let watcher = |filter: &fn() -> Filter<'static>| Watcher {
        filter: filter(),
        cursor: Cursor::START,
        map: Map::new(),
    };
    FILTERS.iter().map(watcher).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whoever_asks_now_and_then_knows_what_is_shown(steps in prop::collection::vec(step(), 1..120)) {
        let (mut shelf, mut watchers) = (shelf(), watchers());
        for step in &steps {
            apply(&mut shelf, step);
            let Step::Ask(watcher, all) = *step else { continue };
            let watcher = &mut watchers[watcher];
            if watcher.ask(&shelf, all) {
                prop_assert_eq!(&watcher.map, &shown(&shelf, watcher.filter));
            }
        }
        for watcher in &mut watchers {
            let most = (0..=ROOM).find(|_| watcher.ask(&shelf, false));
            prop_assert!(most.is_some(), "a store at rest is read one by one to its end");
            prop_assert_eq!(&watcher.map, &shown(&shelf, watcher.filter));
            let again = shelf.changes(watcher.cursor, watcher.filter);
            prop_assert!(!again.is_afresh() && again.count() == 0, "told twice");
        }
    }
}

#[test]
fn numbers_that_run_out_begin_anew_and_old_cursors_read_afresh() {
    let mut shelf = shelf();
    write(&mut shelf, 1, 0, Some(7));
    let early = shelf.newest();
    shelf.clock.last = u32::MAX - 1;
    write(&mut shelf, 1, 1, Some(8));
    let late = shelf.newest();
    assert!(!shelf.changes(late, Filter::ALL).is_afresh());
    write(&mut shelf, 1, 2, Some(9));
    assert!(shelf.clock.last < 10, "{:?}", shelf.clock);
    for cursor in [early, late] {
        let changes = shelf.changes(cursor, Filter::ALL);
        assert!(changes.is_afresh());
        assert_eq!(changes.count(), 3);
    }
    let changes = shelf.changes(shelf.newest(), Filter::ALL);
    assert!(!changes.is_afresh() && changes.count() == 0);
}

#[test]
fn the_last_round_is_followed_by_one_that_is_not_the_start() {
    let mut shelf = shelf();
    shelf.clock.round = u32::MAX;
    shelf.clock.last = u32::MAX;
    write(&mut shelf, 1, 0, Some(7));
    assert!(shelf.changes(Cursor::START, Filter::ALL).is_afresh());
}

#[test]
fn a_removal_nobody_remembers_is_a_gap_only_for_those_who_have_not_seen_it() {
    let mut shelf = shelf();
    write(&mut shelf, 1, 0, Some(7));
    write(&mut shelf, 1, 1, Some(7));
    let before = shelf.newest();
    write(&mut shelf, 1, 0, None);
    let after = shelf.newest();
    while shelf.take_changed().is_some() {}
    shelf.vanish(0);
    assert_eq!(shelf.usage().0, 1, "the tombstone is collected");
    assert!(shelf.changes(before, Filter::ALL).is_afresh());
    let changes = shelf.changes(after, Filter::ALL);
    assert!(!changes.is_afresh() && changes.count() == 0);
}

#[test]
fn the_same_value_again_is_no_change_and_a_key_changed_often_is_told_once() {
    let mut shelf = shelf();
    write(&mut shelf, 1, 0, Some(7));
    let cursor = shelf.newest();
    write(&mut shelf, 1, 0, Some(7));
    assert_eq!(shelf.newest(), cursor);
    (0..5).for_each(|value| write(&mut shelf, 1, 0, Some(value)));
    let told: Vec<_> = shelf.changes(cursor, Filter::ALL).collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].entry.map(|entry| entry.value), Some(&[4][..]));
}

#[test]
fn forgotten_numbers_make_stores_of_equal_contents_equal() {
    let [mut one, mut two] = [shelf(), shelf()];
    write(&mut one, 1, 0, Some(1));
    write(&mut one, 1, 0, Some(7));
    write(&mut two, 1, 0, Some(7));
    assert_ne!(one, two);
    one.forget_changes();
    two.forget_changes();
    assert_eq!(one, two);
}
