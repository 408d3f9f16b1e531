//! Which way an exchange carries what differs.

use serde::{Deserialize, Serialize};

/// How a node runs the exchanges it begins (Demers et al. 1987, section 1.2). Partners follow the
/// mode of whoever begins, so nodes of one cluster may differ in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ExchangeMode {
    /// Both partners take what the other has more of: the fewest rounds.
    #[default]
    PushPull,
    /// The partner takes what this node has more of.
    Push,
    /// This node takes what the partner has more of.
    Pull,
    /// [`Push`](Self::Push) while this node has young news, [`Pull`](Self::Pull) otherwise. A push
    /// finds many that lack what few have, a pull few that have what most have (Karp et al. 2000,
    /// section 1). News is young until it was told, or heard from others, half as often as this
    /// node tells a piece of news at all.
    FirstPushThenPull,
}

/// The way of one exchange, seen from whoever began it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Direction {
    /// Both ways.
    #[default]
    Both = 0,
    /// From the one that began it.
    Push = 1,
    /// To the one that began it.
    Pull = 2,
}

impl Direction {
    /// The direction with this number on the wire, where `Both` is told by no number at all.
    pub(crate) const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Push),
            2 => Some(Self::Pull),
            _ => None,
        }
    }

    /// What it means for the node that begins the exchange.
    pub(super) const fn for_first(self) -> Ways {
        Ways {
            gives: !matches!(self, Self::Pull),
            takes: !matches!(self, Self::Push),
        }
    }

    /// What it means for its partner.
    pub(super) const fn for_second(self) -> Ways {
        let Ways { gives, takes } = self.for_first();
        Ways {
            gives: takes,
            takes: gives,
        }
    }
}

impl ExchangeMode {
    /// The way of an exchange that begins now, by a node whose news is young or not.
    pub(crate) const fn direction(self, young: bool) -> Direction {
        match (self, young) {
            (Self::PushPull, _) => Direction::Both,
            (Self::Push, _) | (Self::FirstPushThenPull, true) => Direction::Push,
            (Self::Pull, _) | (Self::FirstPushThenPull, false) => Direction::Pull,
        }
    }
}

/// What one node does in an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ways {
    /// It tells what it has more of.
    pub(crate) gives: bool,
    /// It pulls what the partner has more of.
    pub(crate) takes: bool,
}

impl Ways {
    pub(crate) const BOTH: Self = Direction::Both.for_first();
}
