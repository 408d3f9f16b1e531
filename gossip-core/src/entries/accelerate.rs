//! Short forms of a claim. One is for a replica that covers an owner again: the version numbers of the
//! values in place of the entries.
//!
//! Below its `held` a replica takes nothing from a claim but which of its values the claim confirms:
//! every entry on the list is at or below the floor and therefore not stored, and what is marked
//! follows from the version numbers of the values alone. So, for a claim that ends at or below the
//! replica's `held`, [`Progress::apply_versions`] does exactly what the whole claim would do: it marks
//! each value whose number is not told.
//!
//! It is made for an asker that holds everything up to its end, and says so by that end: a replica that
//! holds less ignores it, whoever it was made for. It cannot be a normal claim, since those end above
//! `held`. The other, [`Progress::apply_known`], is one.

use super::delta::{Claim, Map, Outcome, Progress};
use crate::hash::mix;
use crate::id::Version;

/// The version numbers of the values in a claim.
pub trait Versions {
    /// Marks each value of `map` in the bounds of `claim` whose number is not told.
    fn mark_untold(&self, map: &mut impl Map, claim: &Claim);
}

impl Progress {
    /// Up to where the short form may go that starts at `a` and answer an asker which holds everything
    /// up to `held`; `None` if the whole claim is called for.
    #[must_use]
    pub fn short_of(&self, a: Version, held: Version) -> Option<Version> {
        let end = held.min(self.held);
        (a < end).then_some(end)
    }

    /// Takes a claim that [is plausible](Claim::is_plausible), told by the version numbers of its
    /// values.
    pub fn apply_versions(
        &mut self,
        map: &mut impl Map,
        claim: &Claim,
        versions: &impl Versions,
    ) -> Outcome {
        if claim.b > self.held {
            return Outcome::Ignored;
        }
        self.cover(map, claim, |_, map| {
            versions.mark_untold(map, claim);
            true
        })
    }

    /// Takes a normal claim that [is plausible](Claim::is_plausible), told by the [`hash`] of the
    /// versions of everything it would list. Where everything held here has the same, there is nothing
    /// on the list that is not here, and `held` moves; else the claim is ignored. This is how single
    /// entries that came before become a stretch that is covered.
    pub fn apply_known(&mut self, map: &mut impl Map, claim: &Claim, told: u64) -> Outcome {
        if !self.is_normal(claim) || hash(map.versions(claim.a, claim.b)) != told {
            return Outcome::Ignored;
        }
        self.advance(map, claim, core::iter::empty());
        Outcome::Advanced
    }
}

/// A hash of version numbers in any order, and of their count: two different sets share one with a
/// chance of one in 2^64.
#[must_use]
pub fn hash(versions: impl Iterator<Item = Version>) -> u64 {
    let (count, sum) = versions.fold((0u64, 0u64), |(count, sum), version| {
        let weight = mix(u64::from(version.get()));
        (count.wrapping_add(1), sum.wrapping_add(weight))
    });
    mix(sum.wrapping_add(count))
}
