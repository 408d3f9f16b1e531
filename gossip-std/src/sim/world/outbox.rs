//! What one shard has to say to another.

use crate::sim::queue::Order;

/// Datagrams for hosts of another shard, in one piece of memory.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// Where and when, and how many bytes of `bytes`.
    flights: Vec<(Order, u32)>,
    bytes: Vec<u8>,
}

impl Outbox {
    /// Adds a datagram and gives its copy of the bytes.
    pub(super) fn put(&mut self, order: Order, bytes: &[u8]) -> &mut [u8] {
        let start = self.bytes.len();
        self.flights.push((order, bytes.len() as u32));
        self.bytes.extend_from_slice(bytes);
        &mut self.bytes[start..]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.flights.is_empty()
    }

    /// Moves everything to the end of `other`.
    pub(super) fn move_to(&mut self, other: &mut Self) {
        other.flights.append(&mut self.flights);
        other.bytes.append(&mut self.bytes);
    }

    /// Gives each datagram to `accept`, in the order in which they were added.
    pub(super) fn take_out(&mut self, mut accept: impl FnMut(Order, &[u8])) {
        let mut rest = &self.bytes[..];
        for (order, len) in self.flights.drain(..) {
            let (bytes, more) = rest.split_at(len as usize);
            accept(order, bytes);
            rest = more;
        }
        self.bytes.clear();
    }
}
