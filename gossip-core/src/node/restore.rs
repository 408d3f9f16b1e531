//! A node made of the records of a state.

use super::{Node, Phase};
use crate::address::Address;
use crate::author::{Reclaim, looks_said};
use crate::config::Checked;
use crate::entries::delta::{Listed, Progress};
use crate::entries::loose;
use crate::id::Version;
use crate::membership::{Bygone, QUICK_TRIES, suspicion_timeout};
use crate::persist::{Age, ImportError, Kept, Known, Past, Start};
use crate::stats::bump;
use crate::storage::{Storage, Tables};
use crate::table::{Doubt, Facts, Liveness, Member};
use crate::time::{Duration, Instant};
use crate::wire::{Standing, limits, network};

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
        if id > self.node.tables.cx.config.largest_id() {
            return Err(ImportError::IdTooLarge { found: id });
        }
        let row = self.row_of(known);
        let progress = row.replica.progress;
        if progress.gc > progress.held || progress.held > progress.as_of {
            return Err(ImportError::Impossible);
        }
        if self.node.tables.cx.is_me(id) && progress.held < Version::BIRTH {
            return Err(ImportError::Impossible);
        }
        // The state is of a life that was not whole yet: it goes on taking what peers still show.
        if self.node.tables.cx.is_me(id) && known.unproven && !self.node.tables.cx.config.fresh() {
            self.node.author.reclaim = Reclaim::Silent;
        }
        let members = &mut self.node.tables.cx.members;
        let is_full = members.is_full();
        match members.append(row) {
            Ok(()) => self.set_timer(known),
            Err(_) if is_full => {
                let (_, max) = self.node.tables.cx.members.usage();
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
        let owner = self.node.tables.cx.members.get(kept.owner);
        let as_of = owner.map_or(Version::NONE, |row| row.replica.progress.as_of);
        self.check_room(kept)?;
        let known = self
            .node
            .tables
            .cx
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
        if self.node.tables.cx.entries.put(kept.owner, entry) {
            if self.node.tables.cx.is_me(kept.owner) && kept.value.is_some_and(looks_said) {
                self.node.tables.cx.entries.note_said(kept.owner, kept.key);
            }
            Ok(())
        } else {
            let max = self.node.tables.cx.entries.capacity();
            Err(ImportError::Entries { max })
        }
    }

    /// Takes what remains of a forgotten member, in the order in which [`Node::past`] gives them. Where
    /// there is no room, later ones replace earlier ones.
    pub fn past(&mut self, past: &Past<A>) {
        let bygone = Bygone::new(past.id, past.life, past.address, past.over);
        let me = self.node.id();
        if !self.node.tables.cx.is_me(past.id) && !self.node.tables.swim.bygones.keep(me, bygone) {
            bump(&mut self.node.tables.cx.stats.bygones_lost);
        }
    }

    /// The node. Its first [`handle_timeout`](Node::handle_timeout) is due at once. No events tell of
    /// what it knows already.
    ///
    /// # Errors
    /// There was no row of the node itself.
    pub fn finish(mut self) -> Result<Node<A, S>, ImportError> {
        let me = self.node.tables.cx.me().ok_or(ImportError::Impossible)?;
        let same_life = self.age == Age::Current && me.is_live();
        self.node.tables.cx.entries.hush();
        self.node.tables.cx.phase = Phase::Restored { same_life };
        self.node.tables.swim.quick_tries = QUICK_TRIES;
        self.count_loose();
        self.wake_myself(same_life);
        self.time_suspicions();
        Ok(self.node)
    }

    /// Whether a state that begins so can be this node's, and has room.
    pub(super) fn check_start(&self, start: &Start) -> Result<(), ImportError> {
        let (config, tables) = (&self.node.tables.cx.config, &self.node.tables);
        if start.cluster != network(config.cluster(), A::KIND) {
            return Err(ImportError::OtherCluster);
        }
        if start.id != config.id() {
            return Err(ImportError::OtherNode { found: start.id });
        }
        let (_, max) = tables.cx.members.usage();
        if start.members as usize > max {
            return Err(ImportError::Members { max });
        }
        let max = tables.cx.entries.capacity();
        if start.entries as usize > max {
            return Err(ImportError::Entries { max });
        }
        Ok(())
    }

    fn row_of(&self, known: &Known<A>) -> Member<A> {
        let told = &known.row;
        let me = self.node.tables.cx.is_me(told.id);
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
        self.age == Age::Current || passed < self.node.tables.cx.fading_time()
    }

    fn has_faded(&self, standing: Standing) -> bool {
        let left = memory_of(standing).map(|memory| less(memory, self.age.passed()));
        left.is_some_and(|left| left <= self.node.tables.cx.fading_time())
    }

    /// Sets the deadline of a member that is not simply alive. Suspicions come last, since their length
    /// follows from how many members there are.
    fn set_timer(&mut self, known: &Known<A>) {
        let (id, half) = (known.row.id, self.node.tables.cx.fading_time());
        if self.node.tables.cx.is_me(id) {
            return;
        }
        let unheard = self
            .node
            .tables
            .cx
            .members
            .get(id)
            .is_some_and(|row| row.unheard);
        let memory = memory_of(known.row.standing);
        let left = memory.map(|memory| less(memory, self.age.passed()));
        let longest = self.node.tables.cx.config.forget_after();
        let wait = match left {
            _ if unheard => memory.unwrap_or(longest).min(longest),
            None => return,
            Some(left) if left > half => less(left, half),
            Some(left) => left,
        };
        self.node.tables.swim.timers.add(id, self.now.after(wait));
    }

    /// Entries come after the rows of their owners.
    fn count_loose(&mut self) {
        let tables = &mut self.node.tables;
        let me = tables.cx.config.id();
        for index in 0..tables.cx.members.len() {
            let row = tables
                .cx
                .members
                .at(index)
                .map(|row| (row.id, row.replica.progress));
            let Some((id, progress)) = row.filter(|(id, _)| *id != me) else {
                continue;
            };
            let sum = loose(&tables.cx.entries, id, &progress);
            tables.cx.members.edit(id, |row| row.replica.loose = sum);
        }
    }

    fn time_suspicions(&mut self) {
        let config = &self.node.tables.cx.config;
        let live = self.node.tables.cx.members.live();
        let timeout = suspicion_timeout(
            self.node.tables.cx.suspicion_round(),
            config.suspicion_mult(),
            live,
        );
        let suspects = self
            .node
            .tables
            .cx
            .members
            .iter()
            .filter(|row| row.swim.suspect);
        for row in suspects {
            self.node
                .tables
                .swim
                .timers
                .add(row.id, self.now.after(timeout));
        }
    }

    /// The node lives, at the address that it was given now.
    fn wake_myself(&mut self, same_life: bool) {
        let configured = self.node.tables.cx.config.address().map(Address::canonical);
        let flow_control = self.node.tables.cx.config.flow_control();
        self.node
            .tables
            .cx
            .members
            .edit(self.node.tables.cx.config.id(), |me| {
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
                    me.facts.incarnation =
                        me.facts.incarnation.next().unwrap_or(me.facts.incarnation);
                }
            });
    }

    fn check_room(&self, kept: &Kept<'_>) -> Result<(), ImportError> {
        let entries = &self.node.tables.cx.entries;
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
            > self.node.tables.cx.config.entry_room()
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
        self.tables.cx.phase = Phase::Running;
        self.tables.swim.next_reconnect = now;
        let whole = self.author.reclaim != Reclaim::Silent;
        self.author.reclaim = Reclaim::Closed { whole: true };
        if self.is_joined() {
            self.tables.cx.notices.was_joined = true;
            self.tables.cx.notices.joined = true;
            self.tables.swim.rivalry.join(now, self.tables.cx.round());
        }
        let reopens = const { Self::RECLAIMS } && !whole;
        if same_life {
            if reopens {
                self.author.open_life(&mut self.tables.cx, now);
            }
            return;
        }
        let seen = self.generation();
        self.tables
            .cx
            .members
            .edit(self.id(), |me| me.facts.generation.nonce = nonce);
        if !self.author.begin_life(&mut self.tables.cx, seen) {
            self.tables
                .cx
                .members
                .edit(self.id(), |me| me.facts.generation = seen);
            self.tables.swim.give_up_id(&mut self.tables.cx, now);
        } else if reopens {
            self.author.open_life(&mut self.tables.cx, now);
        }
    }
}
