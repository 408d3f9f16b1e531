//! The outbox: small messages owed to somebody, written when the link is ready, in order of urgency.

use core::marker::PhantomData;

use crate::exchange::{Direction, Owed};
use crate::id::{NodeId, Version};
use crate::storage::List;
use crate::table::{Prefix, Sums};
use crate::wire::Rate;

/// One message owed to one address.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Outgoing<A> {
    pub(crate) message: Message,
    pub(crate) to: A,
    /// It waits until nothing else does.
    put_off: bool,
}

/// How many acks may be owed to one address where airtime is bounded: to its own ping, for a relay and
/// through one, and to the question of a life. More are a flood, and the latest count.
const ACKS_MAX: usize = 4;

/// What is owed, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Message {
    /// The answer to a ping, with its token.
    Ack(u16),
    /// The facts of this member: of ourselves, or what is wrongly believed of the receiver.
    Tell(NodeId),
    /// The suspicion of this member.
    Accuse(NodeId),
    /// A ping with this token.
    Ping(u16),
    /// A request to ping this member, with the token to give back.
    PingReq(u16, NodeId),
    /// "It did not answer", with the token of the request.
    Nack(u16),
    /// The address that the receiver is seen at.
    You,
    /// "My fingerprint is the same."
    Same,
    /// "I have your mail": the owner, and up to where.
    Receipt(NodeId, Version),
    /// "My fingerprint of that range is the same", with the token of the comparison.
    Equal(u16),
    /// What is held of the owner's key with this short hash: the entry, or only its version. The token
    /// is that of the ask, or 0.
    Single {
        token: u8,
        owner: NodeId,
        key: u32,
        told: bool,
    },
    /// What is shown of this owner's earlier lives and is not in its present one, to the owner.
    Return(NodeId),
    /// The fingerprint of everything, to begin an exchange in this direction.
    Root(Direction, Sums),
    /// What is owed about a range, where the storage has no table of exchanges.
    Range(Prefix, Owed),
    /// How many writes a second this node lets out.
    Rate(Rate),
    /// How this node is set up.
    Terms { is_answer: bool },
    /// Whatever news there is.
    News,
}

impl Message {
    /// `true` for what cannot wait for airtime.
    pub(crate) fn is_urgent(self) -> bool {
        self < Self::Same
    }

    /// `true` for what goes along with an urgent message to the same address, since a header costs more.
    pub(crate) fn rides(self) -> bool {
        !matches!(
            self,
            Self::Single { .. } | Self::Return(_) | Self::Range(..) | Self::News
        )
    }

    /// Messages of one sort are equally urgent.
    fn sort(self) -> u8 {
        match self {
            Self::Ack(_) => 0,
            Self::Tell(_) => 1,
            Self::Accuse(_) => 2,
            Self::Ping(_) => 3,
            Self::PingReq(..) => 4,
            Self::Nack(_) => 5,
            Self::You => 6,
            Self::Same => 7,
            Self::Receipt(..) => 8,
            Self::Equal(_) => 9,
            Self::Single { .. } => 10,
            Self::Return(_) => 11,
            Self::Root(..) => 12,
            Self::Range(..) => 13,
            Self::Rate(_) => 14,
            Self::Terms { .. } => 15,
            Self::News => 16,
        }
    }
}

/// Everything owed, the most urgent first.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Outbox<A, L> {
    list: L,
    address: PhantomData<A>,
}

impl<A, L> Outbox<A, L> {
    /// Kept in `list`, which must be empty.
    pub const fn new(list: L) -> Self {
        Self {
            list,
            address: PhantomData,
        }
    }
}

impl<A: Copy + Eq, L: List<Outgoing<A>>> Outbox<A, L> {
    /// How many things the table holds, and can hold.
    pub(crate) fn usage(&self) -> (usize, usize) {
        (self.list.len(), self.list.capacity())
    }

