//! The node: five verbs over the parts.

mod airtime;
mod answer;
mod bare;
mod begin;
mod bygone;
mod canonical;
mod claims;
mod clock;
mod commands;
mod compared;
mod crowd;
mod events;
mod export;
mod flow;
mod import;
mod inherit;
mod lease;
mod line;
mod links;
mod mail;
mod merge;
mod myself;
mod pause;
mod precise;
mod pulls;
mod receive;
mod reclaim;
mod reconcile;
mod regain;
mod request;
mod restore;
mod shared;
mod short;
mod singles;
mod slow;
mod strangers;
mod sync;
mod taken;
mod terms;
mod timeout;
mod transmit;
mod usage;
mod verdict;
mod watch;
mod whereabouts;

pub use export::Export;
pub use flow::Pressure;
pub use import::Import;
pub use restore::Restore;
pub use usage::Usage;

use crate::address::Address;
use crate::config::Checked;
use crate::context::{Context, With};
use crate::entries::EntryRef;
use crate::entries::delta::Progress;
use crate::error::ValueError;
use crate::exchange::{Bucket, Direction, Pace, Partner};
use crate::id::{Generation, Incarnation, NodeId, Place, Version};
use crate::membership::{Alarms, Clashes, Identity, Lateness, Prober, Rivalry, Seen, What};
use crate::outbox::Message;
use crate::requests::{Mails, Reads};
use crate::sampling::Shuffle;
use crate::stats::{Stats, bump};
use crate::storage::{Storage, Tables};
use crate::table::{Facts, Liveness, Member, Prefix, Sums};
use crate::time::Instant;
use bygone::Lost;
use pause::Touch;
use reclaim::Reclaim;
use strangers::Strangers;

/// One participant: a state machine that is moved by five verbs and nothing else.
///
/// ```text
/// handle_datagram(now, from, bytes)    one received datagram
/// handle_timeout(now, rng)             time has passed; the only place where chance enters
/// poll_transmit(now, buf)              writes the best next datagram into buf
/// poll_event()                         what the application should know
/// poll_timeout()                       when to call handle_timeout next at the latest
/// ```
///
/// Commands such as [`join`](Self::join) and [`set`](Self::set) leave intents that the next polls
/// turn into datagrams. A node is a value: `clone` is a snapshot, and equal nodes behave equally.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Node<A: Address, S: Storage<A>> {
    config: Checked<A>,
    tables: Tables<A, S>,
    phase: Phase,
    notices: Notices,
    prober: Prober,
    alarms: Alarms,
    lateness: Lateness,
    seen: Seen<A>,
    shuffle: Shuffle,
    next_round: Instant,
    /// How many rounds have begun.
    rounds: u16,
    next_exchange: Instant,
    next_gossip: Instant,
    next_reconnect: Instant,
    next_sweep: Instant,
    next_token: u16,
    /// The way of the exchanges begun last.
    direction: Direction,
    /// Whom rows are told to, where the storage has no table of exchanges.
    partner: Option<Partner<A>>,
    /// The owner that was asked for last, where they are asked for in turn.
    asked_up_to: Place,
    /// Other nodes with this node's id.
    rivalry: Rivalry,
    /// Other members whose id two nodes use.
    clashes: Clashes,
    /// What becomes of an earlier life.
    reclaim: Reclaim,
    /// How often a restored node still tries somebody in quick succession.
    quick_tries: u8,
    /// Who is to be tried next of those that are not among the live.
    lost: Lost,
    /// How far this node is in touch with its peers.
    touch: Touch,
    /// Whether news goes before the exchange in the next datagram.
    news_first: bool,
    pace: Pace,
    bucket: Bucket,
    strangers: Strangers<A>,
    stats: Stats,
    time: clock::OwnTime,
}

/// Where in its life a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    /// Nothing random was drawn yet.
    New,
    /// Made from a state, and nothing random was drawn yet.
    Restored {
        /// It goes on in the life that is stored.
        same_life: bool,
    },
    Running,
    /// Saying goodbye; so many times so far.
    Leaving(u8),
    Left,
}

/// Events about the node itself that are due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Notices {
    joined: bool,
    was_joined: bool,
    conflict: bool,
    resync: bool,
    left: bool,
    reclaimed: bool,
    no_answer: bool,
}

