//! A node's own reads: whom they ask, what the answers mean, how they end.

use rand_core::Rng;

use super::{FreshRead, Known, READ_PEERS_MAX, Read, ReadEnd, Reads, short_hash, version_of};
use crate::address::Address;
use crate::context::{Context, Purpose, Sender};
use crate::error::RequestError;
use crate::event::Request;
use crate::id::{Generation, NodeId, Version};
use crate::outbox::Message;
use crate::stats::bump;
use crate::storage::{Blob, List, Storage};
use crate::table::{Member, Table};
use crate::time::Instant;
use crate::wire::{AskHead, ClaimItem, Items, Kind, SinglesHead, Writer, limits};

impl<K: Blob, L: List<Read<K>>> Reads<K, L> {
    /// The key as it is kept, if a read of it may begin.
    pub(crate) fn check<A: Address, S: Storage<A, Key = K>>(
        &self,
        cx: &Context<A, S>,
        owner: NodeId,
        key: &str,
    ) -> Result<K, RequestError> {
        if cx.is_me(owner) {
            return Err(RequestError::Myself);
        }
        if cx.members.get(owner).is_none_or(|row| row.gone) {
            return Err(RequestError::UnknownPeer);
        }
        let max = cx.entries.key_max();
        let fits = limits::entry(0, key.len(), 0) <= cx.config.entry_room();
        if key.is_empty() || key.len() > max || !fits {
            let max = max.min(cx.config.entry_max());
            return Err(RequestError::Key { max });
        }
        let (len, room) = self.usage();
        if len >= room {
            return Err(RequestError::Full { max: room });
        }
        K::from_slice(key.as_bytes()).ok_or(RequestError::Key { max })
    }

    /// Begins a read of a key that was [checked](Self::check).
    pub(crate) fn start<A: Address, S: Storage<A, Key = K>>(
        &mut self,
        cx: &Context<A, S>,
        request: Request,
        (owner, key): (NodeId, K),
        peers: u8,
        deadline: Instant,
    ) {
        let name = core::str::from_utf8(key.as_ref()).unwrap_or_default();
        let before = version_of(&cx.entries, owner, name);
        let wanted = peers.clamp(1, READ_PEERS_MAX as u8);
        self.begin(request, (owner, key), before, wanted, deadline);
    }

    /// Chooses whom to ask, asks again whoever has not answered, and ends what is over.
    pub(crate) fn go_on<A: Address, S: Storage<A, Key = K>>(
        &mut self,
        cx: &mut Context<A, S>,
        now: Instant,
        rng: &mut impl Rng,
    ) {
        for index in 0..self.len() {
            if let Some(read) = self.at_mut(index) {
                choose_peers(read, cx, rng);
                read.retry(now);
            }
        }
        self.settle(cx, now);
    }

    /// Ends the reads that have their answers, or none in time.
    pub(crate) fn settle<A: Address, S: Storage<A, Key = K>>(
        &mut self,
        cx: &mut Context<A, S>,
        now: Instant,
    ) {
        for index in 0..self.len() {
            if let Some(read) = self.at_mut(index)
                && let Some(end) = end_of(read, &cx.members, now)
            {
                finish(read, cx, end);
            }
        }
    }

    /// Ends every read under way: this node leaves.
    pub(crate) fn leave<A: Address, S: Storage<A, Key = K>>(&mut self, cx: &mut Context<A, S>) {
        for index in 0..self.len() {
            if let Some(read) = self.at_mut(index).filter(|read| read.is_open()) {
                finish(read, cx, ReadEnd::Left);
            }
        }
    }

    /// Whom to ask next, and for which read.
    pub(crate) fn next_ask<A: Address, S: Storage<A, Key = K>>(
        &self,
        cx: &Context<A, S>,
    ) -> Option<(Request, NodeId, A)> {
        let mut ready = self.ready();
        ready.find_map(|(request, peer)| Some((request, peer, cx.live_address(peer)?)))
    }

    /// Asks a peer.
    pub(crate) fn write_ask<A: Address, S: Storage<A, Key = K>>(
        &mut self,
        cx: &Context<A, S>,
        now: Instant,
        (request, peer): (Request, NodeId),
        writer: &mut Writer<'_>,
    ) {
        let due = now.after(cx.reply_wait());
        let Some(read) = self.of(request) else {
            return;
        };
        let row = cx.members.get(read.owner);
        let head = AskHead {
            token: read.token(),
            owner: read.owner,
            life: row.map_or(Generation::default(), Member::generation).life(),
            version: match cx.entries.find(read.owner, read.key()) {
                Some(entry) => entry.version,
                None => Version::NONE,
            },
        };
        if writer.listed(Kind::Ask, &(head, read.key())) {
            read.sent(peer, due);
        }
    }

