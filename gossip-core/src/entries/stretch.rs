//! Rising version numbers in a few bytes: stretches of them, one after the other.
//!
//! A dense part costs a byte or three however long it is, a part where some numbers are missing a
//! byte for each seven, and a sparse part a byte or two for each number.

use heapless::Vec;

use super::accelerate::Versions;
use super::delta::{Claim, Map};
use crate::id::Version;
use crate::wire::limits;

/// What comes next after the numbers told so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stretch {
    /// The next seven numbers: bit 0 stands for the first, and is set if it is there.
    Bits(u8),
    /// So many numbers are missing, and then one is there.
    Gap(u32),
    /// So many numbers are there.
    Run(u32),
}

impl Stretch {
    /// How many numbers [`Bits`](Self::Bits) tells of.
    const BITS: u32 = 7;
    /// A gap of fewer numbers begins with bits.
    const SHORT_GAP: u32 = 4;

    /// How many numbers it tells of.
    #[must_use]
    pub const fn len(self) -> u32 {
        match self {
            Self::Bits(_) => Self::BITS,
            Self::Gap(missing) => missing.saturating_add(1),
            Self::Run(there) => there,
        }
    }

    /// `true` if it tells of nothing that is there: no sender makes such a stretch.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        matches!(self, Self::Bits(0) | Self::Run(0))
    }

    /// `true` if the number `offset` places after those told before is there.
    #[must_use]
    pub fn has(self, offset: u32) -> bool {
        match self {
            Self::Bits(bits) => {
                let place = offset.wrapping_sub(1);
                place < Self::BITS && (bits >> place) & 1 == 1
            }
            Self::Gap(missing) => offset == missing.saturating_add(1),
            Self::Run(there) => offset > 0 && offset <= there,
        }
    }

    /// How far its first and its last number lie behind those told before.
    #[must_use]
    pub fn ends(self) -> (u32, u32) {
        match self {
            Self::Bits(bits) => (
                bits.trailing_zeros().saturating_add(1),
                u8::BITS.saturating_sub(bits.leading_zeros()),
            ),
            Self::Gap(_) => (self.len(), self.len()),
            Self::Run(there) => (1, there),
        }
    }

    /// The stretch that begins a new part of the list, `offset` places on.
    fn first(offset: u32) -> Self {
        let missing = offset.saturating_sub(1);
        if missing < Self::SHORT_GAP {
            Self::Bits(1 << missing)
        } else {
            Self::Gap(missing)
        }
    }

    /// This stretch with one more number, if it can tell of that.
    fn with(self, offset: u32) -> Option<Self> {
        match self {
            Self::Bits(bits) if offset <= Self::BITS => {
                let bits = bits | 1u8.checked_shl(offset.saturating_sub(1))?;
                Some(if bits == 0x7f {
                    Self::Run(Self::BITS)
                } else {
                    Self::Bits(bits)
                })
            }
            Self::Run(there) if offset == there.saturating_add(1) => Some(Self::Run(offset)),
            _ => None,
        }
    }
}

/// Turns rising `versions` above `a` into stretches, each with the version that it follows.
pub(crate) fn stretches(
    a: Version,
    mut versions: impl Iterator<Item = Version>,
) -> impl Iterator<Item = (u32, Stretch)> {
    let mut open: Option<(u32, Stretch)> = None;
    let mut done = false;
    core::iter::from_fn(move || {
        while !done {
            let Some(version) = versions.next() else {
                done = true;
                break;
            };
            let (base, stretch) = match open {
                Some((base, stretch)) => (base, Some(stretch)),
                None => (a.get(), None),
            };
            let offset = version.get().saturating_sub(base);
            if let Some(stretch) = stretch {
                if let Some(grown) = stretch.with(offset) {
                    open = Some((base, grown));
                    continue;
                }
                let next = base.saturating_add(stretch.len());
                let offset = version.get().saturating_sub(next);
                open = Some((next, Stretch::first(offset)));
                return Some((base, stretch));
            }
            open = Some((base, Stretch::first(offset)));
        }
        open.take()
    })
}

