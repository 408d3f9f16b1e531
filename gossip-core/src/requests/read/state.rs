//! The reads under way, and the reports that nobody has taken yet.

use crate::event::Request;
use crate::id::{NodeId, Version};
use crate::storage::{Blob, List};
use crate::time::Instant;
use serde::{Deserialize, Serialize};

/// How many peers one read asks at most.
pub const READ_PEERS_MAX: usize = 8;

/// One key for which a fresher value is asked, or the report of it that nobody has taken yet.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Read<K> {
    request: Request,
    pub(crate) owner: NodeId,
    key: K,
    deadline: Instant,
    /// So many peers are to be chosen; `None` once they are.
    pub(crate) wanted: Option<u8>,
    /// What was known of the key at the beginning.
    pub(crate) before: Version,
    /// A peer knows that the key is gone: that is certain once its owner's entries are held up to here.
    pub(crate) needed: Version,
    asked: [Option<Asked>; READ_PEERS_MAX],
    /// When those that have not answered are asked again.
    due: Instant,
    report: Option<FreshRead>,
    untold: bool,
}

/// A peer that is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Asked {
    peer: NodeId,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum State {
    /// To be asked now.
    Ready,
    /// Asked.
    Waiting,
    /// It has answered with this.
    Answered(Known),
}

/// What a peer knows of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Known {
    /// The version that it holds of the key.
    pub(crate) version: Version,
    /// How far it holds the owner's entries.
    pub(crate) held: Version,
}

/// How a read went. The value is read with [`Node::get`](crate::Node::get).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FreshRead {
    /// How it ended.
    pub end: ReadEnd,
    /// How many peers were asked.
    pub asked: u8,
    /// How many of them had answered.
    pub answered: u8,
    /// How many of those held something older and were told what is held here.
    pub repaired: u8,
    /// What is known of the key here changed meanwhile.
    pub changed: bool,
}

/// How a read ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ReadEnd {
    /// The owner itself has answered: nothing is fresher.
    Owner,
    /// All that were asked have answered.
    Answered,
    /// The deadline came first.
    Deadline,
    /// There was no live peer to ask.
    Alone,
    /// This node left.
    Left,
}

impl core::fmt::Display for ReadEnd {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Owner => "the owner has answered",
            Self::Answered => "all that were asked have answered",
            Self::Deadline => "not all that were asked answered in time",
            Self::Alone => "there was nobody to ask",
            Self::Left => "this node has left",
        })
    }
}

/// All reads, the oldest first.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reads<K, L> {
    list: L,
    key: core::marker::PhantomData<K>,
}

impl<K, L> Reads<K, L> {
    /// Kept in `list`, which must be empty.
    pub const fn new(list: L) -> Self {
        Self {
            list,
            key: core::marker::PhantomData,
        }
    }
}

impl<K: Blob, L: List<Read<K>>> Reads<K, L> {
    /// How many things the table holds, and can hold.
    pub(crate) fn usage(&self) -> (usize, usize) {
        (self.list.len(), self.list.capacity())
    }

    /// Begins a read of up to `wanted` peers, for which there is room.
    pub(crate) fn begin(
        &mut self,
        request: Request,
        (owner, key): (NodeId, K),
        before: Version,
        wanted: u8,
        deadline: Instant,
    ) {
        let read = Read {
            request,
            owner,
            key,
            deadline,
            wanted: Some(wanted),
            before,
            needed: Version::NONE,
            asked: [None; READ_PEERS_MAX],
            due: Instant::FAR,
            report: None,
            untold: false,
        };
        // The caller looked for room.
        let _ = self.list.push(read);
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// The read at `index`.
    pub(crate) fn at_mut(&mut self, index: usize) -> Option<&mut Read<K>> {
        self.list.get_mut(index)
    }

    pub(crate) fn of(&mut self, request: Request) -> Option<&mut Read<K>> {
        let index = self.position(request)?;
        self.list.get_mut(index)
    }

    /// The read that asked `peer` with this token, and its index.
    pub(crate) fn asked_of(&self, peer: NodeId, owner: NodeId, token: u8) -> Option<usize> {
        self.list.iter().position(|read| {
            read.owner == owner && read.token() == token && read.asks().any(|asked| asked == peer)
        })
    }

    /// The peers that are to be asked now, and by which read.
    pub(crate) fn ready(&self) -> impl Iterator<Item = (Request, NodeId)> {
        let open = self.list.iter().filter(|read| read.report.is_none());
        open.flat_map(|read| {
            let asked = read.asked.iter().flatten();
            let ready = asked.filter(|asked| asked.state == State::Ready);
            ready.map(|asked| (read.request, asked.peer))
        })
    }

    /// The report of a read that is over.
    pub(crate) fn report(&self, request: Request) -> Option<&FreshRead> {
        self.list.get(self.position(request)?)?.report.as_ref()
    }

    /// Takes out a read that is over.
    pub(crate) fn take(&mut self, request: Request) -> Option<FreshRead> {
        let report = *self.report(request)?;
        self.list.remove(self.position(request)?);
        Some(report)
    }

    /// The next read that is over and of which that was not told.
    pub(crate) fn take_untold(&mut self) -> Option<Request> {
        let index = self.list.iter().position(|read| read.untold)?;
        let read = self.list.get_mut(index)?;
        read.untold = false;
        Some(read.request)
    }

    /// When something is due next.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.list.iter().filter_map(Read::next).min()
    }

