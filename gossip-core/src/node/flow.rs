//! Flow control: writes that wait to go out, and bytes that wait for airtime.

use super::{Message, Node};
use crate::address::Address;
use crate::id::Version;
use crate::membership::What;
use crate::storage::Storage;
use crate::time::Instant;
use crate::wire::Rate;
use serde::{Deserialize, Serialize};

/// How hard it is for a node to get rid of what it has to tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pressure {
    /// Own writes that have not gone out yet. A key that is written again while it waits counts once
    /// and goes out once, with its latest value.
    pub waiting: usize,
    /// Writes in 1000 seconds that flow control lets out; `u32::MAX` without flow control.
    pub allowed: u32,
    /// Writes in 1000 seconds that the application made of late; 0 without flow control.
    pub wanted: u32,
    /// Bytes that may be sent at once; `u32::MAX` without a byte rate. At 0 only urgent messages go.
    pub bytes: u32,
}

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// What the application should look at to write no faster than the cluster carries.
    #[must_use]
    pub fn pressure(&self) -> Pressure {
        let (allowed, wanted) = self.pace.rates();
        let flow = self.config.flow_control();
        let limited = self.config.byte_rate().is_some();
        Pressure {
            waiting: self.waiting_writes(),
            allowed: if flow { allowed } else { u32::MAX },
            wanted: if flow { wanted } else { 0 },
            bytes: if limited {
                self.bucket.bytes()
            } else {
                u32::MAX
            },
        }
    }

    fn waiting_writes(&self) -> usize {
        if const { !Self::ENTRIES } || !self.has_waiting_writes() {
            return 0;
        }
        let held = self
            .me()
            .map_or(Version::NONE, |me| me.replica.progress.held);
        let own = self.tables.entries.of(self.id());
        own.filter(|entry| entry.version > held).count()
    }

    /// `true` while something was written that peers cannot know yet.
    pub(super) fn has_waiting_writes(&self) -> bool {
        let me = self.me();
        me.is_some_and(|me| self.last_version() > me.replica.progress.held)
    }

    /// When the next write may go out, if one waits.
    pub(super) fn next_publication(&self) -> Option<Instant> {
        let paced = const { Self::ENTRIES } && self.config.flow_control();
        (paced && self.has_waiting_writes()).then(|| self.pace.next())
    }

    /// Lets out as many writes as are due. A write that was overwritten meanwhile costs nothing.
    pub(super) fn publish(&mut self, now: Instant) {
        if const { !Self::ENTRIES } || !self.config.flow_control() {
            return;
        }
        while self.has_waiting_writes() && self.pace.take(now) {
            let id = self.id();
            let Some(progress) = self.me().map(|me| me.replica.progress) else {
                return;
            };
            let own = self.tables.entries.of(id).map(|entry| entry.version);
            let next = own.filter(|version| *version > progress.held).min();
            // Versions that no entry has any more go out together with the next one's.
            let reach = next.unwrap_or(self.last_version());
            self.let_out(reach);
        }
    }

    /// Own writes up to here may be known to peers from now on.
    pub(super) fn let_out(&mut self, reach: Version) {
        let id = self.id();
        let before = self.tables.members.edit(id, |me| {
            core::mem::replace(&mut me.replica.progress.held, reach)
        });
        self.announce(id, What::Held);
        self.mail_write(before.unwrap_or_default());
    }

    /// A round of exchanges begins: the rate of writes follows what the last one showed.
    pub(super) fn end_pace_round(&mut self, now: Instant) {
        if self.config.flow_control() {
            let waiting = self.has_waiting_writes();
            if self.is_cut_short() {
                self.pace.note_overload();
            }
            self.pace.end_round(now, waiting);
        }
    }

    /// `true` if some exchange has used up its pages and would pull more.
    fn is_cut_short(&self) -> bool {
        self.tables.exchanges.used_up().any(|exchange| {
            let rest = self.trim(exchange.pulls, |row| row.marks.pull & exchange.bit != 0);
            !rest.is_empty()
        })
    }

    /// Tells a partner this node's rate.
    pub(super) fn owe_rate(&mut self, to: A, is_answer: bool) {
        if self.config.flow_control() {
            let (allowed, wanted) = self.pace.rates();
            let rate = Rate {
                allowed,
                wanted,
                is_answer,
            };
            self.owe(to, Message::Rate(rate));
        }
    }

    /// A partner's rate: both share what they have.
    pub(super) fn take_rate(&mut self, from: A, rate: &Rate) {
        if !self.config.flow_control() {
            return;
        }
        if !rate.is_answer {
            self.owe_rate(from, true);
        }
        self.pace.share(rate.allowed, rate.wanted);
    }

    /// An exchange could not carry what differed.
    pub(super) fn note_overload(&mut self) {
        if self.config.flow_control() {
            self.pace.note_overload();
        }
    }
}
