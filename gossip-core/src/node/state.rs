//! A node's state: written, and taken up again.

use super::{Node, Phase};
use crate::address::Address;
use crate::author::{Author, Reclaim};
use crate::config::Checked;
use crate::persist::{
    Age, Export, Import, ImportError, Kept, Known, Past, Restore, check_whole, kept_of, known_of,
    past_of,
};
use crate::storage::{Storage, Tables};
use crate::time::Instant;

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
        Export::new(&self.tables, self.time.of(now))
    }

    /// What is to be kept of each member, this node included.
    pub fn known(&self, now: Instant) -> impl Iterator<Item = Known<A>> {
        let now = self.time.of(now);
        let base = &self.tables.base;
        self.members().map(move |row| known_of(base, now, row))
    }

    /// What is to be kept of the entries, tombstones included.
    pub fn kept(&self, now: Instant) -> impl Iterator<Item = Kept<'_>> {
        let now = self.time.of(now);
        let entries = self.tables.base.cx.entries.kept();
        entries.map(move |entry| kept_of(&self.tables.base.cx, now, entry))
    }

    /// What is to be kept of the members that were forgotten.
    pub fn past(&self) -> impl Iterator<Item = Past<A>> {
        self.tables.base.swim.bygones.iter().map(past_of)
    }
}

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// A node that goes on from a state that [`export`](Self::export) wrote, with empty `tables`. What
    /// it does with the state depends on its `age` at `now`. Seeds are to be given to
    /// [`join`](Self::join) again; without any, the members of the state are tried.
    ///
    /// # Errors
    /// Why the state was refused. The whole of it is checked first.
    pub fn import(
        config: Checked<A>,
        tables: Tables<A, S>,
        now: Instant,
        age: Age,
        bytes: &[u8],
    ) -> Result<Self, ImportError> {
        check_whole(bytes)?;
        let mut import = Import::new(config, tables, now, age);
        let taken = import.feed(bytes)?;
        match (import.is_complete(), taken == bytes.len()) {
            (true, false) => Err(ImportError::Trailing),
            _ => import.finish(),
        }
    }
}

impl<A: Address, S: Storage<A>> Restore<A, S> {
    /// The node. Its first [`handle_timeout`](Node::handle_timeout) is due at once. No events tell of
    /// what it knows already.
    ///
    /// # Errors
    /// There was no row of the node itself.
    pub fn finish(self) -> Result<Node<A, S>, ImportError> {
        Ok(Node::of(self.end()?.tables))
    }
}

impl<A: Address, S: Storage<A>> Import<A, S> {
    /// The node, if the state is complete.
    ///
    /// # Errors
    /// Why it is not.
    pub fn finish(self) -> Result<Node<A, S>, ImportError> {
        self.end()?.finish()
    }
}

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Goes on in the life that was restored, or begins one beyond it.
    pub(super) fn resume(&mut self, now: Instant, nonce: [u8; 4], same_life: bool) {
        self.tables.base.cx.phase = Phase::Running;
        self.tables.base.swim.next_reconnect = now;
        let whole = self.tables.base.author.reclaim != Reclaim::Silent;
        self.tables.base.author.reclaim = Reclaim::Closed { whole: true };
        if self.is_joined() {
            self.tables.base.cx.notices.was_joined = true;
            self.tables.base.cx.notices.joined = true;
            self.tables
                .base
                .swim
                .rivalry
                .join(now, self.tables.base.cx.round());
        }
        let reopens = const { Author::<A, S>::RECLAIMS } && !whole;
        if same_life {
            if reopens {
                self.tables
                    .base
                    .author
                    .open_life(&mut self.tables.base.cx, now);
            }
            return;
        }
        let seen = self.generation();
        self.tables
            .base
            .cx
            .members
            .edit(self.id(), |mut me| me.facts().generation.nonce = nonce);
        if !self
            .tables
            .base
            .author
            .begin_life(&mut self.tables.base.cx, seen)
        {
            self.tables
                .base
                .cx
                .members
                .edit(self.id(), |mut me| me.facts().generation = seen);
            self.tables
                .base
                .swim
                .give_up_id(&mut self.tables.base.cx, now);
        } else if reopens {
            self.tables
                .base
                .author
                .open_life(&mut self.tables.base.cx, now);
        }
    }
}
