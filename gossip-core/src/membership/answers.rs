//! Pings, acks, indirect probes and nacks as they come in, a node's own and those that it makes for others.

use super::{Nacked, Silence, Swim};
use crate::address::Address;
use crate::author::Author;
use crate::context::{Context, Sender};
use crate::id::NodeId;
use crate::outbox::Message;
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::Member;
use crate::time::{Duration, Instant};
use crate::wire::{Section, Suspect};

impl<A: Address, S: Storage<A>> Swim<A, S> {
    /// Takes one of membership's sections that ask for nothing but an answer.
    pub(crate) fn take(
        &mut self,
        cx: &mut Context<A, S>,
        author: &mut Author<A, S>,
        sender: &Sender<A>,
        section: Section<'_, A>,
    ) {
        match section {
            Section::Ping(token) => self.take_ping(cx, sender, token),
            Section::Nack(token, helper) => self.take_nack(cx, sender.now, token, helper),
            Section::PingReq(token, target) => self.take_ping_req(cx, sender, token, target),
            Section::Suspects(suspects) => suspects
                .iter()
                .for_each(|suspect| self.take_suspicion(cx, author, sender, &suspect)),
            _ => {}
        }
    }

    fn take_ping(&mut self, cx: &mut Context<A, S>, sender: &Sender<A>, token: u16) {
        cx.send_soon(sender.from, Message::Ack(token));
        self.tell_address(cx, sender);
        self.correct(cx, sender);
    }

    fn take_suspicion(
        &mut self,
        cx: &mut Context<A, S>,
        author: &mut Author<A, S>,
        sender: &Sender<A>,
        suspect: &Suspect,
    ) {
        if cx.is_me(suspect.id) {
            self.answer_suspicion(cx, author, sender.now, sender.from, suspect);
        } else {
            self.hear_suspicion(cx, sender, suspect);
        }
    }

    /// The mere fact that a datagram came.
    pub(crate) fn hear(&mut self, cx: &mut Context<A, S>, sender: &Sender<A>) {
        // Whoever was outbid is not the one that is asked, which may be gone: nothing waits in line behind it.
        if self.prober.token().is_some() && !cx.is_outbid(sender) {
            self.lateness.heard();
        }
        let members = &mut cx.members;
        if members.hear(sender.id, sender.generation, sender.from, sender.sums) {
            self.prober.heard();
        }
    }

    /// An ack came: whether the sender answered a ping of this node itself, and how long an exchange with it may take from
    /// now on, if it was quick.
    pub(crate) fn take_ack(
        &mut self,
        cx: &mut Context<A, S>,
        sender: &Sender<A>,
        token: u16,
    ) -> (bool, Option<Duration>) {
        self.take_answer_of_touch(cx, sender, token);
        if cx.is_outbid(sender) {
            // It says nothing of the member, but that this node is heard, and who is there instead.
            if self.prober.belie(token, sender.id) {
                self.note_usurped(cx, sender);
            }
            return (false, None);
        }
        // What a relay gets from an address where another life answers is that one's.
        let members = &cx.members;
        let acked = self.prober.acked(token, sender.id, |target| {
            members.get(target).is_none_or(|row| !row.swim.usurped)
        });
        if self.take_late_ack(cx, sender.now, sender.id, token) {
            self.greet_reborn(cx, sender);
            return (true, None);
        }
        if let Some(acked) = acked {
            let quick = acked.in_time.then(|| self.note_quick(cx, sender.id));
            self.greet_reborn(cx, sender);
            self.note_answer();
            self.clear_suspicion(cx, acked.target);
            return (acked.target == sender.id, quick);
        }
        if let Some((asker, asker_token)) = self.relays.take(token, sender.id) {
            // What this node passes on it has seen itself.
            self.clear_suspicion(cx, sender.id);
            cx.send_soon(asker, Message::Ack(asker_token));
        } else {
            self.take_proof_of_bygone(cx, sender.from, token);
        }
        (false, None)
    }

    /// A member answered in time: how long an exchange with it takes at most.
    fn note_quick(&mut self, cx: &mut Context<A, S>, id: NodeId) -> Duration {
        self.lateness.in_time();
        cx.note_pace(id, false);
        let usual = cx.config.reply_timeout();
        let usual = usual.max(cx.round());
        cx.config.reply_within(usual)
    }

    /// The sender, which was outbid, answers at the address where the life that outbid it is to be found.
    fn note_usurped(&mut self, cx: &mut Context<A, S>, sender: &Sender<A>) {
        let row = cx.members.get(sender.id);
        let there = row.and_then(Member::address) == Some(sender.from);
        if let Some(swim) = cx.members.swim(sender.id).filter(|_| there) {
            swim.usurped = true;
        }
    }

    /// A slow member answers in another life than the one known here: it may know nobody, and nobody begins an exchange
    /// with a slow one.
    fn greet_reborn(&mut self, cx: &mut Context<A, S>, sender: &Sender<A>) {
        let row = cx.members.get(sender.id);
        let reborn = |row: &&Member<A>| row.facts.generation != sender.generation;
        if row.filter(reborn).is_some_and(Member::is_slow) {
            self.say_hello(cx, sender.from);
        }
    }

    fn take_nack(
        &mut self,
        cx: &mut Context<A, S>,
        now: Instant,
        token: u16,
        helper: Option<NodeId>,
    ) {
        match self.prober.nacked(token, helper) {
            Some(Nacked::Late(target)) => self.judge(cx, now, target, Silence::Witnessed),
            Some(Nacked::Ask(helper, token, target)) => {
                let row = cx.members.get(helper);
                let row = row.filter(|row| row.is_live() && !row.swim.suspect && row.id != cx.id());
                if let Some(to) = row.and_then(Member::address) {
                    cx.send_soon(to, Message::PingReq(token, target));
                }
            }
            None => {}
        }
    }

    /// Says whose answer did not come in time, of those that others asked for.
    pub(crate) fn answer_for_others(&mut self, cx: &mut Context<A, S>, now: Instant) {
        while let Some((asker, token)) = self.relays.nack(now) {
            cx.send_soon(asker, Message::Nack(token));
        }
        self.relays.expire(now);
    }

    fn take_ping_req(
        &mut self,
        cx: &mut Context<A, S>,
        sender: &Sender<A>,
        token: u16,
        target: NodeId,
    ) {
        if cx.is_me(target) {
            cx.send_soon(sender.from, Message::Ack(token));
            return;
        }
        let row = cx.members.get(target);
        let Some(address) = row.and_then(|row| row.address()) else {
            // Or a member whose address nobody ever heard of would live for ever.
            return cx.send_soon(sender.from, Message::Nack(token));
        };
        if cx.is_put_off(sender) {
            return;
        }
        let own_token = cx.take_token();
        // The asker waits for the rest of its round; half of that is for the way of the answer.
        let rest = cx
            .round()
            .as_millis()
            .saturating_sub(cx.patience_alone().as_millis());
        let nack_at = sender.now.after(Duration::from_millis(rest >> 1));
        let times = (nack_at, sender.now.after(cx.round()));
        let (probe, answer) = ((own_token, target), (sender.from, token));
        if self.relays.add(probe, answer, times) {
            cx.send_soon(address, Message::Ping(own_token));
        } else {
            bump(&mut cx.stats.relays_full);
        }
    }
}
