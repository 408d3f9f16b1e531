//! Deltas as claims of complete coverage: the rules of one owner's map in one generation.
//!
//! A claim `(a, b]` says "these are **all** entries of the owner that I hold with versions above `a`
//! up to `b`". A replica that holds everything up to `a` may move to `b`. Where tombstones have been
//! collected, claims from zero *re-cover* the owner: what a claim should list and does not is
//! *marked*, stays readable, and is dropped only when the re-cover has reached everything that
//! anybody involved depends on. The obvious versions of these rules lose or resurrect keys; the
//! tests hold fourteen histories that show how.
//!
//! A value whose lease runs out becomes a tombstone *of the same version*: the write was "set, and
//! delete later", and each replica does the second half by itself. So replicas may list one version as a
//! value and as a tombstone. An equal version never replaces, and is "listed" whichever it is. One rule is
//! needed beside those for deletes: a value with a lease that a re-cover drops counts as a collected
//! tombstone. Its sender may have let it run out and collected it behind the receiver's cursor, which
//! no tombstone of the receiver's shows; the tests hold the history.
//!
//! The module is pure: [`Progress`] is the replica's position, [`Map`] what it needs of the place
//! where the entries are kept. The scheme refines Scuttlebutt's version bound per owner (van
//! Renesse, Dumitriu, Gough, Thomas, "Efficient Reconciliation and Flow Control for Anti-Entropy
//! Protocols", 2008, section 3).

use crate::id::Version;
use crate::time::Instant;
use crate::wire::limits;

/// How far a replica's copy of one owner's map reaches. Always `gc <= held <= as_of`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Progress {
    /// Every write up to here is held, or superseded by a write up to `as_of`, or is a collected
    /// tombstone up to `gc`.
    pub held: Version,
    /// The highest version of a tombstone that this replica, or one that it re-covered from, may
    /// have collected.
    pub gc: Version,
    /// The highest version that anything known here depends on.
    pub as_of: Version,
    /// The re-cover under way, if any. It may be forgotten at any time.
    pub recover: Option<Recover>,
}

/// A re-cover of an owner from version zero, claim by claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Recover {
    /// Covered up to here.
    pub cursor: Version,
    /// The collected tombstones that made it necessary reach up to here.
    pub target: Version,
    /// It may end once the cursor is here.
    pub finish: Version,
}

/// What a replica tells of its position when it asks for more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Digest {
    /// [`Progress::held`].
    pub held: Version,
    /// Cursor and target of the re-cover under way.
    pub recover: Option<(Version, Version)>,
}

/// The bounds of a claim; its list travels beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Claim {
    /// The claim covers versions above this...
    pub a: Version,
    /// ...up to this one.
    pub b: Version,
    /// The sender's `held` when it made the claim.
    pub held: Version,
    /// The sender's `gc`.
    pub gc: Version,
    /// The sender's `as_of`.
    pub as_of: Version,
}

/// One entry as it travels: a value, or `None` for a tombstone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Listed<'a> {
    /// The entry's key.
    pub key: &'a str,
    /// The version of the write.
    pub version: Version,
    /// The value set, or `None` if the key was deleted or its lease ran out.
    pub value: Option<&'a [u8]>,
    /// When the value's lease ends, by the clock of the node that lists it or takes it; `None` if it
    /// was set for good. The rules do not look at it.
    pub expires: Option<Instant>,
}

impl Listed<'_> {
    /// How many bytes it takes at most when it is told at `now`, `back` versions before the end of a
    /// claim.
    pub(crate) fn len(&self, now: Instant, back: u32) -> usize {
        let value = self.value.map_or(0, <[u8]>::len);
        let lease = self.expires.map_or(0, |at| limits::lease(at.since(now)));
        limits::entry(back, self.key.len(), value).saturating_add(lease)
    }
}

/// What a claim did to a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing: stale, repeated, out of place, or from a sender that knows too little.
    Ignored,
    /// `held` moved to the claim's end.
    Advanced,
    /// A re-cover moved on and is not done.
    Stepped,
    /// A re-cover ended; `held` is where its cursor was.
    Finished,
}

