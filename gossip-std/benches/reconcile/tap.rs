//! A node whose received datagrams are read: what it knew already came in vain.

use std::net::SocketAddrV4;

use gossip_core::wire::{ClaimItem, Datagram, Row, Section};
use gossip_core::{Instant, Node, NodeId, SplitMix64};
use gossip_std::Heap;
use gossip_std::sim::{Call, Host, Index, NodeHost, Note, Outgoing};
use serde::Serialize;

/// The addresses of the nodes.
pub(crate) type Addr = SocketAddrV4;

/// A node with what it received.
#[derive(Debug)]
pub(crate) struct Tapped {
    host: NodeHost<Addr, Heap>,
    received: Received,
}

/// The state that a node received, in bytes as on the wire, without the heads of sections.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Received {
    /// Rows of members.
    pub rows: Share,
    /// Entries.
    pub entries: Share,
}

/// Bytes received, and how many of them told what was held already.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Share {
    pub bytes: u64,
    pub known: u64,
}

impl Tapped {
    pub(crate) fn new(host: NodeHost<Addr, Heap>) -> Self {
        Self {
            host,
            received: Received::default(),
        }
    }

    pub(crate) fn node(&self) -> &Node<Addr, Heap> {
        self.host.node()
    }

    pub(crate) fn received(&self) -> &Received {
        &self.received
    }

    fn read(&mut self, bytes: &[u8]) {
        // The checksum of the name of a cluster that has none is zero.
        let Ok(datagram) = Datagram::parse::<Addr>(bytes, 0, NodeId::MAX) else {
            return;
        };
        for section in datagram.sections::<Addr>() {
            match section {
                Section::Rows(rows) => rows.iter().for_each(|row| self.read_row(&row)),
                Section::Claim(head, claim, items) => {
                    for item in items.iter() {
                        let listed = item.listed(gossip_core::Instant::ZERO, claim.b);
                        let known = listed.is_some_and(|entry| {
                            let held = self.node().entry(head.owner, entry.key);
                            held.is_some_and(|held| held.version >= entry.version)
                        });
                        self.received.entries.add(item_bytes(&item), known);
                    }
                }
                _ => {}
            }
        }
    }

    fn read_row(&mut self, row: &Row<Addr>) {
        let known = self.node().member(row.id).is_some_and(|member| {
            (member.generation(), member.incarnation()) == (row.generation, row.incarnation)
        });
        self.received.rows.add(row_bytes(row), known);
    }
}

impl Share {
    /// Adds what another node received.
    pub(crate) fn sum(&mut self, other: &Self) {
        self.bytes += other.bytes;
        self.known += other.known;
    }

    fn add(&mut self, bytes: usize, known: bool) {
        self.bytes += bytes as u64;
        self.known += if known { bytes as u64 } else { 0 };
    }
}

/// How long a row is on the wire.
pub(crate) fn row_bytes(row: &Row<Addr>) -> usize {
    encoded(row)
}

fn item_bytes(item: &ClaimItem<'_>) -> usize {
    encoded(item)
}

fn encoded(item: &impl Serialize) -> usize {
    let mut buffer = [0; 1500];
    postcard::to_slice(item, &mut buffer).map_or(0, |written| written.len())
}

impl Host for Tapped {
    type Note = Note;
    type Call = Call;

    fn handle_datagram(&mut self, now: Instant, from: Index, bytes: &[u8]) {
        self.read(bytes);
        self.host.handle_datagram(now, from, bytes);
    }

    fn handle_timeout(&mut self, now: Instant, rng: &mut SplitMix64) {
        self.host.handle_timeout(now, rng);
    }

    fn handle_call(&mut self, now: Instant, call: Call, rng: &mut SplitMix64) {
        self.host.handle_call(now, call, rng);
    }

    fn poll_transmit(&mut self, now: Instant, buf: &mut [u8]) -> Option<Outgoing> {
        self.host.poll_transmit(now, buf)
    }

    fn poll_note(&mut self) -> Option<Note> {
        self.host.poll_note()
    }

    fn poll_timeout(&self) -> Instant {
        self.host.poll_timeout()
    }
}
