//! The letters under way.

use crate::id::{NodeId, Version};
use crate::storage::List;
use crate::time::Instant;

/// What one peer is still to be told of this node's own writes.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Letter {
    peer: NodeId,
    /// Everything above this.
    from: Version,
    /// When it is to be sent again; `None` if it is to be sent now.
    due: Option<Instant>,
    /// How often in a row it was sent and not acknowledged.
    tries: u8,
}

/// All letters, the oldest first.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mails<L> {
    list: L,
}

impl<L> Mails<L> {
    /// Kept in `list`, which must be empty.
    pub const fn new(list: L) -> Self {
        Self { list }
    }
}

/// How often a letter is sent before it is left to anti-entropy.
const TRIES_MAX: u8 = 4;

impl<L: List<Letter>> Mails<L> {
    /// How many things the table holds, and can hold.
    pub(crate) fn usage(&self) -> (usize, usize) {
        (self.list.len(), self.list.capacity())
    }

    /// Tells `peer` everything above `from`. A letter to it that is under way covers that already.
    /// `false` if there is no room.
    pub(crate) fn add(&mut self, peer: NodeId, from: Version) -> bool {
        let letter = Letter {
            peer,
            from,
            due: None,
            tries: 0,
        };
        self.has(peer) || self.list.push(letter).is_ok()
    }

    /// `true` if a letter to `peer` is under way.
    pub(crate) fn has(&self, peer: NodeId) -> bool {
        self.position(peer).is_some()
    }

    /// The first letter that is to be sent now: to whom, and from where on.
    pub(crate) fn ready(&self) -> Option<(NodeId, Version)> {
        let letter = self.list.iter().find(|letter| letter.due.is_none())?;
        Some((letter.peer, letter.from))
    }

    /// The letter to `peer` was sent; its receipt is awaited until `due`.
    pub(crate) fn sent(&mut self, peer: NodeId, due: Instant) {
        if let Some(letter) = self.of(peer) {
            letter.due = Some(due);
            letter.tries = letter.tries.saturating_add(1);
        }
    }

    /// `peer` has everything up to `version`, of what is written up to `last`. `None` if nothing of
    /// the kind was awaited; else whether all was told.
    pub(crate) fn receipt(
        &mut self,
        peer: NodeId,
        version: Version,
        last: Version,
    ) -> Option<bool> {
        let letter = self.of(peer)?;
        if version <= letter.from || version > last {
            return None;
        }
        letter.from = version;
        letter.due = None;
        letter.tries = 0;
        let done = version == last;
        if done {
            self.drop(peer);
        }
        Some(done)
    }

    /// Forgets the letter to `peer`; `false` if there is none.
    pub(crate) fn drop(&mut self, peer: NodeId) -> bool {
        let index = self.position(peer);
        index.is_some_and(|index| self.list.remove(index).is_some())
    }

    /// Forgets everything; how many letters that were.
    pub(crate) fn clear(&mut self) -> usize {
        let lost = self.list.len();
        while self.list.remove(0).is_some() {}
        lost
    }

    /// Makes the letters ready that were not acknowledged in time; how many of them were sent too
    /// often and are given up.
    pub(crate) fn expire(&mut self, now: Instant) -> usize {
        let (mut index, mut given_up) = (0, 0usize);
        while let Some(letter) = self.list.get_mut(index) {
            let late = letter.due.is_some_and(|due| due <= now);
            if late && letter.tries >= TRIES_MAX {
                self.list.remove(index);
                given_up = given_up.saturating_add(1);
                continue;
            }
            if late {
                letter.due = None;
            }
            index = index.saturating_add(1);
        }
        given_up
    }

    /// When a receipt is missing next.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.list.iter().filter_map(|letter| letter.due).min()
    }

    /// Counts every deadline from `epoch`.
    pub(crate) fn rebase(&mut self, epoch: Instant) {
        for index in 0..self.list.len() {
            if let Some(due) = self
                .list
                .get_mut(index)
                .and_then(|letter| letter.due.as_mut())
            {
                *due = due.counted_from(epoch);
            }
        }
    }

    fn position(&self, peer: NodeId) -> Option<usize> {
        self.list.iter().position(|letter| letter.peer == peer)
    }

    fn of(&mut self, peer: NodeId) -> Option<&mut Letter> {
        let index = self.position(peer)?;
        self.list.get_mut(index)
    }
}