    /// Counts every deadline from `epoch` and every token back from the next one.
    pub(crate) fn rebase(&mut self, epoch: Instant, next_token: u16) {
        for index in 0..self.list.len() {
            if let Some(read) = self.list.get_mut(index) {
                read.request = read.request.counted_from(next_token);
                read.deadline = read.deadline.counted_from(epoch);
                read.due = read.due.counted_from(epoch);
            }
        }
    }

    fn position(&self, request: Request) -> Option<usize> {
        self.list.iter().position(|read| read.request == request)
    }
}

impl<K: Blob> Read<K> {
    /// What its asks carry: never 0, which singles have that nobody asked for.
    pub(crate) fn token(&self) -> u8 {
        (self.request.0 as u8).max(1)
    }

    pub(crate) fn key(&self) -> &str {
        core::str::from_utf8(self.key.as_ref()).unwrap_or_default()
    }

    /// `true` until there is a report.
    pub(crate) fn is_open(&self) -> bool {
        self.report.is_none()
    }

    /// `true` once the deadline has come.
    pub(crate) fn is_late(&self, now: Instant) -> bool {
        self.deadline <= now
    }

    /// The peers that were chosen.
    pub(crate) fn asks(&self) -> impl Iterator<Item = NodeId> {
        self.asked.iter().flatten().map(|asked| asked.peer)
    }

    /// Chooses a peer; `false` if no more can be.
    pub(crate) fn choose(&mut self, peer: NodeId) -> bool {
        let free = self.asked.iter_mut().find(|asked| asked.is_none());
        let state = State::Ready;
        free.is_some_and(|free| free.replace(Asked { peer, state }).is_none())
    }

    /// `peer` was asked; if it does not answer it is asked again at `due`.
    pub(crate) fn sent(&mut self, peer: NodeId, due: Instant) {
        self.due = due;
        self.set(peer, State::Waiting);
    }

    /// `peer` has answered.
    pub(crate) fn answer(&mut self, peer: NodeId, known: Known) {
        self.set(peer, State::Answered(known));
    }

    /// Those that have not answered by now are asked again.
    pub(crate) fn retry(&mut self, now: Instant) {
        if self.due > now {
            return;
        }
        self.due = Instant::FAR;
        for asked in self.asked.iter_mut().flatten() {
            if asked.state == State::Waiting {
                asked.state = State::Ready;
            }
        }
    }

    /// Those that have answered, and with what.
    pub(crate) fn answers(&self) -> impl Iterator<Item = (NodeId, Known)> {
        self.asked
            .iter()
            .flatten()
            .filter_map(|asked| match asked.state {
                State::Answered(known) => Some((asked.peer, known)),
                State::Ready | State::Waiting => None,
            })
    }

    pub(crate) fn finish(&mut self, report: FreshRead) {
        self.report = Some(report);
        self.untold = true;
    }

    /// One more of the peers was told what is held here, after the end.
    pub(crate) fn count_repair(&mut self) {
        if let Some(report) = &mut self.report {
            report.repaired = report.repaired.saturating_add(1);
        }
    }

    fn set(&mut self, peer: NodeId, state: State) {
        let mut asked = self.asked.iter_mut().flatten();
        if let Some(asked) = asked.find(|asked| asked.peer == peer) {
            asked.state = state;
        }
    }

    fn next(&self) -> Option<Instant> {
        if self.report.is_some() {
            return None;
        }
        let choice = self.wanted.map(|_| Instant::ZERO);
        Some(choice.unwrap_or_else(|| self.due.min(self.deadline)))
    }
}
