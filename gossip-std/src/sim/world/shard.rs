//! A share of the hosts with a queue of its own: takes event after event and keeps the order.

use super::outbox::Outbox;
use super::pool::{Datagrams, Pool};
use super::radio::{Air, Radio};
use super::slot::{Counters, RECEIVE_BUFFER, Slot};
use crate::sim::host::{Host, Outgoing, To};
use crate::sim::index::Index;
use crate::sim::network::{Cause, Damage, Fate, Links, Network};
use crate::sim::queue::{Class, Event, Order, Queue};
use crate::sim::record::What;
use crate::sim::time::{Span, Time};

/// How often in a row a host may ask for its timeout at one moment before it has to wait.
const TIMEOUTS_AT_ONCE: u32 = 64;

/// How long a host waits that asked too often.
const BREATH: Span = Span::from_millis(1);

/// A record before it is put in order with those of other shards.
#[derive(Debug)]
pub(super) struct Logged<N> {
    pub time: Time,
    pub host: Index,
    pub what: What<N>,
}

/// So many events in one slice of time, and so many more for each host, are a storm: datagrams that are
/// answered with datagrams without end.
const STORM: u64 = 200_000;
const STORM_EACH: u64 = 2_000;

/// The hosts whose index leaves the same remainder, divided by the number of shards.
#[derive(Debug)]
pub(super) struct Shard<H: Host> {
    number: usize,
    pub slots: Vec<Slot<H>>,
    pub queue: Queue,
    pub datagrams: Datagrams,
    calls: Pool<H::Call>,
    pub links: Links,
    /// The medium that all share, if there is one.
    pub air: Option<Air>,
    /// One for each shard; its own stays empty.
    pub outboxes: Vec<Outbox>,
    pub log: Vec<Logged<H::Note>>,
    /// Whether each datagram is logged, and not only what hosts tell.
    pub detailed: bool,
    pub events: u64,
    /// A host that was at work when more happened at a time than ever should: the world stands still.
    pub storm: Option<Index>,
    buf: Vec<u8>,
    /// The frame that is being handed out.
    pub frame: Vec<u8>,
}

impl<H: Host> Shard<H> {
    pub(super) fn new(number: usize, shards: usize, detailed: bool) -> Self {
        Self {
            number,
            slots: Vec::new(),
            queue: Queue::default(),
            datagrams: Datagrams::default(),
            calls: Pool::default(),
            links: Links::default(),
            air: None,
            outboxes: (0..shards).map(|_| Outbox::default()).collect(),
            log: Vec::new(),
            detailed,
            events: 0,
            storm: None,
            buf: Vec::new(),
            frame: Vec::new(),
        }
    }

    pub(super) fn local(&self, host: Index) -> usize {
        host as usize / self.outboxes.len()
    }

    /// Works on everything that comes before `end`.
    pub(super) fn run_before(&mut self, end: Time, network: &Network) {
        let most = STORM + STORM_EACH * self.slots.len() as u64;
        let begun = self.events;
        while let Some(event) = self.queue.pop_before(end) {
            let host = event.order.host;
            self.step(event, network);
            if self.events - begun > most {
                self.storm = Some(host);
                self.queue = Queue::default();
            }
        }
    }

    /// Works on the next event alone.
    pub(super) fn run_one(&mut self, network: &Network) {
        if let Some(event) = self.queue.pop_before(Time::FAR) {
            self.step(event, network);
        }
    }

    fn step(&mut self, event: Event, network: &Network) {
        self.events += 1;
        let Order {
            time, host, class, ..
        } = event.order;
        let local = self.local(host);
        if local >= self.slots.len() {
            return self.drop_early(event);
        }
        // A frame on the air goes on, whatever its sender does.
        let paused = self.slots[local].paused && class != Class::OffAir;
        if paused {
            return self.hold(local, event);
        }
        if self.radio_step(event, network) {
            return;
        }
        match class {
            Class::Call => self.call(local, event),
            Class::Arrival if self.slots[local].slow > Span::ZERO => {
                return self.queue_up(local, event);
            }
            Class::Turn if self.slots[local].turn != time => return,
            Class::Turn => self.take_turn(local, time, network),
            Class::Arrival => self.receive(local, event, network),
            Class::Wake if self.slots[local].wake != time => return,
            Class::Wake => self.slots[local].wake = Time::FAR,
            Class::Sense | Class::OnAir | Class::OffAir => {}
        }
        self.settle(host, time, network);
    }

