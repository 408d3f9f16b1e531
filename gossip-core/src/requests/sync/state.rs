//! The syncs under way, and the reports that nobody has taken yet.

use crate::event::Request;
use crate::id::NodeId;
use crate::storage::List;
use crate::table::Prefix;
use crate::time::{Duration, Instant};
use serde::{Deserialize, Serialize};

/// A range being made equal with one peer, or the report of it that nobody has taken yet.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sync {
    request: Request,
    prefix: Prefix,
    deadline: Instant,
    step: Step,
    /// The peer said something since the beginning.
    heard: bool,
    report: Synced,
    /// The event is due.
    untold: bool,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Step {
    /// The fingerprints are to be compared.
    Compare,
    /// They are being compared, or what differs is being exchanged. To be looked at again then.
    Wait(Instant),
    /// It is over.
    Done,
}

/// How a sync went, and what passed between the two nodes meanwhile, in both directions and whatever
/// its cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Synced {
    /// With whom.
    pub peer: NodeId,
    /// How it ended.
    pub end: SyncEnd,
    /// Datagrams sent and received.
    pub datagrams: u32,
    /// Their bytes, headers included.
    pub bytes: u32,
    /// Rows of members told.
    pub rows: u32,
    /// Entries told.
    pub entries: u32,
}

/// How a sync ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SyncEnd {
    /// Complete: the last comparison of the range's fingerprints was equal.
    Equal,
    /// The deadline came while something still differed.
    Different,
    /// The deadline came and the peer had said nothing: it is not reachable, or its storage permits no
    /// syncs.
    Silent,
    /// The peer died or left meanwhile.
    Gone,
    /// This node left.
    Left,
}

impl Synced {
    /// `true` if both held the same of the range when it was last compared.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        matches!(self.end, SyncEnd::Equal)
    }
}

impl core::fmt::Display for SyncEnd {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Equal => "complete",
            Self::Different => "incomplete: something still differed at the deadline",
            Self::Silent => "incomplete: the peer did not answer",
            Self::Gone => "incomplete: the peer is dead or has left",
            Self::Left => "incomplete: this node has left",
        })
    }
}

/// All syncs, the oldest first.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Syncs<L> {
    list: L,
}

impl<L> Syncs<L> {
    /// Kept in `list`, which must be empty.
    pub const fn new(list: L) -> Self {
        Self { list }
    }
}

impl<L: List<Sync>> Syncs<L> {
    /// How many things the table holds, and can hold.
    pub(crate) fn usage(&self) -> (usize, usize) {
        (self.list.len(), self.list.capacity())
    }

    /// Begins a sync, for which there is room.
    pub(crate) fn begin(
        &mut self,
        request: Request,
        peer: NodeId,
        prefix: Prefix,
        deadline: Instant,
    ) {
        let report = Synced {
            peer,
            end: SyncEnd::Silent,
            datagrams: 0,
            bytes: 0,
            rows: 0,
            entries: 0,
        };
        let sync = Sync {
            request,
            prefix,
            deadline,
            step: Step::Compare,
            heard: false,
            report,
            untold: false,
        };
        // The caller looked for room.
        let _ = self.list.push(sync);
    }

    /// The syncs whose ranges are to be compared now: their requests and peers.
    pub(crate) fn ready(&self) -> impl Iterator<Item = (Request, NodeId)> {
        let ready = self.list.iter().filter(|sync| sync.step == Step::Compare);
        ready.map(|sync| (sync.request, sync.report.peer))
    }

    /// The range of a sync.
    pub(crate) fn prefix(&self, request: Request) -> Option<Prefix> {
        Some(self.list.get(self.position(request)?)?.prefix)
    }

    /// With whom a sync is.
    pub(crate) fn peer(&self, request: Request) -> Option<NodeId> {
        Some(self.list.get(self.position(request)?)?.report.peer)
    }

    /// The comparison is on its way; without an answer it is repeated at `due`.
    pub(crate) fn compared(&mut self, request: Request, due: Instant) {
        let found = self
            .position(request)
            .and_then(|index| self.list.get_mut(index));
        if let Some(sync) = found {
            sync.step = Step::Wait(due);
        }
    }

    /// `peer` says that a comparison of this sync was equal; `false` if there is none.
    pub(crate) fn equal(&mut self, peer: NodeId, request: Request) -> bool {
        let mut known = false;
        self.each_open(peer, |sync| {
            if sync.request == request {
                known = true;
                sync.finish(SyncEnd::Equal);
            }
        });
        known
    }

    /// Something came from `peer`: what it brings about is over no sooner than `quiet`.
    pub(crate) fn hear(&mut self, peer: NodeId, quiet: Instant) {
        self.each_open(peer, |sync| {
            sync.heard = true;
            if let Step::Wait(due) = &mut sync.step {
                *due = quiet;
            }
        });
    }

