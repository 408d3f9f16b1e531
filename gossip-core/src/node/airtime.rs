//! Airtime is short: what waits, what goes all the same, and how long a round then lasts.

use super::{Message, Node};
use crate::address::Address;
use crate::context::Sender;
use crate::context::reply_wait;
use crate::exchange::{Allowance, Bucket};
use crate::storage::Storage;
use crate::time::{Duration, Instant};

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// How long a round lasts: longer where a quiet one would take more than half of the airtime, and
    /// longer again while urgent messages have to wait (Lifeguard's local health, Dadgar et al. 2018,
    /// section IV.A, of a link instead of a node).
    pub(super) fn round(&self) -> Duration {
        match self.config.byte_rate() {
            Some(_) => self.config.least_round().times(self.bucket.stretch()),
            None => self.config.probe_interval(),
        }
    }

    /// The rounds by which a suspect's time is measured: those to come, if something waits for airtime, since
    /// its refutation may have to wait as well.
    pub(super) fn suspicion_round(&self) -> Duration {
        if self.config.byte_rate().is_some() && self.bucket.is_blocked() {
            let next = self.bucket.stretch().saturating_add(1);
            self.config
                .least_round()
                .times(next.min(Bucket::STRETCH_MAX))
        } else {
            self.round()
        }
    }

    /// How long a direct probe waits before others are asked: the same part of every round.
    pub(super) fn patience(&self) -> Duration {
        let timeout = self.config.probe_timeout();
        if self.config.byte_rate().is_none() {
            return timeout;
        }
        let interval = self.config.probe_interval().as_millis();
        let wide = u64::from(self.round().as_millis()) << 8;
        let scale = wide.checked_div(u64::from(interval)).unwrap_or(0);
        timeout.scaled(u32::try_from(scale).unwrap_or(u32::MAX))
    }

    /// After how much of a round others are asked to probe.
    pub(super) fn patience_alone(&self) -> Duration {
        match self.config.byte_rate() {
            Some(_) => self.patience().times(2),
            None => self.patience(),
        }
    }

    /// How long the answer of a partner is waited for.
    pub(super) fn reply_wait(&self) -> Duration {
        reply_wait(&self.config, &self.tables.members)
    }

    /// A round is over: the next one is longer if urgent messages had to wait in it.
    pub(super) fn end_airtime_round(&mut self) {
        if self.config.byte_rate().is_some() {
            self.bucket.end_round();
        }
    }

    /// A member did not answer: it may be one that many probe at once.
    pub(super) fn note_unanswered_ping(&mut self) {
        if self.config.byte_rate().is_some() {
            self.bucket.lengthen();
        }
    }

    /// A ping goes out: its probe counts from now, and the round lasts as long.
    pub(super) fn note_ping(&mut self, now: Instant, token: u16) {
        let ends = now.after(self.round());
        if !self.prober.sent(token, now.after(self.patience()), ends) || ends <= self.next_round {
            return;
        }
        if self.next_exchange == self.next_round {
            self.next_exchange = ends;
        }
        self.next_round = ends;
    }

    /// The target of the node's own probe, while its ping waits. Whatever else is owed, it goes: a round
    /// is long enough for that, and without it nobody would find a crash.
    pub(super) fn own_ping(&self) -> Option<A> {
        let token = self.prober.token()?;
        self.tables.outbox.owed(Message::Ping(token))
    }

    /// What may be sent at `now`.
    pub(super) fn allowance(&mut self, now: Instant) -> Allowance {
        match self.config.byte_rate() {
            Some(rate) => self.bucket.allowance(rate, now),
            None => Allowance::Plenty,
        }
    }

    /// Something has to wait until so much may be sent.
    pub(super) fn note_blocked(&mut self, until: Allowance) {
        self.bucket.block(until);
        if until != Allowance::Plenty {
            self.note_overload();
        }
    }

    /// When what waits for airtime may go.
    pub(super) fn next_airtime(&self) -> Option<Instant> {
        self.bucket.ready(self.config.byte_rate()?)
    }

    /// The wait for airtime may be over.
    pub(super) fn end_airtime_wait(&mut self, now: Instant) {
        if let Some(rate) = self.config.byte_rate() {
            self.bucket.unblock(rate, now);
        }
    }

    /// Where airtime is bounded, answers to whoever is no member at the address it speaks from wait until
    /// nothing else does: no stranger may use up what this node needs to be a member itself.
    pub(super) fn put_off_stranger(&mut self, sender: &Sender<A>) {
        if self.is_put_off(sender) {
            self.tables.outbox.put_off(sender.from);
        }
    }

    /// `true` for a sender whose answers wait.
    pub(super) fn is_put_off(&self, sender: &Sender<A>) -> bool {
        let row = self.tables.members.get(sender.id).filter(|row| !row.gone);
        let known = row.and_then(|row| row.address()) == Some(sender.from);
        self.config.byte_rate().is_some() && !known
    }
}
