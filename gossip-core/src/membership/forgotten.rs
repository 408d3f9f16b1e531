//! Members that were forgotten: where they are looked for, and what they must do to be believed.

use super::{Bygone, Swim};
use crate::address::Address;
use crate::context::{Context, Sender};
use crate::exchange::Direction;
use crate::id::{NodeId, Place};
use crate::outbox::Message;
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::{Liveness, Member, Sums};
use crate::wire::{Row, Standing};

impl<A: Address, S: Storage<A>> Swim<A, S> {
    /// Keeps what remains of a member that is forgotten, because its memory is `over` or because its row
    /// has to make room.
    pub(crate) fn keep_bygone(&mut self, cx: &mut Context<A, S>, id: NodeId, over: bool) {
        let Some(row) = cx.members.get(id).filter(|row| row.is_known()) else {
            return;
        };
        let departed = row.facts.liveness == Liveness::Left;
        let address = row.address().filter(|_| !departed);
        if address.is_none() && !over {
            return;
        }
        let bygone = Bygone::new(id, row.facts.generation.life(), address, over);
        if !self.bygones.keep(cx.config.id(), bygone) {
            bump(&mut cx.stats.bygones_lost);
        }
    }

    /// `true` for the old word that a member lives which was forgotten in that very life. Whoever was
    /// asleep, or cut off, or repeats what was said long ago says so. It is asked itself, and through the
    /// teller: if it answers, the next word is believed.
    pub(crate) fn is_word_of_bygone(
        &mut self,
        cx: &mut Context<A, S>,
        sender: &Sender<A>,
        row: &Row<A>,
    ) -> bool {
        let (id, life) = (row.id, row.generation.life());
        let alive = matches!(row.standing, Standing::Alive | Standing::Slow);
        if !alive
            || !self.bygones.is_over(id, life)
            || cx.members.get(id).is_some_and(|row| !row.gone)
        {
            return false;
        }
        bump(&mut cx.stats.stale_rows);
        let token = cx.next_token.wrapping_add(1);
        if let Some(asked_with) = self.bygones.ask(id, token) {
            if asked_with == token {
                cx.next_token = token;
            }
            let itself = sender.id == id;
            let told = row.address.map(Address::canonical);
            if let Some(to) = told.or(itself.then_some(sender.from)) {
                cx.send_soon(to, Message::Ping(asked_with));
            }
            if !itself {
                cx.send_soon(sender.from, Message::PingReq(asked_with, id));
            }
        }
        true
    }

    /// Somebody acked: if that proves that a forgotten member lives, it is to be met anew at once.
    pub(crate) fn take_proof_of_bygone(&mut self, cx: &mut Context<A, S>, from: A, token: u16) {
        if self.bygones.acked(token) {
            cx.send_soon(from, Message::Root(Direction::Both, Sums::Whole));
        }
    }

    /// Whom to try who is not among the live: in turn a member that is dead here, one that was forgotten,
    /// and a seed, each in its own turn. So every one of them is tried in a bounded time.
    pub(crate) fn next_lost(&mut self, cx: &mut Context<A, S>) -> Option<A> {
        const SORTS: u8 = 3;
        for _ in 0..SORTS {
            self.lost.sort = self.lost.sort.wrapping_add(1);
            let found = match self.lost.sort.checked_rem(SORTS) {
                Some(0) => self.next_dead(cx),
                Some(1) => self.bygones.due(cx.config.id()),
                _ => self.next_seed(cx),
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// The address of the next member in the common order that is not alive, from this node's own place
    /// on at first.
    fn next_dead(&mut self, cx: &mut Context<A, S>) -> Option<A> {
        let members = &cx.members;
        let from = Place(self.lost.after.wrapping_add(cx.config.id().place().0)).next();
        let start = members.lower(from);
        let indices = (start..members.len()).chain(0..start);
        let lost = |row: &&Member<A>| !row.is_live() && row.is_known() && row.id != cx.config.id();
        let rows = indices.filter_map(|index| members.at(index)).filter(lost);
        let (place, address) = rows
            .filter_map(|row| Some((row.id.place(), row.address()?)))
            .next()?;
        self.lost.after = place.0.wrapping_sub(cx.config.id().place().0);
        Some(address)
    }

    /// The next seed where no member is known to live: everybody's seed would hear from all of them.
    fn next_seed(&mut self, cx: &mut Context<A, S>) -> Option<A> {
        for _ in 0..self.seeds.len() {
            self.lost.seed = self.lost.seed.wrapping_add(1);
            let index = usize::from(self.lost.seed).checked_rem(self.seeds.len())?;
            let seed = self.seeds.at(index)?;
            let is_there = |row: &Member<A>| row.is_live() && row.address() == Some(seed);
            if !cx.members.iter().any(is_there) {
                return Some(seed);
            }
        }
        None
    }
}