    /// A paused host gets nothing until it resumes, and only what its receive buffer holds.
    fn hold(&mut self, local: usize, event: Event) {
        let slot = &mut self.slots[local];
        match event.order.class {
            Class::Wake | Class::Turn => {}
            Class::Arrival if slot.held.len() >= RECEIVE_BUFFER => {
                self.drop_datagram(local, event);
            }
            _ => slot.held.push(event),
        }
    }

    /// A slow host gets to one datagram after the other.
    fn queue_up(&mut self, local: usize, event: Event) {
        let slot = &mut self.slots[local];
        if slot.backlog.len() >= RECEIVE_BUFFER {
            return self.drop_datagram(local, event);
        }
        slot.backlog.push_back(event);
        if slot.turn == Time::FAR {
            self.plan_turn(local, event.order.host, event.order.time);
        }
    }

    /// The host is done with the next datagram that waits after as long as it takes for one, from now.
    fn plan_turn(&mut self, local: usize, host: Index, time: Time) {
        let slot = &mut self.slots[local];
        slot.turn = Time::FAR;
        if !slot.backlog.is_empty() {
            slot.turn = time + slot.slow;
            self.push_event(host, time + self.slots[local].slow, Class::Turn, 0);
        }
    }

    /// A slow host is done with the oldest datagram that waits.
    fn take_turn(&mut self, local: usize, time: Time, network: &Network) {
        if let Some(mut event) = self.slots[local].backlog.pop_front() {
            event.order.time = time;
            self.plan_turn(local, event.order.host, time);
            self.receive(local, event, network);
        }
    }

    /// From here on the host takes this long for each datagram, those that wait included.
    pub(super) fn slow(&mut self, host: Index, each: Span, time: Time) {
        let local = self.local(host);
        self.slots[local].slow = each;
        if !self.slots[local].paused {
            self.go_on(local, host, time);
        }
    }

    /// Sees to it that what waits is worked off: one datagram after the other, or all at once.
    fn go_on(&mut self, local: usize, host: Index, time: Time) {
        if self.slots[local].slow > Span::ZERO {
            return self.plan_turn(local, host, time);
        }
        self.slots[local].turn = Time::FAR;
        for mut event in std::mem::take(&mut self.slots[local].backlog) {
            event.order.time = time;
            self.queue.push(event);
        }
    }

    fn call(&mut self, local: usize, event: Event) {
        let Some(call) = self.calls.take(event.payload) else {
            return;
        };
        let slot = &mut self.slots[local];
        if let Some(host) = &mut slot.host {
            let now = slot.clock.shows(event.order.time);
            host.handle_call(now, call, &mut slot.protocol);
        }
    }

    fn receive(&mut self, local: usize, event: Event, network: &Network) {
        let Order {
            time,
            host: index,
            source,
            ..
        } = event.order;
        let slot = &mut self.slots[local];
        let Some(host) = &mut slot.host else {
            return self.drop_datagram(local, event);
        };
        let bytes = self.datagrams.get_mut(event.payload);
        slot.counters.received += 1;
        slot.counters.received_bytes += bytes.len() as u64;
        let len = bytes.len();
        let from = network.address_of(source);
        host.handle_datagram(slot.clock.shows(time), from, bytes);
        self.datagrams.release(event.payload);
        self.detail(time, index, || What::Received { from: source, len });
    }

    fn drop_datagram(&mut self, local: usize, event: Event) {
        self.slots[local].counters.dropped += 1;
        self.drop_early(event);
    }

