//! A node that was asleep, stalled or alone: its peers' silence meant nothing, and what it knows of them
//! may be old.

use super::{QUICK_TRIES, Swim};
use crate::address::Address;
use crate::author::Author;
use crate::context::{Context, Phase, Sender};
use crate::exchange::Direction;
use crate::outbox::Message;
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::Member;
use crate::time::{Duration, Instant};

/// So often in a round a node that is out of touch answers a datagram with a ping at most. If each was, an ack that
/// does not count would be answered without end; and those that waited in a socket are of peers that may be gone.
const ASKS: u32 = 16;

impl<A: Address, S: Storage<A>> Swim<A, S> {
    /// What comes before anything else happens at `now`. `true` if everything that is under way with others is void.
    #[must_use]
    pub(crate) fn look_back(&mut self, cx: &mut Context<A, S>, now: Instant) -> bool {
        if cx.phase != Phase::Running {
            return false;
        }
        self.excuse_pause(cx, now);
        self.touch.stale_at <= now && self.distrust(cx, now)
    }

    /// If rounds come far too late this node was asleep, and its peers' silence means nothing. What they
    /// remember of the dead ran out meanwhile as it does here.
    fn excuse_pause(&mut self, cx: &mut Context<A, S>, now: Instant) {
        let late = now.since(self.next_round);
        if late <= cx.round().times(2) {
            return;
        }
        bump(&mut cx.stats.pauses);
        self.prober.abandon();
        self.lateness.forget();
        self.postpone(cx, late, |row| row.swim.suspect || row.swim.waiting);
        self.next_round = now;
    }

    pub(crate) fn postpone(
        &mut self,
        cx: &mut Context<A, S>,
        late: Duration,
        which: impl Fn(&Member<A>) -> bool,
    ) {
        for index in 0..cx.members.len() {
            let row = cx.members.at(index).filter(|row| which(row));
            let Some(id) = row.map(|row| row.id) else {
                continue;
            };
            if let Some(at) = self.timers.cancel(id) {
                self.timers.add(id, at.after(late));
            }
        }
    }

    /// Nobody has answered for half of a memory. Whoever is believed alive may have been forgotten by
    /// everybody else, and would come back if it were told. So all that is hearsay now, as in an old
    /// state, until a peer has answered and somebody speaks of them.
    fn distrust(&mut self, cx: &mut Context<A, S>, now: Instant) -> bool {
        self.touch.stale_at = Instant::FAR;
        self.touch.answered = false;
        let forgotten_at = now.after(cx.config.forget_after());
        let mut anybody = false;
        for index in 0..cx.members.len() {
            let row = cx.members.at(index);
            let Some(id) = row.filter(|row| row.is_live()).map(|row| row.id) else {
                continue;
            };
            if cx.is_me(id) {
                continue;
            }
            anybody = true;
            cx.members.edit(id, |mut row| {
                row.await_word(true);
                row.swim().clear();
                row.doubt_death(false);
            });
            cx.members.mark_changed(id);
            self.timers.set(id, forgotten_at);
        }
        if !anybody {
            return false;
        }
        self.prober.abandon();
        self.lateness.forget();
        cx.outbox.clear();
        self.seeds.retry_all(now);
        self.quick_tries = QUICK_TRIES;
        self.next_reconnect = now;
        self.touch.asked = Some(cx.take_token());
        true
    }

    /// A round begins: in it and the next ones what is known is as good as it is now.
    pub(crate) fn renew_trust(&mut self, cx: &mut Context<A, S>, now: Instant) {
        if core::mem::take(&mut self.touch.answered) {
            self.touch.stale_at = now.after(cx.fading_time());
        }
    }

    /// The first round is to come, or a state was restored.
    pub(crate) fn begin_trust(&mut self, cx: &mut Context<A, S>, now: Instant) {
        self.touch.stale_at = now.after(cx.fading_time());
    }

    /// A peer answered a ping.
    pub(crate) fn note_answer(&mut self) {
        self.touch.answered = true;
        self.touch.asked = None;
    }

    /// `true` while what is told may be as old as what is known: datagrams wait for whoever sleeps.
    pub(crate) fn is_out_of_touch(&self) -> bool {
        self.touch.asked.is_some()
    }

    /// Asks for the answer that ends that.
    pub(crate) fn ask_for_answer(&mut self, cx: &mut Context<A, S>, to: A) {
        if let Some(token) = self.touch.asked {
            cx.send_soon(to, Message::Ping(token));
        }
    }

    /// Asks whoever speaks for it.
    pub(crate) fn ask_speaker_for_answer(&mut self, cx: &mut Context<A, S>, now: Instant, from: A) {
        if self.is_out_of_touch() && self.may_ask_speaker(cx, now) {
            self.ask_for_answer(cx, from);
        }
    }

    /// Whoever speaks to a node that asks for its earlier life is asked too, before anybody knows its new life: it may
    /// have no seeds, since it is the one that all others have, or hear nothing of those that it has.
    pub(crate) fn ask_speaker_for_former(
        &mut self,
        cx: &mut Context<A, S>,
        author: &Author<A, S>,
        sender: &Sender<A>,
    ) {
        if author.asks_for_earlier_life() && self.may_ask_speaker(cx, sender.now) {
            cx.send_soon(sender.from, Message::Tell(cx.id()));
        }
    }

    /// `true` if whoever speaks may be asked now; the next one only after a while.
    fn may_ask_speaker(&mut self, cx: &mut Context<A, S>, now: Instant) -> bool {
        let may = self.touch.next_ask <= now;
        if may {
            let round = cx.round().as_millis();
            let wait = round.div_ceil(ASKS);
            self.touch.next_ask = now.after(Duration::from_millis(wait));
        }
        may
    }

    /// Takes an ack that may be that answer. What its sender knows is wanted then, even if it is known
    /// here in another life: which of them is over is what others must say.
    pub(crate) fn take_answer_of_touch(
        &mut self,
        cx: &mut Context<A, S>,
        sender: &Sender<A>,
        token: u16,
    ) {
        if self.touch.asked == Some(token) {
            self.note_answer();
            cx.send_soon(sender.from, Message::Root(Direction::Both, sender.sums));
        }
    }
}
