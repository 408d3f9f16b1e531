//! Flow control: writes that wait to go out, and bytes that wait for airtime.

use super::Author;
use crate::address::Address;
use crate::board::What;
use crate::config::Mail;
use crate::context::Context;
use crate::id::Version;
use crate::outbox::Message;
use crate::storage::Storage;
use crate::time::Instant;
use crate::wire::Rate;

impl<A: Address, S: Storage<A>> Author<A, S> {
    pub(crate) fn waiting_writes(&self, cx: &Context<A, S>) -> usize {
        if const { !Self::ENTRIES } || !self.has_waiting_writes(cx) {
            return 0;
        }
        let held = cx.me().map_or(Version::NONE, |me| me.progress().held);
        let own = cx.entries.of(cx.id());
        own.filter(|entry| entry.version > held).count()
    }

    /// `true` while something was written that peers cannot know yet.
    pub(crate) fn has_waiting_writes(&self, cx: &Context<A, S>) -> bool {
        let me = cx.me();
        me.is_some_and(|me| self.last_version(cx) > me.progress().held)
    }

    /// When the next write may go out, if one waits.
    pub(crate) fn next_publication(&self, cx: &Context<A, S>) -> Option<Instant> {
        let paced = const { Self::ENTRIES } && cx.config.flow_control();
        (paced && self.has_waiting_writes(cx)).then(|| self.pace.next())
    }

    /// Lets out as many writes as are due. A write that was overwritten meanwhile costs nothing.
    pub(crate) fn publish(&mut self, cx: &mut Context<A, S>, now: Instant) {
        if const { !Self::ENTRIES } || !cx.config.flow_control() {
            return;
        }
        while self.has_waiting_writes(cx) && self.pace.take(now) {
            let id = cx.id();
            let Some(progress) = cx.me().map(|me| me.progress()) else {
                return;
            };
            let own = cx.entries.of(id).map(|entry| entry.version);
            let next = own.filter(|version| *version > progress.held).min();
            // Versions that no entry has any more go out together with the next one's.
            let reach = next.unwrap_or(self.last_version(cx));
            self.let_out(cx, reach);
        }
    }

    /// Own writes up to here may be known to peers from now on.
    pub(crate) fn let_out(&mut self, cx: &mut Context<A, S>, reach: Version) {
        let id = cx.id();
        let before = cx.let_out_up_to(reach);
        cx.announce(id, What::Held);
        if cx.config.direct_mail() != Mail::Off {
            cx.unmailed.get_or_insert(before);
        }
    }

    /// Tells a partner this node's rate.
    pub(crate) fn owe_rate(&mut self, cx: &mut Context<A, S>, to: A, is_answer: bool) {
        if cx.config.flow_control() {
            let (allowed, wanted) = self.pace.rates();
            let rate = Rate {
                allowed,
                wanted,
                is_answer,
            };
            cx.send_soon(to, Message::Rate(rate));
        }
    }

    /// A partner's rate: both share what they have.
    pub(crate) fn take_rate(&mut self, cx: &mut Context<A, S>, from: A, rate: &Rate) {
        if !cx.config.flow_control() {
            return;
        }
        if !rate.is_answer {
            self.owe_rate(cx, from, true);
        }
        self.pace.share(rate.allowed, rate.wanted);
    }

    /// An exchange could not carry what differed.
    pub(crate) fn note_overload(&mut self, cx: &mut Context<A, S>) {
        if cx.config.flow_control() {
            self.pace.note_overload();
        }
    }
}
