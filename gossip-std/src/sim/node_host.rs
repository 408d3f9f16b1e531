//! The real node as a host: the code that ships, with its events as notes.

use std::collections::{BTreeSet, VecDeque};

use gossip_core::{
    Checked, Destination, Duration, Event, Generation, Instant, Node, NodeId, SplitMix64, Storage,
    Tables, Version,
};

use super::address::HostAddress;
use super::host::{Host, Outgoing, To};
use super::index::{Index, host_of};
use super::note::Note;
use super::time::Span;

/// What can be asked of a simulated node at a scheduled time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Join through this host.
    Join(Index),
    /// Set a key.
    Set {
        /// The key.
        key: String,
        /// The value.
        value: Vec<u8>,
        /// For how long; `None` for good.
        ttl: Option<Span>,
    },
    /// Delete a key.
    Delete {
        /// The key.
        key: String,
    },
    /// Say goodbye.
    Leave,
}

/// A [`Node`] in the simulator. The node of host `i` has the id `i + 1`.
#[derive(Clone, Debug)]
pub struct NodeHost<A: HostAddress, S: Storage<A>> {
    node: Node<A, S>,
    /// The longest datagram it may send, in bytes: the smallest MTU on any path.
    mtu: usize,
    /// The life that was told last.
    life: Option<Generation>,
    /// Up to where its own writes in that life were told.
    told: Version,
    notes: VecDeque<Note>,
    /// What its clock showed last.
    now: Instant,
    /// Its own keys that it set for a time.
    leased: BTreeSet<String>,
    /// How many leases it had seen run out.
    expired: u32,
}

