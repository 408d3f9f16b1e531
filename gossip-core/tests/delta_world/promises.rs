//! What must hold of a world beside what its witnesses see: the meaning of the numbers, and that all
//! become equal in the end.

use gossip_core::Version;
use gossip_core::entries::delta::{Outcome, Progress};

use super::replica::{Form, Replica, Table, Told};
use super::world::{Broken, O, World};

impl<const K: usize, const N: usize> World<K, N> {
    /// The invariant of the numbers: `gc <= held <= as_of`, and every write up to `held` is held, or
    /// superseded by a write up to `as_of`, or is a collected tombstone up to `gc`.
    pub fn check_meaning(&self) -> Result<(), Broken> {
        for at in 0..N {
            let Progress {
                held, gc, as_of, ..
            } = self.progress(at);
            if gc > held || held > as_of {
                return Err(Broken::Disordered);
            }
            let log = &self.logs[self.nodes[at].life];
            for (version, write) in log.iter().take_while(|(version, _)| *version <= held) {
                let is_held = self.table(at).version_of(write.key) == Some(version);
                let is_collected = write.is_over() && version <= gc;
                let is_superseded = || log.latest(write.key, as_of).is_some_and(|l| l.0 > version);
                if !is_held && !is_collected && !is_superseded() {
                    return Err(Broken::Meaningless);
                }
            }
        }
        Ok(())
    }

    /// A re-cover that ended at `held` shows what the owner showed then, or something newer.
    pub(super) fn check_finish(&self, at: usize) -> Result<(), Broken> {
        let held = self.progress(at).held;
        let log = &self.logs[self.nodes[at].life];
        for key in 0..K {
            let here = self.table(at).version_of(key);
            let then = log.latest(key, held);
            let fits = match then {
                Some((version, write)) if !write.is_over() => here >= Some(version),
                Some((version, write)) => {
                    // What is over on one node may still be shown by another.
                    let beyond = u32::from(write.value.is_none());
                    let least = super::v(version.get() + beyond);
                    self.table(at).shown(key).is_none_or(|s| s.0 >= least)
                }
                None => self.table(at).shown(key).is_none_or(|s| s.0 > held),
            };
            if !fits {
                return Err(Broken::Inexact);
            }
        }
        Ok(())
    }

    /// A claim in a short form left of `before` what the whole claim would have left.
    pub(super) fn check_short_form(
        &self,
        at: usize,
        mut before: Replica<K>,
        told: &Told<K>,
    ) -> Result<(), Broken> {
        let whole = told.clone().in_form(Form::Whole);
        self.rules.take_claim(&mut before, &whole);
        if before == self.nodes[at].replica {
            Ok(())
        } else {
            Err(Broken::Unlike)
        }
    }

    /// Writes stop, each replica asks the owner until there is nothing more to say, in pages that have
    /// room for `room` entries, and all leases run out.
    pub fn settle_with_owner(&mut self, room: usize) -> Result<(), Broken> {
        for at in 1..N {
            self.hear_of_life(at, self.life());
            while self.pull(O, at, room)? {}
        }
        self.expire_all();
        self.check_all_equal()
    }

    /// What `from` answers to the digest of `at`, in a page with room for `room` entries. `None` if
    /// there is nothing to say.
    pub fn ask(&mut self, from: usize, at: usize, room: usize) -> Option<Told<K>> {
        self.hear_of_life(at, self.nodes[from].life);
        if self.nodes[at].life > self.nodes[from].life {
            return None;
        }
        let digest = self.progress(at).digest();
        let a = self.progress(from).answer(&digest)?;
        let b = self.nodes[from].replica.page_end(a, room);
        Some(self.tell(from, a, b))
    }

    /// One exchange: digest and page. `false` if there was nothing to say. A page that brings no
    /// progress breaks P4.
    pub fn pull(&mut self, from: usize, at: usize, room: usize) -> Result<bool, Broken> {
        let Some(told) = self.ask(from, at, room) else {
            return Ok(false);
        };
        let before = reach(&self.progress(at));
        let outcome = self.take_claim(at, &told)?;
        let moved = reach(&self.progress(at)) > before && outcome != Outcome::Ignored;
        if moved { Ok(true) } else { Err(Broken::Apart) }
    }

    /// Every replica shows exactly what the owner shows, and nobody has anything to say.
    pub fn check_all_equal(&self) -> Result<(), Broken> {
        let owner = self.table(O);
        for at in 1..N {
            if let Some(key) = (0..K).find(|&key| self.table(at).shown(key) != owner.shown(key)) {
                return Err(difference(owner, key));
            }
            if self.progress(at).held != self.progress(O).held {
                return Err(Broken::Apart);
            }
        }
        Ok(())
    }
}

/// What every useful claim must raise.
fn reach(progress: &Progress) -> (Version, Version, Version) {
    let (cursor, target) = progress.digest().recover.unwrap_or_default();
    (progress.held, target, cursor)
}

fn difference<const K: usize>(owner: &Table<K>, key: usize) -> Broken {
    if owner.shown(key).is_none() {
        Broken::Returned
    } else {
        Broken::Apart
    }
}
