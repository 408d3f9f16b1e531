//! A node made of the records of a state.

use super::{Age, ImportError, Kept, Known, Past, Start};
use crate::address::Address;
use crate::author::{Author, Reclaim, looks_said};
use crate::config::Checked;
use crate::context::{Phase, Replica};
use crate::entries::delta::{Listed, Progress};
use crate::id::Version;
use crate::membership::{Bygone, Detection, QUICK_TRIES, suspicion_timeout};
use crate::stats::bump;
use crate::storage::{Storage, Tables};
use crate::table::{Facts, Liveness, Member};
use crate::time::{Duration, Instant};
use crate::wire::{Standing, limits, network};

/// Makes a node of the records of a state, member by member and then entry by entry.
///
/// [`Import`](crate::Import) does the same with the state's bytes.
#[derive(Clone, Debug)]
pub struct Restore<A: Address, S: Storage<A>> {
    pub(crate) tables: Tables<A, S>,
    now: Instant,
    age: Age,
}

impl<A: Address, S: Storage<A>> Restore<A, S> {
    /// Begins a node with empty `tables`; the state is of this `age` at `now`.
    pub const fn new(config: Checked<A>, mut tables: Tables<A, S>, now: Instant, age: Age) -> Self {
        tables.set_up(config);
        Self { tables, now, age }
    }