/// The parts that have a state of their own, and what they share.
struct Parts<'n, A: Address, S: Storage<A>> {
    mails: &'n mut Mails<S::Mails>,
    reads: &'n mut Reads<S::Key, S::Reads>,
    context: Context<'n, A, S>,
}

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// A node that has not started: its first [`handle_timeout`](Self::handle_timeout), due at once,
    /// draws the nonce of its life.
    pub const fn new(config: Checked<A>, mut tables: Tables<A, S>) -> Self {
        if !Self::ENTRIES {
            tables.members.keep_facts_alone();
        } else if !Self::LEASES {
            tables.members.keep_no_leases();
        }
        Self {
            config,
            tables,
            phase: Phase::New,
            notices: Notices {
                joined: false,
                was_joined: false,
                conflict: false,
                resync: false,
                left: false,
                reclaimed: false,
                no_answer: false,
            },
            prober: Prober::IDLE,
            alarms: Alarms::NONE,
            lateness: Lateness::NONE,
            seen: Seen::NOTHING,
            shuffle: Shuffle::NEW,
            next_round: Instant::ZERO,
            rounds: 0,
            next_exchange: Instant::ZERO,
            next_gossip: Instant::ZERO,
            next_reconnect: Instant::ZERO,
            next_sweep: Instant::ZERO,
            next_token: 0,
            direction: Direction::Both,
            partner: None,
            asked_up_to: Place(0),
            rivalry: Rivalry::NONE,
            clashes: Clashes::NONE,
            reclaim: Reclaim::Over,
            quick_tries: 0,
            lost: Lost::NONE,
            touch: Touch::NONE,
            news_first: false,
            pace: Pace::NEW,
            bucket: Bucket::NEW,
            strangers: Strangers::NONE,
            stats: Stats::NONE,
            time: clock::OwnTime::NEW,
        }
    }

    /// This node's id.
    pub const fn id(&self) -> NodeId {
        self.config.id()
    }

    /// This node's life, as far as it is known; fixed by the first `handle_timeout`, and raised if
    /// the cluster remembers a later one.
    pub fn generation(&self) -> Generation {
        self.me()
            .map_or(Generation::default(), |me| me.facts.generation)
    }

    /// The version of this node's latest write; [`Version::NONE`] before it runs. Flow control may let
    /// it out later.
    pub fn written(&self) -> Version {
        self.last_version()
    }

    /// The address this node asserts: the configured one, or what its peers see.
    pub fn address(&self) -> Option<A> {
        self.me().and_then(|me| me.facts.address)
    }

    /// Whether this node is the only one with its id, as far as it knows.
    pub const fn identity(&self) -> Identity {
        self.rivalry.identity()
    }

    /// Members whose id two live nodes seem to use, of those that were noticed of late.
    pub fn clashes(&self) -> impl Iterator<Item = NodeId> {
        self.clashes.ids()
    }

    /// What an owner has set for a key.
    pub fn get(&self, owner: NodeId, key: &str) -> Option<&[u8]> {
        Some(self.entry(owner, key)?.value)
    }

    /// What an owner has set for a key, with the version of the write and the end of its lease.
    pub fn entry(&self, owner: NodeId, key: &str) -> Option<EntryRef<'_>> {
        if const { !Self::ENTRIES } {
            return None;
        }
        let entry = self.tables.entries.find(owner, key)?;
        let entry = self.tables.entries.visible_entry(entry)?;
        Some(self.as_told(entry))
    }

    /// What an owner has set for a key, decoded from postcard: what
    /// [`set_value`](Self::set_value) wrote. `None` if nothing is set.
    ///
    /// # Errors
    /// The bytes are not those of a `T`.
    pub fn value<'a, T: serde::Deserialize<'a>>(
        &'a self,
        owner: NodeId,
        key: &str,
    ) -> Option<Result<T, ValueError>> {
        let bytes = self.get(owner, key)?;
        Some(postcard::from_bytes(bytes).map_err(|_| ValueError))
    }

    /// Every value set by any owner, ordered by owner (in the members' common order) and key.
    pub fn entries(&self) -> impl Iterator<Item = EntryRef<'_>> {
        let all = self.tables.entries.visible();
        all.map(|entry| self.as_told(entry))
    }

    /// Every value set by one owner, by key.
    pub fn entries_of(&self, owner: NodeId) -> impl Iterator<Item = EntryRef<'_>> {
        let all = self.tables.entries.visible_of(owner);
        all.map(|entry| self.as_told(entry))
    }

    /// Every value set for a key, one for each owner that has it, in the members' common order.
    pub fn entries_with<'a>(&'a self, key: &'a str) -> impl Iterator<Item = EntryRef<'a>> {
        self.entries().filter(move |entry| entry.key == key)
    }

    /// Every known node, this one included, in the members' common order.
    pub fn members(&self) -> impl Iterator<Item = &Member<A>> {
        self.tables.members.iter().filter(|row| row.is_known())
    }

    /// What is known of one node.
    pub fn member(&self, id: NodeId) -> Option<&Member<A>> {
        self.tables.members.get(id).filter(|row| !row.gone)
    }

    /// How many members are alive or only suspected, this one included.
    pub fn live(&self) -> usize {
        self.tables.members.live()
    }

    /// `true` while a live peer is known.
    pub fn is_joined(&self) -> bool {
        let me = usize::from(self.me().is_some_and(Member::is_live));
        self.live() > me
    }

    /// `true` once the goodbye was said.
    pub fn has_left(&self) -> bool {
        self.phase == Phase::Left
    }

    /// The fingerprint of all members' facts and of how far their entries are held: equal on nodes
    /// that know the same, and different on others but for one chance in 2^64. On a node that keeps no
    /// entries it is that of [facts alone](Self::facts_fingerprint); on one that keeps no leases, facts alone
    /// count of those who have set some.
    pub fn fingerprint(&self) -> u64 {
        self.sum(Prefix::ROOT, self.own_sums())
    }

    /// The fingerprint of all members' facts alone: equal on nodes that know the same of the members,
    /// whatever entries they keep.
    pub fn facts_fingerprint(&self) -> u64 {
        self.sum(Prefix::ROOT, Sums::Facts)
    }

    /// What was counted so far.
    pub const fn stats(&self) -> &Stats {
        &self.stats
    }

    /// The most bytes that key and value of an entry may have together, as far as datagrams go and
    /// however they share them; the storage has limits of its own.
    pub const fn entry_max(&self) -> usize {
        self.config.entry_max()
    }

    fn me(&self) -> Option<&Member<A>> {
        self.tables.members.get(self.id())
    }

    fn is_me(&self, id: NodeId) -> bool {
        id == self.id()
    }

    /// Makes sure that there is a row of this node.
    fn ensure_me(&mut self) {
        if self.me().is_some() {
            return;
        }
        let facts = Facts {
            generation: Generation::default(),
            incarnation: Incarnation::default(),
            liveness: Liveness::Alive,
            address: self.config.address().map(Address::canonical),
        };
        let mut row = Member::new(self.id(), facts);
        row.changed = false;
        row.replica.progress = Progress::BIRTH;
        // A table has room for one row at least.
        let _ = self.tables.members.insert(row);
    }

    /// Starts telling something about a member.
    fn announce(&mut self, id: NodeId, what: What) {
        // What a slow node passes on is old, and whoever knows better would answer it.
        if !self.is_me(id) && self.is_slow(self.id()) {
            return;
        }
        if what == What::Introduction {
            self.tables.news.retract(id, What::Facts);
        } else if what == What::Facts {
            self.tables.news.retract(id, What::Introduction);
        }
        if self.tables.news.announce(id, what) {
            bump(&mut self.stats.news_evicted);
        }
    }

    /// Owes somebody a small message.
    fn owe(&mut self, to: A, message: Message) {
        self.context().send_soon(to, message);
    }

    /// What parts see of this node beside their own state.
    fn context(&mut self) -> Context<'_, A, S> {
        self.parts().context
    }

    /// The letters, and what they see of this node.
    fn mails(&mut self) -> With<'_, Mails<S::Mails>, A, S> {
        let parts = self.parts();
        (parts.mails, parts.context)
    }

    /// The reads, and what they see of this node.
    fn reads(&mut self) -> With<'_, Reads<S::Key, S::Reads>, A, S> {
        let parts = self.parts();
        (parts.reads, parts.context)
    }

    fn parts(&mut self) -> Parts<'_, A, S> {
        let tables = &mut self.tables;
        Parts {
            mails: &mut tables.mails,
            reads: &mut tables.reads,
            context: Context {
                config: &self.config,
                members: &mut tables.members,
                entries: &mut tables.entries,
                outbox: &mut tables.outbox,
                stats: &mut self.stats,
            },
        }
    }

    /// The number of this round, from 1 to 255 and again.
    fn round_number(&self) -> u8 {
        (self.rounds % 255).saturating_add(1) as u8
    }

    fn take_token(&mut self) -> u16 {
        self.next_token = self.next_token.wrapping_add(1);
        self.next_token
    }
}
