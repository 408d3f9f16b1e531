//! The laws of each merge: over copies in any order, any number and any grouping, and beside a model that
//! knows each origin once.

use std::collections::{BTreeMap, BTreeSet};
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::shared::contribution::tests::{counter, stamped};
use crate::shared::{Elements, Origin, Origins};

const ALL: [Merge; 7] = [
    Merge::Last,
    Merge::First,
    Merge::Max,
    Merge::Min,
    Merge::Sum,
    Merge::Count,
    Merge::Union,
];

/// A merge's result with everything in it.
type Plain = Option<Merged<'static, Vec<&'static [u8]>>>;

fn said() -> impl Strategy<Value = Said<'static>> {
    let contribution = prop_oneof![
        2 => stamped(),
        1 => counter(1),
        1 => counter(2),
    ];
    (1u16..6, contribution).prop_map(|(owner, said)| Said::new(NodeId::from(owner), said))
}

fn many() -> impl Strategy<Value = Vec<Said<'static>>> {
    prop::collection::vec(said(), 0..14)
}

/// What is read of an owner's entries and of copies.
fn read(own: &[Said<'static>], copies: &[Said<'static>], how: Merge) -> Plain {
    let own = own.iter().copied();
    plain(merge(Origins::new(own, copies.iter().copied()), how))
}

fn plain<'a>(
    merged: Option<Merged<'a, impl Iterator<Item = &'a [u8]>>>,
) -> Option<Merged<'a, Vec<&'a [u8]>>> {
    merged.map(|merged| match merged {
        Merged::Value(written) => Merged::Value(written),
        Merged::Number(number) => Merged::Number(number),
        Merged::Count(count) => Merged::Count(count),
        Merged::Elements(elements) => Merged::Elements(elements.collect()),
    })
}

/// What somebody who holds these knows, one contribution for each origin.
fn state(copies: &[Said<'static>]) -> Vec<Said<'static>> {
    Origins::new(core::iter::empty(), copies.iter().copied()).collect()
}

fn joined(a: &[Said<'static>], b: &[Said<'static>]) -> Vec<Said<'static>> {
    state(&[a, b].concat())
}

/// The definition, with room for everything.
fn model(all: &[Said<'static>], how: Merge) -> Plain {
    let mut known: BTreeMap<Origin, Contribution<'static>> = BTreeMap::new();
    for said in all {
        let held = known.entry(said.origin).or_insert(said.contribution);
        *held = held.join(said.contribution);
    }
    let mut values: Vec<Written<'static>> = Vec::new();
    let mut numbers: Vec<i128> = Vec::new();
    let mut parts: Vec<i128> = Vec::new();
    let mut sets: Vec<Elements<'static>> = Vec::new();
    for (origin, contribution) in &known {
        match *contribution {
            Contribution::Value { stamp, bytes } => values.push(Written {
                owner: origin.owner,
                stamp,
                value: bytes,
            }),
            Contribution::Number { number, .. } => numbers.push(i128::from(number)),
            Contribution::Counter(counter) => parts.push(counter.balance()),
            Contribution::Elements { elements, .. } => sets.push(elements),
        }
    }
    let near = |sum: i128| Merged::Number(sum.clamp(i64::MIN.into(), i64::MAX.into()) as i64);
    values.sort_by_key(|written| (written.stamp, written.owner));
    parts.extend(&numbers);
    let owners: BTreeSet<NodeId> = known.keys().map(|origin| origin.owner).collect();
    let elements: BTreeSet<&[u8]> = sets.iter().flat_map(|set| *set).collect();
    match how {
        Merge::Last => values.last().copied().map(Merged::Value),
        Merge::First => values.first().copied().map(Merged::Value),
        Merge::Max => numbers.into_iter().max().map(near),
        Merge::Min => numbers.into_iter().min().map(near),
        Merge::Sum => (!parts.is_empty()).then(|| near(parts.iter().sum())),
        Merge::Count => (!owners.is_empty()).then_some(Merged::Count(owners.len())),
        Merge::Union => {
            (!sets.is_empty()).then(|| Merged::Elements(elements.into_iter().collect()))
        }
    }
}

proptest! {
    #[test]
    fn each_merge_is_what_it_is_defined_to_be(all in many()) {
        for how in ALL {
            prop_assert_eq!(read(&[], &all, how), model(&all, how), "{:?}", how);
        }
    }

    #[test]
    fn each_merge_is_idempotent(all in many()) {
        let twice = [all.as_slice(), &all].concat();
        for how in ALL {
            prop_assert_eq!(read(&[], &twice, how), read(&[], &all, how));
        }
    }

    #[test]
    fn each_merge_is_commutative((all, shuffled) in many().prop_flat_map(|all| {
        (Just(all.clone()), Just(all).prop_shuffle())
    })) {
        for how in ALL {
            prop_assert_eq!(read(&[], &shuffled, how), read(&[], &all, how));
        }
    }

    #[test]
    fn each_merge_is_associative(a in many(), b in many(), c in many()) {
        let (left, right) = (joined(&joined(&a, &b), &c), joined(&a, &joined(&b, &c)));
        for how in ALL {
            prop_assert_eq!(read(&[], &left, how), read(&[], &right, how));
        }
    }

    /// An owner's own entry is read like a copy of it.
    #[test]
    fn it_does_not_matter_who_keeps_what(all in many(), owners in any::<u8>()) {
        let mut own = Vec::new();
        let mut copies = all.clone();
        for owner in (1u16..6).filter(|owner| owners >> owner & 1 == 1) {
            let theirs = |said: &Said<'_>| said.origin.owner == NodeId::from(owner);
            if let Some(index) = copies.iter().position(theirs) {
                own.push(copies.remove(index));
            }
        }
        own.sort_by_key(|said| said.origin);
        for how in ALL {
            prop_assert_eq!(read(&own, &copies, how), read(&[], &all, how));
        }
    }

    #[test]
    fn each_origin_is_told_once_and_in_order(all in many()) {
        let told = state(&all);
        prop_assert!(told.windows(2).all(|pair| pair[0].origin < pair[1].origin));
        let origins: BTreeSet<Origin> = all.iter().map(|said| said.origin).collect();
        prop_assert_eq!(told.len(), origins.len());
    }
}