    /// Owes a message; what is owed already is not owed twice. Returns `false` if something was
    /// dropped for lack of room: the least urgent message, which may be this one. Where messages wait,
    /// those of one sort go `in_turn`, and a flood of pings brings few acks.
    pub(crate) fn send_soon(&mut self, to: A, message: Message, in_turn: bool) -> bool {
        let one = Outgoing {
            message,
            to,
            put_off: false,
        };
        let same = |other: &Outgoing<A>| other.message == message && other.to == to;
        if self.list.iter().any(same) {
            return true;
        }
        let mut kept = !in_turn || !self.drop_ack(to, message);
        let goes_before = |other: &&Outgoing<A>| {
            let more_urgent = if in_turn {
                other.message.sort() <= message.sort()
            } else {
                other.message <= message
            };
            !other.put_off && more_urgent
        };
        let at = self.list.iter().take_while(goes_before).count();
        if self.list.is_full() {
            if at >= self.list.len() {
                return false;
            }
            self.list.remove(self.list.len().saturating_sub(1));
            kept = false;
        }
        self.list.insert(at, one).is_ok() && kept
    }

    /// Makes room for one more ack to `to` where many are owed; `true` if the oldest went for it.
    fn drop_ack(&mut self, to: A, message: Message) -> bool {
        let ack = |one: &Outgoing<A>| one.to == to && matches!(one.message, Message::Ack(_));
        let many = self.list.iter().filter(|one| ack(one)).count() >= ACKS_MAX;
        let oldest = self.list.iter().position(ack);
        let Some(index) = oldest.filter(|_| many && matches!(message, Message::Ack(_))) else {
            return false;
        };
        self.list.remove(index);
        true
    }

    /// Takes out the first one that is `wanted`.
    fn take(&mut self, wanted: impl Fn(&Outgoing<A>) -> bool) -> Option<Outgoing<A>> {
        let index = self.list.iter().position(wanted);
        self.list.remove(index?)
    }

    /// What is owed to `to` waits until nothing else does.
    pub(crate) fn put_off(&mut self, to: A) {
        let wanted = |one: &Outgoing<A>| one.to == to && !one.put_off;
        while let Some(one) = self.take(wanted) {
            let one = Outgoing {
                put_off: true,
                ..one
            };
            // There is room: one was removed.
            let _ = self.list.push(one);
        }
    }

    /// The destination of the most urgent message that was not put off.
    pub(crate) fn first(&self) -> Option<A> {
        let first = self.list.get(0).filter(|one| !one.put_off);
        first.map(|one| one.to)
    }

    /// `true` if the most urgent message is not just a datagram for news.
    pub(crate) fn is_more_than_news(&self) -> bool {
        let first = self.list.get(0);
        first.is_some_and(|one| one.message != Message::News)
    }

    /// `true` if datagrams for news still wait.
    pub(crate) fn has_news(&self) -> bool {
        let mut all = self.list.iter();
        all.any(|one| one.message == Message::News && !one.put_off)
    }

    /// The destination of the first message that was put off.
    pub(crate) fn first_put_off(&self) -> Option<A> {
        let first = self.list.iter().find(|one| one.put_off);
        first.map(|one| one.to)
    }

    /// To whom this message is owed, if it is.
    pub(crate) fn owed(&self, message: Message) -> Option<A> {
        let found = self.list.iter().find(|one| one.message == message);
        found.map(|one| one.to)
    }

    /// Withdraws what is still owed of a probe with these tokens; `false` if nothing was.
    pub(crate) fn withdraw(&mut self, direct: u16, indirect: u16) -> bool {
        let part = |one: &Outgoing<A>| match one.message {
            Message::Ping(token) => token == direct,
            Message::PingReq(token, _) => token == indirect,
            _ => false,
        };
        let mut any = false;
        while self.take(part).is_some() {
            any = true;
        }
        any
    }

    /// `true` if there is something that cannot wait for airtime.
    pub(crate) fn is_urgent(&self) -> bool {
        self.list
            .get(0)
            .is_some_and(|one| one.message.is_urgent() && !one.put_off)
    }

    /// The most urgent message to `to` at `index` or later, and where it stands.
    pub(crate) fn next_to(&self, to: A, index: usize) -> Option<(usize, Message)> {
        let rest = self.list.iter().enumerate().skip(index);
        rest.filter(|(_, one)| one.to == to)
            .map(|(at, one)| (at, one.message))
            .next()
    }

    /// Settles the message at `index`.
    pub(crate) fn done(&mut self, index: usize) {
        self.list.remove(index);
    }

    /// Owes nothing any more.
    pub(crate) fn clear(&mut self) {
        while self.list.remove(0).is_some() {}
    }

