//! A node made of the records of a state.

use super::reclaim::Reclaim;
use super::shared::looks_said;
use super::{Node, Phase};
use crate::address::Address;
use crate::config::Checked;
use crate::entries::delta::{Listed, Progress};
use crate::entries::loose;
use crate::id::{NodeId, Version};
use crate::membership::Bygone;
use crate::membership::suspicion_timeout;
use crate::persist::{Age, ImportError, Kept, Known, Past, Start};
use crate::stats::bump;
use crate::storage::{Storage, Tables};
use crate::table::{Doubt, Facts, Liveness, Member};
use crate::time::{Duration, Instant};
use crate::wire::{Standing, limits, network};

/// How often a restored node that knows nobody alive tries a member in quick succession.
pub(super) const QUICK_TRIES: u8 = 8;
/// The wait after the first of those tries; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// Makes a node of the records of a state, member by member and then entry by entry.
///
/// [`Import`](crate::Import) does the same with the state's bytes.
#[derive(Clone, Debug)]
pub struct Restore<A: Address, S: Storage<A>> {
    node: Node<A, S>,
    now: Instant,
    age: Age,
}

impl<A: Address, S: Storage<A>> Restore<A, S> {
    /// Begins a node with empty `tables`; the state is of this `age` at `now`.
    pub const fn new(config: Checked<A>, tables: Tables<A, S>, now: Instant, age: Age) -> Self {
        Self {
            node: Node::new(config, tables),
            now,
            age,
        }
    }

    /// Takes what is known of a member, or of the node itself, in any order; ascending in the members'
    /// common order, as [`Node::known`] gives them, costs least.
    ///
    /// # Errors
    /// Why it was refused; nothing changed.
    pub fn member(&mut self, known: &Known<A>) -> Result<(), ImportError> {
        let id = known.row.id;
        if id > self.node.config.largest_id() {
            return Err(ImportError::IdTooLarge { found: id });
        }
        let row = self.row_of(known);
        let progress = row.replica.progress;
        if progress.gc > progress.held || progress.held > progress.as_of {
            return Err(ImportError::Impossible);
        }
        if self.node.is_me(id) && progress.held < Version::BIRTH {
            return Err(ImportError::Impossible);
        }
        // The state is of a life that was not whole yet: it goes on taking what peers still show.
        if self.node.is_me(id) && known.unproven && !self.node.config.fresh() {
            self.node.reclaim = Reclaim::Silent;
        }
        let members = &mut self.node.tables.members;
        let is_full = members.is_full();
        match members.append(row) {
            Ok(()) => self.set_timer(known),
            Err(_) if is_full => {
                let (_, max) = self.node.tables.members.usage();
                return Err(ImportError::Members { max });
            }
            Err(_) => return Err(ImportError::Impossible),
        }
        Ok(())
    }

    /// Takes an entry of a member that was taken before, each key of an owner once.
    ///
    /// # Errors
    /// Why it was refused; nothing changed.
    pub fn entry(&mut self, kept: &Kept<'_>) -> Result<(), ImportError> {
        let owner = self.node.tables.members.get(kept.owner);
        let as_of = owner.map_or(Version::NONE, |row| row.replica.progress.as_of);
        self.check_room(kept)?;
        let known = self
            .node
            .tables
            .entries
            .find(kept.owner, kept.key)
            .is_some();
        if kept.version == Version::NONE || kept.version > as_of || known {
            return Err(ImportError::Impossible);
        }
        let left = kept.left_millis.map(Duration::from_millis);
        let left = left.map(|left| less(left, self.age.passed()));
        // What may have run out meanwhile has.
        let is_over = left == Some(Duration::ZERO);
        if is_over && kept.version <= Version::BIRTH {
            // The birth is its tombstone.
            return Ok(());
        }
        let entry = Listed {
            key: kept.key,
            version: kept.version,
            value: kept.value.filter(|_| !is_over),
            expires: left.filter(|_| !is_over).map(|left| self.now.after(left)),
        };
        if self.node.tables.entries.put(kept.owner, entry) {
            if self.node.is_me(kept.owner) && kept.value.is_some_and(looks_said) {
                self.node.tables.entries.note_said(kept.owner, kept.key);
            }
            Ok(())
        } else {
            let max = self.node.tables.entries.capacity();
            Err(ImportError::Entries { max })
        }
    }

