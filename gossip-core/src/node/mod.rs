//! The node: five verbs over the parts.

mod clock;
mod commands;
mod look;
mod receive;
mod request;
mod state;
mod timeout;
mod transmit;

pub use look::{Pressure, Usage};

use crate::address::Address;
use crate::author::Author;
use crate::config::Checked;
use crate::context::Compared;
use crate::context::Phase;
use crate::entries::EntryRef;
use crate::error::ValueError;
use crate::event::Mismatch;
use crate::exchange::Base;
use crate::id::{Generation, NodeId, Version};
use crate::membership::Identity;
use crate::outbox::Message;
use crate::requests::Requests;
use crate::stats::Stats;
use crate::storage::{Storage, Tables};
use crate::table::{Member, Prefix, Sums};
use crate::wire::Parts;

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
    tables: Tables<A, S>,
    /// Whether news goes before the exchange in the next datagram.
    news_first: bool,
    time: clock::OwnTime,
}

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// What this node's storage permits.
    pub const PARTS: Parts = Parts::NONE
        .with(Parts::EXCHANGES, Self::ENTRIES)
        .with(Parts::ENTRIES, Self::ENTRIES)
        .with(Parts::LEASES, Author::<A, S>::LEASES)
        .with(Parts::COPIES, Author::<A, S>::COPIES)
        .with(Parts::MAILS, Requests::<A, S>::MAILS)
        .with(Parts::SYNCS, Requests::<A, S>::SYNCS)
        .with(Parts::READS, Requests::<A, S>::READS);

    /// Whether this storage permits entries.
    const ENTRIES: bool = Compared::<A, S>::ENTRIES;

    /// A node that has not started: its first [`handle_timeout`](Self::handle_timeout), due at once,
    /// draws the nonce of its life.
    pub const fn new(config: Checked<A>, mut tables: Tables<A, S>) -> Self {
        tables.set_up(config);
        Self::of(tables)
    }

    /// Around tables that were set up.
    const fn of(tables: Tables<A, S>) -> Self {
        Self {
            tables,
            news_first: false,
            time: clock::OwnTime::NEW,
        }
    }

    /// This node's id.
    pub const fn id(&self) -> NodeId {
        self.tables.base.cx.config.id()
    }

    /// This node's life, as far as it is known; fixed by the first `handle_timeout`, and raised if
    /// the cluster remembers a later one.
    pub fn generation(&self) -> Generation {
        self.tables
            .base
            .cx
            .me()
            .map_or(Generation::default(), |me| me.facts.generation)
    }

    /// The version of this node's latest write; [`Version::NONE`] before it runs. Flow control may let
    /// it out later.
    pub fn written(&self) -> Version {
        let Base { cx, author, .. } = &self.tables.base;
        author.last_version(cx)
    }

    /// The address this node asserts: the configured one, or what its peers see.
    pub fn address(&self) -> Option<A> {
        self.tables.base.cx.me().and_then(|me| me.facts.address)
    }

    /// Whether this node is the only one with its id, as far as it knows.
    pub const fn identity(&self) -> Identity {
        self.tables.base.swim.rivalry.identity()
    }

    /// Members whose id two live nodes seem to use, of those that were noticed of late.
    pub fn clashes(&self) -> impl Iterator<Item = NodeId> {
        self.tables.base.swim.clashes.ids()
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
        let entry = self.tables.base.cx.entries.find(owner, key)?;
        let entry = self.tables.base.cx.entries.visible_entry(entry)?;
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
        let all = self.tables.base.cx.entries.visible();
        all.map(|entry| self.as_told(entry))
    }

    /// Every value set by one owner, by key.
    pub fn entries_of(&self, owner: NodeId) -> impl Iterator<Item = EntryRef<'_>> {
        let all = self.tables.base.cx.entries.visible_of(owner);
        all.map(|entry| self.as_told(entry))
    }

    /// Every value set for a key, one for each owner that has it, in the members' common order.
    pub fn entries_with<'a>(&'a self, key: &'a str) -> impl Iterator<Item = EntryRef<'a>> {
        self.entries().filter(move |entry| entry.key == key)
    }

    /// Every known node, this one included, in the members' common order.
    pub fn members(&self) -> impl Iterator<Item = &Member<A>> {
        self.tables
            .base
            .cx
            .members
            .iter()
            .filter(|row| row.is_known())
    }

    /// What is known of one node.
    pub fn member(&self, id: NodeId) -> Option<&Member<A>> {
        self.tables.base.cx.members.get(id).filter(|row| !row.gone)
    }

    /// How many members are alive or only suspected, this one included.
    pub fn live(&self) -> usize {
        self.tables.base.cx.members.live()
    }

    /// `true` while a live peer is known.
    pub fn is_joined(&self) -> bool {
        self.tables.base.cx.is_joined()
    }

    /// `true` once the goodbye was said.
    pub fn has_left(&self) -> bool {
        self.tables.base.cx.phase == Phase::Left
    }

    /// The fingerprint of all members' facts and of how far their entries are held: equal on nodes
    /// that know the same, and different on others but for one chance in 2^64. On a node that keeps no
    /// entries it is that of [facts alone](Self::facts_fingerprint); on one that keeps no leases, facts alone
    /// count of those who have set some.
    pub fn fingerprint(&self) -> u64 {
        self.sum(self.tables.base.cx.compared().own_sums())
    }

    /// The fingerprint of all members' facts alone: equal on nodes that know the same of the members,
    /// whatever entries they keep.
    pub fn facts_fingerprint(&self) -> u64 {
        self.sum(Sums::Facts)
    }

    /// What was counted so far.
    pub const fn stats(&self) -> &Stats {
        &self.tables.base.cx.stats
    }

    /// The most bytes that key and value of an entry may have together, as far as datagrams go and
    /// however they share them; the storage has limits of its own.
    pub const fn entry_max(&self) -> usize {
        self.tables.base.cx.config.entry_max()
    }

    /// `true` while this node asks its seeds whether an earlier life of it is remembered, or takes back
    /// what it had written in that: see [`Config::fresh`](crate::Config::fresh). A state that is exported
    /// now has not got what comes.
    pub fn is_reclaiming(&self) -> bool {
        self.tables.base.author.is_reclaiming()
    }

    /// The node that was met last and does not fit this one: where it is, and what differs. It is no
    /// member, or one with other settings. [`Event::Mismatch`](crate::Event::Mismatch) says when to look.
    pub fn mismatch(&self) -> Option<(A, Mismatch)> {
        self.tables.base.swim.strangers.latest()
    }

    /// An entry with the end of its lease as the clock will say it.
    pub(super) fn as_told<'e>(&self, entry: EntryRef<'e>) -> EntryRef<'e> {
        let expires = entry.expires.map(|at| self.time.told(at));
        EntryRef { expires, ..entry }
    }

    fn sum(&self, sums: Sums) -> u64 {
        self.tables.base.cx.compared().sum(Prefix::ROOT, sums)
    }
}
