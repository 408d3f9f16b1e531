//! What membership says: rows, suspicions, probes on behalf of others.

use serde::{Deserialize, Serialize};

use super::body::{Body, Item, known, whole};
use super::limits::{COUNTER, GENERATION, varint};
use crate::error::DatagramError;
use crate::id::{Generation, Incarnation, NodeId, Version};

/// A row's liveness as it travels: with the seconds until it is forgotten, where it is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// Alive.
    Alive,
    /// Dead, to be forgotten in so many seconds.
    Dead(u16),
    /// Departed, to be forgotten in so many seconds.
    Left(u16),
    /// Alive, and slow to answer by its own word.
    Slow,
}

/// One row of the table of members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row<A> {
    /// The member.
    pub id: NodeId,
    /// Its life.
    pub generation: Generation,
    /// Its refutation counter.
    pub incarnation: Incarnation,
    /// Its liveness.
    pub standing: Standing,
    /// The address it asserts.
    pub address: Option<A>,
    /// How far the sender holds its entries.
    pub held: Version,
}

/// A suspicion of a member, in one life and incarnation of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspect {
    /// The member.
    pub id: NodeId,
    /// The life suspected.
    pub generation: Generation,
    /// The incarnation suspected.
    pub incarnation: Incarnation,
}

/// The address at which the sender sees the receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen<A>(pub A);

impl<A> Item for Row<A> {
    fn id(&self) -> NodeId {
        self.id
    }
}

impl Item for Suspect {
    fn id(&self) -> NodeId {
        self.id
    }
}

impl<'a, A: Deserialize<'a>> Body<'a> for (Seen<A>,) {
    fn read(body: &'a [u8]) -> Result<Self, DatagramError> {
        whole(body)
    }
}

impl<'a, A: Deserialize<'a>> Body<'a> for (Row<A>,) {
    fn read(body: &'a [u8]) -> Result<Self, DatagramError> {
        whole(body)
    }

    fn check(&self, largest_id: NodeId) -> Result<(), DatagramError> {
        known(self.0.id, largest_id)
    }
}

/// The token to give back, and whom to ask.
impl<'a> Body<'a> for (u16, NodeId) {
    fn read(body: &'a [u8]) -> Result<Self, DatagramError> {
        whole(body)
    }

    fn check(&self, largest_id: NodeId) -> Result<(), DatagramError> {
        known(self.1, largest_id)
    }
}

/// The token that is given back, and who may get through.
impl<'a> Body<'a> for (u16, Option<NodeId>) {
    fn read(body: &'a [u8]) -> Result<Self, DatagramError> {
        whole(body)
    }

    fn check(&self, largest_id: NodeId) -> Result<(), DatagramError> {
        self.1.map_or(Ok(()), |helper| known(helper, largest_id))
    }
}

/// The longest member row with addresses of up to `address_max` bytes: id, generation, incarnation,
/// standing 1 + 3, address 1 + `address_max`, held.
#[must_use]
pub const fn row(address_max: usize) -> usize {
    varint(NodeId::MAX.get())
        .saturating_add(GENERATION)
        .saturating_add(COUNTER)
        .saturating_add(4)
        .saturating_add(1)
        .saturating_add(address_max)
        .saturating_add(COUNTER)
}