    /// Takes what remains of a forgotten member, in the order in which [`Node::past`] gives them. Where
    /// there is no room, later ones replace earlier ones.
    pub fn past(&mut self, past: &Past<A>) {
        let bygone = Bygone::new(past.id, past.life, past.address, past.over);
        let me = self.node.id();
        if !self.node.is_me(past.id) && !self.node.tables.bygones.keep(me, bygone) {
            bump(&mut self.node.stats.bygones_lost);
        }
    }

    /// The node. Its first [`handle_timeout`](Node::handle_timeout) is due at once. No events tell of
    /// what it knows already.
    ///
    /// # Errors
    /// There was no row of the node itself.
    pub fn finish(mut self) -> Result<Node<A, S>, ImportError> {
        let me = self.node.me().ok_or(ImportError::Impossible)?;
        let same_life = self.age == Age::Current && me.is_live();
        self.node.tables.entries.hush();
        self.node.phase = Phase::Restored { same_life };
        self.node.quick_tries = QUICK_TRIES;
        self.count_loose();
        self.wake_myself(same_life);
        self.time_suspicions();
        Ok(self.node)
    }

    /// Whether a state that begins so can be this node's, and has room.
    pub(super) fn check_start(&self, start: &Start) -> Result<(), ImportError> {
        let (config, tables) = (&self.node.config, &self.node.tables);
        if start.cluster != network(config.cluster(), A::KIND) {
            return Err(ImportError::OtherCluster);
        }
        if start.id != config.id() {
            return Err(ImportError::OtherNode { found: start.id });
        }
        let (_, max) = tables.members.usage();
        if start.members as usize > max {
            return Err(ImportError::Members { max });
        }
        let max = tables.entries.capacity();
        if start.entries as usize > max {
            return Err(ImportError::Entries { max });
        }
        Ok(())
    }

    fn row_of(&self, known: &Known<A>) -> Member<A> {
        let told = &known.row;
        let me = self.node.is_me(told.id);
        let mut row = Member::new(told.id, Facts::of(told));
        row.changed = false;
        row.observed = known.observed;
        row.replica.progress = Progress {
            held: told.held,
            gc: known.gc,
            as_of: known.as_of,
            recover: None,
        };
        // The token of no ping: the first question that is due gives it another.
        row.swim.unproven = (known.unproven && !me).then_some(Doubt { token: 0, since: 0 });
        row.unheard = !me && (known.unheard || !self.trusts_others());
        row.swim.suspect = known.suspect && row.is_live() && !me;
        row.fading = !me && !row.unheard && self.has_faded(told.standing);
        row
    }

    /// Whether what peers remember is not shorter than the time that passed; the table of [`Age`].
    fn trusts_others(&self) -> bool {
        let passed = self.age.passed();
        self.age == Age::Current || passed < self.node.fading_time()
    }

    fn has_faded(&self, standing: Standing) -> bool {
        let left = memory_of(standing).map(|memory| less(memory, self.age.passed()));
        left.is_some_and(|left| left <= self.node.fading_time())
    }

    /// Sets the deadline of a member that is not simply alive. Suspicions come last, since their length
    /// follows from how many members there are.
    fn set_timer(&mut self, known: &Known<A>) {
        let (id, half) = (known.row.id, self.node.fading_time());
        if self.node.is_me(id) {
            return;
        }
        let unheard = self
            .node
            .tables
            .members
            .get(id)
            .is_some_and(|row| row.unheard);
        let memory = memory_of(known.row.standing);
        let left = memory.map(|memory| less(memory, self.age.passed()));
        let longest = self.node.config.forget_after();
        let wait = match left {
            _ if unheard => memory.unwrap_or(longest).min(longest),
            None => return,
            Some(left) if left > half => less(left, half),
            Some(left) => left,
        };
        self.node.tables.timers.add(id, self.now.after(wait));
    }

    /// Entries come after the rows of their owners.
    fn count_loose(&mut self) {
        let tables = &mut self.node.tables;
        for index in 0..tables.members.len() {
            let row = tables
                .members
                .at(index)
                .map(|row| (row.id, row.replica.progress));
            let Some((id, progress)) = row.filter(|(id, _)| *id != self.node.config.id()) else {
                continue;
            };
            let sum = loose(&tables.entries, id, &progress);
            tables.members.edit(id, |row| row.replica.loose = sum);
        }
    }

    fn time_suspicions(&mut self) {
        let config = &self.node.config;
        let live = self.node.tables.members.live();
        let timeout = suspicion_timeout(self.node.suspicion_round(), config.suspicion_mult(), live);
        let suspects = self
            .node
            .tables
            .members
            .iter()
            .filter(|row| row.swim.suspect);
        for row in suspects {
            self.node.tables.timers.add(row.id, self.now.after(timeout));
        }
    }

