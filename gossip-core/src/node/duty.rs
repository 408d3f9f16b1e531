//! Small messages owed to somebody: written when the link is ready, in order of urgency.

use core::marker::PhantomData;

use crate::exchange::Direction;
use crate::id::{NodeId, Version};
use crate::storage::List;
use crate::wire::Rate;

/// One message owed to one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Duty<A> {
    pub(crate) message: Message,
    pub(crate) to: A,
}

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
    /// The fingerprint of everything, to begin an exchange in this direction.
    Root(Direction),
    /// How many writes a second this node lets out.
    Rate(Rate),
    /// Whatever news there is.
    News,
}

impl Message {
    /// `true` for what cannot wait for airtime.
    pub(crate) fn is_urgent(self) -> bool {
        self < Self::Same
    }
}

/// Everything owed, the most urgent first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Duties<A, L> {
    list: L,
    address: PhantomData<A>,
}

impl<A, L> Duties<A, L> {
    /// Kept in `list`, which must be empty.
    pub const fn new(list: L) -> Self {
        Self {
            list,
            address: PhantomData,
        }
    }
}

impl<A: Copy + Eq, L: List<Duty<A>>> Duties<A, L> {
    /// How many things the table holds, and can hold.
    pub(crate) fn usage(&self) -> (usize, usize) {
        (self.list.len(), self.list.capacity())
    }

    /// Owes a message; what is owed already is not owed twice. Returns `false` if something was
    /// dropped for lack of room: the least urgent message, which may be this one.
    pub(crate) fn owe(&mut self, to: A, message: Message) -> bool {
        let duty = Duty { message, to };
        if self.list.iter().any(|other| *other == duty) {
            return true;
        }
        let at = self
            .list
            .iter()
            .take_while(|other| other.message <= message)
            .count();
        let mut kept = true;
        if self.list.is_full() {
            if at >= self.list.len() {
                return false;
            }
            self.list.remove(self.list.len().saturating_sub(1));
            kept = false;
        }
        self.list.insert(at, duty).is_ok() && kept
    }

    /// The destination of the most urgent message.
    pub(crate) fn first(&self) -> Option<A> {
        self.list.get(0).map(|duty| duty.to)
    }

    /// `true` if there is something that cannot wait for airtime.
    pub(crate) fn is_urgent(&self) -> bool {
        self.list
            .get(0)
            .is_some_and(|duty| duty.message.is_urgent())
    }

    /// The most urgent message to `to` at `index` or later, and where it stands.
    pub(crate) fn next_to(&self, to: A, index: usize) -> Option<(usize, Message)> {
        let rest = self.list.iter().enumerate().skip(index);
        rest.filter(|(_, duty)| duty.to == to)
            .map(|(at, duty)| (at, duty.message))
            .next()
    }

    /// Settles the message at `index`.
    pub(crate) fn settle(&mut self, index: usize) {
        self.list.remove(index);
    }

    /// Counts every own token back from the next one.
    pub(crate) fn rebase(&mut self, next_token: u16) {
        for index in 0..self.list.len() {
            let Some(duty) = self.list.get_mut(index) else {
                return;
            };
            if let Message::Ping(token) | Message::PingReq(token, _) = &mut duty.message {
                *token = next_token.wrapping_sub(*token);
            }
        }
    }
}
