//! Direct mail under way: whom this node tells its own writes at once (Demers et al. 1987, section
//! 1.1).
//!
//! A letter is an intent and no packet: "this peer is to be told everything above `from`". What is
//! current when it is sent goes into it, so several writes cost one letter. It waits for its receipt,
//! is sent again a few times, and is then left to anti-entropy, which finds what the peer lacks
//! (hinted handoff, DeCandia et al. 2007, section 4.6, with every replica as the keeper of the hint).

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

/// All letters, the oldest first, and the writes for which no peers were chosen yet.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mails<L> {
    list: L,
    /// The version before the first of those writes.
    written: Option<Version>,
}

impl<L> Mails<L> {
    /// Kept in `list`, which must be empty.
    pub const fn new(list: L) -> Self {
        Self {
            list,
            written: None,
        }
    }
}

/// How often a letter is sent before it is left to anti-entropy.
const TRIES_MAX: u8 = 4;

impl<L: List<Letter>> Mails<L> {
    /// How many things the table holds, and can hold.
    pub(crate) fn usage(&self) -> (usize, usize) {
        (self.list.len(), self.list.capacity())
    }

    /// Something was written after `before`: peers are to be chosen for it.
    pub(crate) fn write(&mut self, before: Version) {
        self.written.get_or_insert(before);
    }

    /// The version before the first write for which no peers were chosen; the choice is the caller's
    /// from here on.
    pub(crate) fn take_written(&mut self) -> Option<Version> {
        self.written.take()
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
        self.written = None;
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

    /// When something is due next.
    pub(crate) fn next(&self) -> Option<Instant> {
        let choice = self.written.map(|_| Instant::ZERO);
        choice.or_else(|| self.list.iter().filter_map(|letter| letter.due).min())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::InlineList;

    const PEER: NodeId = NodeId::truncated(7);

    fn v(number: u32) -> Version {
        Version::new(number).unwrap()
    }

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    /// Room for two letters, and one to the peer: everything above 3.
    fn mails() -> Mails<InlineList<Letter, 2>> {
        let mut mails = Mails::new(InlineList::new());
        assert!(mails.add(PEER, v(3)));
        mails
    }

    #[test]
    fn peers_are_chosen_once_for_all_that_was_written_meanwhile() {
        let mut mails = mails();
        mails.write(v(5));
        mails.write(v(6));
        assert_eq!(mails.next(), Some(Instant::ZERO));
        assert_eq!(mails.take_written(), Some(v(5)));
        assert_eq!(mails.take_written(), None);
    }

    #[test]
    fn a_peer_has_one_letter_which_covers_what_comes_later() {
        let mut mails = mails();
        assert!(mails.add(PEER, v(9)));
        assert_eq!((mails.usage(), mails.ready()), ((1, 2), Some((PEER, v(3)))));
        assert!(mails.add(NodeId::truncated(8), v(9)));
        assert!(!mails.add(NodeId::truncated(9), v(9)), "there is no room");
    }

    #[test]
    fn a_receipt_ends_a_letter_or_says_how_far_it_got() {
        let mut mails = mails();
        mails.sent(PEER, at(100));
        assert_eq!(mails.ready(), None, "its receipt is awaited");
        for wrong in [v(3), v(9)] {
            assert_eq!(mails.receipt(PEER, wrong, v(8)), None, "{wrong:?}");
        }
        assert_eq!(mails.receipt(NodeId::truncated(8), v(8), v(8)), None);
        assert_eq!(mails.receipt(PEER, v(6), v(8)), Some(false));
        assert_eq!(mails.ready(), Some((PEER, v(6))));
        assert_eq!(mails.receipt(PEER, v(8), v(8)), Some(true));
        assert!(!mails.has(PEER));
    }

    #[test]
    fn a_letter_is_sent_four_times_and_then_left_to_anti_entropy() {
        let mut mails = mails();
        for time in 1..5 {
            assert!(mails.ready().is_some(), "{time}");
            mails.sent(PEER, at(100 * time));
            assert_eq!(mails.expire(at(100 * time - 1)), 0);
            let given_up = mails.expire(at(100 * time));
            assert_eq!(given_up, usize::from(time == 4));
        }
        assert!(!mails.has(PEER));
    }

    #[test]
    fn a_new_life_has_no_mail() {
        let mut mails = mails();
        mails.write(v(5));
        assert_eq!(mails.clear(), 1);
        assert_eq!((mails.next(), mails.usage()), (None, (0, 2)));
    }
}