    /// A peer's answer, whose entry was taken already. It means something if it is `trusted`: of the life that is known
    /// here. How far the peer holds the owner's entries, if what it does not know may be a delete that is missing here.
    pub(crate) fn take_answer<A: Address, S: Storage<A, Key = K>>(
        &mut self,
        cx: &mut Context<A, S>,
        sender: &Sender<A>,
        (head, items): (&SinglesHead, Items<'_, ClaimItem<'_>>),
        trusted: bool,
    ) -> Option<Version> {
        let owner = head.owner;
        let index = self.asked_of(sender.id, owner, head.token);
        let Some(read) = index.and_then(|index| self.at_mut(index)) else {
            bump(&mut cx.stats.idle_answers);
            return None;
        };
        let mut known = Known {
            version: Version::NONE,
            held: Version::NONE,
        };
        if trusted {
            let entries = items
                .iter()
                .filter_map(|item| item.listed(sender.now, head.newest));
            let version = entries.map(|entry| entry.version).max();
            known.version = version.unwrap_or(head.newest);
            known.held = head.held;
        }
        read.answer(sender.id, known);
        let held = match cx.entries.find(owner, read.key()) {
            Some(entry) => entry.version,
            None => Version::NONE,
        };
        let gone_there = known.version == Version::NONE && held <= known.held;
        let missing = gone_there && held != Version::NONE;
        if missing {
            read.needed = read.needed.max(known.held);
        }
        repair_late(read, cx, sender.id, known);
        missing.then_some(known.held)
    }
}

/// Chooses the peers of a read, if that was not done: the owner, and others by chance.
fn choose_peers<A: Address, S: Storage<A>>(
    read: &mut Read<S::Key>,
    cx: &Context<A, S>,
    rng: &mut impl Rng,
) {
    let Some(wanted) = read.wanted.take() else {
        return;
    };
    let mut next = Some(read.owner).filter(|owner| cx.live_address(*owner).is_some());
    for _ in 0..wanted {
        let chosen = next.take().or_else(|| {
            let unasked = |row: &Member<A>| !read.asks().any(|asked| asked == row.id());
            let found = cx.partner(rng, Purpose::Entries, unasked);
            found.map(Member::id)
        });
        let Some(peer) = chosen else {
            return;
        };
        read.choose(peer);
    }
}

/// How a read that is under way ends now, if it does.
fn end_of<A: Address, K: Blob, M: List<Member<A>>>(
    read: &Read<K>,
    members: &Table<A, M>,
    now: Instant,
) -> Option<ReadEnd> {
    if !read.is_open() || read.wanted.is_some() {
        return None;
    }
    let row = members.get(read.owner);
    let certain = row.is_some_and(|row| row.held() >= read.needed);
    let (asked, answered) = (read.asks().count(), read.answers().count());
    if asked == 0 {
        Some(ReadEnd::Alone)
    } else if certain && read.answers().any(|(peer, _)| peer == read.owner) {
        Some(ReadEnd::Owner)
    } else if certain && answered == asked {
        Some(ReadEnd::Answered)
    } else {
        read.is_late(now).then_some(ReadEnd::Deadline)
    }
}

/// Ends a read, and tells what is held here to the peers that hold something older.
fn finish<A: Address, S: Storage<A>>(
    read: &mut Read<S::Key>,
    cx: &mut Context<A, S>,
    end: ReadEnd,
) {
    let (owner, key) = (read.owner, short_hash(read.key()));
    let version = version_of(&cx.entries, owner, read.key());
    let mut report = FreshRead {
        end,
        asked: read.asks().count() as u8,
        answered: read.answers().count() as u8,
        repaired: 0,
        changed: version != read.before,
    };
    for (peer, known) in read.answers() {
        if repair(cx, (owner, key), version, peer, known) {
            report.repaired = report.repaired.saturating_add(1);
        }
    }
    read.finish(report);
}

/// An answer that came after the end may show one more peer with an older value.
fn repair_late<A: Address, S: Storage<A>>(
    read: &mut Read<S::Key>,
    cx: &mut Context<A, S>,
    peer: NodeId,
    known: Known,
) {
    if read.is_open() {
        return;
    }
    let (owner, key) = (read.owner, short_hash(read.key()));
    let version = version_of(&cx.entries, owner, read.key());
    if repair(cx, (owner, key), version, peer, known) {
        read.count_repair();
    }
}

/// Owes a peer the entry if it can use it; `true` if so.
fn repair<A: Address, S: Storage<A>>(
    cx: &mut Context<A, S>,
    (owner, key): (NodeId, u32),
    version: Version,
    peer: NodeId,
    known: Known,
) -> bool {
    let stale = known.version < version && known.held < version && peer != owner;
    let Some(to) = cx.live_address(peer).filter(|_| stale) else {
        return false;
    };
    let message = Message::Single {
        token: 0,
        owner,
        key,
        told: true,
    };
    cx.send_soon(to, message);
    true
}
