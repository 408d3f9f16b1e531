//! A lossy link in memory, for nodes that share one core: tests, and firmware without a radio.

use core::cell::Cell;

use gossip_core::{Address, SplitMix64};

use crate::link::{Link, Sent};

/// What the links of one memory share: a ring of at most `SLOTS` datagrams of at most `MTU` bytes.
///
/// It loses datagrams by chance, repeatably: the fate of the n-th follows from the seed and n. When
/// the ring is full the oldest datagram makes room, so what nobody takes does no harm.
///
/// ```
/// use gossip_embedded::{Link, Medium, Sent};
///
/// let medium: Medium<u16, 8, 64> = Medium::new(1, 0);
/// let (mut one, mut two) = (medium.link(1), medium.link(2));
/// assert_eq!(one.send(2, b"hello"), Ok(Sent::Taken));
///
/// let mut buf = [0; 64];
/// assert_eq!(two.receive(&mut buf), Ok(Some((1, 5))));
/// assert_eq!(&buf[..5], b"hello");
/// assert_eq!(two.receive(&mut buf), Ok(None));
/// ```
#[derive(Debug)]
pub struct Medium<A: Address, const SLOTS: usize, const MTU: usize> {
    slots: [Slot<A, MTU>; SLOTS],
    /// Where the next datagram goes, which is where the oldest is.
    next: Cell<usize>,
    seed: u64,
    loss_percent: u8,
    offered: Cell<u32>,
    lost: Cell<u32>,
    overwritten: Cell<u32>,
}

/// One node's access to a [`Medium`].
#[derive(Debug)]
pub struct MemoryLink<'m, A: Address, const SLOTS: usize, const MTU: usize> {
    medium: &'m Medium<A, SLOTS, MTU>,
    address: A,
}

/// A datagram was longer than the medium's `MTU`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl<A: Address, const SLOTS: usize, const MTU: usize> Medium<A, SLOTS, MTU> {
    /// An empty medium that loses `loss_percent` of a hundred datagrams.
    #[must_use]
    pub const fn new(seed: u64, loss_percent: u8) -> Self {
        Self {
            slots: [const { Slot::empty() }; SLOTS],
            next: Cell::new(0),
            seed,
            loss_percent,
            offered: Cell::new(0),
            lost: Cell::new(0),
            overwritten: Cell::new(0),
        }
    }

    /// Access for the node at `address`. What waited there for an earlier one is discarded.
    pub fn link(&self, address: A) -> MemoryLink<'_, A, SLOTS, MTU> {
        for slot in &self.slots {
            slot.take_for(address);
        }
        MemoryLink {
            medium: self,
            address,
        }
    }

    /// How many datagrams were sent, the lost ones included. Wraps at `2^32`.
    pub const fn offered(&self) -> u32 {
        self.offered.get()
    }

    /// How many of them were lost by chance. Wraps at `2^32`.
    pub const fn lost(&self) -> u32 {
        self.lost.get()
    }

    /// How many were lost because nobody took them before the ring came round. Wraps at `2^32`.
    pub const fn overwritten(&self) -> u32 {
        self.overwritten.get()
    }

    fn is_lost(&self) -> bool {
        let number = u64::from(self.offered.replace(self.offered.get().wrapping_add(1)));
        let random = SplitMix64::new(self.seed.wrapping_add(number)).next() >> 32;
        random.wrapping_mul(100) >> 32 < u64::from(self.loss_percent)
    }

    fn put(&self, head: Head<A>, bytes: &[u8]) {
        let place = self.next.get();
        self.next.set(if place.wrapping_add(1) < SLOTS {
            place.wrapping_add(1)
        } else {
            0
        });
        if let Some(slot) = self.slots.get(place) {
            if slot.head.replace(Some(head)).is_some() {
                count(&self.overwritten);
            }
            for (cell, byte) in slot.bytes.as_array_of_cells().iter().zip(bytes) {
                cell.set(*byte);
            }
        }
    }

    fn oldest_first(&self) -> impl Iterator<Item = &Slot<A, MTU>> {
        let next = self.next.get();
        self.slots
            .iter()
            .skip(next)
            .chain(self.slots.iter().take(next))
    }
}

impl<A: Address, const SLOTS: usize, const MTU: usize> Link for MemoryLink<'_, A, SLOTS, MTU> {
    type Address = A;
    type Error = TooLong;

    fn mtu(&self) -> usize {
        MTU
    }

    fn send(&mut self, to: A, bytes: &[u8]) -> Result<Sent, TooLong> {
        if bytes.len() > MTU {
            return Err(TooLong);
        }
        if self.medium.is_lost() {
            count(&self.medium.lost);
        } else {
            self.medium.put(
                Head {
                    from: self.address,
                    to,
                    len: bytes.len(),
                },
                bytes,
            );
        }
        Ok(Sent::Taken)
    }

    fn receive(&mut self, buf: &mut [u8]) -> Result<Option<(A, usize)>, TooLong> {
        for slot in self.medium.oldest_first() {
            let Some(head) = slot.take_for(self.address) else {
                continue;
            };
            if let Some(front) = buf.get_mut(..head.len) {
                for (byte, cell) in front.iter_mut().zip(slot.bytes.as_array_of_cells()) {
                    *byte = cell.get();
                }
                return Ok(Some((head.from, head.len)));
            }
        }
        Ok(None)
    }
}

