//! Rows as they come in: merged by membership, and what of their owners' entries is asked for or told then.

use super::{Base, Reconciler};
use crate::address::Address;
use crate::author::Heard;
use crate::context::Sender;
use crate::id::{Incarnation, NodeId, Version};
use crate::membership::Merged;
use crate::outbox::Message;
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::{Member, Sums};
use crate::wire::{Row, Standing};

impl<A: Address, S: Storage<A>> Reconciler<A, S> {
    fn take_row(&mut self, base: &mut Base<A, S>, sender: &Sender<A>, row: &Row<A>) {
        bump(&mut base.cx.stats.rows_heard);
        if base.author.is_unannounced(&base.cx, row.id) && self.take_earlier_life(base, sender, row)
        {
            return;
        }
        let old = base.swim.is_out_of_touch() && !base.cx.is_me(row.id);
        if old
            || base.swim.is_word_of_bygone(&mut base.cx, sender, row)
            || base.swim.is_soon_located(&base.cx, row)
        {
            return;
        }
        if matches!(row.standing, Standing::Dead(_)) && !base.cx.may_judge(sender.id) {
            let live = base.cx.members.get(row.id).is_some_and(Member::is_live);
            if live && !base.cx.is_me(row.id) {
                return;
            }
        }
        match base
            .swim
            .merge_row(&mut base.cx, &mut base.author, sender.now, row)
        {
            Merged::Agreed if sender.sums > Sums::Facts => {
                // A slow member begins all its exchanges itself, and hears no listings.
                base.swim
                    .ask_for_proof(&mut base.cx, &mut base.author, row.id);
                self.compare_held(base, sender, row.id, row.held);
                self.compare_loose(&mut base.cx, sender, row);
            }
            Merged::Agreed => {}
            // That it is dead a slow member is told when it asks: more would wait in its line.
            Merged::Known if row.id == sender.id && base.cx.is_late_and_dead(row.id) => {}
            Merged::Known => self.link_tell(&mut base.cx, &base.author, sender, row.id),
            Merged::Refused => {}
        }
    }

    /// Takes a row that was told. A newcomer that tells its own and does not know yet where it is, is where that comes
    /// from: so it need not be told first, and say it to all, before others can reach it. It is told, and takes
    /// it over. Where its row was not taken it would only hear of an earlier life, and tell its row again, without end.
    pub(crate) fn take_told_row(
        &mut self,
        base: &mut Base<A, S>,
        sender: &Sender<A>,
        row: &Row<A>,
    ) {
        let itself = row.id == sender.id && row.generation == sender.generation;
        let new = row.incarnation == Incarnation::default() && row.standing == Standing::Alive;
        if row.address.is_some() || !itself || !new {
            return self.take_row(base, sender, row);
        }
        let address = Some(sender.from.canonical());
        self.take_row(base, sender, &Row { address, ..*row });
        let held = base.cx.members.get(row.id);
        if held.is_some_and(|held| held.facts.generation == row.generation) {
            base.cx.send_soon(sender.from, Message::Tell(row.id));
        }
    }

    /// Somebody tells of an earlier life of this node. `true` if nothing else is to be made of it.
    fn take_earlier_life(
        &mut self,
        base: &mut Base<A, S>,
        sender: &Sender<A>,
        row: &Row<A>,
    ) -> bool {
        match base.author.hear_of_earlier_life(&mut base.cx, sender, row) {
            Heard::Nothing => return false,
            Heard::Earlier => {}
            Heard::Pull => {
                if let Some(bit) = self.link(&mut base.cx, sender) {
                    self.link_pull(&mut base.cx, bit, NodeId::FORMER, row.held);
                }
            }
        }
        true
    }

    /// A node that starts says who it is. Where an earlier life of it is remembered, with entries, the
    /// answer is that, and the new one is not noticed yet.
    pub(crate) fn take_newborn(&mut self, base: &mut Base<A, S>, sender: &Sender<A>, row: &Row<A>) {
        if row.id != sender.id || base.cx.is_me(row.id) {
            return;
        }
        let held = base.cx.members.get(row.id).filter(|held| !held.gone);
        if base.cx.is_bare() && held.is_some_and(|held| held.facts.generation != row.generation) {
            // Whoever keeps no entries cannot say whether there are any; others are asked.
            return;
        }
        let remembered = held.is_some_and(|held| {
            let other = held.facts.generation != row.generation || held.progress().held > row.held;
            other && held.progress().held > Version::BIRTH
        });
        if !remembered {
            self.take_told_row(base, sender, row);
        }
        base.cx.send_soon(sender.from, Message::Tell(row.id));
    }
}
