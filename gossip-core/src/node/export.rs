//! A node's state, written to be kept.

use super::Node;
use crate::address::Address;
use crate::entries::Entry;
use crate::membership::Bygone;
use crate::persist::{Checksum, Kept, Known, PRELUDE, Past, Start, write_window};
use crate::storage::Storage;
use crate::table::Member;
use crate::time::Instant;
use crate::wire::network;

/// A node's state as bytes, a page of any size at a time; see [`persist`](crate::persist).
#[derive(Clone, Debug)]
pub struct Export<'n, A: Address, S: Storage<A>> {
    node: &'n Node<A, S>,
    now: Instant,
    next: Next,
    /// How many bytes of what is next were written already.
    skip: usize,
    checksum: Checksum,
}

/// What is to be written next.
#[derive(Clone, Copy, Debug)]
enum Next {
    Prelude,
    Start,
    Member(usize),
    Entry(usize),
    Bygone(usize),
    Checksum,
    Nothing,
}

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// This node's state as bytes, for [`import`](Self::import) after a restart.
    ///
    /// ```
    /// # use gossip_core::{Config, Instant, Node, NodeId, inline};
    /// # inline! {
    /// #     struct Tiny {
    /// #         members: 4, entries: 8, key: 8, value: 8, news: 4, duties: 4,
    /// #         relays: 1, seeds: 1, exchanges: 2, ranges: 2, wants: 2,
    /// #     }
    /// # }
    /// use gossip_core::persist::Age;
    ///
    /// let config = Config::<u16>::new(NodeId::from(7)).check().unwrap();
    /// let now = Instant::from_millis(0);
    /// let mut node: Node<u16, Tiny> = Node::new(config, Tiny::tables());
    /// node.set("led", b"on").unwrap();
    ///
    /// let mut flash = Vec::new(); // in place of the pages of your flash
    /// let (mut export, mut page) = (node.export(now), [0; 16]);
    /// loop {
    ///     let len = export.read(&mut page);
    ///     if len == 0 {
    ///         break;
    ///     }
    ///     flash.extend_from_slice(&page[..len]);
    /// }
    ///
    /// let again = Node::import(config, Tiny::tables(), now, Age::Unknown, &flash).unwrap();
    /// assert_eq!(again.get(NodeId::from(7), "led"), Some(&b"on"[..]));
    /// ```
    pub fn export(&self, now: Instant) -> Export<'_, A, S> {
        Export {
            node: self,
            now: self.time.of(now),
            next: Next::Prelude,
            skip: 0,
            checksum: Checksum::new(),
        }
    }

    /// What is to be kept of each member, this node included.
    pub fn known(&self, now: Instant) -> impl Iterator<Item = Known<A>> {
        let now = self.time.of(now);
        self.members().map(move |row| self.known_of(now, row))
    }

    /// What is to be kept of the entries, tombstones included.
    pub fn kept(&self, now: Instant) -> impl Iterator<Item = Kept<'_>> {
        let now = self.time.of(now);
        let entries = self.tables.cx.entries.kept();
        entries.map(move |entry| self.kept_of(now, entry))
    }

    /// What is to be kept of the members that were forgotten.
    pub fn past(&self) -> impl Iterator<Item = Past<A>> {
        self.tables.swim.bygones.iter().map(past_of)
    }

    fn kept_of<'e>(&self, now: Instant, entry: &'e Entry<S::Key, S::Value>) -> Kept<'e> {
        let expires = self.tables.cx.entries.expires(entry);
        Kept {
            owner: entry.owner,
            version: entry.version,
            key: entry.key(),
            value: entry.value(),
            left_millis: expires.map(|at| at.since(now).as_millis()),
        }
    }

    fn known_of(&self, now: Instant, row: &Member<A>) -> Known<A> {
        Known {
            row: self.tables.swim.row_of(&self.tables.cx, now, row),
            gc: row.replica.progress.gc,
            as_of: row.replica.progress.as_of,
            observed: row.observed,
            suspect: row.swim.suspect,
            unproven: row.swim.unproven.is_some()
                || self.tables.cx.is_me(row.id) && self.author.may_reclaim(&self.tables.cx),
            unheard: row.unheard,
        }
    }
}

impl<A: Address, S: Storage<A>> Export<'_, A, S> {
    /// Fills `page` with what follows in the state. Returns how many bytes it wrote: as many as the
    /// page has, fewer at the end, and 0 when the state is written.
    pub fn read(&mut self, page: &mut [u8]) -> usize {
        let mut len = 0usize;
        while let Some(rest) = page.get_mut(len..).filter(|rest| !rest.is_empty()) {
            let Some((written, whole)) = self.write(rest) else {
                break;
            };
            if !matches!(self.next, Next::Checksum) {
                self.checksum.add(rest.get(..written).unwrap_or_default());
            }
            len = len.saturating_add(written);
            if whole {
                (self.next, self.skip) = (self.following(), 0);
            } else {
                self.skip = self.skip.saturating_add(written);
            }
        }
        len
    }

    /// Writes what fits of what is next, and says whether that was the rest of it; `None` when
    /// everything is written.
    fn write(&self, buf: &mut [u8]) -> Option<(usize, bool)> {
        let node = self.node;
        Some(match self.next {
            Next::Prelude => write_window(&PRELUDE, self.skip, buf),
            Next::Start => write_window(&self.start(), self.skip, buf),
            Next::Member(index) => match node
                .tables
                .cx
                .members
                .at(index)
                .filter(|row| row.is_known())
            {
                Some(row) => write_window(&node.known_of(self.now, row), self.skip, buf),
                None => (0, true),
            },
            Next::Entry(index) => match node.tables.cx.entries.kept_at(index) {
                Some(entry) => write_window(&node.kept_of(self.now, entry), self.skip, buf),
                None => (0, true),
            },
            Next::Bygone(index) => match node.tables.swim.bygones.at(index) {
                Some(bygone) => write_window(&past_of(bygone), self.skip, buf),
                None => (0, true),
            },
            Next::Checksum => write_window(&self.checksum.value(), self.skip, buf),
            Next::Nothing => return None,
        })
    }

    fn start(&self) -> Start {
        let count = |number| u32::try_from(number).unwrap_or(u32::MAX);
        Start {
            cluster: network(self.node.tables.cx.config.cluster(), A::KIND),
            id: self.node.id(),
            members: count(self.node.members().count()),
            entries: count(self.node.tables.cx.entries.kept().count()),
            bygones: count(self.node.tables.swim.bygones.len()),
        }
    }

    fn following(&self) -> Next {
        let tables = &self.node.tables;
        let bygone = |index| {
            if index < tables.swim.bygones.len() {
                Next::Bygone(index)
            } else {
                Next::Checksum
            }
        };
        let entry = |index| {
            if index < tables.cx.entries.usage().0 {
                Next::Entry(index)
            } else {
                bygone(0)
            }
        };
        let member = |index| {
            if index < tables.cx.members.len() {
                Next::Member(index)
            } else {
                entry(0)
            }
        };
        match self.next {
            Next::Prelude => Next::Start,
            Next::Start => member(0),
            Next::Member(index) => member(index.saturating_add(1)),
            Next::Entry(index) => entry(index.saturating_add(1)),
            Next::Bygone(index) => bygone(index.saturating_add(1)),
            Next::Checksum | Next::Nothing => Next::Nothing,
        }
    }
}

fn past_of<A: Copy>(bygone: &Bygone<A>) -> Past<A> {
    Past {
        id: bygone.id(),
        life: bygone.life(),
        address: bygone.address(),
        over: bygone.is_over(),
    }
}
