//! A node's own syncs: with whom, what passes meanwhile, how they end.

use super::state::PeerState;
use super::{Sync, Syncs};
use crate::address::Address;
use crate::context::{Context, Sender};
use crate::error::RequestError;
use crate::event::Request;
use crate::id::NodeId;
use crate::stats::bump;
use crate::storage::{List, Storage};
use crate::table::{Member, Sums};
use crate::time::{Duration, Instant};
use crate::wire::{CompareHead, Datagram, Kind, Section, Used, Writer};

impl<L: List<Sync>> Syncs<L> {
    /// Why no sync with `peer` may begin.
    pub(crate) fn check<A: Address, S: Storage<A>>(
        &self,
        cx: &Context<A, S>,
        peer: NodeId,
    ) -> Result<(), RequestError> {
        if cx.is_me(peer) {
            return Err(RequestError::Myself);
        }
        if cx.live_address(peer).is_none() {
            return Err(RequestError::UnknownPeer);
        }
        let (len, max) = self.usage();
        if len >= max {
            return Err(RequestError::Full { max });
        }
        Ok(())
    }

    /// Compares again where an exchange has come to rest, and ends what is over. `is_busy` says whether something is owed
    /// or awaited between this node and a peer.
    pub(crate) fn go_on<A: Address, S: Storage<A>>(
        &mut self,
        cx: &Context<A, S>,
        now: Instant,
        is_busy: impl Fn(NodeId) -> bool,
    ) {
        let state = |peer: NodeId| {
            if !cx.members.get(peer).is_some_and(Member::is_live) {
                PeerState::Gone
            } else if is_busy(peer) {
                PeerState::Busy
            } else {
                PeerState::Idle
            }
        };
        self.expire(now, quiet_time(cx.reply_wait()), state);
    }

    /// Whom to send the next comparison.
    pub(crate) fn next_compare<A: Address, S: Storage<A>>(
        &self,
        cx: &Context<A, S>,
    ) -> Option<(Request, A)> {
        let mut ready = self.ready();
        ready.find_map(|(request, peer)| Some((request, cx.live_address(peer)?)))
    }

    /// Writes a comparison: with whom, if it fits.
    pub(crate) fn write_compare<A: Address, S: Storage<A>>(
        &mut self,
        cx: &Context<A, S>,
        now: Instant,
        request: Request,
        writer: &mut Writer<'_>,
    ) -> Option<NodeId> {
        let (prefix, peer) = (self.prefix(request)?, self.peer(request)?);
        let row = cx.members.get(peer);
        let sums = row.map_or(Sums::Whole, |row| row.sums);
        let head = CompareHead {
            token: request.0,
            prefix,
            sum: cx.compared().sum(prefix, sums).to_le_bytes(),
        };
        if !writer.listed(Kind::Compare, &head) {
            return None;
        }
        self.await_answer(cx, now, request);
        Some(peer)
    }

    /// The answer to a comparison is waited for.
    pub(crate) fn await_answer<A: Address, S: Storage<A>>(
        &mut self,
        cx: &Context<A, S>,
        now: Instant,
        request: Request,
    ) {
        self.compared(request, now.after(cx.reply_wait()));
    }

    /// The peer's fingerprint was the same.
    pub(crate) fn take_equal<A: Address, S: Storage<A>>(
        &mut self,
        cx: &mut Context<A, S>,
        sender: &Sender<A>,
        token: u16,
    ) {
        if !self.equal(sender.id, Request(token)) {
            bump(&mut cx.stats.idle_answers);
        }
    }

    /// Counts a datagram that was received, for the syncs with its sender.
    pub(crate) fn count_received<A: Address, S: Storage<A>>(
        &mut self,
        cx: &Context<A, S>,
        sender: &Sender<A>,
        datagram: &Datagram<'_>,
    ) {
        if self.is_open(sender.id) {
            self.count(sender.id, sender.len, told::<A>(datagram));
            let quiet = quiet_time(cx.reply_wait());
            self.hear(sender.id, sender.now.after(quiet));
        }
    }

    /// Counts a datagram that is sent, for the syncs with whoever is there. `U` is what the node makes use of.
    pub(crate) fn count_sent<A: Address, S: Storage<A>, U: Used>(
        &mut self,
        cx: &Context<A, S>,
        to: A,
        bytes: &[u8],
    ) {
        let there = |peer: &NodeId| cx.live_address(*peer) == Some(to);
        let Some(peer) = self.open_peers().find(there) else {
            return;
        };
        let (network, largest_id) = (cx.config.network(to), cx.config.largest_id());
        let parsed = Datagram::parse_used::<A, U>(bytes, network, largest_id);
        let told = parsed.map_or((0, 0), |datagram| told::<A>(&datagram));
        self.count(peer, bytes.len(), told);
    }
}

/// How long an exchange must be silent before it counts as having come to rest.
fn quiet_time(reply_wait: Duration) -> Duration {
    Duration::from_millis(reply_wait.as_millis().div_ceil(4))
}

/// How many rows and entries a datagram tells.
fn told<A: Address>(datagram: &Datagram<'_>) -> (u32, u32) {
    let (mut rows, mut entries) = (0usize, 0usize);
    for section in datagram.sections::<A>() {
        match section {
            Section::Rows(items) => rows = rows.saturating_add(items.iter().count()),
            Section::Claim(_, _, items) | Section::Singles(_, items) => {
                entries = entries.saturating_add(items.iter().count());
            }
            _ => {}
        }
    }
    (rows as u32, entries as u32)
}
