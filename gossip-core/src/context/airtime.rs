//! Airtime is short: what waits, what goes all the same, and how long a round then lasts.

use super::{Context, Sender};
use crate::address::Address;
use crate::airtime::{Allowance, Bucket};
use crate::storage::Storage;
use crate::time::{Duration, Instant};

impl<A: Address, S: Storage<A>> Context<A, S> {
    /// How long a round lasts: longer where a quiet one would take more than half of the airtime, and
    /// longer again while urgent messages have to wait (Lifeguard's local health, Dadgar et al. 2018,
    /// section IV.A, of a link instead of a node).
    pub(crate) fn round(&self) -> Duration {
        match self.config.byte_rate() {
            Some(_) => self.config.least_round().times(self.bucket.stretch()),
            None => self.config.probe_interval(),
        }
    }

    /// The rounds by which a suspect's time is measured: those to come, if something waits for airtime, since
    /// its refutation may have to wait as well.
    pub(crate) fn suspicion_round(&self) -> Duration {
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
    pub(crate) fn patience(&self) -> Duration {
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
    pub(crate) fn patience_alone(&self) -> Duration {
        match self.config.byte_rate() {
            Some(_) => self.patience().times(2),
            None => self.patience(),
        }
    }

    /// A round is over: the next one is longer if urgent messages had to wait in it.
    pub(crate) fn end_airtime_round(&mut self) {
        if self.config.byte_rate().is_some() {
            self.bucket.end_round();
        }
    }

    /// A member did not answer: it may be one that many probe at once.
    pub(crate) fn note_unanswered_ping(&mut self) {
        if self.config.byte_rate().is_some() {
            self.bucket.lengthen();
        }
    }

    /// What may be sent at `now`.
    pub(crate) fn allowance(&mut self, now: Instant) -> Allowance {
        match self.config.byte_rate() {
            Some(rate) => self.bucket.allowance(rate, now),
            None => Allowance::Plenty,
        }
    }

    /// When what waits for airtime may go.
    pub(crate) fn next_airtime(&self) -> Option<Instant> {
        self.bucket.ready(self.config.byte_rate()?)
    }

    /// The wait for airtime may be over.
    pub(crate) fn end_airtime_wait(&mut self, now: Instant) {
        if let Some(rate) = self.config.byte_rate() {
            self.bucket.unblock(rate, now);
        }
    }

    /// Where airtime is bounded, answers to whoever is no member at the address it speaks from wait until
    /// nothing else does: no stranger may use up what this node needs to be a member itself.
    pub(crate) fn put_off_stranger(&mut self, sender: &Sender<A>) {
        if self.is_put_off(sender) {
            self.outbox.put_off(sender.from);
        }
    }

    /// `true` for a sender whose answers wait.
    pub(crate) fn is_put_off(&self, sender: &Sender<A>) -> bool {
        let row = self.members.get(sender.id).filter(|row| !row.gone);
        let known = row.and_then(|row| row.address()) == Some(sender.from);
        self.config.byte_rate().is_some() && !known
    }
}
