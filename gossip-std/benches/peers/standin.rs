//! Stand-in for the engine and the network.
#![allow(dead_code)]
use gossip_core::{Instant, SplitMix64};
use gossip_std::sim::chance::{Purpose, happens, stream, below};
use gossip_std::sim::{Host, Index, Observer, Record, Span, Time, To, What};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

pub struct Network { pub loss: f64, pub mtu: usize }
impl Network {
    pub fn mtu(&self, _: Index) -> usize { self.mtu }
    pub fn transit(&self, rng: &mut SplitMix64, now: Time, len: usize) -> Option<Time> {
        let at = now + Span::from_micros(1000 + below(rng, 9001));
        (len <= self.mtu && !happens(rng, self.loss)).then_some(at)
    }
}
#[derive(Clone, Copy, Default)]
pub struct Counters { pub sent_bytes: u64, pub sent: u64 }
enum Ev<C> { Wake, Datagram(Index, Vec<u8>), Call(C) }
struct Slot<H: Host> { host: Option<H>, protocol: SplitMix64, network: SplitMix64, wake: Time, counters: Counters }
struct Q<C>(Time, u64, Index, Ev<C>);
impl<C> PartialEq for Q<C> { fn eq(&self, o: &Self) -> bool { (self.0, self.1) == (o.0, o.1) } }
impl<C> Eq for Q<C> {}
impl<C> PartialOrd for Q<C> { fn partial_cmp(&self, o: &Self) -> Option<std::cmp::Ordering> { Some(self.cmp(o)) } }
impl<C> Ord for Q<C> { fn cmp(&self, o: &Self) -> std::cmp::Ordering { (self.0, self.1).cmp(&(o.0, o.1)) } }
#[derive(Clone, Copy)]
pub struct WorldOptions { pub seed: u64, pub cores: usize, pub detailed: bool }
pub struct World<H: Host> { options: WorldOptions, network: Network, now: Time, slots: Vec<Slot<H>>, queue: BinaryHeap<Reverse<Q<H::Call>>>, seq: u64, notes: Vec<(Time, Index, What<H::Note>)>, buf: Vec<u8> }
fn ms(t: Time) -> Instant { Instant::from_millis(t.as_micros() / 1000) }
impl<H: Host> World<H> {
    pub fn new(options: WorldOptions, network: Network) -> Self {
        let buf = vec![0; network.mtu];
        Self { options, network, now: Time::START, slots: vec![], queue: BinaryHeap::new(), seq: 0, notes: vec![], buf }
    }
    pub fn add(&mut self, host: H) -> Index {
        let i = self.slots.len() as Index;
        self.slots.push(Slot { host: Some(host), protocol: stream(self.options.seed, i, Purpose::Protocol), network: stream(self.options.seed, i, Purpose::Network), wake: Time::FAR, counters: Counters::default() });
        self.settle(i);
        i
    }
    fn push(&mut self, at: Time, i: Index, ev: Ev<H::Call>) { self.seq += 1; self.queue.push(Reverse(Q(at, self.seq, i, ev))); }
    pub fn schedule(&mut self, i: Index, at: Time, call: H::Call) { self.push(at, i, Ev::Call(call)); }
    pub fn crash(&mut self, i: Index) -> Option<H> { self.slots[i as usize].host.take() }
    pub fn host(&self, i: Index) -> Option<&H> { self.slots[i as usize].host.as_ref() }
    pub fn counters(&self, i: Index) -> Counters { self.slots[i as usize].counters }
    pub fn now(&self) -> Time { self.now }
    pub fn change_network(&mut self, _: What<H::Note>, f: impl FnOnce(&mut Network)) { f(&mut self.network) }
    pub fn run_until(&mut self, until: Time, observer: &mut impl Observer<H::Note>) {
        while self.queue.peek().is_some_and(|Reverse(q)| q.0 < until) {
            let Some(Reverse(Q(at, _, i, ev))) = self.queue.pop() else { break };
            self.now = at;
            let slot = &mut self.slots[i as usize];
            let Some(host) = &mut slot.host else { continue };
            match ev {
                Ev::Wake if slot.wake != at => continue,
                Ev::Wake => slot.wake = Time::FAR,
                Ev::Datagram(from, bytes) => host.handle_datagram(ms(at), from, &bytes),
                Ev::Call(call) => host.handle_call(ms(at), call, &mut slot.protocol),
            }
            self.settle(i);
        }
        self.now = until;
        for (time, host, what) in self.notes.drain(..) { observer.record(&Record { time, host, what: &what }); }
    }
    fn settle(&mut self, i: Index) {
        let now = self.now;
        let mut out = vec![];
        let slot = &mut self.slots[i as usize];
        let Some(host) = &mut slot.host else { return };
        while host.poll_timeout() <= ms(now) { host.handle_timeout(ms(now), &mut slot.protocol); }
        while let Some(o) = host.poll_transmit(ms(now), &mut self.buf) {
            slot.counters.sent += 1;
            slot.counters.sent_bytes += o.len as u64;
            let To::One(to) = o.to else { continue };
            if let Some(at) = self.network.transit(&mut slot.network, now, o.len) { out.push((at, to, self.buf[..o.len].to_vec())); }
        }
        while let Some(n) = host.poll_note() { self.notes.push((now, i, What::Note(n))); }
        let t = host.poll_timeout();
        if t != Instant::FAR {
            let at = Time::from_micros(t.as_millis() * 1000).max(now);
            if at < slot.wake { slot.wake = at; self.push(at, i, Ev::Wake); }
        }
        for (at, to, b) in out { self.push(at, to, Ev::Datagram(i, b)); }
    }
}
