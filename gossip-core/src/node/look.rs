//! What the application looks at: events, changes, how full the tables are, how hard writing is, and what decides the future.

use super::Node;
use crate::address::Address;
use crate::board::What;
use crate::entries::Happened;
use crate::entries::{Change, Changes, Cursor, Filter};
use crate::event::Event;
use crate::exchange::Base;
use crate::id::NodeId;
use crate::storage::Storage;
use crate::time::Instant;
use serde::{Deserialize, Serialize};

/// How full one of a node's tables is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct Usage {
    /// The table's name in [`Tables`](crate::Tables).
    pub table: &'static str,
    /// How many things it holds.
    pub len: usize,
    /// How many it can hold.
    pub capacity: usize,
}

/// How hard it is for a node to get rid of what it has to tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pressure {
    /// Own writes that have not gone out yet. A key that is written again while it waits counts once
    /// and goes out once, with its latest value.
    pub waiting: usize,
    /// Writes in 1000 seconds that flow control lets out; `u32::MAX` without flow control.
    pub allowed: u32,
    /// Writes in 1000 seconds that the application made of late; 0 without flow control.
    pub wanted: u32,
    /// Bytes that may be sent at once; `u32::MAX` without a byte rate. At 0 only urgent messages go.
    pub bytes: u32,
}

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// The next thing the application should know, or `None` when it knows everything. Events may be
    /// drained at any time and do not change what the node sends.
    pub fn poll_event(&mut self) -> Option<Event<S::Key>> {
        self.notice()
            .or_else(|| self.clash_event())
            .or_else(|| self.member_event())
            .or_else(|| self.entry_event())
            .or_else(|| self.tables.requests.take_untold())
    }

    fn notice(&mut self) -> Option<Event<S::Key>> {
        let Base { cx, swim, .. } = &mut self.tables.base;
        let notices = &mut cx.notices;
        let due = [
            (&mut notices.joined, Event::Joined),
            (&mut notices.conflict, Event::Conflict),
            (&mut notices.resync, Event::Resync),
            (&mut notices.left, Event::Left),
            (&mut notices.reclaimed, Event::Reclaimed),
            (&mut notices.no_answer, Event::NoAnswer),
        ];
        due.into_iter()
            .find_map(|(flag, event)| core::mem::take(flag).then_some(event))
            .or_else(|| swim.strangers.take_due().map(Event::Mismatch))
    }

    fn clash_event(&mut self) -> Option<Event<S::Key>> {
        let id = self.tables.base.swim.clashes.take_due()?;
        Some(Event::Clash { id })
    }

    fn member_event(&mut self) -> Option<Event<S::Key>> {
        let cx = &mut self.tables.base.cx;
        while let Some(id) = cx.members.take_changed() {
            if cx.is_me(id) {
                continue;
            }
            let Some(row) = cx.members.get(id) else {
                continue;
            };
            let status = row.status();
            return Some(Event::Member { id, status });
        }
        let id = cx.members.take_forgotten()?;
        Some(Event::Forgotten { id })
    }

    fn entry_event(&mut self) -> Option<Event<S::Key>> {
        if const { !Self::ENTRIES } {
            return None;
        }
        let cx = &mut self.tables.base.cx;
        while let Some((owner, key, what)) = cx.entries.take_changed() {
            if !cx.is_me(owner) {
                return Some(match what {
                    Happened::Set => Event::Set { owner, key },
                    Happened::Deleted => Event::Deleted { owner, key },
                    Happened::Expired => Event::Expired { owner, key },
                });
            }
        }
        None
    }

    /// What `filter` lets through of the entries, this node's own included, that changed since `since`:
    /// each key once, with what it is now. No change is lost: where a removal is no longer known the
    /// answer [is afresh](Changes::is_afresh), and holds everything instead.
    ///
    /// A change is a new value or the end of one, whatever ended it; the same value written again is none.
    ///
    /// ```
    /// # use gossip_core::{Config, Node, NodeId, inline};
    /// # inline! {
    /// #     struct Tiny {
    /// #         members: 4, entries: 8, key: 8, value: 8, news: 4, duties: 4,
    /// #         relays: 1, seeds: 1, exchanges: 2, ranges: 2, wants: 2,
    /// #     }
    /// # }
    /// use gossip_core::{Cursor, Filter};
    /// # let config = Config::<u16>::new(NodeId::from(1)).check().unwrap();
    /// # let mut node: Node<u16, Tiny> = Node::new(config, Tiny::tables());
    ///
    /// let (mut cursor, temperatures) = (Cursor::START, Filter::ALL.prefix("temp"));
    /// for reading in [b"20", b"21", b"22"] {
    ///     node.set("temp.in", reading).unwrap();
    ///     node.set("light", reading).unwrap();
    /// }
    /// let changes = node.changes(cursor, temperatures);
    /// cursor = changes.end();
    /// let seen: Vec<_> = changes.map(|change| (change.key, change.entry.unwrap().value)).collect();
    /// assert_eq!(seen, [("temp.in", &b"22"[..])]);
    ///
    /// node.delete("temp.in").unwrap();
    /// let gone = node.changes(cursor, temperatures).next().unwrap();
    /// assert!(gone.key == "temp.in" && gone.entry.is_none());
    /// ```
    ///
    /// Costs O(1) if nothing changed at all; else O(log n + k) for the k entries of one owner with one
    /// prefix, and O(n) without an owner. Nothing is kept for a watcher, and there may be any number.
    pub fn changes<'a>(
        &'a self,
        since: Cursor,
        filter: Filter<'a>,
    ) -> Changes<impl Iterator<Item = Change<'a>>> {
        let changes = self.tables.base.cx.entries.changes(since, filter);
        changes.map_entries(|entry| self.as_told(entry))
    }

    /// Where a watcher stands that is interested in what comes from now on. It differs from an earlier
    /// answer if anything readable changed since.
    #[must_use]
    pub fn newest_change(&self) -> Cursor {
        self.tables.base.cx.entries.newest()
    }

    /// How full each table is: for sizing a storage to its need.
    pub fn usage(&self) -> impl Iterator<Item = Usage> {
        let tables = &self.tables;
        let of = |table, (len, capacity)| Usage {
            table,
            len,
            capacity,
        };
        [
            of("members", tables.base.cx.members.usage()),
            of("entries", tables.base.cx.entries.usage()),
            of("leases", tables.base.cx.entries.lease_usage()),
            of("timers", tables.base.swim.timers.usage()),
            of("news", tables.base.cx.news.usage()),
            of("duties", tables.base.cx.outbox.usage()),
            of("relays", tables.base.swim.relays.usage()),
            of("seeds", tables.base.swim.seeds.usage()),
            of("bygones", tables.base.swim.bygones.usage()),
            of("exchanges", tables.reconciler.slots.usage()),
            of("ranges", tables.reconciler.ranges.usage()),
            of("wants", tables.reconciler.wants.usage()),
            of("mails", tables.requests.mails.usage()),
            of("syncs", tables.requests.syncs.usage()),
            of("reads", tables.requests.reads.usage()),
        ]
        .into_iter()
    }

    /// `true` while this node still tells others that it holds more of this owner's entries: it is
    /// infective, in the words of epidemics, and removed when it is done.
    #[must_use]
    pub fn is_telling(&self, owner: NodeId) -> bool {
        self.tables.base.cx.news.is_told(owner, What::Held)
    }

    /// What the application should look at to write no faster than the cluster carries.
    #[must_use]
    pub fn pressure(&self) -> Pressure {
        let Base { cx, author, .. } = &self.tables.base;
        let (allowed, wanted) = author.pace.rates();
        let flow = cx.config.flow_control();
        let limited = cx.config.byte_rate().is_some();
        Pressure {
            waiting: author.waiting_writes(cx),
            allowed: if flow { allowed } else { u32::MAX },
            wanted: if flow { wanted } else { 0 },
            bytes: if limited { cx.bucket.bytes() } else { u32::MAX },
        }
    }

    /// This node without what does not influence its future among members: counters are zero, strangers
    /// that were met are forgotten, changes have no numbers, deadlines are counted from `now`, and tokens back from the next one to be given out.
    /// Nodes whose canonical forms are equal will behave alike. For comparison only: a canonical form
    /// is not meant to run.
    #[must_use]
    pub fn canonical(&self, now: Instant) -> Self {
        let mut node = self.clone();
        let now = self.time.of(now);
        let tables = &mut node.tables;
        let next_token = tables.base.cx.next_token;
        tables.base.swim.rebase(now, next_token);
        tables.base.author.rebase(now);
        tables.reconciler.rebase(now);
        tables.requests.rebase(now, next_token);
        tables.base.cx.rebase(now);
        node.time.rebase(now);
        node
    }
}
