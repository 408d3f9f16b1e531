//! A node that was asleep, stalled or alone: its peers' silence meant nothing, and what it knows of them
//! may be old.

use super::restore::QUICK_TRIES;
use super::{Message, Node, Phase};
use crate::address::Address;
use crate::context::Sender;
use crate::exchange::Direction;
use crate::stats::bump;
use crate::storage::Storage;
use crate::table::Member;
use crate::time::{Duration, Instant};

/// So often in a round a node that is out of touch answers a datagram with a ping at most. If each was, an ack that
/// does not count would be answered without end; and those that waited in a socket are of peers that may be gone.
const ASKS: u32 = 16;

/// How far this node is in touch with its peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Touch {
    /// A peer has answered a ping since the round began.
    answered: bool,
    /// What is known of others is too old then, unless a peer answers.
    stale_at: Instant,
    /// It is too old, and waits for an ack with this token, which no datagram of before can carry.
    asked: Option<u16>,
    /// When whoever speaks is asked for that ack again at the earliest.
    next_ask: Instant,
}

impl Touch {
    pub(super) const NONE: Self = Self {
        answered: false,
        stale_at: Instant::FAR,
        asked: None,
        next_ask: Instant::ZERO,
    };

    pub(super) fn rebase(&mut self, epoch: Instant, next_token: u16) {
        self.stale_at = self.stale_at.counted_from(epoch);
        self.asked = self.asked.map(|token| next_token.wrapping_sub(token));
        self.next_ask = self.next_ask.counted_from(epoch);
    }
}

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// What comes before anything else happens at `now`.
    pub(super) fn notice_time(&mut self, now: Instant) {
        if self.phase != Phase::Running {
            return;
        }
        self.excuse_pause(now);
        if self.touch.stale_at <= now {
            self.distrust(now);
        }
    }

    /// If rounds come far too late this node was asleep, and its peers' silence means nothing. What they
    /// remember of the dead ran out meanwhile as it does here.
    fn excuse_pause(&mut self, now: Instant) {
        let late = now.since(self.next_round);
        if late <= self.round().times(2) {
            return;
        }
        bump(&mut self.stats.pauses);
        self.prober.abandon();
        self.lateness.forget();
        self.postpone(late, |row| row.swim.suspect || row.swim.waiting);
        self.next_round = now;
    }

    pub(super) fn postpone(&mut self, late: Duration, which: impl Fn(&Member<A>) -> bool) {
        for index in 0..self.tables.members.len() {
            let row = self.tables.members.at(index).filter(|row| which(row));
            let Some(id) = row.map(|row| row.id) else {
                continue;
            };
            if let Some(at) = self.tables.timers.cancel(id) {
                self.tables.timers.add(id, at.after(late));
            }
        }
    }

    /// Nobody has answered for half of a memory. Whoever is believed alive may have been forgotten by
    /// everybody else, and would come back if it were told. So all that is hearsay now, as in an old
    /// state, until a peer has answered and somebody speaks of them.
    fn distrust(&mut self, now: Instant) {
        self.touch.stale_at = Instant::FAR;
        self.touch.answered = false;
        let forgotten_at = now.after(self.config.forget_after());
        let mut anybody = false;
        for index in 0..self.tables.members.len() {
            let row = self.tables.members.at(index);
            let Some(id) = row.filter(|row| row.is_live()).map(|row| row.id) else {
                continue;
            };
            if self.is_me(id) {
                continue;
            }
            anybody = true;
            self.tables.members.edit(id, |row| {
                row.unheard = true;
                row.swim.suspect = false;
                row.swim.words_left = 0;
                row.swim.waiting = false;
                row.doubted = false;
            });
            self.tables.members.mark_changed(id);
            self.tables.timers.set(id, forgotten_at);
        }
        if !anybody {
            return;
        }
        for bit in (0..8).map(|index| 1u8.wrapping_shl(index)) {
            self.close_exchange(bit);
        }
        self.prober.abandon();
        self.lateness.forget();
        self.tables.outbox.clear();
        self.tables.seeds.retry_all(now);
        self.quick_tries = QUICK_TRIES;
        self.next_reconnect = now;
        self.touch.asked = Some(self.take_token());
    }

    /// A round begins: in it and the next ones what is known is as good as it is now.
    pub(super) fn renew_trust(&mut self, now: Instant) {
        if core::mem::take(&mut self.touch.answered) {
            self.touch.stale_at = now.after(self.fading_time());
        }
    }

    /// The first round is to come, or a state was restored.
    pub(super) fn begin_trust(&mut self, now: Instant) {
        self.touch.stale_at = now.after(self.fading_time());
    }

    /// A peer answered a ping.
    pub(super) fn note_answer(&mut self) {
        self.touch.answered = true;
        self.touch.asked = None;
    }

    /// `true` while what is told may be as old as what is known: datagrams wait for whoever sleeps.
    pub(super) fn is_out_of_touch(&self) -> bool {
        self.touch.asked.is_some()
    }

    /// Asks for the answer that ends that.
    pub(super) fn ask_for_answer(&mut self, to: A) {
        if let Some(token) = self.touch.asked {
            self.owe(to, Message::Ping(token));
        }
    }

    /// Asks whoever speaks for it.
    pub(super) fn ask_speaker_for_answer(&mut self, now: Instant, from: A) {
        if self.is_out_of_touch() && self.may_ask_speaker(now) {
            self.ask_for_answer(from);
        }
    }

    /// `true` if whoever speaks may be asked now; the next one only after a while.
    pub(super) fn may_ask_speaker(&mut self, now: Instant) -> bool {
        let may = self.touch.next_ask <= now;
        if may {
            let round = self.round().as_millis();
            let wait = round.div_ceil(ASKS);
            self.touch.next_ask = now.after(Duration::from_millis(wait));
        }
        may
    }

    /// Takes an ack that may be that answer. What its sender knows is wanted then, even if it is known
    /// here in another life: which of them is over is what others must say.
    pub(super) fn take_answer_of_touch(&mut self, sender: &Sender<A>, token: u16) {
        if self.touch.asked == Some(token) {
            self.note_answer();
            self.owe(sender.from, Message::Root(Direction::Both, sender.sums));
        }
    }
}