    /// A datagram arrives at a host that has not started yet: there is nobody to count it.
    fn drop_early(&mut self, event: Event) {
        let Order {
            time, host, source, ..
        } = event.order;
        let len = self.datagrams.get_mut(event.payload).len();
        self.datagrams.release(event.payload);
        self.detail(time, host, || What::Dropped { from: source, len });
    }

    fn detail(&mut self, time: Time, host: Index, what: impl FnOnce() -> What<H::Note>) {
        if self.detailed {
            self.log(time, host, what());
        }
    }

    pub(super) fn log(&mut self, time: Time, host: Index, what: What<H::Note>) {
        self.log.push(Logged { time, host, what });
    }

    /// Lets a host do all that is due now, and finds out when it has to be woken.
    pub(super) fn settle(&mut self, host: Index, time: Time, network: &Network) {
        let local = self.local(host);
        for _ in 0..TIMEOUTS_AT_ONCE {
            if !self.time_out(local, time) {
                break;
            }
            self.transmit(host, time, network);
        }
        self.transmit(host, time, network);
        while let Some(note) = self.slots[local].host.as_mut().and_then(H::poll_note) {
            self.log(time, host, What::Note(note));
        }
        self.set_wake(host, time);
    }

    /// Handles the host's timeout if it is due.
    fn time_out(&mut self, local: usize, time: Time) -> bool {
        let slot = &mut self.slots[local];
        let now = slot.clock.shows(time);
        match &mut slot.host {
            Some(host) if host.poll_timeout() <= now => {
                host.handle_timeout(now, &mut slot.protocol);
                true
            }
            _ => false,
        }
    }

    fn transmit(&mut self, host: Index, time: Time, network: &Network) {
        let local = self.local(host);
        let mut buf = std::mem::take(&mut self.buf);
        let medium = self.air.as_ref().map(|air| air.medium.mtu());
        buf.resize(medium.unwrap_or_else(|| network.mtu(host)), 0);
        while !self.slots[local].radio.is_busy() {
            let slot = &mut self.slots[local];
            let now = slot.clock.shows(time);
            let Some(out) = slot
                .host
                .as_mut()
                .and_then(|host| host.poll_transmit(now, &mut buf))
            else {
                break;
            };
            slot.counters.sent += 1;
            slot.counters.sent_bytes += out.len as u64;
            slot.counters.longest = slot.counters.longest.max(out.len);
            self.send(host, time, out, &buf[..out.len], network);
        }
        self.buf = buf;
    }

    fn send(&mut self, from: Index, time: Time, out: Outgoing, bytes: &[u8], network: &Network) {
        let Outgoing { mut to, len } = out;
        if let To::One(address) = to {
            let Some(host) = network.host_at(address) else {
                self.detail(time, from, || What::Sent { to, len });
                return self.lose(from, time, address, Cause::NoRoute);
            };
            to = To::One(host);
        }
        let out = Outgoing { to, len };
        self.detail(time, from, || What::Sent { to, len });
        if self.air.is_some() {
            return self.load(from, time, out, bytes);
        }
        let To::One(to) = to else {
            return self.lose(from, time, from, Cause::NoRoute);
        };
        let local = self.local(from);
        let chance = &mut self.slots[local].network;
        match network.transit(&mut self.links, chance, time, from, to, len) {
            Fate::Lost(cause) => self.lose(from, time, to, cause),
            Fate::Arrives(arrivals) => {
                for arrival in arrivals {
                    // Nothing arrives at the moment it was sent: causes come before effects.
                    let at = arrival.at.max(time + Span::from_micros(1));
                    self.arrive(from, to, at, bytes, arrival.damage);
                }
            }
        }
    }

    /// Lets a datagram arrive at a later time.
    pub(super) fn arrive(
        &mut self,
        from: Index,
        to: Index,
        at: Time,
        bytes: &[u8],
        damage: Option<Damage>,
    ) {
        let local = self.local(from);
        let order = Order {
            time: at,
            host: to,
            class: Class::Arrival,
            source: from,
            sequence: self.slots[local].next_sequence(),
        };
        self.deliver(order, bytes, damage);
    }

