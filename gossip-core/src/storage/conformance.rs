//! A test that any [`List`] or [`Blob`] can run: the rules of `storage`, checked by comparison with
//! a plain array.
//!
//! ```
//! use gossip_core::storage::{InlineBlob, InlineList, conformance};
//!
//! conformance::list(InlineList::<u32, 24>::new, 500, 1).unwrap();
//! conformance::blob::<InlineBlob<16>>(16).unwrap();
//! ```

use super::{Blob, List};
use crate::rng::{SplitMix64, below};

/// Most elements that the model of [`list`] follows.
const MODEL_MAX: usize = 256;

/// The rule that a container broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken(pub &'static str);

impl core::fmt::Display for Broken {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.0)
    }
}

impl core::error::Error for Broken {}

/// Runs `steps` seeded operations on lists made by `make` beside a model that keeps them in an
/// array; lists of up to 256 elements.
///
/// # Errors
/// The first rule that does not hold.
pub fn list<L: List<u32>>(make: impl Fn() -> L, steps: u32, seed: u64) -> Result<(), Broken> {
    let mut list = make();
    let mut model = Model {
        items: [0; MODEL_MAX],
        len: 0,
    };
    let mut rng = SplitMix64::new(seed);
    ensure(list.is_empty(), "a new list is empty")?;
    ensure(
        list.capacity() <= MODEL_MAX,
        "conformance follows at most 256 elements",
    )?;
    ensure(
        L::PERMITTED == (list.capacity() > 0),
        "PERMITTED says whether anything fits",
    )?;
    for _ in 0..steps {
        let random = rng.next();
        let index = below(random as u32, model.len.saturating_add(2));
        if (random >> 62) == 0 {
            ensure(
                list.remove(index) == model.remove(index),
                "remove takes the element out",
            )?;
        } else {
            let value = (random >> 32) as u32;
            let fits = index <= model.len && model.len < list.capacity();
            let put = list.insert(index, value);
            ensure(
                put == if fits { Ok(()) } else { Err(value) },
                "insert, or the value back",
            )?;
            if fits {
                model.insert(index, value);
            }
        }
        same(&list, &model)?;
    }
    rebuilt_is_equal(&list, make())
}

/// Checks that a blob type holds up to `max` bytes and no more.
///
/// # Errors
/// The first rule that does not hold.
pub fn blob<B: Blob>(max: usize) -> Result<(), Broken> {
    const BYTES: [u8; 4096] = [0xa5; 4096];
    for len in [0, 1, max.div_ceil(2), max] {
        let bytes = BYTES
            .get(..len)
            .ok_or(Broken("conformance follows blobs up to 4096 bytes"))?;
        let held = B::from_slice(bytes).ok_or(Broken("a blob holds anything up to its bound"))?;
        ensure(
            held.as_ref() == bytes,
            "a blob gives back the bytes it was made of",
        )?;
        let (head, tail) = bytes
            .split_at_checked(len.div_ceil(3))
            .unwrap_or((bytes, &[]));
        ensure(
            B::from_parts(&[head, &[], tail]) == Some(held.clone()),
            "parts make the blob of their bytes",
        )?;
        ensure(
            B::from_slice(bytes) == Some(held),
            "equal bytes make equal blobs",
        )?;
    }
    Ok(())
}

struct Model {
    items: [u32; MODEL_MAX],
    len: usize,
}

impl Model {
    fn insert(&mut self, index: usize, value: u32) {
        self.len = self.len.saturating_add(1);
        if let Some(tail @ [_, ..]) = self.items.get_mut(index..self.len) {
            tail.rotate_right(1);
            if let Some(first) = tail.first_mut() {
                *first = value;
            }
        }
    }

    fn remove(&mut self, index: usize) -> Option<u32> {
        let tail = self.items.get_mut(index..self.len)?;
        let first = *tail.first()?;
        tail.rotate_left(1);
        self.len = self.len.saturating_sub(1);
        Some(first)
    }
}

fn same<L: List<u32>>(list: &L, model: &Model) -> Result<(), Broken> {
    let held = model.items.get(..model.len).unwrap_or_default();
    ensure(list.len() == held.len(), "len counts the elements")?;
    ensure(
        list.iter().eq(held.iter()),
        "iter yields the elements in order",
    )?;
    ensure(
        list.is_full() == (list.len() == list.capacity()),
        "full means at capacity",
    )?;
    ensure(list.get(list.len()).is_none(), "nothing past the end")?;
    let middle = held.len().div_euclid(2);
    ensure(list.get(middle) == held.get(middle), "get by index")?;
    ensure(
        list.iter_from(middle).eq(held.iter().skip(middle)),
        "iter_from starts at its index",
    )?;
    let found = list.search_by(|_| core::cmp::Ordering::Less);
    ensure(
        found == Err(held.len()),
        "search past everything ends at len",
    )
}

fn rebuilt_is_equal<L: List<u32>>(list: &L, mut fresh: L) -> Result<(), Broken> {
    for value in list.iter() {
        ensure(fresh.push(*value).is_ok(), "what fitted once fits again")?;
    }
    ensure(
        fresh == *list,
        "equal contents are equal, however they came about",
    )?;
    for index in (0..fresh.len()).rev() {
        if let Some(value) = fresh.get_mut(index) {
            *value = index as u32;
        }
    }
    let sorted = fresh.search_by(|value| (*value as usize).cmp(&fresh.len().div_euclid(2)));
    ensure(
        fresh.is_empty() || sorted == Ok(fresh.len().div_euclid(2)),
        "search finds by order",
    )
}

fn ensure(holds: bool, rule: &'static str) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(Broken(rule)) }
}
