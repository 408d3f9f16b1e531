//! The real rules, and variants with one rule broken.
//!
//! Each variant bends what goes into the real code or what comes out of it, so that there is one
//! implementation. Rules that exist nowhere in the real code, such as dropping in a normal claim, are
//! added behind it. Only [`Rules::NormalKeepsRecovery`] states a rule again, in three lines: the real
//! code forgets the recovery before anything can interfere.

use gossip_core::Version;
use gossip_core::entries::accelerate::hash;
use gossip_core::entries::delta::{Claim, Listed, Map, Outcome, Progress};

use super::replica::{Form, Replica, Table, Told};

/// Which rules the nodes of a world follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rules {
    /// The real ones.
    Real,
    /// What a claim does not list is dropped at once.
    DropAtOnce,
    /// A claim asks for no more than its sender's `held`.
    HorizonNotInherited,
    /// Normal claims, too, drop what they do not list, once `held` is where the sender's was.
    ParkUntilSendersHeld,
    /// The same, once `held` is where the sender's `as_of` was.
    ParkUntilSendersAsOf,
    /// An entry at or below `held` is taken.
    NoFloorAtHeld,
    /// Any tombstone may be collected.
    CollectAboveHeld,
    /// A re-cover's end leaves `gc` as it was.
    ForgetGc,
    /// An entry behind the cursor is taken.
    NoFloorAtCursor,
    /// `held` follows the cursor.
    HeldMoves,
    /// A step from a sender that has not reached the target counts.
    SenderBelowTarget,
    /// A re-cover goes on although the sender has collected beyond its target.
    NoRestart,
    /// A re-cover ends at its target.
    FinishAtTarget,
    /// `finish` is raised only while the cursor is below the target.
    FinishRaisedBelowTarget,
    /// `finish` begins at nothing.
    FinishFromNothing,
    /// A normal claim leaves the re-cover as it is.
    NormalKeepsRecovery,
    /// An owner's new life begins at nothing, not at its birth.
    NoBirth,
    /// Version numbers are taken by a replica that holds less than they were made for.
    VersionsForLess,
    /// What is known is compared by its values alone, without tombstones.
    KnownOfValues,
}

impl Rules {
    /// Every variant that breaks a rule.
    pub const BROKEN: [Self; 18] = [
        Self::DropAtOnce,
        Self::HorizonNotInherited,
        Self::ParkUntilSendersHeld,
        Self::ParkUntilSendersAsOf,
        Self::NoFloorAtHeld,
        Self::CollectAboveHeld,
        Self::ForgetGc,
        Self::NoFloorAtCursor,
        Self::HeldMoves,
        Self::SenderBelowTarget,
        Self::NoRestart,
        Self::FinishAtTarget,
        Self::FinishRaisedBelowTarget,
        Self::FinishFromNothing,
        Self::NormalKeepsRecovery,
        Self::NoBirth,
        Self::VersionsForLess,
        Self::KnownOfValues,
    ];

    /// Where an owner's new life begins.
    pub fn birth(self) -> Progress {
        if self == Self::NoBirth {
            Progress::default()
        } else {
            Progress::BIRTH
        }
    }

    pub fn may_collect<const K: usize>(self, node: &Replica<K>, version: Version) -> bool {
        self == Self::CollectAboveHeld || node.progress.may_collect(version)
    }

    pub fn take_entry<const K: usize>(self, node: &mut Replica<K>, entry: Listed<'_>) -> bool {
        let real = node.progress;
        match self {
            Self::NoFloorAtHeld => node.progress.held = Version::NONE,
            Self::NoFloorAtCursor => node.progress.recover = None,
            _ => {}
        }
        let stored = node.progress.apply_entry(&mut node.table, entry);
        node.progress = Progress {
            as_of: node.progress.as_of,
            ..real
        };
        stored
    }

    pub fn take_claim<const K: usize>(self, node: &mut Replica<K>, told: &Told<K>) -> Outcome {
        let before = node.progress;
        let heard = told.claim.as_of;
        let told = &self.bent(node, told);
        let recovering = before.recover.is_some();
        if self == Self::NormalKeepsRecovery && recovering && is_normal(&before, &told.claim) {
            return advance_in_recovery(node, told);
        }
        let outcome = self.apply(node, told);
        let known = if outcome == Outcome::Ignored {
            Version::NONE
        } else {
            heard
        };
        node.progress.as_of = node.progress.as_of.max(before.as_of).max(known);
        self.spoil(node, &before, told, outcome);
        outcome
    }

    /// Applies a claim in its form.
    fn apply<const K: usize>(self, node: &mut Replica<K>, told: &Told<K>) -> Outcome {
        let (progress, table) = (&mut node.progress, &mut node.table);
        let (claim, list) = (&told.claim, &told.list);
        let (a, b) = (claim.a, claim.b);
        match (told.form, self) {
            (Form::Whole, Self::DropAtOnce) => {
                progress.apply_claim(&mut Hasty(table), claim, list.listed())
            }
            (Form::Whole, _) => progress.apply_claim(table, claim, list.listed()),
            (Form::Versions, Self::VersionsForLess) => re_cover(progress, table, claim, list),
            (Form::Versions, _) => progress.apply_versions(table, claim, list),
            (Form::Known, Self::KnownOfValues) => {
                let same = hash(list.values(a, b)) == hash(table.values(a, b));
                let own = hash(table.versions(a, b));
                let told = if same { own } else { !own };
                progress.apply_known(table, claim, told)
            }
            (Form::Known, _) => progress.apply_known(table, claim, hash(list.versions(a, b))),
        }
    }

