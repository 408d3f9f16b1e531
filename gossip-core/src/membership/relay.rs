//! Indirect probes on behalf of others: who wants to know, and by which token the answer comes.

use core::marker::PhantomData;

use crate::id::NodeId;
use crate::storage::List;
use crate::time::Instant;

/// One probe under way for somebody else.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Relay<A> {
    token: u16,
    target: NodeId,
    asker: A,
    asker_token: u16,
    /// When the asker is told that there was no answer; `None` once it was.
    nack_at: Option<Instant>,
    expires: Instant,
}

/// All of them, the oldest first.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Relays<A, L> {
    list: L,
    address: PhantomData<A>,
}

impl<A, L> Relays<A, L> {
    /// Relays kept in `list`, which must be empty.
    pub const fn new(list: L) -> Self {
        Self {
            list,
            address: PhantomData,
        }
    }
}

impl<A: Copy + Eq, L: List<Relay<A>>> Relays<A, L> {
    /// How many things the table holds, and can hold.
    pub(crate) fn usage(&self) -> (usize, usize) {
        (self.list.len(), self.list.capacity())
    }

    /// Remembers that the ack of `target` to our ping `token` is owed to `asker`. `false` if there
    /// is no room.
    pub(crate) fn add(
        &mut self,
        (token, target): (u16, NodeId),
        (asker, asker_token): (A, u16),
        (nack_at, expires): (Instant, Instant),
    ) -> bool {
        let relay = Relay {
            token,
            target,
            asker,
            asker_token,
            nack_at: Some(nack_at),
            expires,
        };
        self.list.push(relay).is_ok()
    }

    /// Who asked for the answer of `target` to our ping `token`, and the token to give back.
    pub(crate) fn take(&mut self, token: u16, target: NodeId) -> Option<(A, u16)> {
        let matches = |relay: &Relay<A>| relay.token == token && relay.target == target;
        let index = self.list.iter().position(matches)?;
        self.list
            .remove(index)
            .map(|relay| (relay.asker, relay.asker_token))
    }

    /// When the next one is to be answered or given up.
    pub(crate) fn next(&self) -> Option<Instant> {
        let nack = self.list.iter().find_map(|relay| relay.nack_at);
        let expires = self.list.get(0).map(|relay| relay.expires);
        nack.into_iter().chain(expires).min()
    }

    /// Whom to tell now that the target did not answer, once each, and with which token.
    pub(crate) fn nack(&mut self, now: Instant) -> Option<(A, u16)> {
        let due = |relay: &Relay<A>| relay.nack_at.is_some_and(|at| at <= now);
        let index = self.list.iter().position(due)?;
        let relay = self.list.get_mut(index)?;
        relay.nack_at = None;
        Some((relay.asker, relay.asker_token))
    }

    /// Gives up those whose time is over.
    pub(crate) fn expire(&mut self, now: Instant) {
        while self.list.get(0).is_some_and(|relay| relay.expires <= now) {
            self.list.remove(0);
        }
    }

    /// Counts every deadline from `epoch` and every own token back from the next one.
    pub(crate) fn rebase(&mut self, epoch: Instant, next_token: u16) {
        for index in 0..self.list.len() {
            if let Some(relay) = self.list.get_mut(index) {
                relay.nack_at = relay.nack_at.map(|at| at.counted_from(epoch));
                relay.expires = relay.expires.counted_from(epoch);
                relay.token = next_token.wrapping_sub(relay.token);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::InlineList;

    const TARGET: NodeId = NodeId::truncated(7);

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    /// Room for two, and one under way: ours is token 5, the asker at address 1 calls it 50.
    fn relays() -> Relays<u16, InlineList<Relay<u16>, 2>> {
        let mut relays = Relays::new(InlineList::new());
        assert!(relays.add((5, TARGET), (1, 50), (at(300), at(900))));
        relays
    }

    #[test]
    fn the_answer_goes_back_once_to_who_asked() {
        let mut relays = relays();
        assert_eq!(relays.take(5, NodeId::truncated(8)), None, "another's ack");
        assert_eq!(relays.take(6, TARGET), None, "to another ping");
        assert_eq!(relays.take(5, TARGET), Some((1, 50)));
        assert_eq!(relays.take(5, TARGET), None);
    }

    #[test]
    fn who_asked_is_told_once_that_there_was_no_answer() {
        let mut relays = relays();
        assert_eq!((relays.next(), relays.nack(at(299))), (Some(at(300)), None));
        assert_eq!(relays.nack(at(300)), Some((1, 50)));
        assert_eq!((relays.nack(at(300)), relays.next()), (None, Some(at(900))));
        assert_eq!(relays.take(5, TARGET), Some((1, 50)), "it may still come");
    }

    #[test]
    fn in_the_end_nobody_is_waited_for() {
        let mut relays = relays();
        relays.expire(at(899));
        assert_eq!(relays.usage(), (1, 2));
        relays.expire(at(900));
        assert_eq!((relays.usage(), relays.next()), ((0, 2), None));
    }

    #[test]
    fn a_full_table_serves_nobody_more() {
        let mut relays = relays();
        assert!(relays.add((6, TARGET), (2, 60), (at(300), at(900))));
        assert!(!relays.add((7, TARGET), (3, 70), (at(300), at(900))));
        assert_eq!(relays.take(6, TARGET), Some((2, 60)));
    }
}
