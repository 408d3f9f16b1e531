//! What remains of members that were forgotten: where each was last known to be, and which life of it is
//! over for this node.
//!
//! Addresses outlive membership, or the sides of a long partition could never find each other again. And an
//! old word that such a member lives is believed only once it has answered for itself. Nothing of this is
//! told to anybody.

use core::marker::PhantomData;

use crate::id::{Life, NodeId};
use crate::storage::List;

/// So many tries in vain make an address give way to any other: days, at the usual intervals.
const TRIES_MAX: u16 = 1000;

/// What remains of one member.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bygone<A> {
    id: NodeId,
    life: Life,
    /// Where to try it; nowhere if it said goodbye.
    address: Option<A>,
    /// Its memory ran out, and not only the room for its row: that life has to prove itself.
    over: bool,
    /// What the ack must carry that proves it; none before it was asked for.
    token: Option<u16>,
    /// The proof was asked for in this round.
    asked: bool,
    tries: u16,
}

/// All of it, the member that was forgotten last at the end.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bygones<A, L> {
    list: L,
    /// Whose turn it is to be tried.
    turn: u16,
    address: PhantomData<A>,
}

impl<A, L> Bygones<A, L> {
    /// Kept in `list`, which must be empty.
    pub const fn new(list: L) -> Self {
        Self {
            list,
            turn: 0,
            address: PhantomData,
        }
    }
}

impl<A> Bygone<A> {
    pub(crate) const fn new(id: NodeId, life: Life, address: Option<A>, over: bool) -> Self {
        Self {
            id,
            life,
            address,
            over,
            token: None,
            asked: false,
            tries: 0,
        }
    }

    pub(crate) const fn id(&self) -> NodeId {
        self.id
    }

    pub(crate) const fn life(&self) -> Life {
        self.life
    }

    pub(crate) const fn is_over(&self) -> bool {
        self.over
    }
}

impl<A: Copy> Bygone<A> {
    pub(crate) const fn address(&self) -> Option<A> {
        self.address
    }

    /// What it is worth to the node with this id: an address that was not tried too often, and among
    /// those an order of each node's own, so that many nodes keep different ones of many.
    fn worth(&self, me: NodeId) -> (bool, u64) {
        let hopeful = self.address.is_some() && self.tries < TRIES_MAX;
        (hopeful, me.place().0 ^ self.id.place().0)
    }
}

