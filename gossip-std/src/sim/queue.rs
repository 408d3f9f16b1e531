//! The event queue: what happens next, in an order that depends on nothing but the events.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::index::Index;
use super::time::Time;

/// What sort of event it is. At one moment on one host, the earlier sort comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// A scheduled call.
    Call,
    /// A radio listens whether the medium is free.
    Sense,
    /// A radio begins to send.
    OnAir,
    /// A radio has sent its frame.
    OffAir,
    /// A datagram arrives.
    Arrival,
    /// A slow host gets to a datagram that arrived before.
    Turn,
    /// The host asked to be woken.
    Wake,
}

/// The place of an event among all: two events never compare equal unless they are the same, so
/// neither the order in which they were added nor the number of queues they are spread over matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Order {
    pub time: Time,
    pub host: Index,
    pub class: Class,
    /// The host that caused it.
    pub source: Index,
    /// Counts what that host caused.
    pub sequence: u32,
}

/// An event: when and where, and where its contents are kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    pub order: Order,
    /// A place in a pool of the queue's owner.
    pub payload: u32,
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl Eq for Event {}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Event {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order.cmp(&other.order)
    }
}

/// A binary heap: O(log n) to take the next event, O(1) on average to add one, and no allocation
/// once it has grown to the largest number of events under way.
#[derive(Debug, Default)]
pub(super) struct Queue {
    heap: BinaryHeap<Reverse<Event>>,
}

impl Queue {
    pub(super) fn push(&mut self, event: Event) {
        self.heap.push(Reverse(event));
    }

    /// Takes the next event if it comes before `end`.
    pub(super) fn pop_before(&mut self, end: Time) -> Option<Event> {
        let next = self.heap.peek()?;
        if next.0.order.time < end {
            self.heap.pop().map(|Reverse(event)| event)
        } else {
            None
        }
    }

    /// The place of the next event; the last possible one if there is none.
    pub(super) fn next_order(&self) -> Order {
        let last = Order {
            time: Time::FAR,
            host: Index::MAX,
            class: Class::Wake,
            source: Index::MAX,
            sequence: u32::MAX,
        };
        self.heap.peek().map_or(last, |Reverse(event)| event.order)
    }

    /// When the next event comes; [`Time::FAR`] if there is none.
    pub(super) fn next_time(&self) -> Time {
        self.heap
            .peek()
            .map_or(Time::FAR, |Reverse(event)| event.order.time)
    }

    /// Bytes of memory in use.
    pub(super) fn bytes(&self) -> usize {
        self.heap.capacity() * size_of::<Event>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(micros: u64, host: Index, class: Class, source: Index, sequence: u32) -> Event {
        let time = Time::from_micros(micros);
        let order = Order {
            time,
            host,
            class,
            source,
            sequence,
        };
        Event { order, payload: 0 }
    }

    #[test]
    fn events_come_in_one_order_however_they_were_added() {
        let mut sorted = Vec::new();
        for (time, host, source, sequence) in [
            (1, 2, 0, 9),
            (1, 3, 0, 1),
            (2, 0, 5, 0),
            (2, 0, 6, 0),
            (2, 0, 6, 1),
        ] {
            sorted.push(event(time, host, Class::Arrival, source, sequence));
        }
        sorted.push(event(2, 0, Class::Wake, 0, 0));
        for turn in 0..sorted.len() {
            let mut queue = Queue::default();
            for index in 0..sorted.len() {
                queue.push(sorted[(index * 5 + turn) % sorted.len()]);
            }
            assert_eq!(queue.next_time(), Time::from_micros(1));
            let got: Vec<_> = std::iter::from_fn(|| queue.pop_before(Time::FAR)).collect();
            assert_eq!(got, sorted);
        }
    }

    #[test]
    fn what_comes_later_stays() {
        let mut queue = Queue::default();
        queue.push(event(5, 0, Class::Wake, 0, 0));
        assert_eq!(queue.pop_before(Time::from_micros(5)), None);
        assert!(queue.pop_before(Time::from_micros(6)).is_some());
        assert_eq!(queue.next_time(), Time::FAR);
    }
}