#[derive(Debug)]
struct Slot<A: Address, const MTU: usize> {
    head: Cell<Option<Head<A>>>,
    bytes: Cell<[u8; MTU]>,
}

#[derive(Clone, Copy, Debug)]
struct Head<A> {
    from: A,
    to: A,
    len: usize,
}

impl<A: Address, const MTU: usize> Slot<A, MTU> {
    const fn empty() -> Self {
        Self {
            head: Cell::new(None),
            bytes: Cell::new([0; MTU]),
        }
    }

    /// Empties the slot if it holds a datagram for `address`.
    fn take_for(&self, address: A) -> Option<Head<A>> {
        let head = self.head.get().filter(|head| head.to == address);
        if head.is_some() {
            self.head.set(None);
        }
        head
    }
}

fn count(counter: &Cell<u32>) {
    counter.set(counter.get().wrapping_add(1));
}

#[cfg(test)]
mod tests {
    use super::*;

    type Small = Medium<u16, 4, 8>;

    fn next(link: &mut MemoryLink<'_, u16, 4, 8>) -> Option<(u16, [u8; 8], usize)> {
        let mut buf = [0; 8];
        link.receive(&mut buf)
            .unwrap()
            .map(|(from, len)| (from, buf, len))
    }

    #[test]
    fn datagrams_arrive_whole_in_order_and_only_where_they_were_sent() {
        let medium = Small::new(1, 0);
        let (mut one, mut two, mut three) = (medium.link(1), medium.link(2), medium.link(3));
        assert_eq!(one.send(2, b"12345678"), Ok(Sent::Taken));
        assert_eq!(three.send(2, b"abc"), Ok(Sent::Taken));
        assert_eq!(next(&mut one), None);
        assert_eq!(next(&mut three), None);
        assert_eq!(next(&mut two), Some((1, *b"12345678", 8)));
        assert_eq!(next(&mut two), Some((3, *b"abc\0\0\0\0\0", 3)));
        assert_eq!(next(&mut two), None);
    }

    #[test]
    fn order_survives_the_ring_coming_round() {
        let medium = Small::new(1, 0);
        let (mut one, mut two) = (medium.link(1), medium.link(2));
        for round in 0..9u8 {
            for byte in [round, round + 100, round + 200] {
                assert_eq!(one.send(2, &[byte]), Ok(Sent::Taken));
            }
            for byte in [round, round + 100, round + 200] {
                assert_eq!(
                    next(&mut two).map(|(_, buf, len)| (buf[0], len)),
                    Some((byte, 1))
                );
            }
        }
        assert_eq!(medium.overwritten(), 0);
    }

    #[test]
    fn a_full_ring_drops_the_oldest_and_says_so() {
        let medium = Small::new(1, 0);
        let (mut one, mut two) = (medium.link(1), medium.link(2));
        for byte in 0..6u8 {
            assert_eq!(one.send(2, &[byte]), Ok(Sent::Taken));
        }
        for byte in 2..6u8 {
            assert_eq!(next(&mut two).map(|(_, buf, _)| buf[0]), Some(byte));
        }
        assert_eq!((medium.offered(), medium.overwritten()), (6, 2));
    }

    #[test]
    fn what_does_not_fit_is_an_error_or_discarded() {
        let medium = Small::new(1, 0);
        let (mut one, mut two) = (medium.link(1), medium.link(2));
        assert_eq!(one.send(2, &[0; 9]), Err(TooLong));
        assert_eq!(one.send(2, b"long"), Ok(Sent::Taken));
        assert_eq!(one.send(2, b"s"), Ok(Sent::Taken));
        let mut buf = [0; 2];
        assert_eq!(two.receive(&mut buf), Ok(Some((1, 1))));
        assert_eq!(&buf, b"s\0");
        assert_eq!(two.receive(&mut buf), Ok(None));
    }

    #[test]
    fn a_new_link_begins_with_nothing_waiting() {
        let medium = Small::new(1, 0);
        let mut one = medium.link(1);
        assert_eq!(one.send(2, b"old"), Ok(Sent::Taken));
        assert_eq!(next(&mut medium.link(2)), None);
    }

    #[test]
    fn loss_has_the_rate_asked_for_and_follows_from_the_seed() {
        let fate = |seed, percent| {
            let medium: Medium<u16, 1, 1> = Medium::new(seed, percent);
            let (mut one, mut two) = (medium.link(1), medium.link(2));
            let arrived: [bool; 1000] = core::array::from_fn(|_| {
                assert_eq!(one.send(2, b"x"), Ok(Sent::Taken));
                two.receive(&mut [0]).unwrap().is_some()
            });
            assert_eq!(
                arrived.iter().filter(|came| !**came).count(),
                medium.lost() as usize
            );
            arrived
        };
        let lost = |seed, percent| fate(seed, percent).iter().filter(|came| !**came).count();
        assert_eq!(lost(7, 0), 0);
        assert_eq!(lost(7, 100), 1000);
        assert!((150..250).contains(&lost(7, 20)), "{}", lost(7, 20));
        assert_eq!(fate(7, 20), fate(7, 20));
        assert_ne!(fate(7, 20), fate(8, 20));
    }
}
