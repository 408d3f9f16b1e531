//! The orders in which entries travel when not all fit, and the stretch of versions that single ones are asked from.

use crate::hash::mix;
use crate::id::Version;
use serde::{Deserialize, Serialize};

/// What a datagram that is too small for all that is wanted carries first (van Renesse, Dumitriu,
/// Gough, Thomas 2008, section 3).
///
/// The scuttle orders tell claims of coverage: an owner's entries always in the order of their
/// versions, so that one number says how far a replica is. The precise orders tell single entries in any order
/// to replicas that say which they hold; an entry's age is counted in writes of its owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Reconciliation {
    /// Claims of coverage, a fair share of the room for each owner ("scuttle-breadth").
    ScuttleBreadth,
    /// Claims of coverage, the owner with most to tell first ("scuttle-depth").
    #[default]
    ScuttleDepth,
    /// Single entries, the oldest first.
    PreciseOldest,
    /// Single entries, the newest first: few are stale, and some for long.
    PreciseNewest,
    /// Single entries in random order.
    PreciseRandom,
}

impl Reconciliation {
    /// `true` if entries travel on their own.
    pub(super) const fn is_precise(self) -> bool {
        matches!(
            self,
            Self::PreciseOldest | Self::PreciseNewest | Self::PreciseRandom
        )
    }

    /// Where an entry stands in line: lower goes first. `newest` is the latest version of its owner,
    /// `salt` changes with the tokens that are taken.
    pub(crate) fn rank(self, version: Version, newest: Version, salt: u64) -> u32 {
        let age = newest.beyond(version);
        match self {
            Self::PreciseNewest => age,
            Self::PreciseRandom => mix(salt.wrapping_add(u64::from(version.get()))) as u32,
            _ => u32::MAX.saturating_sub(age),
        }
    }
}

/// Which versions in a stretch of 64 a replica holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Window {
    /// The stretch begins after this version.
    pub(crate) from: Version,
    /// Bit 0 stands for the first version of the stretch.
    pub(crate) have: u64,
}

impl Window {
    /// How many versions a window spans.
    pub(crate) const SPAN: u32 = 64;

    /// Where the stretch begins that ends with this version.
    pub(super) fn up_to(last: Version) -> Version {
        let before = last.get().saturating_sub(Self::SPAN);
        Version::new(before).unwrap_or(Version::NONE)
    }

    /// The last version of the stretch.
    pub(crate) fn to(self) -> Version {
        self.from.plus(Self::SPAN).unwrap_or(Version::MAX)
    }

    /// `true` if the version lies in the stretch and is not held.
    pub(super) fn lacks(self, version: Version) -> bool {
        let place = version.beyond(self.from);
        let bit = place.checked_sub(1).and_then(|at| 1u64.checked_shl(at));
        bit.is_some_and(|bit| self.have & bit == 0)
    }

    /// `true` if what is held of the stretch, up to `b`, is just what `versions` tells.
    pub(super) fn is_just(self, b: Version, versions: impl Iterator<Item = Version>) -> bool {
        let mut told = Self { have: 0, ..self };
        versions.for_each(|version| told.add(version));
        let length = b.beyond(self.from).min(Self::SPAN);
        let beyond = u64::MAX.checked_shl(length).unwrap_or(0);
        self.have & !beyond == told.have
    }

    /// Notes that a version is held; nothing changes for one outside the stretch.
    pub(crate) fn add(&mut self, version: Version) {
        let place = version.beyond(self.from);
        let bit = place.checked_sub(1).and_then(|at| 1u64.checked_shl(at));
        self.have |= bit.unwrap_or(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v(number: u32) -> Version {
        Version::new(number).unwrap()
    }

    #[test]
    fn a_window_lacks_what_was_not_added_inside_its_stretch() {
        let mut window = Window {
            from: v(10),
            have: 0,
        };
        assert!(!window.lacks(v(10)) && window.lacks(v(11)) && window.lacks(v(74)));
        assert!(!window.lacks(v(75)), "after the stretch nothing is known");
        for version in [v(9), v(10), v(11), v(74), v(75)] {
            window.add(version);
        }
        assert_eq!(window.have, 1 | 1 << 63);
        assert_eq!(window.to(), v(74));
    }

    #[test]
    fn ranks_put_the_oldest_the_newest_or_any_first() {
        let rank = |order: Reconciliation, version, salt| order.rank(v(version), v(100), salt);
        assert!(
            rank(Reconciliation::PreciseOldest, 3, 0) < rank(Reconciliation::PreciseOldest, 4, 0)
        );
        assert!(
            rank(Reconciliation::PreciseNewest, 4, 0) < rank(Reconciliation::PreciseNewest, 3, 0)
        );
        let first = |salt| {
            (1..=50).min_by_key(|version| rank(Reconciliation::PreciseRandom, *version, salt))
        };
        let firsts: std::collections::BTreeSet<_> = (0..100).map(first).collect();
        assert!(firsts.len() > 20, "{firsts:?}");
    }
}