    pub(super) fn lose(&mut self, from: Index, time: Time, to: Index, cause: Cause) {
        let local = self.local(from);
        self.slots[local].counters.lose(cause);
        self.detail(time, from, || What::Lost { to, cause });
    }

    /// Puts a datagram on its way, in the queue of the shard where it is going.
    fn deliver(&mut self, order: Order, bytes: &[u8], damage: Option<Damage>) {
        let shard = order.host as usize % self.outboxes.len();
        let copy = if shard == self.number {
            self.accept_one(order, bytes)
        } else {
            self.outboxes[shard].put(order, bytes)
        };
        if let Some(damage) = damage {
            damage.apply(copy);
        }
    }

    fn accept_one(&mut self, order: Order, bytes: &[u8]) -> &mut [u8] {
        let payload = self.datagrams.put(bytes);
        self.queue.push(Event { order, payload });
        self.datagrams.get_mut(payload)
    }

    /// Takes in what other shards sent.
    pub(super) fn accept(&mut self, mail: &mut Outbox) {
        mail.take_out(|order, bytes| {
            self.accept_one(order, bytes);
        });
    }

    /// Sees to it that the host is woken in time.
    fn set_wake(&mut self, host: Index, time: Time) {
        let local = self.local(host);
        let slot = &mut self.slots[local];
        let Some(protocol) = &slot.host else {
            return;
        };
        let mut due = slot.clock.when(protocol.poll_timeout());
        if due <= time {
            due = time + BREATH;
        }
        if due < slot.wake && due < Time::FAR {
            slot.wake = due;
            self.push_event(host, due, Class::Wake, 0);
        }
    }

    pub(super) fn push_event(&mut self, host: Index, time: Time, class: Class, payload: u32) {
        let local = self.local(host);
        let sequence = self.slots[local].next_sequence();
        let order = Order {
            time,
            host,
            class,
            source: host,
            sequence,
        };
        self.queue.push(Event { order, payload });
    }

    /// Gives a host this call at a later time.
    pub(super) fn schedule(&mut self, host: Index, at: Time, call: H::Call) {
        let payload = self.calls.put(call);
        self.push_event(host, at, Class::Call, payload);
    }

    /// Empties a host's place.
    pub(super) fn crash(&mut self, host: Index) -> Option<H> {
        let local = self.local(host);
        let slot = &mut self.slots[local];
        let waiting = std::mem::take(&mut slot.backlog).into_iter();
        for event in std::mem::take(&mut slot.held).into_iter().chain(waiting) {
            self.discard(local, event);
        }
        let host = self.slots[local].host.take();
        self.slots[local].clear();
        host
    }

    fn discard(&mut self, local: usize, event: Event) {
        match event.order.class {
            Class::Call => drop(self.calls.take(event.payload)),
            Class::Sense | Class::OnAir => {
                self.datagrams.release(event.payload);
                self.slots[local].radio = Radio::default();
            }
            _ => self.drop_datagram(local, event),
        }
    }

    /// Lets a paused host go on: what came meanwhile comes now.
    pub(super) fn resume(&mut self, host: Index, time: Time, network: &Network) {
        let local = self.local(host);
        self.slots[local].paused = false;
        for mut event in std::mem::take(&mut self.slots[local].held) {
            event.order.time = time;
            self.queue.push(event);
        }
        self.go_on(local, host, time);
        self.settle(host, time, network);
    }

    pub(super) fn reset_counters(&mut self) {
        self.events = 0;
        for slot in &mut self.slots {
            slot.counters = Counters::default();
        }
    }

    /// Bytes of memory that the events take.
    pub(super) fn bytes(&self) -> usize {
        self.queue.bytes() + self.datagrams.bytes() + self.slots.capacity() * size_of::<Slot<H>>()
    }
}