/// Where a page that starts at `a` ends so that the stretches of rising `versions` take at most `room`
/// bytes: before the first number that does not fit, or at `end`. `None` if nothing fits.
pub(crate) fn page_end(
    a: Version,
    end: Version,
    versions: impl Iterator<Item = Version>,
    room: usize,
) -> Option<Version> {
    let mut left = room;
    for (base, stretch) in stretches(a, versions) {
        match left.checked_sub(limits::stretch(stretch)) {
            Some(rest) => left = rest,
            None => {
                let first = base.saturating_add(stretch.ends().0);
                return Version::new(first.saturating_sub(1)).filter(|b| *b > a);
            }
        }
    }
    Some(end)
}

/// The versions in `(a, b]` in rising order. `walk` gives those between two others in any order; it is
/// called once for every 64 of them, since there is no room to sort all.
pub(crate) fn rising<I: Iterator<Item = Version>>(
    a: Version,
    b: Version,
    walk: impl Fn(Version, Version) -> I,
) -> impl Iterator<Item = Version> {
    const SORTED: usize = 64;
    let mut sorted: Vec<Version, SORTED> = Vec::new();
    let (mut after, mut next) = (a, 0usize);
    core::iter::from_fn(move || {
        if next >= sorted.len() {
            if next > 0 && next < SORTED {
                return None;
            }
            (sorted, next) = (lowest(walk(after, b)), 0);
        }
        let version = *sorted.get(next)?;
        next = next.saturating_add(1);
        after = version;
        Some(version)
    })
}

/// The lowest `N` of some versions, sorted.
fn lowest<const N: usize>(versions: impl Iterator<Item = Version>) -> Vec<Version, N> {
    let mut sorted: Vec<Version, N> = Vec::new();
    for version in versions {
        if sorted.is_full() {
            if sorted.last().is_none_or(|last| version >= *last) {
                continue;
            }
            sorted.pop();
        }
        let at = sorted.partition_point(|lower| *lower < version);
        let mut version = version;
        let behind = sorted.iter_mut().skip(at);
        behind.for_each(|place| core::mem::swap(place, &mut version));
        // There is room: a full list lost its last.
        let _ = sorted.push(version);
    }
    sorted
}

/// The stretches of one claim, as they came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told<I>(pub(crate) I);

impl<I: Iterator<Item = Stretch> + Clone> Versions for Told<I> {
    fn mark_untold(&self, map: &mut impl Map, claim: &Claim) {
        let mut batch = Batch::after(claim.a);
        for stretch in self.0.clone() {
            if batch.stretches.is_full() {
                let (from, to) = (batch.from, batch.to.min(claim.b));
                map.mark_unlisted(from, to, |version| batch.has(version));
                batch = Batch::after(to);
            }
            batch.push(stretch);
        }
        map.mark_unlisted(batch.from, claim.b, |version| batch.has(version));
    }
}

/// Some stretches at a time, since each walk along the map takes as long as the map.
struct Batch {
    from: Version,
    to: Version,
    stretches: Vec<(u32, Stretch), 32>,
}

impl Batch {
    fn after(from: Version) -> Self {
        Self {
            from,
            to: from,
            stretches: Vec::new(),
        }
    }

    fn push(&mut self, stretch: Stretch) {
        let base = self.to;
        self.to = base.plus(stretch.len()).unwrap_or(Version::MAX);
        // The caller made room.
        let _ = self.stretches.push((base.get(), stretch));
    }

    fn has(&self, version: Version) -> bool {
        let version = version.get();
        let after = self.stretches.partition_point(|(base, _)| *base < version);
        let found = after.checked_sub(1).and_then(|at| self.stretches.get(at));
        found.is_some_and(|(base, stretch)| stretch.has(version.saturating_sub(*base)))
    }
}
