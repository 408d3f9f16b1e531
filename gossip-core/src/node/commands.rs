//! What the application asks of its node.

use super::{Node, Phase};
use crate::address::Address;
use crate::author::{Granted, check_key};
use crate::board::What;
use crate::entries::Content;
use crate::error::{JoinError, SetError};
use crate::exchange::Base;
use crate::id::NodeId;
use crate::membership::Seed;
use crate::shared::Kind;
use crate::shared::{Contribution, Merge, Merged, Wall, is_reserved, merge};
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::Liveness;
use crate::time::{Duration, Instant};

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Joins the cluster through the node at `seed`, trying ever more slowly (from every 250 ms to
    /// once a minute) until it answers. May be called for several seeds, and again.
    ///
    /// # Errors
    /// The table of seeds is full, or the node has left; nothing changed.
    pub fn join(&mut self, seed: A) -> Result<(), JoinError> {
        if !self.tables.base.cx.is_running() {
            return Err(JoinError::NotRunning);
        }
        if self.tables.base.swim.seeds.add(seed.canonical()) {
            let has_seeds = self.tables.base.swim.has_seeds(&self.tables.base.cx);
            self.tables.base.author.begin_reclaim(has_seeds);
            Ok(())
        } else {
            Err(JoinError::Full {
                max: self.tables.base.swim.seeds.capacity(),
            })
        }
    }

    /// The addresses to join through, and how often each was tried.
    pub fn seeds(&self) -> impl Iterator<Item = Seed<A>> {
        let seeds = self.tables.base.swim.seeds.iter();
        seeds.map(|seed| seed.told_by(|at| self.time.told(at)))
    }

    /// An address to join through is tried again, after so many tries that were not answered. The
    /// application hears of it from the third on, two seconds after the first.
    pub(super) fn note_unanswered(&mut self, seed: A, tries: u8) {
        const TRIES: u8 = 3;
        // Nobody answers himself.
        if tries == 0 || self.address() == Some(seed) {
            return;
        }
        bump(&mut self.tables.base.cx.stats.joins_unanswered);
        self.tables.base.cx.notices.no_answer |= tries >= TRIES;
    }

    /// Joins through this address no longer; `false` if it was not named. What is known of a member there
    /// stays.
    pub fn forget_seed(&mut self, seed: A) -> bool {
        self.tables.base.swim.seeds.remove(seed.canonical())
    }

    /// Says goodbye: peers hold the node for departed at once. When that is told,
    /// [`Event::Left`](crate::Event::Left) comes and the node stays silent.
    pub fn leave(&mut self) {
        match self.tables.base.cx.phase {
            Phase::New | Phase::Restored { .. } => {
                // Nothing was ever said, so there is nobody to tell.
                self.tables.base.cx.phase = Phase::Left;
                self.tables.base.cx.notices.left = true;
                return;
            }
            Phase::Running => self.tables.base.cx.phase = Phase::Leaving(0),
            Phase::Leaving(_) | Phase::Left => return,
        }
        self.tables
            .base
            .author
            .leave_reclaim(&mut self.tables.base.cx);
        self.tables
            .base
            .cx
            .members
            .edit(self.id(), |mut me| me.facts().liveness = Liveness::Left);
        self.tables.base.cx.announce(self.id(), What::Facts);
        self.tables.requests.leave(&mut self.tables.base.cx);
        self.tables.base.cx.next_gossip = Instant::ZERO;
    }

    /// Sets one of this node's own keys for everybody to read, until it is set again or deleted.
    /// [`set_for`](Self::set_for) sets it for a time. What this node contributes to a shared key is not
    /// overwritten: the write is refused with [`SetError::Kind`].
    ///
    /// # Errors
    /// Why the write was refused; nothing changed.
    pub fn set(&mut self, key: &str, value: &[u8]) -> Result<(), SetError> {
        let Base { cx, author, .. } = &mut self.tables.base;
        check_key(key)
            .and_then(|()| author.check_kind(cx, key, Kind::Plain))
            .and_then(|()| author.write_entry(cx, key, Some(value), None))
            .inspect_err(|_| bump(&mut cx.stats.refused_writes))
    }

    /// Sets a key to the postcard encoding of `value`, made in `scratch`.
    ///
    /// # Errors
    /// As [`set`](Self::set), or [`SetError::Encoding`] if the value does not encode into `scratch`.
    pub fn set_value<T: serde::Serialize>(
        &mut self,
        key: &str,
        value: &T,
        scratch: &mut [u8],
    ) -> Result<(), SetError> {
        match postcard::to_slice(value, scratch) {
            Ok(bytes) => self.set(key, bytes),
            Err(_) => {
                bump(&mut self.tables.base.cx.stats.refused_writes);
                Err(SetError::Encoding)
            }
        }
    }

    /// Deletes one of this node's own keys everywhere; `Ok(false)` if it was not set.
    ///
    /// # Errors
    /// The node has left; nothing changed.
    pub fn delete(&mut self, key: &str) -> Result<bool, SetError> {
        if !self.tables.base.cx.is_running() {
            bump(&mut self.tables.base.cx.stats.refused_writes);
            return Err(SetError::NotRunning);
        }
        check_key(key).inspect_err(|_| bump(&mut self.tables.base.cx.stats.refused_writes))?;
        if self.get(self.id(), key).is_some() {
            return self
                .tables
                .base
                .author
                .write_entry(&mut self.tables.base.cx, key, None, None)
                .map(|()| true);
        }
        if self.tables.base.author.may_reclaim(&self.tables.base.cx)
            && self
                .tables
                .base
                .author
                .check_write(&mut self.tables.base.cx, key, 0, None)
                .is_ok()
        {
            // What is taken back may bring it.
            self.tables
                .base
                .author
                .write_entry(&mut self.tables.base.cx, key, None, None)?;
        }
        Ok(false)
    }

    /// `true` if the key was deleted and that is still remembered.
    #[must_use]
    pub fn is_tombstone(&self, owner: NodeId, key: &str) -> bool {
        let found = self.tables.base.cx.entries.find(owner, key);
        found.is_some_and(|entry| matches!(entry.content, Content::Tombstone(_)))
    }

    /// Sets one of this node's own keys for everybody to read, for `ttl` from `now` on, or until it is
    /// written again or deleted: a lease. Every node ends it by itself, also when this one is dead.
    ///
    /// What is left of the lease travels with the value, rounded down to steps of 100 ms at each node
    /// that passes it on; no clocks are compared. So a value is shown `ttl` at most, plus the time that
    /// datagrams took to bring it. A `ttl` is 100 ms at least and takes 1 to 4 bytes of the entry's
    /// room.
    ///
    /// # Errors
    /// Why the write was refused; nothing changed.
    pub fn set_for(
        &mut self,
        now: Instant,
        key: &str,
        value: &[u8],
        ttl: Duration,
    ) -> Result<(), SetError> {
        let now = self.time.of(now);
        check_key(key)
            .and_then(|()| {
                self.tables
                    .base
                    .author
                    .check_kind(&self.tables.base.cx, key, Kind::Plain)
            })
            .and_then(|()| Granted::new(now, ttl))
            .and_then(|lease| {
                self.tables.base.author.write_entry(
                    &mut self.tables.base.cx,
                    key,
                    Some(value),
                    Some(lease),
                )
            })
            .inspect_err(|_| bump(&mut self.tables.base.cx.stats.refused_writes))
    }

    /// Writes the value that one of this node's own keys has once more, for `ttl` from `now` on;
    /// `Ok(false)` if the key is not set. Renew when half a lease is over, or the value may be missed
    /// for a while where the news comes late.
    ///
    /// # Errors
    /// Why the write was refused; nothing changed.
    pub fn renew(&mut self, now: Instant, key: &str, ttl: Duration) -> Result<bool, SetError> {
        self.tables
            .base
            .author
            .renew_lease(&mut self.tables.base.cx, self.time.of(now), key, ttl)
            .inspect_err(|_| bump(&mut self.tables.base.cx.stats.refused_writes))
    }

    /// Says a value for a shared key, in place of what this node said before; read it with
    /// [`Merge::Last`]. It is later than every value that this node knows, and later than `wall`; without
    /// a wall clock, writers that do not know of each other's writes are ordered by how many they know.
    ///
    /// Each verb writes what is of its kind: over anything else that this node has set for the key it is
    /// refused with [`SetError::Kind`]. [`delete`](Self::delete) withdraws what this node contributes to a
    /// key, and makes room for another kind.
    ///
    /// # Errors
    /// Why the write was refused; nothing changed.
    pub fn share(&mut self, key: &str, value: &[u8], wall: Option<Wall>) -> Result<(), SetError> {
        let Base { cx, author, .. } = &mut self.tables.base;
        let bytes = value;
        author.say(cx, key, wall, |stamp| Contribution::Value { stamp, bytes })
    }

    /// Says a value for a shared key unless this node knows of one already, its own included; read it
    /// with [`Merge::First`]. `Ok(false)` if it does. Of several that claim a key without knowing of each
    /// other, the one with the earliest `wall` wins.
    ///
    /// # Errors
    /// Why the write was refused; nothing changed.
    pub fn claim(&mut self, key: &str, value: &[u8], wall: Option<Wall>) -> Result<bool, SetError> {
        if self.merged(key, Merge::First).is_some() {
            return Ok(false);
        }
        self.share(key, value, wall).map(|()| true)
    }

    /// Says a number for a shared key, in place of what this node said before; read it with
    /// [`Merge::Max`], [`Merge::Min`] or [`Merge::Sum`].
    ///
    /// # Errors
    /// Why the write was refused; nothing changed.
    pub fn share_number(&mut self, key: &str, number: i64) -> Result<(), SetError> {
        let Base { cx, author, .. } = &mut self.tables.base;
        author.say(cx, key, None, |stamp| Contribution::Number {
            stamp,
            number,
        })
    }

    /// Adds to a shared counter, or takes away from it; read it with [`Merge::Sum`] ([`Merge::Count`] says how
    /// many owners contribute, and nothing of what they counted). Everything that was
    /// counted stays counted, in all lives of all nodes, as long as anybody who heard of it is there to
    /// keep it. That needs nonces that differ from boot to boot.
    ///
    /// # Errors
    /// Why the write was refused; nothing changed. [`SetError::NotStarted`] before the first
    /// [`handle_timeout`](Self::handle_timeout).
    pub fn count(&mut self, key: &str, amount: i64) -> Result<(), SetError> {
        let Base { cx, author, .. } = &mut self.tables.base;
        let done = author.count_on(cx, key, amount);
        author.counted(cx, done)
    }

    /// Adds an element to this node's part of a shared set; read it with [`Merge::Union`]. `Ok(false)` if
    /// it is there already. All elements of one node for one key share one entry.
    ///
    /// # Errors
    /// Why the write was refused; nothing changed. [`SetError::Value`] or [`SetError::Entry`] if the
    /// elements no longer fit one entry.
    pub fn include(&mut self, key: &str, element: &[u8]) -> Result<bool, SetError> {
        let Base { cx, author, .. } = &mut self.tables.base;
        let done = author.change_set(cx, key, element, true);
        author.counted(cx, done)
    }

    /// Takes an element out of this node's part of a shared set; `Ok(false)` if it is not there. It stays
    /// in the union while others contribute it.
    ///
    /// # Errors
    /// Why the write was refused; nothing changed.
    pub fn exclude(&mut self, key: &str, element: &[u8]) -> Result<bool, SetError> {
        let Base { cx, author, .. } = &mut self.tables.base;
        let done = author.change_set(cx, key, element, false);
        author.counted(cx, done)
    }

    /// What all owners contribute to a shared key, merged: members that are gone included, each origin
    /// once. `None` if nobody contributes what this merge reads.
    ///
    /// Costs a few binary searches for each owner that has any entry, and as much again for each origin
    /// of which there are only copies.
    pub fn merged<'a>(
        &'a self,
        key: &'a str,
        how: Merge,
    ) -> Option<Merged<'a, impl Iterator<Item = &'a [u8]> + Clone>> {
        if const { !Self::ENTRIES } || is_reserved(key) {
            return None;
        }
        merge(
            self.tables.base.author.origins(&self.tables.base.cx, key),
            how,
        )
    }
}
