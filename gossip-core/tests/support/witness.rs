//! Knows what owners wrote, watches what replicas show, and says when a promise is broken.
//!
//! The promises (P1 to P3): a deleted key never comes back to a replica that dropped it; a key that
//! its owner did not delete, and whose lease is not over, never disappears from a replica that has
//! shown it; what a replica shows
//! of a key never goes back to an older write. A restart of an owner without memory counts as the
//! deletion of everything it had written.

use std::collections::{BTreeMap, HashMap};

use gossip_core::{Duration, Instant, Node, Storage};

/// One owner's key.
type Key = (u64, String);

/// What happened, numbered through all owners and lives.
#[derive(Clone, Default)]
pub struct Witness {
    clock: u32,
    /// Each key's writes: their numbers, and whether they deleted.
    writes: HashMap<Key, Vec<(u32, bool)>>,
    /// Each replica's latest sight of each key.
    seen: BTreeMap<(u16, Key), Sight>,
    /// Leases that some replica may still show.
    leases: Vec<Lease>,
}

/// A write that holds for a time.
#[derive(Clone, Debug)]
struct Lease {
    key: Key,
    /// The write's number; the next one is that of its end.
    number: u32,
    /// When its owner ends it, in milliseconds.
    end: u64,
    /// Whether replicas may have ended it.
    is_over: bool,
    /// Whether its owner has held it in more than one life.
    is_held_anew: bool,
}

/// How much sooner than its owner a replica may end a lease: a step of 100 ms for each node on the way.
const SOONER_MILLIS: u64 = 800;

/// How much later: what the datagrams that brought it took together.
const LATER_MILLIS: u64 = 5000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    /// It showed this write.
    Shown(u32),
    /// It showed nothing any more, after some deletion no older than this one.
    Gone(u32),
}

impl Witness {
    /// Sets a key on its owner, with a value that tells this write from every other.
    pub fn set<S: Storage<u16>>(&mut self, node: &mut Node<u16, S>, key: &str) -> bool {
        let number = self.clock + 1;
        if node.set(key, &number.to_le_bytes()).is_err() {
            return false;
        }
        self.note(node.id().get(), key, false);
        true
    }

    /// Sets a key on its owner for so many milliseconds from `now` on.
    pub fn lease<S: Storage<u16>>(
        &mut self,
        node: &mut Node<u16, S>,
        now: Instant,
        key: &str,
        millis: u32,
    ) {
        let number = self.clock + 1;
        let (value, ttl) = (number.to_le_bytes(), Duration::from_millis(millis));
        if node.set_for(now, key, &value, ttl).is_err() {
            return;
        }
        let owner = node.id().get();
        self.note(owner, key, false);
        // The place of its end.
        self.clock += 1;
        self.leases.push(Lease {
            key: (owner, key.to_string()),
            number,
            end: now.after(ttl).as_millis(),
            is_over: false,
            is_held_anew: false,
        });
    }

    /// It is `now`: replicas may end what is over, and must have ended what has long been.
    pub fn pass(&mut self, now: Instant) -> Result<(), String> {
        let now = now.as_millis();
        self.end_leases(|lease| lease.end <= now + SOONER_MILLIS);
        let late = |lease: &Lease| lease.is_over && lease.end + LATER_MILLIS < now;
        for lease in self.leases.extract_if(.., |lease| late(lease)) {
            let shows = |(key, sight): (&(u16, Key), &Sight)| {
                (key.1 == lease.key && *sight == Sight::Shown(lease.number)).then_some(key.0)
            };
            if let Some(address) = self.seen.iter().find_map(shows) {
                return Err(format!("node {address} still shows {lease:?} at {now}"));
            }
        }
        Ok(())
    }

    /// A node does not know how long it slept, and ends every lease.
    pub fn end_all_leases(&mut self) {
        self.end_leases(|_| true);
    }

    fn end_leases(&mut self, is_over: impl Fn(&Lease) -> bool) {
        for lease in self.leases.iter_mut().filter(|lease| !lease.is_over) {
            if is_over(lease) {
                lease.is_over = true;
                let writes = self.writes.entry(lease.key.clone()).or_default();
                writes.push((lease.number + 1, true));
            }
        }
    }