    /// The node lives, at the address that it was given now.
    fn wake_myself(&mut self, same_life: bool) {
        let configured = self.node.config.address().map(Address::canonical);
        let flow_control = self.node.config.flow_control();
        self.node.tables.members.edit(self.node.config.id(), |me| {
            me.facts.liveness = Liveness::Alive;
            me.observed = None;
            if !flow_control {
                // Nothing waits to go out.
                me.replica.progress.held = me.replica.progress.as_of;
            }
            if !same_life {
                me.facts.address = configured;
            } else if configured.is_some() && configured != me.facts.address {
                me.facts.address = configured;
                // At the last incarnation of all peers refute, and the node begins a new life.
                me.facts.incarnation = me.facts.incarnation.next().unwrap_or(me.facts.incarnation);
            }
        });
    }

    fn check_room(&self, kept: &Kept<'_>) -> Result<(), ImportError> {
        let entries = &self.node.tables.entries;
        let value = kept.value.map_or(0, <[u8]>::len);
        if const { !Node::<A, S>::ENTRIES } || entries.is_full() {
            return Err(ImportError::Entries {
                max: entries.capacity(),
            });
        }
        if kept.key.is_empty() || kept.key.len() > entries.key_max() {
            return Err(ImportError::Key {
                max: entries.key_max(),
            });
        }
        if value > entries.value_max() {
            return Err(ImportError::Value {
                max: entries.value_max(),
            });
        }
        let left = kept.left_millis.map(Duration::from_millis);
        let lease = left.map_or(0, limits::lease);
        if limits::entry(0, kept.key.len(), value).saturating_add(lease)
            > self.node.config.entry_room()
        {
            return Err(ImportError::Entry {
                max: self.node.entry_max(),
            });
        }
        if left.is_some() && !entries.has_lease_room(kept.owner, kept.key) {
            let (_, max) = entries.lease_usage();
            return Err(ImportError::Leases { max });
        }
        Ok(())
    }
}

/// How long a member that is not alive was to be remembered when the state was written.
fn memory_of(standing: Standing) -> Option<Duration> {
    match standing {
        Standing::Alive | Standing::Slow => None,
        Standing::Dead(secs) | Standing::Left(secs) => Some(Duration::from_secs(u32::from(secs))),
    }
}

fn less(time: Duration, passed: Duration) -> Duration {
    Duration::from_millis(time.as_millis().saturating_sub(passed.as_millis()))
}

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Goes on in the life that was restored, or begins one beyond it.
    pub(super) fn resume(&mut self, now: Instant, nonce: [u8; 4], same_life: bool) {
        self.phase = Phase::Running;
        self.next_reconnect = now;
        let whole = self.reclaim != Reclaim::Silent;
        self.reclaim = Reclaim::Closed { whole: true };
        if self.is_joined() {
            self.notices.was_joined = true;
            self.notices.joined = true;
            self.rivalry.join(now, self.round());
        }
        let reopens = const { Self::RECLAIMS } && !whole;
        if same_life {
            if reopens {
                self.open_life(now);
            }
            return;
        }
        let seen = self.generation();
        self.tables
            .members
            .edit(self.id(), |me| me.facts.generation.nonce = nonce);
        if !self.begin_life(seen) {
            self.tables
                .members
                .edit(self.id(), |me| me.facts.generation = seen);
            self.give_up_id(now);
        } else if reopens {
            self.open_life(now);
        }
    }

    /// How long to wait until somebody who is not among the live is tried again. A restored node that
    /// knows nobody alive is in a hurry at first.
    pub(super) fn reconnect_wait(&mut self) -> Duration {
        let interval = self.config.reconnect_interval();
        if self.is_joined() {
            self.quick_tries = 0;
        }
        let Some(left) = self.quick_tries.checked_sub(1) else {
            return interval;
        };
        let tried = u32::from(QUICK_TRIES.saturating_sub(self.quick_tries));
        self.quick_tries = left;
        interval.min(FIRST_WAIT.times(1u32.checked_shl(tried).unwrap_or(u32::MAX)))
    }

    /// Somebody speaks of a member that is known from a state alone: from here on it counts again.
    pub(super) fn recall(&mut self, now: Instant, id: NodeId) {
        self.tables.members.edit(id, |row| row.unheard = false);
        self.tables.members.mark_changed(id);
        self.settle_liveness(now, id);
    }
}
