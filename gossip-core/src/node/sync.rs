//! Anti-entropy on demand: a closed loop with one peer that ends with a report.
//!
//! The fingerprints of a range are compared. Equal: done. Different: the peer narrows the difference
//! down as in any exchange, and when that has come to rest they are compared again.

use super::{Message, Node};
use crate::address::Address;
use crate::context::Sender;
use crate::error::RequestError;
use crate::event::Request;
use crate::exchange::{Owed, PeerState, Synced, Ways};
use crate::id::NodeId;
use crate::stats::bump;
use crate::storage::{List, Storage};
use crate::table::{Member, Prefix, Sums};
use crate::time::{Duration, Instant};
use crate::wire::{CompareHead, Datagram, Kind, Section, Writer};

impl<A: Address, S: Storage<A>> Node<A, S> {
    /// Whether this storage permits syncs, its own and those of others.
    pub(super) const SYNCS: bool = <S::Syncs as List<_>>::PERMITTED;

    /// Makes a range of the table of members equal with one peer's, entries included:
    /// [`Prefix::ROOT`] is everything, [`Prefix::of`] one owner. When it is over, at `deadline` at the
    /// latest, [`Event::Synced`](crate::Event::Synced) comes, and the report waits for
    /// [`take_synced`](Self::take_synced). The peer's storage must permit syncs too.
    ///
    /// # Errors
    /// Why nothing was begun; nothing changed.
    pub fn sync(
        &mut self,
        peer: NodeId,
        range: Prefix,
        deadline: Instant,
    ) -> Result<Request, RequestError> {
        if const { !Self::SYNCS } {
            return Err(RequestError::Full { max: 0 });
        }
        if !self.is_running() {
            return Err(RequestError::NotRunning);
        }
        if self.is_me(peer) {
            return Err(RequestError::Myself);
        }
        if self.peer_address(peer).is_none() {
            return Err(RequestError::UnknownPeer);
        }
        let (len, max) = self.tables.syncs.usage();
        if len >= max {
            return Err(RequestError::Full { max });
        }
        let request = Request(self.take_token());
        let deadline = self.time.ahead(deadline);
        self.tables.syncs.begin(request, peer, range, deadline);
        Ok(request)
    }

    /// The report of a sync that is over.
    pub fn synced(&self, request: Request) -> Option<&Synced> {
        if const { !Self::SYNCS } {
            return None;
        }
        self.tables.syncs.report(request)
    }

    /// Takes the report of a sync that is over, which makes room for another.
    pub fn take_synced(&mut self, request: Request) -> Option<Synced> {
        if const { !Self::SYNCS } {
            return None;
        }
        self.tables.syncs.take(request)
    }

    /// When a sync is due next.
    pub(super) fn next_sync(&self) -> Option<Instant> {
        if const { !Self::SYNCS } {
            return None;
        }
        self.tables.syncs.next()
    }

    /// Compares again where an exchange has come to rest, and ends what is over.
    pub(super) fn continue_syncs(&mut self, now: Instant) {
        if const { !Self::SYNCS } {
            return;
        }
        let (members, exchanges) = (&self.tables.members, &self.tables.exchanges);
        let (ranges, wants) = (&self.tables.ranges, &self.tables.wants);
        let state = |peer: NodeId| {
            if !members.get(peer).is_some_and(Member::is_live) {
                return PeerState::Gone;
            }
            let exchange = exchanges.of_peer(peer);
            let busy = exchange.is_some_and(|exchange| {
                let bit = exchange.bit;
                !exchange.is_at_rest() || ranges.first(bit).is_some() || wants.first(bit).is_some()
            });
            if busy {
                PeerState::Busy
            } else {
                PeerState::Idle
            }
        };
        let patience = quiet_time(self.reply_wait());
        self.tables.syncs.expire(now, patience, state);
    }