    /// Bends the claim, or the position it meets, before the real rules see them.
    fn bent<const K: usize>(self, node: &mut Replica<K>, told: &Told<K>) -> Told<K> {
        let mut told = told.clone();
        let claim = &mut told.claim;
        let recover = node.progress.recover;
        match (self, recover) {
            (Self::HorizonNotInherited, _) => claim.as_of = claim.held,
            (Self::SenderBelowTarget, Some(recover)) => claim.held = claim.held.max(recover.target),
            (Self::NoRestart, Some(recover)) => {
                claim.gc = claim.gc.min(recover.cursor.max(recover.target));
            }
            (Self::FinishRaisedBelowTarget, Some(recover)) if recover.cursor >= recover.target => {
                claim.as_of = Version::NONE;
            }
            (Self::FinishFromNothing, None) => node.progress.as_of = Version::NONE,
            (Self::FinishAtTarget, _) => {
                claim.as_of = Version::NONE;
                node.progress.as_of = Version::NONE;
            }
            _ => {}
        }
        told
    }

    /// Spoils what the real rules made of a claim.
    fn spoil<const K: usize>(
        self,
        node: &mut Replica<K>,
        before: &Progress,
        told: &Told<K>,
        outcome: Outcome,
    ) {
        let progress = &mut node.progress;
        match (self, outcome) {
            (Self::ForgetGc, Outcome::Finished) => progress.gc = before.gc,
            (Self::HeldMoves, Outcome::Stepped) => progress.held = progress.floor(),
            (Self::DropAtOnce, Outcome::Advanced) => park(node, told, told.claim.b),
            (Self::ParkUntilSendersHeld, Outcome::Advanced) => park(node, told, told.claim.held),
            (Self::ParkUntilSendersAsOf, Outcome::Advanced) => park(node, told, told.claim.as_of),
            _ => {}
        }
    }
}

fn is_normal(progress: &Progress, claim: &Claim) -> bool {
    claim.gc <= progress.held && claim.a <= progress.held && progress.held < claim.b
}

/// Takes a claim as a step of a re-cover, with a list whose entries are not there to be stored.
fn re_cover<const K: usize>(
    progress: &mut Progress,
    table: &mut Table<K>,
    claim: &Claim,
    list: &Table<K>,
) -> Outcome {
    if is_normal(progress, claim) {
        return Outcome::Ignored;
    }
    progress.apply_claim(&mut NoValues(table), claim, list.listed())
}

fn advance_in_recovery<const K: usize>(node: &mut Replica<K>, told: &Told<K>) -> Outcome {
    for entry in told.list.listed() {
        node.progress.apply_entry(&mut node.table, entry);
    }
    node.progress.held = told.claim.b;
    node.progress.as_of = node.progress.as_of.max(told.claim.as_of);
    Outcome::Advanced
}

fn park<const K: usize>(node: &mut Replica<K>, told: &Told<K>, until: Version) {
    node.table
        .mark_missing(told.claim.a, told.claim.b, told.list.listed());
    let until = node.parked_until.unwrap_or(until);
    node.parked_until = Some(until);
    if node.progress.held >= until {
        node.table.drop_marked();
        node.parked_until = None;
    }
}

/// A map into which nothing can be stored: the entries of the claim are not there.
struct NoValues<'t, const K: usize>(&'t mut Table<K>);

impl<const K: usize> Map for NoValues<'_, K> {
    fn version(&self, _: &str) -> Option<Version> {
        Some(Version::MAX)
    }
    fn store(&mut self, _: Listed<'_>) {}
    fn unmark(&mut self) {
        self.0.unmark();
    }
    fn mark_missing<'l>(&mut self, a: Version, b: Version, list: impl Iterator<Item = Listed<'l>>) {
        self.0.mark_missing(a, b, list);
    }
    fn mark_unlisted(&mut self, a: Version, b: Version, is_listed: impl Fn(Version) -> bool) {
        self.0.mark_unlisted(a, b, is_listed);
    }
    fn values(&self, a: Version, b: Version) -> impl Iterator<Item = Version> {
        self.0.values(a, b)
    }
    fn versions(&self, a: Version, b: Version) -> impl Iterator<Item = Version> {
        self.0.versions(a, b)
    }
    fn has_marked(&self) -> bool {
        self.0.has_marked()
    }
    fn drop_marked(&mut self) -> Version {
        self.0.drop_marked()
    }
}

/// A map that drops what it should mark.
struct Hasty<'t, const K: usize>(&'t mut Table<K>);

impl<const K: usize> Map for Hasty<'_, K> {
    fn version(&self, key: &str) -> Option<Version> {
        self.0.version(key)
    }
    fn store(&mut self, entry: Listed<'_>) {
        self.0.store(entry);
    }
    fn unmark(&mut self) {
        self.0.unmark();
    }
    fn mark_missing<'l>(&mut self, a: Version, b: Version, list: impl Iterator<Item = Listed<'l>>) {
        self.0.mark_missing(a, b, list);
        self.0.drop_marked();
    }
    fn mark_unlisted(&mut self, a: Version, b: Version, is_listed: impl Fn(Version) -> bool) {
        self.0.mark_unlisted(a, b, is_listed);
        self.0.drop_marked();
    }
    fn values(&self, a: Version, b: Version) -> impl Iterator<Item = Version> {
        self.0.values(a, b)
    }
    fn versions(&self, a: Version, b: Version) -> impl Iterator<Item = Version> {
        self.0.versions(a, b)
    }
    fn has_marked(&self) -> bool {
        self.0.has_marked()
    }
    fn drop_marked(&mut self) -> Version {
        self.0.drop_marked()
    }
}
