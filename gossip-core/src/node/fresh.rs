//! Reads that ask peers for a fresher value, and repair those that hold an older one (read repair,
//! DeCandia et al. 2007, section 5).

use rand_core::Rng;

use super::receive::Sender;
use super::{Message, Node};
use crate::address::Address;
use crate::entries::delta::Listed;
use crate::error::RequestError;
use crate::event::Request;
use crate::exchange::{FreshRead, Known, READ_PEERS_MAX, ReadEnd};
use crate::hash::hash_bytes;
use crate::id::{Generation, NodeId, Version};
use crate::stats::bump;
use crate::storage::{Blob, List, Storage};
use crate::table::{Member, Sums};
use crate::time::Instant;
use crate::wire::{AskHead, ClaimItem, Items, Kind, SinglesHead, Writer, limits, may_be_single};

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Whether this storage permits reads that ask others, and answers to those of others.
    pub(super) const READS: bool = Self::ENTRIES && <S::Reads as List<_>>::PERMITTED;

    /// Asks up to `peers` live peers (from 1 to 8), the owner before others, for a fresher value of one
    /// key. When all have answered, or the owner has, and at `deadline` at the latest,
    /// [`Event::Read`](crate::Event::Read) comes, the report waits for [`take_read`](Self::take_read),
    /// and [`get`](Self::get) shows the freshest value found. Peers that hold an older one are told it.
    /// Only peers whose storage permits reads answer.
    ///
    /// # Errors
    /// Why nothing was begun; nothing changed.
    pub fn read_fresh(
        &mut self,
        owner: NodeId,
        key: &str,
        peers: u8,
        deadline: Instant,
    ) -> Result<Request, RequestError> {
        if const { !Self::READS } {
            return Err(RequestError::Full { max: 0 });
        }
        let (len, max) = self.tables.reads.usage();
        self.check_read(owner, key)?;
        if len >= max {
            return Err(RequestError::Full { max });
        }
        let key_max = self.tables.entries.key_max();
        let blob = S::Key::from_slice(key.as_bytes()).ok_or(RequestError::Key { max: key_max })?;
        let deadline = self.time.ahead(deadline);
        let (request, before) = (Request(self.take_token()), self.version_of(owner, key));
        let wanted = peers.clamp(1, READ_PEERS_MAX as u8);
        let reads = &mut self.tables.reads;
        reads.begin(request, (owner, blob), before, wanted, deadline);
        Ok(request)
    }

    /// The report of a read that is over.
    pub fn read(&self, request: Request) -> Option<&FreshRead> {
        if const { !Self::READS } {
            return None;
        }
        self.tables.reads.report(request)
    }

    /// Takes the report of a read that is over, which makes room for another.
    pub fn take_read(&mut self, request: Request) -> Option<FreshRead> {
        if const { !Self::READS } {
            return None;
        }
        self.tables.reads.take(request)
    }

    /// When a read is due next.
    pub(super) fn next_read(&self) -> Option<Instant> {
        if const { !Self::READS } {
            return None;
        }
        self.tables.reads.next()
    }

    /// Chooses whom to ask, asks again whoever has not answered, and ends what is over.
    pub(super) fn continue_reads(&mut self, now: Instant, rng: &mut impl Rng) {
        if const { !Self::READS } {
            return;
        }
        for index in 0..self.tables.reads.len() {
            self.choose_peers(index, rng);
            if let Some(read) = self.tables.reads.at_mut(index) {
                read.retry(now);
            }
        }
        self.settle_reads(now);
    }

    /// Ends the reads that have their answers, or none in time.
    pub(super) fn settle_reads(&mut self, now: Instant) {
        if const { !Self::READS } {
            return;
        }
        for index in 0..self.tables.reads.len() {
            if let Some(end) = self.read_end(index, now) {
                self.finish_read(index, end);
            }
        }
    }

    /// Ends every read under way: this node leaves.
    pub(super) fn leave_reads(&mut self) {
        if const { !Self::READS } {
            return;
        }
        for index in 0..self.tables.reads.len() {
            if self
                .tables
                .reads
                .at(index)
                .is_some_and(|read| read.is_open())
            {
                self.finish_read(index, ReadEnd::Left);
            }
        }
    }

    /// Whom to ask next, and for which read.
    pub(super) fn ready_ask(&self) -> Option<(Request, NodeId, A)> {
        if const { !Self::READS } {
            return None;
        }
        let mut ready = self.tables.reads.ready();
        ready.find_map(|(request, peer)| Some((request, peer, self.peer_address(peer)?)))
    }

    /// Asks a peer.
    pub(super) fn write_ask(
        &mut self,
        now: Instant,
        (request, peer): (Request, NodeId),
        writer: &mut Writer<'_>,
    ) {
        let due = now.after(self.reply_wait());
        let Some(read) = self.tables.reads.of(request) else {
            return;
        };
        let row = self.tables.members.get(read.owner);
        let head = AskHead {
            token: read.token(),
            owner: read.owner,
            life: row.map_or(Generation::default(), Member::generation).life(),
            version: match self.tables.entries.find(read.owner, read.key()) {
                Some(entry) => entry.version,
                None => Version::NONE,
            },
        };
        if writer.listed(Kind::Ask, &(head, read.key())) {
            read.sent(peer, due);
        }
    }

    /// A peer asks for a key. The answer is made when it is sent.
    pub(super) fn take_ask(&mut self, sender: &Sender<A>, head: &AskHead, key: &str) {
        let row = self.tables.members.get(head.owner).filter(|row| !row.gone);
        let life = row.map(|row| row.facts.generation.life());
        let known = life == Some(head.life);
        if !known {
            bump(&mut self.stats.foreign_asks);
        }
        if !known && life.is_some() {
            self.owe(sender.from, Message::Tell(head.owner));
        }
        self.owe(
            sender.from,
            Message::Single {
                token: head.token,
                owner: head.owner,
                key: short_hash(key),
                told: known && self.version_of(head.owner, key) > head.version,
            },
        );
    }

    /// Writes what is held of the key with this hash: the entry itself if it is to be `told`, else only
    /// its version. `None` if there is nothing to say to somebody who did not ask.
    pub(super) fn write_single(
        &self,
        now: Instant,
        (token, owner): (u8, NodeId),
        key: u32,
        told: bool,
        writer: &mut Writer<'_>,
    ) -> Option<bool> {
        let mut entries = self.tables.entries.of(owner);
        let entry =
            entries.find(|entry| short_hash(entry.key()) == key && may_be_single(entry.version));
        if entry.is_none() && token == 0 {
            return None;
        }
        let row = self.tables.members.get(owner).filter(|row| !row.gone);
        let head = SinglesHead {
            token,
            owner,
            life: row.map_or(Generation::default(), Member::generation).life(),
            held: row.map_or(Version::NONE, Member::held),
            newest: entry.map_or(Version::NONE, |entry| entry.version),
        };
        let entry = entry.filter(|_| told).map(|entry| Listed {
            key: entry.key(),
            version: entry.version,
            value: entry.value(),
            expires: self.tables.entries.expires(entry),
        });
        Some(
            self.write_singles(now, &head, entry.into_iter(), writer)
                .is_some(),
        )
    }

    /// A peer's answer, whose entry was taken already.
    pub(super) fn take_answer(
        &mut self,
        sender: &Sender<A>,
        head: &SinglesHead,
        items: Items<'_, ClaimItem<'_>>,
    ) {
        let (owner, trusted) = (head.owner, self.takes_entries(head.owner, head.life));
        let reads = &mut self.tables.reads;
        let index = reads.asked_of(sender.id, owner, head.token);
        let Some((index, read)) = index.and_then(|index| Some((index, reads.at_mut(index)?)))
        else {
            bump(&mut self.stats.idle_answers);
            return;
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
        let held = match self.tables.entries.find(owner, read.key()) {
            Some(entry) => entry.version,
            None => Version::NONE,
        };
        let gone_there = known.version == Version::NONE && held <= known.held;
        if gone_there && held != Version::NONE {
            read.needed = read.needed.max(known.held);
            self.compare_held(sender, owner, known.held);
        }
        self.repair_late(index, sender, known);
    }

    fn check_read(&self, owner: NodeId, key: &str) -> Result<(), RequestError> {
        if !self.is_running() {
            return Err(RequestError::NotRunning);
        }
        if self.is_me(owner) {
            return Err(RequestError::Myself);
        }
        if self.member(owner).is_none() {
            return Err(RequestError::UnknownPeer);
        }
        let max = self.tables.entries.key_max();
        let fits = limits::entry(0, key.len(), 0) <= self.config.entry_room();
        if key.is_empty() || key.len() > max || !fits {
            return Err(RequestError::Key {
                max: max.min(self.entry_max()),
            });
        }
        Ok(())
    }

    /// The version held of a key that its owner wrote in its present life, or none.
    fn version_of(&self, owner: NodeId, key: &str) -> Version {
        let entry = self.tables.entries.find(owner, key);
        let version = entry.map_or(Version::NONE, |entry| entry.version);
        if may_be_single(version) {
            version
        } else {
            Version::NONE
        }
    }

    /// Chooses the peers of a read, if that was not done: the owner, and others by chance.
    fn choose_peers(&mut self, index: usize, rng: &mut impl Rng) {
        let read = self.tables.reads.at_mut(index);
        let Some((owner, wanted)) = read.and_then(|read| Some((read.owner, read.wanted.take()?)))
        else {
            return;
        };
        let mut next = Some(owner).filter(|owner| self.peer_address(*owner).is_some());
        for _ in 0..wanted {
            let chosen = next.take().or_else(|| {
                let read = self.tables.reads.at(index)?;
                let usable = |row: &Member<A>| {
                    let id = row.id();
                    row.is_live()
                        && row.marks.sums > Sums::Facts
                        && !self.is_me(id)
                        && !read.asks().any(|asked| asked == id)
                };
                self.random_member(rng, usable).map(Member::id)
            });
            let read = self.tables.reads.at_mut(index);
            let Some((peer, read)) = chosen.zip(read) else {
                return;
            };
            read.choose(peer);
        }
    }

    /// How a read that is under way ends now, if it does.
    fn read_end(&self, index: usize, now: Instant) -> Option<ReadEnd> {
        let read = self.tables.reads.at(index)?;
        if !read.is_open() || read.wanted.is_some() {
            return None;
        }
        let row = self.tables.members.get(read.owner);
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
    fn finish_read(&mut self, index: usize, end: ReadEnd) {
        let Some(read) = self.tables.reads.at(index) else {
            return;
        };
        let (owner, key) = (read.owner, short_hash(read.key()));
        let version = self.version_of(owner, read.key());
        let mut report = FreshRead {
            end,
            asked: read.asks().count() as u8,
            answered: read.answers().count() as u8,
            repaired: 0,
            changed: version != read.before,
        };
        for nth in 0..READ_PEERS_MAX {
            let read = self.tables.reads.at(index);
            let Some((peer, known)) = read.and_then(|read| read.answers().nth(nth)) else {
                break;
            };
            if self.repair((owner, key), version, peer, known) {
                report.repaired = report.repaired.saturating_add(1);
            }
        }
        if let Some(read) = self.tables.reads.at_mut(index) {
            read.finish(report);
        }
    }

    /// An answer that came after the end may show one more peer with an older value.
    fn repair_late(&mut self, index: usize, sender: &Sender<A>, known: Known) {
        let read = self.tables.reads.at(index).filter(|read| !read.is_open());
        let Some(read) = read else { return };
        let (owner, key) = (read.owner, short_hash(read.key()));
        let version = self.version_of(owner, read.key());
        if self.repair((owner, key), version, sender.id, known)
            && let Some(read) = self.tables.reads.at_mut(index)
        {
            read.count_repair();
        }
    }

    /// Owes a peer the entry if it can use it; `true` if so.
    fn repair(
        &mut self,
        (owner, key): (NodeId, u32),
        version: Version,
        peer: NodeId,
        known: Known,
    ) -> bool {
        let stale = known.version < version && known.held < version && peer != owner;
        let Some(to) = self.peer_address(peer).filter(|_| stale) else {
            return false;
        };
        self.owe(
            to,
            Message::Single {
                token: 0,
                owner,
                key,
                told: true,
            },
        );
        true
    }
}

/// Names a key in an intent, which has no room for the key itself.
fn short_hash(key: &str) -> u32 {
    hash_bytes(key.as_bytes()) as u32
}
