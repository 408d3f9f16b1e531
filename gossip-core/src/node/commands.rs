//! What the application asks of its node.

use super::{Node, Phase};
use crate::address::Address;
use crate::author::{Granted, check_key};
use crate::board::What;
use crate::entries::Content;
use crate::error::{JoinError, SetError};
use crate::id::NodeId;
use crate::membership::Seed;
use crate::shared::Kind;
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
        if !self.tables.cx.is_running() {
            return Err(JoinError::NotRunning);
        }
        if self.tables.swim.seeds.add(seed.canonical()) {
            let has_seeds = self.has_seeds();
            self.author.begin_reclaim(has_seeds);
            Ok(())
        } else {
            Err(JoinError::Full {
                max: self.tables.swim.seeds.capacity(),
            })
        }
    }

    /// The addresses to join through, and how often each was tried.
    pub fn seeds(&self) -> impl Iterator<Item = Seed<A>> {
        let seeds = self.tables.swim.seeds.iter();
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
        bump(&mut self.tables.cx.stats.joins_unanswered);
        self.tables.cx.notices.no_answer |= tries >= TRIES;
    }

    /// Joins through this address no longer; `false` if it was not named. What is known of a member there
    /// stays.
    pub fn forget_seed(&mut self, seed: A) -> bool {
        self.tables.swim.seeds.remove(seed.canonical())
    }

    /// Says goodbye: peers hold the node for departed at once. When that is told,
    /// [`Event::Left`](crate::Event::Left) comes and the node stays silent.
    pub fn leave(&mut self) {
        match self.tables.cx.phase {
            Phase::New | Phase::Restored { .. } => {
                // Nothing was ever said, so there is nobody to tell.
                self.tables.cx.phase = Phase::Left;
                self.tables.cx.notices.left = true;
                return;
            }
            Phase::Running => self.tables.cx.phase = Phase::Leaving(0),
            Phase::Leaving(_) | Phase::Left => return,
        }
        self.author.leave_reclaim(&mut self.tables.cx);
        self.tables
            .cx
            .members
            .edit(self.id(), |me| me.facts.liveness = Liveness::Left);
        self.tables.cx.announce(self.id(), What::Facts);
        self.leave_requests();
        self.tables.cx.next_gossip = Instant::ZERO;
    }

    /// Sets one of this node's own keys for everybody to read, until it is set again or deleted.
    /// [`set_for`](Self::set_for) sets it for a time. What this node contributes to a shared key is not
    /// overwritten: the write is refused with [`SetError::Kind`].
    ///
    /// # Errors
    /// Why the write was refused; nothing changed.
    pub fn set(&mut self, key: &str, value: &[u8]) -> Result<(), SetError> {
        check_key(key)
            .and_then(|()| self.author.check_kind(&self.tables.cx, key, Kind::Plain))
            .and_then(|()| {
                self.author
                    .write_entry(&mut self.tables.cx, key, Some(value), None)
            })
            .inspect_err(|_| bump(&mut self.tables.cx.stats.refused_writes))
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
                bump(&mut self.tables.cx.stats.refused_writes);
                Err(SetError::Encoding)
            }
        }
    }

    /// Deletes one of this node's own keys everywhere; `Ok(false)` if it was not set.
    ///
    /// # Errors
    /// The node has left; nothing changed.
    pub fn delete(&mut self, key: &str) -> Result<bool, SetError> {
        if !self.tables.cx.is_running() {
            bump(&mut self.tables.cx.stats.refused_writes);
            return Err(SetError::NotRunning);
        }
        check_key(key).inspect_err(|_| bump(&mut self.tables.cx.stats.refused_writes))?;
        if self.get(self.id(), key).is_some() {
            return self
                .author
                .write_entry(&mut self.tables.cx, key, None, None)
                .map(|()| true);
        }
        if self.author.may_reclaim(&self.tables.cx)
            && self
                .author
                .check_write(&mut self.tables.cx, key, 0, None)
                .is_ok()
        {
            // What is taken back may bring it.
            self.author
                .write_entry(&mut self.tables.cx, key, None, None)?;
        }
        Ok(false)
    }

    /// `true` if the key was deleted and that is still remembered.
    #[must_use]
    pub fn is_tombstone(&self, owner: NodeId, key: &str) -> bool {
        let found = self.tables.cx.entries.find(owner, key);
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
            .and_then(|()| self.author.check_kind(&self.tables.cx, key, Kind::Plain))
            .and_then(|()| Granted::new(now, ttl))
            .and_then(|lease| {
                self.author
                    .write_entry(&mut self.tables.cx, key, Some(value), Some(lease))
            })
            .inspect_err(|_| bump(&mut self.tables.cx.stats.refused_writes))
    }

    /// Writes the value that one of this node's own keys has once more, for `ttl` from `now` on;
    /// `Ok(false)` if the key is not set. Renew when half a lease is over, or the value may be missed
    /// for a while where the news comes late.
    ///
    /// # Errors
    /// Why the write was refused; nothing changed.
    pub fn renew(&mut self, now: Instant, key: &str, ttl: Duration) -> Result<bool, SetError> {
        self.author
            .renew_lease(&mut self.tables.cx, self.time.of(now), key, ttl)
            .inspect_err(|_| bump(&mut self.tables.cx.stats.refused_writes))
    }
}