    /// Takes what is known of a member, or of the node itself, in any order; ascending in the members'
    /// common order, as [`Node::known`](crate::Node::known) gives them, costs least.
    ///
    /// # Errors
    /// Why it was refused; nothing changed.
    pub fn member(&mut self, known: &Known<A>) -> Result<(), ImportError> {
        let id = known.row.id;
        if id > self.tables.base.cx.config.largest_id() {
            return Err(ImportError::IdTooLarge { found: id });
        }
        let row = self.row_of(known);
        let progress = row.progress();
        if progress.gc > progress.held || progress.held > progress.as_of {
            return Err(ImportError::Impossible);
        }
        if self.tables.base.cx.is_me(id) && progress.held < Version::BIRTH {
            return Err(ImportError::Impossible);
        }
        // The state is of a life that was not whole yet: it goes on taking what peers still show.
        if self.tables.base.cx.is_me(id) && known.unproven && !self.tables.base.cx.config.fresh() {
            self.tables.base.author.reclaim = Reclaim::Silent;
        }
        let members = &mut self.tables.base.cx.members;
        let is_full = members.is_full();
        match members.append(row) {
            Ok(()) => self.set_timer(known),
            Err(_) if is_full => {
                let (_, max) = self.tables.base.cx.members.usage();
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
        let owner = self.tables.base.cx.members.get(kept.owner);
        let as_of = owner.map_or(Version::NONE, |row| row.progress().as_of);
        self.check_room(kept)?;
        let known = self
            .tables
            .base
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
        if self.tables.base.cx.entries.put(kept.owner, entry) {
            if self.tables.base.cx.is_me(kept.owner) && kept.value.is_some_and(looks_said) {
                self.tables.base.cx.entries.note_said(kept.owner, kept.key);
            }
            Ok(())
        } else {
            let max = self.tables.base.cx.entries.capacity();
            Err(ImportError::Entries { max })
        }
    }

    /// Takes what remains of a forgotten member, in the order in which [`Node::past`](crate::Node::past) gives them. Where
    /// there is no room, later ones replace earlier ones.
    pub fn past(&mut self, past: &Past<A>) {
        let bygone = Bygone::new(past.id, past.life, past.address, past.over);
        let me = self.tables.base.cx.id();
        if !self.tables.base.cx.is_me(past.id) && !self.tables.base.swim.bygones.keep(me, bygone) {
            bump(&mut self.tables.base.cx.stats.bygones_lost);
        }
    }

    /// Every record was taken.
    pub(crate) fn end(mut self) -> Result<Self, ImportError> {
        let me = self.tables.base.cx.me().ok_or(ImportError::Impossible)?;
        let same_life = self.age == Age::Current && me.is_live();
        self.tables.base.cx.entries.hush();
        self.tables.base.cx.phase = Phase::Restored { same_life };
        self.tables.base.swim.quick_tries = QUICK_TRIES;
        self.count_loose();
        self.wake_myself(same_life);
        self.time_suspicions();
        Ok(self)
    }

    /// Whether a state that begins so can be this node's, and has room.
    pub(super) fn check_start(&self, start: &Start) -> Result<(), ImportError> {
        let (config, tables) = (&self.tables.base.cx.config, &self.tables);
        if start.cluster != network(config.cluster(), A::KIND) {
            return Err(ImportError::OtherCluster);
        }
        if start.id != config.id() {
            return Err(ImportError::OtherNode { found: start.id });
        }
        let (_, max) = tables.base.cx.members.usage();
        if start.members as usize > max {
            return Err(ImportError::Members { max });
        }
        let max = tables.base.cx.entries.capacity();
        if start.entries as usize > max {
            return Err(ImportError::Entries { max });
        }
        Ok(())
    }

    fn row_of(&self, known: &Known<A>) -> Member<A> {
        let told = &known.row;
        let me = self.tables.base.cx.is_me(told.id);
        let mut row = Member::new(told.id, Facts::of(told));
        row.changed = false;
        row.observed = known.observed;
        row.replica = Replica::at(Progress {
            held: told.held,
            gc: known.gc,
            as_of: known.as_of,
            recover: None,
        });
        row.unheard = !me && (known.unheard || !self.trusts_others());
        let suspect = known.suspect && row.is_live() && !me;
        row.swim = Detection::restored(suspect, known.unproven && !me);
        row.fading = !me && !row.unheard && self.has_faded(told.standing);
        row
    }

    /// Whether what peers remember is not shorter than the time that passed; the table of [`Age`].
    fn trusts_others(&self) -> bool {
        let passed = self.age.passed();
        self.age == Age::Current || passed < self.tables.base.cx.fading_time()
    }

    fn has_faded(&self, standing: Standing) -> bool {
        let left = memory_of(standing).map(|memory| less(memory, self.age.passed()));
        left.is_some_and(|left| left <= self.tables.base.cx.fading_time())
    }

    /// Sets the deadline of a member that is not simply alive. Suspicions come last, since their length
    /// follows from how many members there are.
    fn set_timer(&mut self, known: &Known<A>) {
        let (id, half) = (known.row.id, self.tables.base.cx.fading_time());
        if self.tables.base.cx.is_me(id) {
            return;
        }
        let unheard = self
            .tables
            .base
            .cx
            .members
            .get(id)
            .is_some_and(|row| row.unheard);
        let memory = memory_of(known.row.standing);
        let left = memory.map(|memory| less(memory, self.age.passed()));
        let longest = self.tables.base.cx.config.forget_after();
        let wait = match left {
            _ if unheard => memory.unwrap_or(longest).min(longest),
            None => return,
            Some(left) if left > half => less(left, half),
            Some(left) => left,
        };
        self.tables.base.swim.timers.add(id, self.now.after(wait));
    }

    /// Entries come after the rows of their owners.
    fn count_loose(&mut self) {
        let cx = &mut self.tables.base.cx;
        for index in 0..cx.members.len() {
            let row = cx.members.at(index);
            if let Some(id) = row.map(Member::id).filter(|id| !cx.is_me(*id)) {
                cx.recount_singles(id);
            }
        }
    }

    fn time_suspicions(&mut self) {
        let config = &self.tables.base.cx.config;
        let live = self.tables.base.cx.members.live();
        let timeout = suspicion_timeout(
            self.tables.base.cx.suspicion_round(),
            config.suspicion_mult(),
            live,
        );
        let suspects = self
            .tables
            .base
            .cx
            .members
            .iter()
            .filter(|row| row.swim.is_suspect());
        for row in suspects {
            self.tables
                .base
                .swim
                .timers
                .add(row.id, self.now.after(timeout));
        }
    }

    /// The node lives, at the address that it was given now.
    fn wake_myself(&mut self, same_life: bool) {
        let configured = self.tables.base.cx.config.address().map(Address::canonical);
        let flow_control = self.tables.base.cx.config.flow_control();
        self.tables
            .base
            .cx
            .members
            .edit(self.tables.base.cx.config.id(), |mut me| {
                me.facts().liveness = Liveness::Alive;
                me.forget_observed();
                let asserted = me.facts.address;
                let moved = configured.is_some() && configured != asserted;
                if !same_life || moved {
                    me.facts().address = configured;
                }
                if same_life && moved {
                    // At the last incarnation of all peers refute, and the node begins a new life.
                    let incarnation = me.facts.incarnation;
                    me.facts().incarnation = incarnation.next().unwrap_or(incarnation);
                }
            });
        if !flow_control {
            // Nothing waits to go out.
            self.tables.base.cx.let_out_all();
        }
    }

    fn check_room(&self, kept: &Kept<'_>) -> Result<(), ImportError> {
        let entries = &self.tables.base.cx.entries;
        let value = kept.value.map_or(0, <[u8]>::len);
        if const { !Author::<A, S>::ENTRIES } || entries.is_full() {
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
            > self.tables.base.cx.config.entry_room()
        {
            return Err(ImportError::Entry {
                max: self.tables.base.cx.config.entry_max(),
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