/// FNV-1a, 64 bits: the same on every platform and with every compiler.
#[must_use]
pub fn hash_of(value: &[u8]) -> u64 {
    value.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

impl<A: HostAddress, S: Storage<A>> NodeHost<A, S> {
    /// A node that has not started yet, with these tables. Its id must be [`id_of`](super::id_of) its host.
    #[must_use]
    pub fn new(config: Checked<A>, tables: Tables<A, S>) -> Self {
        Self::restored(config, Node::new(config, tables))
    }

    /// A node of this configuration that was made of a state and has not started yet. Its id must be
    /// [`id_of`](super::id_of) its host.
    #[must_use]
    pub fn restored(config: Checked<A>, node: Node<A, S>) -> Self {
        Self {
            node,
            mtu: config.mtu_floor(),
            life: None,
            told: Version::NONE,
            notes: VecDeque::new(),
            now: Instant::ZERO,
            leased: BTreeSet::new(),
            expired: 0,
        }
    }

    /// The node.
    #[must_use]
    pub fn node(&self) -> &Node<A, S> {
        &self.node
    }

    /// The node, to be moved by hand.
    pub fn node_mut(&mut self) -> &mut Node<A, S> {
        &mut self.node
    }

    fn live(&self) -> u32 {
        self.node.live() as u32
    }

    /// Tells of a new life, with the versions that what was written before has in it.
    fn tell_life(&mut self) {
        let generation = self.node.generation();
        if self.life == Some(generation) || generation == Generation::default() {
            return;
        }
        self.life = Some(generation);
        self.notes.push_back(Note::Started { generation });
        self.told = Version::NONE;
        self.tell_own();
    }

    /// Tells of what stands in its life that was not told: what it carried on from another, or took back.
    fn tell_own(&mut self) {
        let written = self.node.written();
        if self.life.is_none() || written <= self.told {
            return;
        }
        let told = std::mem::replace(&mut self.told, written);
        let own = self.node.entries_of(self.node.id());
        for entry in own.filter(|entry| entry.version > told) {
            if entry.expires.is_some() {
                self.leased.insert(entry.key.to_owned());
            }
            self.notes.push_back(Note::Wrote {
                key: entry.key.to_owned(),
                version: entry.version.get(),
                value: Some(hash_of(entry.value)),
                left: entry.expires.map(|at| span_of(at.since(self.now))),
            });
        }
    }

    /// Tells which of its own keys have run out.
    fn tell_expired(&mut self) {
        let expired = self.node.stats().expired;
        if expired == self.expired {
            return;
        }
        self.expired = expired;
        let (node, id) = (&self.node, self.node.id());
        let gone = self
            .leased
            .extract_if(.., |key| node.entry(id, key).is_none());
        self.notes.extend(gone.map(|key| Note::Expired { key }));
    }

    fn write(&mut self, key: String, value: Option<&[u8]>, ttl: Option<Span>) {
        self.tell_own();
        let before = self.node.written();
        let done = match (value, ttl) {
            (Some(value), None) => self.node.set(&key, value),
            (Some(value), Some(ttl)) => self.node.set_for(self.now, &key, value, duration_of(ttl)),
            (None, _) => self.node.delete(&key).map(|_| ()),
        };
        match (&done, ttl) {
            (Ok(()), Some(_)) => _ = self.leased.insert(key.clone()),
            (Ok(()), None) => _ = self.leased.remove(&key),
            (Err(_), _) => {}
        }
        self.tell_life();
        self.told = self.told.max(self.node.written());
        self.notes.push_back(match done {
            Err(_) => Note::Refused { key },
            // Deleting what is not there writes nothing, and what is written before the first life
            // is told with that life.
            Ok(()) if self.node.written() == before || self.life.is_none() => return,
            Ok(()) => Note::Wrote {
                key,
                version: self.node.written().get(),
                value: value.map(hash_of),
                left: ttl,
            },
        });
    }

    fn note_of(&self, event: Event<S::Key>) -> Option<Note> {
        Some(match event {
            Event::Joined => Note::Joined,
            Event::Member { id, status } => Note::Member {
                id: host_of(id),
                status,
                live: self.live(),
            },
            Event::Forgotten { id } => Note::Forgotten {
                id: host_of(id),
                live: self.live(),
            },
            Event::Set { owner, key } => self.set_note(owner, key.as_ref())?,
            Event::Deleted { owner, key } | Event::Expired { owner, key } => Note::Deleted {
                owner: host_of(owner),
                key: text(key.as_ref()),
            },
            Event::Conflict => Note::Conflict,
            Event::Left => Note::Left,
            Event::Resync => Note::Resync,
            // Events of later versions of the core, which nothing here measures yet.
            _ => return None,
        })
    }

    fn set_note(&self, owner: NodeId, key: &[u8]) -> Option<Note> {
        let key = std::str::from_utf8(key).ok()?;
        let entry = self.node.entry(owner, key)?;
        Some(Note::Set {
            owner: host_of(owner),
            key: key.to_owned(),
            version: entry.version.get(),
            generation: self.node.member(owner)?.generation(),
            value: hash_of(entry.value),
        })
    }
}

fn span_of(duration: Duration) -> Span {
    Span::from_millis(u64::from(duration.as_millis()))
}

fn duration_of(span: Span) -> Duration {
    Duration::from_millis(u32::try_from(span.as_millis()).unwrap_or(u32::MAX))
}

fn text(key: &[u8]) -> String {
    String::from_utf8_lossy(key).into_owned()
}

impl<A: HostAddress, S: Storage<A> + Send> Host for NodeHost<A, S>
where
    Node<A, S>: Send,
{
    type Note = Note;
    type Call = Call;

    fn handle_datagram(&mut self, now: Instant, from: Index, bytes: &[u8]) {
        self.now = now;
        // A refused datagram is counted in the node's statistics.
        let _ = self.node.handle_datagram(now, A::of(from), bytes);
    }

    fn handle_timeout(&mut self, now: Instant, rng: &mut SplitMix64) {
        self.now = now;
        self.node.handle_timeout(now, rng);
        self.tell_expired();
    }

    fn handle_call(&mut self, now: Instant, call: Call, _rng: &mut SplitMix64) {
        self.now = now;
        match call {
            // A full table of seeds is counted nowhere, but a node that cannot join shows.
            Call::Join(seed) => drop(self.node.join(A::of(seed))),
            Call::Set { key, value, ttl } => self.write(key, Some(&value), ttl),
            Call::Delete { key } => self.write(key, None, None),
            Call::Leave => self.node.leave(),
        }
    }

    fn poll_transmit(&mut self, now: Instant, buf: &mut [u8]) -> Option<Outgoing> {
        let len = buf.len().min(self.mtu);
        let transmit = self.node.poll_transmit(now, &mut buf[..len])?;
        Some(Outgoing {
            to: match transmit.to {
                Destination::One(address) => To::One(address.index()),
                Destination::Everyone => To::Everyone,
            },
            len: transmit.len,
        })
    }

    fn poll_note(&mut self) -> Option<Note> {
        self.tell_life();
        self.tell_own();
        while self.notes.is_empty() {
            let event = self.node.poll_event()?;
            let note = self.note_of(event);
            self.notes.extend(note);
        }
        self.notes.pop_front()
    }

    fn poll_timeout(&self) -> Instant {
        self.node.poll_timeout()
    }
}
