//! What links remember from one datagram to the next.

use std::collections::HashMap;

use gossip_core::SplitMix64;

use super::bandwidth::{Bandwidth, Queue, Shared};
use super::loss::{Burst, GilbertElliott};
use super::topology::Routes;
use crate::sim::{Index, Time};

/// What the links remember about the datagrams of some senders: the state of bursts, the queues of
/// thin links, known routes. Whoever simulates a sender keeps this for it; several senders may
/// share one, and which do changes nothing. Links whose models need no memory take none.
#[derive(Clone, Debug, Default)]
pub struct Links {
    // Only looked up and thinned out, so that its order cannot matter.
    memories: HashMap<Flow, Memory>,
    crowded: usize,
    pub(super) routes: Routes,
    /// The hosts of the route in use; here only to be used again.
    pub(super) path: Vec<Index>,
}

/// The datagrams of one sender over one direction of one link. Each sender sees a link's bursts
/// and queues for itself, so that no sender's datagrams depend on another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Flow {
    pub sender: Index,
    pub from: Index,
    pub to: Index,
}

#[derive(Clone, Copy, Debug, Default)]
struct Memory {
    burst: Option<Burst>,
    queue: Queue,
    /// From here on, this says nothing that a fresh memory does not.
    worthless: Time,
}

/// Below so many memories it is not worth looking for worthless ones.
const CROWDED_MIN: usize = 1 << 16;

impl Links {
    /// Forgets what is worthless, once in a while: memory follows what goes on, not all pairs
    /// that ever talked.
    pub(super) fn tidy(&mut self, now: Time) {
        if self.memories.len() >= self.crowded.max(CROWDED_MIN) {
            self.memories.retain(|_, memory| memory.worthless > now);
            self.crowded = self.memories.len() * 2;
        }
    }

    /// See [`Bandwidth::admit`].
    pub(super) fn admit(
        &mut self,
        bandwidth: &Bandwidth,
        flow: Flow,
        at: Time,
        len: usize,
    ) -> Option<Time> {
        let to = match bandwidth.shared {
            Shared::Pair => flow.to,
            Shared::Uplink => Index::MAX,
        };
        let memory = self.memories.entry(Flow { to, ..flow }).or_default();
        let sent = bandwidth.admit(&mut memory.queue, at, len);
        memory.worthless = memory.worthless.max(memory.queue.empty_at());
        sent
    }

    /// See [`GilbertElliott::loses`].
    pub(super) fn loses(
        &mut self,
        model: &GilbertElliott,
        rng: &mut SplitMix64,
        flow: Flow,
        at: Time,
    ) -> bool {
        let memory = self.memories.entry(flow).or_default();
        memory.worthless = memory.worthless.max(at + model.memory());
        model.loses(&mut memory.burst, rng, at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Span;

    const THIN: Bandwidth = Bandwidth {
        bytes_per_second: 1000,
        queue_bytes: 1000,
        shared: Shared::Pair,
    };

    fn flow(to: Index) -> Flow {
        Flow {
            sender: 0,
            from: 0,
            to,
        }
    }

    #[test]
    fn an_uplink_is_one_queue_and_pairs_have_their_own() {
        let uplink = Bandwidth {
            shared: Shared::Uplink,
            ..THIN
        };
        let one_second = Time::START + Span::from_secs(1);
        let mut links = Links::default();
        for to in 0..3 {
            let sent = links.admit(&THIN, flow(to), Time::START, 1000);
            assert_eq!(sent, Some(one_second));
        }
        assert!(links.admit(&uplink, flow(0), Time::START, 1000).is_some());
        assert_eq!(links.admit(&uplink, flow(1), Time::START, 1000), None);
    }

    #[test]
    fn only_what_still_says_something_is_kept() {
        let mut links = Links::default();
        let pairs = CROWDED_MIN as Index + 10;
        for to in 0..pairs {
            links.admit(&THIN, flow(to), Time::START, 1);
        }
        links.admit(&THIN, flow(7), Time::START, 900);
        links.tidy(Time::START);
        assert_eq!(links.memories.len(), pairs as usize);
        // Not looked at again until there are twice as many.
        let later = Time::START + Span::from_millis(500);
        links.tidy(later);
        assert_eq!(links.memories.len(), pairs as usize);
        links.crowded = 0;
        links.tidy(later);
        assert_eq!(links.memories.keys().collect::<Vec<_>>(), [&flow(7)]);
    }
}