impl<A: Copy + Eq, L: List<Bygone<A>>> Bygones<A, L> {
    /// How many things the table holds, and can hold.
    pub(crate) fn usage(&self) -> (usize, usize) {
        (self.list.len(), self.list.capacity())
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Bygone<A>> {
        self.list.iter()
    }

    pub(crate) fn at(&self, index: usize) -> Option<&Bygone<A>> {
        self.list.get(index)
    }

    /// Keeps what remains of a member. `false` if that of another went for lack of room: the one that the
    /// node `me` can do without best among the half that was kept for longest.
    pub(crate) fn keep(&mut self, me: NodeId, bygone: Bygone<A>) -> bool {
        if !L::PERMITTED {
            return true;
        }
        self.return_of(bygone.id, bygone.address);
        let mut kept = true;
        if self.list.is_full() {
            let older = self.list.iter().enumerate();
            let older = older.take(self.list.len().div_ceil(2));
            let least = older.min_by_key(|(_, other)| other.worth(me));
            if let Some(index) = least.map(|(index, _)| index) {
                self.list.remove(index);
            }
            kept = false;
        }
        let _ = self.list.push(bygone);
        kept
    }

    /// A member with this id is there again, or one at this address.
    pub(crate) fn return_of(&mut self, id: NodeId, address: Option<A>) {
        let mut index = 0;
        while let Some(bygone) = self.list.get_mut(index) {
            if address.is_some() && bygone.address == address {
                bygone.address = None;
            }
            if bygone.id == id || (bygone.address.is_none() && !bygone.over) {
                self.list.remove(index);
            } else {
                index = index.saturating_add(1);
            }
        }
    }

    /// The address whose turn it is to be tried, after each other one; the try counts as made. The node
    /// `me` begins at a place of its own.
    pub(crate) fn due(&mut self, me: NodeId) -> Option<A> {
        let len = self.list.len();
        for _ in 0..len {
            let turn = me.place().0.wrapping_add(u64::from(self.turn));
            self.turn = self.turn.wrapping_add(1);
            let index = turn.checked_rem(len as u64).unwrap_or(0) as usize;
            let Some(bygone) = self.list.get_mut(index) else {
                continue;
            };
            if bygone.address.is_some() {
                bygone.tries = bygone.tries.saturating_add(1);
                return bygone.address;
            }
        }
        None
    }

    /// `true` if this life of the member is over here.
    pub(crate) fn is_over(&self, id: NodeId, life: Life) -> bool {
        let mut over = self.list.iter().filter(|bygone| bygone.over);
        over.any(|bygone| bygone.id == id && bygone.life == life)
    }

    /// The token with which to ask such a member for the proof that it lives, once a round: the one it was
    /// asked with before, or else this one.
    pub(crate) fn ask(&mut self, id: NodeId, token: u16) -> Option<u16> {
        let index = self.list.iter().position(|bygone| bygone.id == id)?;
        let bygone = self.list.get_mut(index).filter(|bygone| !bygone.asked)?;
        bygone.asked = true;
        Some(*bygone.token.get_or_insert(token))
    }

    /// In the next round such a proof may be asked for again.
    pub(crate) fn next_round(&mut self) {
        for index in 0..self.list.len() {
            if let Some(bygone) = self.list.get_mut(index) {
                bygone.asked = false;
            }
        }
    }

    /// Takes an ack; `true` if it proves that a member lives which was given up.
    pub(crate) fn acked(&mut self, token: u16) -> bool {
        let asked = |bygone: &Bygone<A>| bygone.token == Some(token);
        let index = self.list.iter().position(asked);
        index.is_some_and(|index| self.list.remove(index).is_some())
    }

    /// Counts every own token back from the next one.
    pub(crate) fn rebase(&mut self, next_token: u16) {
        for index in 0..self.list.len() {
            if let Some(bygone) = self.list.get_mut(index) {
                bygone.token = bygone.token.map(|token| next_token.wrapping_sub(token));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::storage::InlineList;

    type Eight = Bygones<u16, InlineList<Bygone<u16>, 8>>;

    fn one(number: u16) -> Bygone<u16> {
        Bygone::new(NodeId::from(number), Life::default(), Some(number), true)
    }

    fn kept(me: u16, members: impl Iterator<Item = u16>) -> Vec<u16> {
        let mut bygones = Eight::new(InlineList::new());
        for number in members {
            bygones.keep(NodeId::from(me), one(number));
        }
        bygones.iter().filter_map(Bygone::address).collect()
    }

    #[test]
    fn each_address_is_tried_in_turn() {
        let mut bygones = Eight::new(InlineList::new());
        (0..8).for_each(|number| assert!(bygones.keep(NodeId::from(100), one(number))));
        let mut tried: Vec<_> = (0..8)
            .filter_map(|_| bygones.due(NodeId::from(100)))
            .collect();
        tried.sort_unstable();
        assert_eq!(tried, [0, 1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn the_last_ones_are_kept_and_of_those_before_each_node_keeps_others() {
        let all: Vec<_> = (0..40).map(|me| kept(1000 + me, 0..32)).collect();
        assert!(all.iter().all(|kept| kept[4..] == [28, 29, 30, 31]));
        let by_some = |number| all.iter().any(|kept| kept.contains(&number));
        let lost = (0..32).filter(|number| !by_some(*number)).count();
        assert!(lost <= 2, "{lost} of 32 addresses are kept by nobody");
    }

    #[test]
    fn who_said_goodbye_gives_way_first() {
        let mut bygones = Eight::new(InlineList::new());
        let me = NodeId::from(100);
        for number in 0..4 {
            bygones.keep(
                me,
                Bygone {
                    address: None,
                    ..one(number)
                },
            );
        }
        (4..12).for_each(|number| _ = bygones.keep(me, one(number)));
        assert!(bygones.iter().all(|bygone| bygone.address.is_some()));
    }

    #[test]
    fn an_address_that_is_in_use_again_is_not_tried() {
        let mut bygones = Eight::new(InlineList::new());
        let me = NodeId::from(100);
        (0..3).for_each(|number| _ = bygones.keep(me, one(number)));
        // Another member lives at the address of the second, and the third itself is back.
        bygones.return_of(NodeId::from(50), Some(1));
        bygones.return_of(NodeId::from(2), Some(77));
        let tried: Vec<_> = (0..4).filter_map(|_| bygones.due(me)).collect();
        assert_eq!(tried, [0; 4]);
        assert!(bygones.is_over(NodeId::from(1), Life::default()));
        assert!(!bygones.is_over(NodeId::from(2), Life::default()));
    }
}
