//! Members that were forgotten: where they are looked for, and what they must do to be believed.

use super::{Message, Node};
use crate::address::Address;
use crate::context::Sender;
use crate::exchange::Direction;
use crate::id::{NodeId, Place};
use crate::membership::Bygone;
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::{Liveness, Member, Sums};
use crate::wire::{Row, Standing};

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Keeps what remains of a member that is forgotten, because its memory is `over` or because its row
    /// has to make room.
    pub(super) fn keep_bygone(&mut self, id: NodeId, over: bool) {
        let Some(row) = self.tables.members.get(id).filter(|row| row.is_known()) else {
            return;
        };
        let departed = row.facts.liveness == Liveness::Left;
        let address = row.address().filter(|_| !departed);
        if address.is_none() && !over {
            return;
        }
        let bygone = Bygone::new(id, row.facts.generation.life(), address, over);
        if !self.tables.bygones.keep(self.config.id(), bygone) {
            bump(&mut self.stats.bygones_lost);
        }
    }

    /// `true` for the old word that a member lives which was forgotten in that very life. Whoever was
    /// asleep, or cut off, or repeats what was said long ago says so. It is asked itself, and through the
    /// teller: if it answers, the next word is believed.
    pub(super) fn is_word_of_bygone(&mut self, sender: &Sender<A>, row: &Row<A>) -> bool {
        let (id, life) = (row.id, row.generation.life());
        let alive = matches!(row.standing, Standing::Alive | Standing::Slow);
        if !alive || !self.tables.bygones.is_over(id, life) || self.member(id).is_some() {
            return false;
        }
        bump(&mut self.stats.stale_rows);
        let token = self.next_token.wrapping_add(1);
        if let Some(asked_with) = self.tables.bygones.ask(id, token) {
            if asked_with == token {
                self.next_token = token;
            }
            let itself = sender.id == id;
            let told = row.address.map(Address::canonical);
            if let Some(to) = told.or(itself.then_some(sender.from)) {
                self.owe(to, Message::Ping(asked_with));
            }
            if !itself {
                self.owe(sender.from, Message::PingReq(asked_with, id));
            }
        }
        true
    }

    /// Somebody acked: if that proves that a forgotten member lives, it is to be met anew at once.
    pub(super) fn take_proof_of_bygone(&mut self, from: A, token: u16) {
        if self.tables.bygones.acked(token) {
            self.owe(from, Message::Root(Direction::Both, Sums::Whole));
        }
    }

    /// Whom to try who is not among the live: in turn a member that is dead here, one that was forgotten,
    /// and a seed, each in its own turn. So every one of them is tried in a bounded time.
    pub(super) fn next_lost(&mut self) -> Option<A> {
        const SORTS: u8 = 3;
        for _ in 0..SORTS {
            self.lost.sort = self.lost.sort.wrapping_add(1);
            let found = match self.lost.sort.checked_rem(SORTS) {
                Some(0) => self.next_dead(),
                Some(1) => self.tables.bygones.due(self.config.id()),
                _ => self.next_seed(),
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// The address of the next member in the common order that is not alive, from this node's own place
    /// on at first.
    fn next_dead(&mut self) -> Option<A> {
        let members = &self.tables.members;
        let from = Place(self.lost.after.wrapping_add(self.config.id().place().0)).next();
        let start = members.lower(from);
        let indices = (start..members.len()).chain(0..start);
        let lost =
            |row: &&Member<A>| !row.is_live() && row.is_known() && row.id != self.config.id();
        let rows = indices.filter_map(|index| members.at(index)).filter(lost);
        let (place, address) = rows
            .filter_map(|row| Some((row.id.place(), row.address()?)))
            .next()?;
        self.lost.after = place.0.wrapping_sub(self.config.id().place().0);
        Some(address)
    }

    /// The next seed where no member is known to live: everybody's seed would hear from all of them.
    fn next_seed(&mut self) -> Option<A> {
        for _ in 0..self.tables.seeds.len() {
            self.lost.seed = self.lost.seed.wrapping_add(1);
            let index = usize::from(self.lost.seed).checked_rem(self.tables.seeds.len())?;
            let seed = self.tables.seeds.at(index)?;
            let is_there = |row: &Member<A>| row.is_live() && row.address() == Some(seed);
            if !self.tables.members.iter().any(is_there) {
                return Some(seed);
            }
        }
        None
    }
}

/// Whose turn it is to be tried of those who are not among the live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Lost {
    sort: u8,
    seed: u8,
    /// The dead member that was tried last: how far its place lies behind this node's own.
    after: u64,
}

impl Lost {
    pub(super) const NONE: Self = Self {
        sort: 0,
        seed: 0,
        after: 0,
    };
}
