//! Addresses to join through: each is tried, ever more slowly, until it has answered.

use core::marker::PhantomData;

use crate::storage::List;
use crate::time::{Duration, Instant};

/// One address to join through.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seed<A> {
    address: A,
    tries: u8,
    answered: bool,
    next: Instant,
}

impl<A: Copy> Seed<A> {
    /// Where it is.
    #[must_use]
    pub fn address(&self) -> A {
        self.address
    }

    /// How often it was tried since it was named, or since it was heard of last; stops at 255.
    #[must_use]
    pub fn tries(&self) -> u8 {
        self.tries
    }

    /// `true` once something of use came from there.
    #[must_use]
    pub fn has_answered(&self) -> bool {
        self.answered
    }

    /// The same with its time in another clock's words.
    pub(crate) fn told_by(&self, told: impl FnOnce(Instant) -> Instant) -> Self {
        let next = told(self.next);
        Self { next, ..*self }
    }

    /// When it is tried next, unless it answers; `None` if it has.
    #[must_use]
    pub fn next_try(&self) -> Option<Instant> {
        (!self.answered).then_some(self.next)
    }
}

/// All of them.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Seeds<A, L> {
    list: L,
    address: PhantomData<A>,
}

impl<A, L> Seeds<A, L> {
    /// Seeds kept in `list`, which must be empty.
    pub const fn new(list: L) -> Self {
        Self {
            list,
            address: PhantomData,
        }
    }
}

/// The wait after the first try; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

impl<A: Copy + Eq, L: List<Seed<A>>> Seeds<A, L> {
    /// How many things the table holds, and can hold.
    pub(crate) fn usage(&self) -> (usize, usize) {
        (self.list.len(), self.list.capacity())
    }

    /// Takes an address, or begins anew with one that is there. `false` if there is no room.
    pub(crate) fn add(&mut self, address: A) -> bool {
        let seed = Seed {
            address,
            tries: 0,
            answered: false,
            next: Instant::ZERO,
        };
        let found = self.list.iter().position(|other| other.address == address);
        match found.and_then(|index| self.list.get_mut(index)) {
            Some(known) => {
                *known = seed;
                true
            }
            None => self.list.push(seed).is_ok(),
        }
    }

    /// Forgets an address; `false` if it is none to join through.
    pub(crate) fn remove(&mut self, address: A) -> bool {
        let found = self.list.iter().position(|seed| seed.address == address);
        found.is_some_and(|index| self.list.remove(index).is_some())
    }

    pub(crate) fn capacity(&self) -> usize {
        self.list.capacity()
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn at(&self, index: usize) -> Option<A> {
        self.list.get(index).map(|seed| seed.address)
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Seed<A>> {
        self.list.iter()
    }

    pub(crate) fn contains(&self, address: A) -> bool {
        self.list.iter().any(|seed| seed.address == address)
    }

    /// `true` while nothing of use has come from this address.
    pub(crate) fn awaits(&self, address: A) -> bool {
        let mut seeds = self.list.iter();
        seeds.any(|seed| seed.address == address && !seed.answered)
    }

    /// Notes that something of use came from this address.
    pub(crate) fn heard(&mut self, address: A) {
        let found = self
            .list
            .iter()
            .position(|seed| seed.address == address && !seed.answered);
        if let Some(seed) = found.and_then(|index| self.list.get_mut(index)) {
            seed.answered = true;
            seed.tries = 0;
        }
    }

    /// Begins anew with all of them, the slow way: nobody else is left.
    pub(crate) fn retry_all(&mut self, now: Instant) {
        for index in 0..self.list.len() {
            if let Some(seed) = self.list.get_mut(index).filter(|seed| seed.answered) {
                seed.answered = false;
                seed.next = now.after(FIRST_WAIT);
            }
        }
    }

    /// When the next try is due.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.list
            .iter()
            .filter(|seed| !seed.answered)
            .map(|seed| seed.next)
            .min()
    }

    /// The next address whose try is due, and how often it was tried before without an answer; the
    /// try counts as made.
    pub(crate) fn due(&mut self, now: Instant) -> Option<(A, u8)> {
        let found = self
            .list
            .iter()
            .position(|seed| !seed.answered && seed.next <= now);
        let seed = self.list.get_mut(found?)?;
        let doubled = FIRST_WAIT.times(1u32.checked_shl(u32::from(seed.tries)).unwrap_or(u32::MAX));
        seed.next = now.after(doubled.min(LONGEST_WAIT));
        let before = seed.tries;
        seed.tries = before.saturating_add(1);
        Some((seed.address, before))
    }

    /// Counts every try's time from `epoch`.
    pub(crate) fn rebase(&mut self, epoch: Instant) {
        for index in 0..self.list.len() {
            if let Some(seed) = self.list.get_mut(index) {
                seed.next = seed.next.counted_from(epoch);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::InlineList;
    use std::vec::Vec;

    type Two = Seeds<u16, InlineList<Seed<u16>, 2>>;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    fn one() -> Two {
        let mut seeds = Seeds::new(InlineList::new());
        assert!(seeds.add(1));
        seeds
    }

    /// When the seeds are tried until `end`, in milliseconds.
    fn tries(seeds: &mut Two, end: u64) -> Vec<u64> {
        let mut all = Vec::new();
        while let Some(next) = seeds.next().filter(|next| *next <= at(end)) {
            assert!(seeds.due(next).is_some());
            all.push(next.as_millis());
        }
        all
    }

    #[test]
    fn each_wait_is_twice_the_one_before_it_up_to_a_minute() {
        let all = tries(&mut one(), 300_000);
        assert_eq!(all[..5], [0, 250, 750, 1750, 3750]);
        let waits: Vec<u64> = all.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(waits.last(), Some(&60_000));
        assert!(waits.is_sorted());
    }

    #[test]
    fn one_that_answered_is_tried_no_more_until_nobody_else_is_left() {
        let mut seeds = one();
        seeds.due(at(0));
        assert!(seeds.awaits(1));
        seeds.heard(1);
        assert!(!seeds.awaits(1) && seeds.contains(1));
        assert_eq!(seeds.next(), None);
        seeds.retry_all(at(5000));
        assert_eq!(tries(&mut seeds, 6000), [5250, 5500, 6000]);
    }

    #[test]
    fn a_seed_that_is_named_again_is_tried_at_once() {
        let mut seeds = one();
        tries(&mut seeds, 100_000);
        assert!(seeds.add(1));
        assert_eq!(seeds.len(), 1);
        assert_eq!(seeds.due(at(100_001)), Some((1, 0)));
    }

    #[test]
    fn a_full_table_takes_no_more_until_one_is_removed() {
        let mut seeds = one();
        assert!(seeds.add(2) && !seeds.add(3));
        assert!(seeds.remove(1) && !seeds.remove(1));
        assert!(seeds.add(3));
        let all: Vec<u16> = seeds.iter().map(Seed::address).collect();
        assert_eq!(all, [2, 3]);
    }
}