/// One owner's map, as the rules see it.
pub trait Map {
    /// The version at which `key` is held, as a value or a tombstone.
    fn version(&self, key: &str) -> Option<Version>;
    /// Stores a write, unmarked.
    fn store(&mut self, entry: Listed<'_>);
    /// Clears every mark.
    fn unmark(&mut self);
    /// Marks each value held with a version in `(a, b]` that is not on `list` at that version. Marks
    /// that are there already stay.
    fn mark_missing<'l>(&mut self, a: Version, b: Version, list: impl Iterator<Item = Listed<'l>>);
    /// Marks each value held with a version in `(a, b]` for which `is_listed` is `false`. Marks that
    /// are there already stay.
    fn mark_unlisted(&mut self, a: Version, b: Version, is_listed: impl Fn(Version) -> bool);
    /// The versions in `(a, b]` of the values held, marked or not, in any order.
    fn values(&self, a: Version, b: Version) -> impl Iterator<Item = Version>;
    /// The versions in `(a, b]` of everything held, tombstones and what is marked included, in any
    /// order.
    fn versions(&self, a: Version, b: Version) -> impl Iterator<Item = Version>;
    /// `true` if anything is marked.
    fn has_marked(&self) -> bool;
    /// Removes every marked entry. Returns the highest version of one that had a lease, or
    /// [`Version::NONE`]: it counts as a collected tombstone.
    fn drop_marked(&mut self) -> Version;
}

impl Claim {
    /// `true` if the bounds are ones that an honest sender can make.
    #[must_use]
    pub fn is_plausible(&self) -> bool {
        self.a < self.b && self.b <= self.held && self.gc <= self.held && self.held <= self.as_of
    }
}

impl Progress {
    /// Where an owner starts in a new life: born, with every earlier entry gone.
    pub const BIRTH: Self = Self {
        held: Version::BIRTH,
        gc: Version::BIRTH,
        as_of: Version::BIRTH,
        recover: None,
    };

    /// Where a replica starts when it holds entries of an owner's earlier life: nothing held of this
    /// one, with the old entries standing at [`Version::BIRTH`] until a re-cover replaces them.
    pub const REBORN: Self = Self {
        held: Version::NONE,
        gc: Version::NONE,
        as_of: Version::BIRTH,
        recover: None,
    };

    /// A write at or below this version is either here already or was superseded.
    #[must_use]
    pub fn floor(&self) -> Version {
        self.recover
            .map_or(self.held, |recover| self.held.max(recover.cursor))
    }