    /// Counts every own token back from the next one.
    pub(crate) fn rebase(&mut self, next_token: u16) {
        for index in 0..self.list.len() {
            let Some(one) = self.list.get_mut(index) else {
                return;
            };
            if let Message::Ping(token) | Message::PingReq(token, _) = &mut one.message {
                *token = next_token.wrapping_sub(*token);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::InlineList;
    use std::vec::Vec;

    type Three = Outbox<u16, InlineList<Outgoing<u16>, 3>>;

    fn outbox(owed: &[(u16, Message)]) -> Three {
        let mut outbox = Outbox::new(InlineList::new());
        for (to, message) in owed {
            assert!(outbox.send_soon(*to, *message, false));
        }
        outbox
    }

    fn all(outbox: &Three) -> Vec<(u16, Message)> {
        outbox.list.iter().map(|d| (d.to, d.message)).collect()
    }

    #[test]
    fn the_most_urgent_goes_first_and_nothing_is_owed_twice() {
        let (news, ping, ack) = (Message::News, Message::Ping(1), Message::Ack(9));
        let mut outbox = outbox(&[(1, news), (2, ping), (3, ack)]);
        assert_eq!(all(&outbox), [(3, ack), (2, ping), (1, news)]);
        assert!(outbox.send_soon(2, ping, false));
        assert_eq!(outbox.usage(), (3, 3));
        assert!(outbox.is_urgent() && outbox.is_more_than_news() && outbox.has_news());
        assert_eq!((outbox.first(), outbox.owed(ping)), (Some(3), Some(2)));
    }

    #[test]
    fn where_there_is_no_room_the_least_urgent_is_dropped() {
        let (news, same, ack) = (Message::News, Message::Same, Message::Ack(9));
        let mut outbox = outbox(&[(1, news), (2, same), (3, same)]);
        assert!(!outbox.send_soon(4, ack, false), "the news went");
        assert_eq!(all(&outbox), [(4, ack), (2, same), (3, same)]);
        assert!(!outbox.send_soon(5, news, false), "that itself");
        assert_eq!(all(&outbox).len(), 3);
    }

    #[test]
    fn those_of_one_sort_are_in_order_or_in_turn() {
        let pings = [(1, Message::Ping(7)), (2, Message::Ping(5))];
        assert_eq!(all(&outbox(&pings)), [pings[1], pings[0]]);
        let mut outbox = Three::new(InlineList::new());
        for (to, ping) in pings {
            assert!(outbox.send_soon(to, ping, true));
        }
        assert_eq!(all(&outbox), pings);
    }

    #[test]
    fn of_a_flood_of_pings_the_latest_are_acked() {
        let mut outbox = Outbox::<u16, InlineList<Outgoing<u16>, 9>>::new(InlineList::new());
        assert!(outbox.send_soon(2, Message::Ack(0), true));
        for token in 1..5 {
            assert!(outbox.send_soon(1, Message::Ack(token), true));
        }
        assert!(
            !outbox.send_soon(1, Message::Ack(5), true),
            "the oldest went"
        );
        let mut acks = outbox.list.iter().filter(|one| one.to == 1);
        assert!(acks.by_ref().all(|one| one.message != Message::Ack(1)));
        assert_eq!(outbox.usage().0, 5, "another's is still there");
    }

    #[test]
    fn what_was_put_off_waits_for_everything_else() {
        let mut outbox = outbox(&[(1, Message::Ack(1)), (1, Message::You)]);
        outbox.put_off(1);
        assert_eq!((outbox.first(), outbox.is_urgent()), (None, false));
        assert!(outbox.send_soon(2, Message::News, false));
        assert_eq!((outbox.first(), outbox.first_put_off()), (Some(2), Some(1)));
        assert_eq!(outbox.next_to(1, 0), Some((1, Message::Ack(1))));
        outbox.done(1);
        assert_eq!(outbox.next_to(1, 0), Some((1, Message::You)));
    }

    #[test]
    fn what_is_owed_of_a_probe_can_be_withdrawn() {
        let target = NodeId::truncated(7);
        let (ping, request) = (Message::Ping(1), Message::PingReq(2, target));
        let mut outbox = outbox(&[(1, ping), (2, request), (3, Message::Ping(3))]);
        assert!(!outbox.withdraw(2, 1), "those are others");
        assert!(outbox.withdraw(1, 2) && !outbox.withdraw(1, 2));
        assert_eq!(all(&outbox), [(3, Message::Ping(3))]);
        outbox.clear();
        assert_eq!(outbox.usage(), (0, 3));
    }
}