    /// `true` if a sync with `peer` is under way.
    pub(crate) fn is_open(&self, peer: NodeId) -> bool {
        self.open_peers().any(|open| open == peer)
    }

    /// With whom syncs are under way.
    pub(crate) fn open_peers(&self) -> impl Iterator<Item = NodeId> {
        let open = self.list.iter().filter(|sync| sync.step != Step::Done);
        open.map(|sync| sync.report.peer)
    }

    /// Counts a datagram between this node and `peer`.
    pub(crate) fn count(&mut self, peer: NodeId, bytes: usize, (rows, entries): (u32, u32)) {
        self.each_open(peer, |sync| {
            let report = &mut sync.report;
            report.datagrams = report.datagrams.saturating_add(1);
            report.bytes = report.bytes.saturating_add(bytes as u32);
            report.rows = report.rows.saturating_add(rows);
            report.entries = report.entries.saturating_add(entries);
        });
    }

    /// Goes on with what is due: `state` says of a peer whether it is there, and whether an exchange
    /// with it is busy. Looked at again after `patience`.
    pub(crate) fn expire(
        &mut self,
        now: Instant,
        patience: Duration,
        state: impl Fn(NodeId) -> PeerState,
    ) {
        for index in 0..self.list.len() {
            let Some(sync) = self.list.get_mut(index) else {
                return;
            };
            let Step::Wait(due) = sync.step else { continue };
            if due <= now {
                sync.step = match state(sync.report.peer) {
                    PeerState::Busy => Step::Wait(now.after(patience)),
                    PeerState::Idle | PeerState::Gone => Step::Compare,
                };
            }
        }
        for index in 0..self.list.len() {
            let Some(sync) = self.list.get_mut(index) else {
                return;
            };
            if sync.step == Step::Done {
                continue;
            }
            if state(sync.report.peer) == PeerState::Gone {
                sync.finish(SyncEnd::Gone);
            } else if sync.deadline <= now {
                sync.finish(if sync.heard {
                    SyncEnd::Different
                } else {
                    SyncEnd::Silent
                });
            }
        }
    }

    /// Ends every sync under way: this node leaves.
    pub(crate) fn leave(&mut self) {
        for index in 0..self.list.len() {
            if let Some(sync) = self.list.get_mut(index)
                && sync.step != Step::Done
            {
                sync.finish(SyncEnd::Left);
            }
        }
    }

    /// The report of a sync that is over.
    pub(crate) fn report(&self, request: Request) -> Option<&Synced> {
        let sync = self.list.get(self.position(request)?)?;
        (sync.step == Step::Done).then_some(&sync.report)
    }

    /// Takes out a sync that is over.
    pub(crate) fn take(&mut self, request: Request) -> Option<Synced> {
        let report = *self.report(request)?;
        self.list.remove(self.position(request)?);
        Some(report)
    }

    /// The next sync that is over and of which that was not told.
    pub(crate) fn take_untold(&mut self) -> Option<Request> {
        let index = self.list.iter().position(|sync| sync.untold)?;
        let sync = self.list.get_mut(index)?;
        sync.untold = false;
        Some(sync.request)
    }

    /// When something is due next.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.list.iter().filter_map(Sync::next).min()
    }

    /// Counts every deadline from `epoch` and every token back from the next one.
    pub(crate) fn rebase(&mut self, epoch: Instant, next_token: u16) {
        for index in 0..self.list.len() {
            let Some(sync) = self.list.get_mut(index) else {
                return;
            };
            sync.deadline = sync.deadline.counted_from(epoch);
            sync.request = sync.request.counted_from(next_token);
            if let Step::Wait(due) = &mut sync.step {
                *due = due.counted_from(epoch);
            }
        }
    }

    fn each_open(&mut self, peer: NodeId, mut change: impl FnMut(&mut Sync)) {
        for index in 0..self.list.len() {
            if let Some(sync) = self.list.get_mut(index)
                && sync.report.peer == peer
                && sync.step != Step::Done
            {
                change(sync);
            }
        }
    }

    fn position(&self, request: Request) -> Option<usize> {
        self.list.iter().position(|sync| sync.request == request)
    }
}

/// What a sync must know of its peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PeerState {
    /// It is dead or has left.
    Gone,
    /// Something is owed or awaited between the two.
    Busy,
    /// Nothing is.
    Idle,
}

impl Sync {
    fn finish(&mut self, end: SyncEnd) {
        self.report.end = end;
        self.step = Step::Done;
        self.untold = true;
    }

    fn next(&self) -> Option<Instant> {
        match self.step {
            Step::Compare => Some(self.deadline),
            Step::Wait(due) => Some(due.min(self.deadline)),
            Step::Done => None,
        }
    }
}