    /// What to tell a peer to be told more.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest {
            held: self.held,
            recover: self.recover.map(|r| (r.cursor, r.target)),
        }
    }

    /// What to tell the owner itself, which is known to hold entries up to `told`: where everything is covered, how far its
    /// writes must reach for the re-cover to end stands in place of the target. An owner that has not written so far
    /// knows then that something false was told of it.
    #[must_use]
    pub fn digest_for_owner(&self, told: Version) -> Digest {
        let reach = |r: Recover| match r.cursor >= r.target.max(told) {
            true => r.target.max(r.finish),
            false => r.target,
        };
        Digest {
            held: self.held,
            recover: self.recover.map(|r| (r.cursor, reach(r))),
        }
    }

    /// The sender's rules: from which version a claim for `digest` starts, or `None` if there is
    /// nothing useful to say.
    #[must_use]
    pub fn answer(&self, digest: &Digest) -> Option<Version> {
        if self.gc <= digest.held {
            return (self.held > digest.held).then_some(digest.held);
        }
        if let Some((cursor, target)) = digest.recover
            && self.gc <= cursor.max(target)
        {
            return (self.held >= target && self.held > cursor).then_some(cursor);
        }
        Some(Version::NONE)
    }

    /// The claim `(a, b]` by this replica, whose `held` does not move while it recovers.
    #[must_use]
    pub fn claim(&self, a: Version, b: Version) -> Claim {
        Claim {
            a,
            b,
            held: self.held,
            gc: self.gc,
            as_of: self.as_of,
        }
    }

    /// Takes one entry on its own, in any order. `true` if it was stored.
    pub fn apply_entry(&mut self, map: &mut impl Map, entry: Listed<'_>) -> bool {
        let stored = accept(map, self.floor(), entry);
        if stored {
            self.as_of = self.as_of.max(entry.version);
        }
        stored
    }

    /// Covers the entries that came on their own as far as they follow `held` without a gap. `true` if there were
    /// any.
    ///
    /// Whoever wrote version v claimed `(v - 1, v]` with it, and that claim is normal wherever `held` is v - 1: to have
    /// the entry is to have heard it.
    pub fn absorb(&mut self, map: &impl Map) -> bool {
        let before = self.held;
        let may = self.recover.is_none() && before >= Version::BIRTH;
        while may
            && let Some(next) = self.held.next()
            && map.versions(self.held, next).next().is_some()
        {
            self.held = next;
        }
        self.held > before
    }

    /// Takes a claim that [is plausible](Claim::is_plausible), with everything it lists.
    pub fn apply_claim<'l>(
        &mut self,
        map: &mut impl Map,
        claim: &Claim,
        list: impl Iterator<Item = Listed<'l>> + Clone,
    ) -> Outcome {
        if self.is_normal(claim) {
            self.advance(map, claim, list);
            return Outcome::Advanced;
        }
        self.cover(map, claim, |progress, map| {
            for entry in list.clone() {
                progress.apply_entry(map, entry);
            }
            map.mark_missing(claim.a, claim.b, list);
            true
        })
    }

    /// Gives up the re-cover under way. Safe at any time.
    ///
    /// What it waits for beyond its target is that nothing is dropped that was written again. With nothing marked there
    /// is nothing to drop, and what it passed stays covered.
    pub fn give_up_recover(&mut self, map: &mut impl Map) {
        let passed = |recover: &Recover| recover.cursor >= recover.target.max(self.held);
        match self.recover.filter(passed) {
            Some(recover) if !map.has_marked() => self.finish(map, recover),
            _ => self.forget_recover(map),
        }
    }

    fn forget_recover(&mut self, map: &mut impl Map) {
        if self.recover.take().is_some() {
            map.unmark();
        }
    }

    /// `true` if a tombstone of this version may be collected.
    #[must_use]
    pub fn may_collect(&self, version: Version) -> bool {
        version <= self.held
    }

    /// Notes that a tombstone which [`may_collect`](Self::may_collect) allowed was removed.
    pub fn collected(&mut self, version: Version) {
        self.gc = self.gc.max(version);
    }

    /// `true` for a claim that begins no later than where `held` is, and moves it.
    pub(crate) fn is_normal(&self, claim: &Claim) -> bool {
        claim.gc <= self.held && claim.a <= self.held && self.held < claim.b
    }

    /// A normal claim: nothing is dropped, and `gc` is not adopted.
    pub(super) fn advance<'l>(
        &mut self,
        map: &mut impl Map,
        claim: &Claim,
        list: impl Iterator<Item = Listed<'l>>,
    ) {
        self.forget_recover(map);
        for entry in list {
            self.apply_entry(map, entry);
        }
        self.held = claim.b;
        self.as_of = self.as_of.max(claim.as_of);
    }

    /// The re-cover that `claim` continues, starts, or starts again.
    fn started(&self, claim: &Claim) -> Option<Recover> {
        match self.recover {
            Some(recover) if claim.gc <= recover.cursor.max(recover.target) => Some(recover),
            earlier if claim.a == Version::NONE && claim.gc > self.held => Some(Recover {
                cursor: Version::NONE,
                target: claim.gc,
                finish: earlier.map_or(self.as_of, |recover| recover.finish),
            }),
            _ => None,
        }
    }

    /// A claim starts or continues a re-cover: `take` stores and marks what the claim calls for, and
    /// says whether the claim holds here.
    pub(super) fn cover<M: Map>(
        &mut self,
        map: &mut M,
        claim: &Claim,
        take: impl FnOnce(&mut Self, &mut M) -> bool,
    ) -> Outcome {
        let earlier = self.recover;
        let Some(mut recover) = self.started(claim) else {
            return Outcome::Ignored;
        };
        let in_place = claim.a <= recover.cursor && recover.cursor < claim.b;
        if !in_place || claim.held < recover.target {
            return Outcome::Ignored;
        }
        self.recover = Some(recover);
        if !take(self, map) {
            self.recover = earlier;
            return Outcome::Ignored;
        }
        recover.cursor = claim.b;
        recover.finish = recover.finish.max(claim.as_of);
        self.as_of = self.as_of.max(claim.as_of);
        self.recover = Some(recover);
        if recover.cursor < recover.target.max(recover.finish) {
            return Outcome::Stepped;
        }
        self.finish(map, recover);
        Outcome::Finished
    }

    fn finish(&mut self, map: &mut impl Map, recover: Recover) {
        let run_out = map.drop_marked();
        self.held = recover.cursor;
        self.gc = self.gc.max(recover.target).max(run_out);
        self.as_of = self.as_of.max(self.held);
        self.recover = None;
    }
}

/// The entry rule: newer than the floor, and newer than what is held of the key.
fn accept(map: &mut impl Map, floor: Version, entry: Listed<'_>) -> bool {
    let newest = map
        .version(entry.key)
        .is_none_or(|held| entry.version > held);
    if entry.version <= floor || !newest {
        return false;
    }
    map.store(entry);
    true
}