    /// An owner begins another life with what it kept. Whoever ended one of its leases sooner than it
    /// did, in the life before, shows it once more.
    pub fn live_again<S: Storage<u16>>(&mut self, owner: &Node<u16, S>) {
        let id = owner.id();
        let shows =
            |lease: &Lease| owner.get(id, &lease.key.1) == Some(&lease.number.to_le_bytes()[..]);
        let mine = self
            .leases
            .iter_mut()
            .filter(|lease| lease.key.0 == id.get());
        for lease in mine {
            lease.is_held_anew |= shows(lease);
        }
    }

    /// Deletes a key on its owner.
    pub fn delete<S: Storage<u16>>(&mut self, node: &mut Node<u16, S>, key: &str) {
        if node.delete(key) == Ok(true) {
            self.note(node.id().get(), key, true);
        }
    }

    /// The node at `address` begins anew without memory: what it saw is forgotten, what it wrote
    /// counts as deleted.
    pub fn restart(&mut self, address: u16, id: u64) {
        self.forget_sights(address);
        let keys: Vec<Key> = self
            .writes
            .keys()
            .filter(|key| key.0 == id)
            .cloned()
            .collect();
        for (owner, key) in keys {
            self.note(owner, &key, true);
        }
    }

    /// What the node at `address` saw counts no more: it goes back to an earlier state.
    pub fn forget_sights(&mut self, address: u16) {
        self.seen.retain(|(replica, _), _| *replica != address);
    }

    /// The node at `address` has forgotten this owner, and what it saw of it counts no more.
    pub fn forget_owner(&mut self, address: u16, id: u64) {
        self.seen
            .retain(|(replica, (owner, _)), _| *replica != address || *owner != id);
    }

    /// Looks at everything a replica shows.
    pub fn look<S: Storage<u16>>(
        &mut self,
        address: u16,
        node: &Node<u16, S>,
    ) -> Result<(), String> {
        let mut shown = BTreeMap::new();
        for entry in node.entries() {
            let number =
                u32::from_le_bytes(entry.value.try_into().map_err(|_| "a value nobody wrote")?);
            shown.insert((entry.owner.get(), entry.key.to_string()), number);
        }
        for (key, number) in &shown {
            self.check_shown(address, key, *number)?;
        }
        let before: Vec<_> = self
            .seen
            .range((address, (0, String::new()))..)
            .map(|(k, s)| (k.clone(), *s))
            .collect();
        for ((replica, key), sight) in before {
            if replica == address && !shown.contains_key(&key) {
                self.check_gone(address, &key, sight)?;
            }
        }
        for (key, number) in shown {
            self.seen.insert((address, key), Sight::Shown(number));
        }
        Ok(())
    }

    fn check_shown(&self, address: u16, key: &Key, number: u32) -> Result<(), String> {
        let written = self
            .writes
            .get(key)
            .is_some_and(|all| all.contains(&(number, false)));
        if !written {
            return Err(format!(
                "node {address} shows {key:?} = {number}, which nobody wrote"
            ));
        }
        match self.seen.get(&(address, key.clone())) {
            Some(Sight::Shown(before)) if number < *before => Err(format!(
                "P3: node {address} went back from {before} to {number} of {key:?}"
            )),
            Some(Sight::Gone(deletion))
                if number < *deletion && !self.is_held_anew(key, number, *deletion) =>
            {
                Err(format!(
                    "P1: node {address} shows {number} of {key:?} again, deleted at {deletion}"
                ))
            }
            _ => Ok(()),
        }
    }

    /// Whether this end was that of a lease which its owner held in another life after it.
    fn is_held_anew(&self, key: &Key, number: u32, end: u32) -> bool {
        let held = |lease: &Lease| {
            lease.is_held_anew && lease.key == *key && lease.number == number && end == number + 1
        };
        self.leases.iter().any(held)
    }

    fn check_gone(&mut self, address: u16, key: &Key, sight: Sight) -> Result<(), String> {
        let Sight::Shown(number) = sight else {
            return Ok(());
        };
        let deletion = self.writes.get(key).and_then(|all| {
            all.iter()
                .find(|(at, deleted)| *deleted && *at > number)
                .map(|(at, _)| *at)
        });
        match deletion {
            Some(at) => {
                self.seen.insert((address, key.clone()), Sight::Gone(at));
                Ok(())
            }
            None => Err(format!(
                "P2: {number} of {key:?} vanished from node {address}, never deleted"
            )),
        }
    }

    fn note(&mut self, owner: u64, key: &str, deleted: bool) {
        self.clock += 1;
        self.writes
            .entry((owner, key.to_string()))
            .or_default()
            .push((self.clock, deleted));
    }
}
