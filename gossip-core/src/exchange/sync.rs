//! Anti-entropy on demand: closed loops with one peer each, until a range is equal.

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::InlineList;

    const PEER: NodeId = NodeId::truncated(7);
    const REQUEST: Request = Request(1);
    const PATIENCE: Duration = Duration::from_millis(100);

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    /// A sync until 1000, whose comparison went out and is repeated at 200.
    fn syncs() -> Syncs<InlineList<Sync, 2>> {
        let mut syncs = Syncs::new(InlineList::new());
        syncs.begin(REQUEST, PEER, Prefix::ROOT, at(1000));
        assert!(syncs.ready().eq([(REQUEST, PEER)]));
        syncs.compared(REQUEST, at(200));
        assert_eq!((syncs.ready().next(), syncs.next()), (None, Some(at(200))));
        syncs
    }

    fn end(syncs: &mut Syncs<InlineList<Sync, 2>>) -> SyncEnd {
        assert_eq!(syncs.take_untold(), Some(REQUEST));
        assert_eq!(syncs.take_untold(), None, "it is told once");
        assert!(!syncs.is_open(PEER));
        let report = syncs.take(REQUEST).unwrap();
        assert_eq!((report.peer, syncs.take(REQUEST)), (PEER, None));
        report.end
    }

    #[test]
    fn it_is_complete_when_the_peer_says_so_of_this_one() {
        let mut syncs = syncs();
        assert!(!syncs.equal(NodeId::truncated(8), REQUEST));
        assert!(!syncs.equal(PEER, Request(2)));
        assert_eq!(syncs.report(REQUEST), None);
        assert!(syncs.equal(PEER, REQUEST));
        assert_eq!(end(&mut syncs), SyncEnd::Equal);
    }

    #[test]
    fn it_compares_again_when_nothing_is_exchanged_any_more() {
        let mut syncs = syncs();
        syncs.hear(PEER, at(400));
        syncs.expire(at(399), PATIENCE, |_| PeerState::Idle);
        assert_eq!(syncs.ready().next(), None, "what came brings more");
        syncs.expire(at(400), PATIENCE, |_| PeerState::Busy);
        assert_eq!(syncs.next(), Some(at(500)));
        syncs.expire(at(500), PATIENCE, |_| PeerState::Idle);
        assert!(syncs.ready().eq([(REQUEST, PEER)]));
    }

    #[test]
    fn the_deadline_tells_a_peer_that_is_silent_from_one_that_differs() {
        for heard in [false, true] {
            let mut syncs = syncs();
            if heard {
                syncs.hear(PEER, at(300));
            }
            syncs.expire(at(999), PATIENCE, |_| PeerState::Busy);
            assert_eq!(syncs.report(REQUEST), None);
            syncs.expire(at(1000), PATIENCE, |_| PeerState::Busy);
            let expected = [SyncEnd::Silent, SyncEnd::Different][usize::from(heard)];
            assert_eq!(end(&mut syncs), expected);
        }
    }

    #[test]
    fn it_ends_with_its_peer_or_with_this_node() {
        let mut syncs = syncs();
        syncs.expire(at(1), PATIENCE, |_| PeerState::Gone);
        assert_eq!(end(&mut syncs), SyncEnd::Gone);
        syncs.begin(REQUEST, PEER, Prefix::ROOT, at(1000));
        syncs.leave();
        assert_eq!(end(&mut syncs), SyncEnd::Left);
    }

    #[test]
    fn what_passes_with_its_peer_is_counted_while_it_lasts() {
        let mut syncs = syncs();
        syncs.count(PEER, 100, (2, 3));
        syncs.count(PEER, 50, (0, 1));
        syncs.count(NodeId::truncated(8), 999, (9, 9));
        syncs.equal(PEER, REQUEST);
        syncs.count(PEER, 999, (9, 9));
        let report = *syncs.report(REQUEST).unwrap();
        assert_eq!((report.datagrams, report.bytes), (2, 150));
        assert_eq!((report.rows, report.entries), (2, 4));
    }
}