    /// Whom to send the next comparison.
    pub(super) fn ready_sync(&self) -> Option<(Request, A)> {
        if const { !Self::SYNCS } {
            return None;
        }
        let mut ready = self.tables.syncs.ready();
        ready.find_map(|(request, peer)| Some((request, self.peer_address(peer)?)))
    }

    /// Writes a comparison.
    pub(super) fn write_compare(
        &mut self,
        now: Instant,
        request: Request,
        writer: &mut Writer<'_>,
    ) {
        let Some(prefix) = self.tables.syncs.prefix(request) else {
            return;
        };
        let token = request.0;
        let peer = self.tables.syncs.peer(request);
        let row = peer.and_then(|peer| self.tables.members.get(peer));
        let sums = row.map_or(Sums::Whole, |row| row.marks.sums);
        let sum = self.sum(prefix, sums).to_le_bytes();
        let head = CompareHead { token, prefix, sum };
        if writer.listed(Kind::Compare, &head) {
            if let Some(peer) = peer {
                self.open_both_ways(peer);
            }
            let due = now.after(self.reply_wait());
            self.tables.syncs.compared(request, due);
        }
    }

    /// A peer's fingerprint of a range.
    pub(super) fn take_compare(&mut self, sender: &Sender<A>, head: &CompareHead) {
        if self.sum(head.prefix, sender.sums) == u64::from_le_bytes(head.sum) {
            self.owe(sender.from, Message::Equal(head.token));
        } else if let Some(bit) = self.link(sender) {
            self.open_both_ways(sender.id);
            self.owe_range(bit, head.prefix, Owed::Answer);
        }
    }

    /// The peer's fingerprint was the same.
    pub(super) fn take_equal(&mut self, sender: &Sender<A>, token: u16) {
        if !self.tables.syncs.equal(sender.id, Request(token)) {
            bump(&mut self.stats.idle_answers);
        }
    }

    /// Counts a datagram that was received, for the syncs with its sender.
    pub(super) fn count_sync_received(&mut self, sender: &Sender<A>, datagram: &Datagram<'_>) {
        if const { !Self::SYNCS } || !self.tables.syncs.is_open(sender.id) {
            return;
        }
        let told = told::<A>(datagram);
        self.tables.syncs.count(sender.id, sender.len, told);
        let quiet = quiet_time(self.reply_wait());
        self.tables.syncs.hear(sender.id, sender.now.after(quiet));
    }

    /// Counts a datagram that is sent, for the syncs with whoever is there.
    pub(super) fn count_sync_sent(&mut self, to: A, bytes: &[u8]) {
        if const { !Self::SYNCS } {
            return;
        }
        let there = |peer: &NodeId| self.peer_address(*peer) == Some(to);
        let Some(peer) = self.tables.syncs.open_peers().find(there) else {
            return;
        };
        let network = self.config.network(to);
        let parsed = Datagram::parse_used::<A, Self>(bytes, network, self.config.largest_id());
        let told = parsed.map_or((0, 0), |datagram| told::<A>(&datagram));
        self.tables.syncs.count(peer, bytes.len(), told);
    }

    /// A sync brings both to the same, whichever way this node's exchanges go otherwise.
    pub(super) fn ways_of_sync(&self, peer: NodeId) -> Option<Ways> {
        let open = const { Self::SYNCS } && self.tables.syncs.is_open(peer);
        open.then_some(Ways::BOTH)
    }

    /// The exchange with `peer`, if there is one, goes both ways from now on, and may go on.
    fn open_both_ways(&mut self, peer: NodeId) {
        let budget = self.exchange_budget();
        self.tables.exchanges.begin(peer, Ways::BOTH, budget);
    }

    /// Where a live member is reached.
    pub(super) fn peer_address(&self, peer: NodeId) -> Option<A> {
        let row = self.tables.members.get(peer)?;
        row.address().filter(|_| row.is_live())
    }
}

/// How long an exchange must be silent before it counts as having come to rest.
fn quiet_time(reply_timeout: Duration) -> Duration {
    Duration::from_millis(reply_timeout.as_millis().div_ceil(4))
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
