//! Subscriptions to an agent's events: a bounded queue each.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, Weak};
use std::time::Duration;

use super::AgentEvent;
use super::shared::lock;

/// The most events that wait for one subscriber; the last place is kept for `Resync`.
const WAITING_MAX: usize = 1024;

/// A subscription: the events since [`Agent::events`](super::Agent::events) was called.
///
/// Up to 1,024 events wait here. One [`Event::Resync`](gossip_core::Event::Resync) stands in place of those that did not fit:
/// whoever gets it reads again what it needs. As an iterator it blocks, and ends when the agent has
/// stopped and all that waited was read. It does not keep the agent running.
pub type Events = Subscription<AgentEvent>;

/// What is told by an agent, in a bounded queue of a subscriber's own: [`Events`] or
/// [`Notices`](super::Notices).
#[derive(Debug)]
pub struct Subscription<T> {
    queue: Arc<Queue<T>>,
}

impl<T> Subscription<T> {
    /// Waits up to `timeout` for the next event. `None` if there was none in that time, or if no
    /// more will come: see [`has_ended`](Self::has_ended).
    pub fn recv_timeout(&self, timeout: Duration) -> Option<T> {
        let queue = lock(&self.queue.waiting);
        let idle = |queue: &mut Waiting<T>| queue.items.is_empty() && !queue.closed;
        let woken = self.queue.ready.wait_timeout_while(queue, timeout, idle);
        woken
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .0
            .items
            .pop_front()
    }

    /// The next event, if one is waiting.
    pub fn try_recv(&self) -> Option<T> {
        lock(&self.queue.waiting).items.pop_front()
    }

    /// `true` once the agent has stopped and every event was read.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        let queue = lock(&self.queue.waiting);
        queue.closed && queue.items.is_empty()
    }
}

impl<T> Iterator for Subscription<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let queue = lock(&self.queue.waiting);
        let idle = |queue: &mut Waiting<T>| queue.items.is_empty() && !queue.closed;
        let woken = self.queue.ready.wait_while(queue, idle);
        woken
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .items
            .pop_front()
    }
}

/// The subscriptions of one agent to one sort of things.
#[derive(Debug)]
pub(super) struct Subscribers<T> {
    queues: Vec<Weak<Queue<T>>>,
    closed: bool,
    /// What stands in place of those that did not fit.
    lost: T,
}

impl<T: Clone + PartialEq> Subscribers<T> {
    pub(super) fn new(lost: T) -> Self {
        Self {
            queues: Vec::new(),
            closed: false,
            lost,
        }
    }

    pub(super) fn add(&mut self) -> Subscription<T> {
        self.queues.retain(|queue| queue.strong_count() > 0);
        let queue = Arc::new(Queue {
            waiting: Mutex::new(Waiting {
                items: VecDeque::new(),
                closed: self.closed,
            }),
            ready: Condvar::new(),
        });
        self.queues.push(Arc::downgrade(&queue));
        Subscription { queue }
    }

    /// Tells everyone, and forgets who stopped listening.
    pub(super) fn tell(&mut self, item: &T) {
        let lost = &self.lost;
        self.queues.retain(|queue| match queue.upgrade() {
            Some(queue) => {
                lock(&queue.waiting).push(item, lost);
                queue.ready.notify_all();
                true
            }
            None => false,
        });
    }

    /// Nothing more will be told.
    pub(super) fn close(&mut self) {
        self.closed = true;
        for queue in self.queues.drain(..).filter_map(|queue| queue.upgrade()) {
            lock(&queue.waiting).closed = true;
            queue.ready.notify_all();
        }
    }
}

#[derive(Debug)]
struct Queue<T> {
    waiting: Mutex<Waiting<T>>,
    ready: Condvar,
}

#[derive(Debug)]
struct Waiting<T> {
    items: VecDeque<T>,
    closed: bool,
}

impl<T: Clone + PartialEq> Waiting<T> {
    fn push(&mut self, item: &T, lost: &T) {
        if self.items.len() < WAITING_MAX - 1 {
            self.items.push_back(item.clone());
        } else if self.items.back() != Some(lost) {
            self.items.push_back(lost.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use gossip_core::{Event, NodeId, Status};

    use super::*;

    fn seen(number: u16) -> AgentEvent {
        Event::Member {
            id: NodeId::from(number),
            status: Status::Alive,
        }
    }

    fn read(events: &Events) -> Vec<AgentEvent> {
        std::iter::from_fn(|| events.try_recv()).collect()
    }

    #[test]
    fn what_does_not_fit_becomes_one_resync_where_it_is_missing() {
        let mut subscribers = Subscribers::<AgentEvent>::new(Event::Resync);
        let events = subscribers.add();
        let fits = WAITING_MAX as u16 - 1;
        (0..fits + 5).for_each(|number| subscribers.tell(&seen(number)));
        let first = events.try_recv();
        subscribers.tell(&seen(fits + 5));
        assert_eq!(first, Some(seen(0)));
        let mut expected: Vec<_> = (1..fits).map(seen).collect();
        expected.push(Event::Resync);
        assert_eq!(read(&events), expected);
        subscribers.tell(&seen(9));
        assert_eq!(read(&events), [seen(9)]);
    }

    #[test]
    fn a_second_loss_after_the_first_was_read_is_told_too() {
        let mut subscribers = Subscribers::<AgentEvent>::new(Event::Resync);
        let events = subscribers.add();
        for _ in 0..2 {
            (0..WAITING_MAX as u16 * 2).for_each(|number| subscribers.tell(&seen(number)));
            let told = read(&events);
            assert_eq!(
                (told.len(), told.last()),
                (WAITING_MAX, Some(&Event::Resync))
            );
        }
    }

    #[test]
    fn subscriptions_are_independent_and_end_when_closed() {
        let mut subscribers = Subscribers::<AgentEvent>::new(Event::Resync);
        let mut early = subscribers.add();
        subscribers.tell(&seen(1));
        let late = subscribers.add();
        drop(subscribers.add());
        subscribers.tell(&seen(2));
        assert_eq!(subscribers.queues.len(), 2);
        subscribers.close();
        assert!(!early.has_ended());
        assert_eq!(early.by_ref().collect::<Vec<_>>(), [seen(1), seen(2)]);
        assert!(early.has_ended());
        assert_eq!(late.recv_timeout(Duration::MAX), Some(seen(2)));
        assert_eq!(late.recv_timeout(Duration::MAX), None);
        assert!(subscribers.add().has_ended());
    }

    #[test]
    fn a_waiting_reader_is_woken() {
        let mut subscribers = Subscribers::<AgentEvent>::new(Event::Resync);
        let mut events = subscribers.add();
        let reader = std::thread::spawn(move || (events.next(), events.next()));
        subscribers.tell(&Event::Joined);
        subscribers.close();
        assert_eq!(reader.join().unwrap(), (Some(Event::Joined), None));
    }
}
