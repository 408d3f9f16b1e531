mod radios;

use std::collections::VecDeque;
use std::fmt::Write;

use gossip_core::{Config, Instant, SplitMix64};

use super::*;
use crate::heap::{Heap, Limits};
use crate::sim::host::{Outgoing, To};
use crate::sim::index::id_of;
use crate::sim::network::{Latency, Link, LossModel, NetworkConfig};
use crate::sim::node_host::{Call, NodeHost};

/// Writes down everything it is told.
#[derive(Default)]
struct Diary(String);

impl<N: std::fmt::Debug> Observer<N> for Diary {
    fn record(&mut self, record: &Record<'_, N>) {
        let Record { time, host, what } = record;
        writeln!(self.0, "{time} {host} {what:?}").unwrap();
    }
}

fn network(hosts: u32, latency: Latency, loss: f64) -> Network {
    let link = Link {
        latency,
        loss: LossModel::Independent(loss),
        ..Link::default()
    };
    let config = NetworkConfig {
        link,
        ..NetworkConfig::default()
    };
    Network::new(&config, hosts, 7).unwrap()
}

fn uniform(min: u64, max: u64) -> Latency {
    Latency::Uniform {
        min: Span::from_millis(min),
        max: Span::from_millis(max),
    }
}

/// Forty nodes that join, write, crash, pause and restart; what was recorded of it.
fn story(cores: usize, latency: Latency) -> String {
    let hosts = 40;
    let options = WorldOptions {
        seed: 5,
        cores,
        detailed: true,
    };
    let mut world: World<NodeHost<u32, Heap>> = World::new(options, network(hosts, latency, 0.1));
    let make = |host| {
        let config = Config::new(id_of(host)).address(host).check().unwrap();
        NodeHost::new(config, Heap::tables(Limits::default()))
    };
    let mut diary = Diary::default();
    for host in 0..hosts {
        let clock = HostClock {
            offset_millis: u64::from(host) * 77,
            drift_ppm: 1000 - 50 * host as i32,
        };
        world.add(make(host), clock);
        world.schedule(host, Time::START, Call::Join(0));
        let set = Call::Set {
            ttl: None,
            key: "k".to_owned(),
            value: vec![host as u8],
        };
        world.schedule(host, Time::from_micros(u64::from(host) * 50_000), set);
    }
    world.run_until(Time::from_micros(3_000_000), &mut diary);
    world.crash(3);
    world.pause(4);
    world.slow(5, Span::from_millis(20));
    world.run_until(Time::from_micros(6_000_000), &mut diary);
    world.restart(3, make(3), false);
    world.resume(4);
    world.run_until(Time::from_micros(9_000_000), &mut diary);
    assert!(world.hosts().all(|(_, host)| host.node().live() == 40));
    diary.0
}

#[test]
fn the_number_of_cores_changes_nothing() {
    let one = story(1, uniform(1, 10));
    assert!(one.len() > 500_000, "{}", one.len());
    assert!(one == story(1, uniform(1, 10)), "a run repeats");
    for cores in [2, 3, 8] {
        assert!(one == story(cores, uniform(1, 10)), "{cores} cores");
    }
    assert!(one != story(1, uniform(1, 11)), "the network matters");
}

#[test]
fn without_latency_the_number_of_cores_changes_nothing_either() {
    let none = Latency::Constant(Span::ZERO);
    assert!(story(1, none) == story(2, none));
}

/// Answers each datagram with one that is a byte shorter, and tells what it got and when.
#[derive(Debug, Default)]
struct Echo {
    /// Answers with two datagrams as long as the one that came.
    doubles: bool,
    owed: VecDeque<(u32, usize)>,
    got: VecDeque<(u64, u32, usize)>,
}

impl Host for Echo {
    type Note = (u64, u32, usize);
    type Call = (u32, usize);

    fn handle_datagram(&mut self, now: Instant, from: u32, bytes: &[u8]) {
        self.got.push_back((now.as_millis(), from, bytes.len()));
        if self.doubles {
            self.owed.extend([(from, bytes.len()); 2]);
        } else if bytes.len() > 1 {
            self.owed.push_back((from, bytes.len() - 1));
        }
    }

    fn handle_timeout(&mut self, _now: Instant, _rng: &mut SplitMix64) {}

    fn handle_call(&mut self, _now: Instant, call: (u32, usize), _rng: &mut SplitMix64) {
        self.owed.push_back(call);
    }

    fn poll_transmit(&mut self, _now: Instant, buf: &mut [u8]) -> Option<Outgoing> {
        let (to, len) = self.owed.pop_front()?;
        buf[..len].fill(1);
        let to = To::One(to);
        Some(Outgoing { to, len })
    }

    fn poll_note(&mut self) -> Option<Self::Note> {
        self.got.pop_front()
    }

    fn poll_timeout(&self) -> Instant {
        Instant::FAR
    }
}

/// Three echoes, 5 ms apart.
fn echoes() -> World<Echo> {
    let options = WorldOptions {
        seed: 1,
        cores: 1,
        detailed: false,
    };
    let latency = Latency::Constant(Span::from_millis(5));
    let mut world = World::new(options, network(3, latency, 0.0));
    for _ in 0..3 {
        world.add(Echo::default(), HostClock::default());
    }
    world
}

#[test]
fn a_storm_ends_the_run_at_the_moment_when_it_breaks() {
    let latency = Latency::Constant(Span::from_micros(100));
    for cores in [1, 2] {
        let options = WorldOptions {
            seed: 1,
            cores,
            detailed: false,
        };
        let mut world = World::new(options, network(3, latency, 0.0));
        for _ in 0..3 {
            let echo = Echo {
                doubles: true,
                ..Echo::default()
            };
            world.add(echo, HostClock::default());
        }
        world.run_until(Time::from_micros(50_000), &mut Got::default());
        assert_eq!(world.storm(), None, "nobody says anything");
        world.schedule(0, Time::from_micros(52_000), (1, 9));
        world.run_until(Time::from_micros(500_000), &mut Got::default());
        assert!(world.storm().is_some_and(|host| host < 2), "{cores} cores");
        assert_eq!(
            world.now(),
            Time::from_micros(50_000),
            "the slice is not over"
        );
    }
}

#[derive(Default)]
struct Got(Vec<(u32, (u64, u32, usize))>);

impl Observer<(u64, u32, usize)> for Got {
    fn record(&mut self, record: &Record<'_, (u64, u32, usize)>) {
        if let What::Note(note) = record.what {
            self.0.push((record.host, *note));
        }
    }
}

fn millis(millis: u64) -> Time {
    Time::from_micros(millis * 1000)
}

#[test]
fn a_datagram_arrives_after_the_latency() {
    let mut world = echoes();
    world.schedule(0, millis(10), (1, 3));
    let mut got = Got::default();
    world.run_until(millis(100), &mut got);
    assert_eq!(got.0, [(1, (15, 0, 3)), (0, (20, 1, 2)), (1, (25, 0, 1))]);
    assert_eq!(world.counters(0).sent, 2);
    assert_eq!(world.counters(1).received_bytes, 4);
}

#[test]
fn a_paused_host_gets_what_its_buffer_holds_when_it_resumes() {
    let mut world = echoes();
    world.pause(1);
    for _ in 0..300 {
        world.schedule(0, millis(10), (1, 1));
    }
    let mut got = Got::default();
    world.run_until(millis(100), &mut got);
    assert_eq!(got.0, []);
    world.resume(1);
    world.run_until(millis(200), &mut got);
    assert_eq!(got.0.len(), 256);
    assert!(got.0.iter().all(|got| *got == (1, (100, 0, 1))));
    assert_eq!(world.counters(1).dropped, 44);
}

#[test]
fn a_slow_host_takes_one_datagram_after_the_other() {
    let mut world = echoes();
    world.slow(1, Span::from_millis(20));
    for _ in 0..3 {
        world.schedule(0, millis(10), (1, 1));
    }
    let mut got = Got::default();
    world.run_until(millis(100), &mut got);
    let times: Vec<u64> = got.0.iter().map(|(_, note)| note.0).collect();
    assert_eq!(times, [35, 55, 75]);
}

#[test]
fn what_waits_for_a_slow_host_is_worked_off_at_the_new_speed() {
    let times = |each| {
        let mut world = echoes();
        world.slow(1, Span::from_millis(20));
        for _ in 0..4 {
            world.schedule(0, millis(10), (1, 1));
        }
        let mut got = Got::default();
        world.run_until(millis(40), &mut got);
        world.slow(1, Span::from_millis(each));
        world.run_until(millis(500), &mut got);
        got.0.iter().map(|(_, note)| note.0).collect::<Vec<_>>()
    };
    assert_eq!(times(0), [35, 40, 40, 40]);
    assert_eq!(times(5), [35, 45, 50, 55]);
    assert_eq!(times(100), [35, 140, 240, 340]);
}

#[test]
fn a_place_is_slow_or_fast_whether_its_host_is_up_or_not() {
    let got_at = |before, down| {
        let mut world = echoes();
        world.slow(1, Span::from_millis(before));
        world.schedule(0, millis(10), (1, 1));
        world.run_until(millis(20), &mut Got::default());
        world.crash(1);
        world.slow(1, Span::from_millis(down));
        world.restart(1, Echo::default(), false);
        world.schedule(0, millis(100), (1, 1));
        let mut got = Got::default();
        world.run_until(millis(500), &mut got);
        got.0.iter().map(|(_, note)| note.0).collect::<Vec<_>>()
    };
    assert_eq!(got_at(50, 0), [105], "what waited for the old host is gone");
    assert_eq!(got_at(0, 50), [155]);
    assert_eq!(got_at(50, 50), [155]);
}

#[test]
fn a_pause_holds_up_what_waits_for_a_slow_host() {
    let times = |each| {
        let mut world = echoes();
        world.slow(1, Span::from_millis(20));
        for _ in 0..3 {
            world.schedule(0, millis(10), (1, 1));
        }
        let mut got = Got::default();
        world.run_until(millis(40), &mut got);
        world.pause(1);
        world.slow(1, Span::from_millis(each));
        world.run_until(millis(100), &mut got);
        world.resume(1);
        world.run_until(millis(500), &mut got);
        got.0.iter().map(|(_, note)| note.0).collect::<Vec<_>>()
    };
    assert_eq!(times(0), [35, 100, 100]);
    assert_eq!(times(30), [35, 130, 160]);
}

#[test]
fn nothing_reaches_a_host_that_is_down() {
    let mut world = echoes();
    assert!(world.crash(1).is_some());
    assert!(world.crash(1).is_none(), "it is down already");
    world.schedule(0, millis(10), (1, 1));
    world.schedule(1, millis(10), (0, 1));
    let mut got = Got::default();
    world.run_until(millis(50), &mut got);
    assert_eq!(got.0, []);
    assert_eq!(world.counters(1).dropped, 1);
    world.restart(1, Echo::default(), false);
    world.schedule(0, millis(60), (1, 1));
    world.run_until(millis(100), &mut got);
    assert_eq!(got.0, [(1, (65, 0, 1))]);
}

#[test]
fn a_warm_up_is_not_part_of_the_run() {
    let mut world = echoes();
    world.schedule(0, millis(10), (1, 1));
    let mut got = Got::default();
    let done = world.warm_up(Span::from_millis(10), 100, &mut got, |world| {
        world.counters(1).received > 0
    });
    assert!(done);
    assert_eq!(world.now(), Time::START);
    assert_eq!((world.events(), world.counters(0).sent), (0, 0));
    assert_eq!(got.0.len(), 1);
    let done = world.warm_up(Span::from_millis(10), 3, &mut got, |_| false);
    assert!(!done, "the limit is kept");
}

#[test]
fn a_datagram_to_a_host_that_has_not_started_is_dropped() {
    for cores in [1, 2] {
        let options = WorldOptions {
            seed: 1,
            cores,
            detailed: true,
        };
        let mut world = World::new(options, network(3, uniform(1, 10), 0.0));
        world.add(Echo::default(), HostClock::default());
        world.schedule(0, millis(10), (2, 1));
        let mut diary = Diary::default();
        world.run_until(millis(50), &mut diary);
        assert!(
            diary.0.contains("2 Dropped { from: 0, len: 1 }"),
            "{}",
            diary.0
        );
    }
}

#[test]
fn what_is_asked_of_nobody_does_nothing() {
    let mut world = echoes();
    world.schedule(3, millis(10), (1, 1));
    world.pause(3);
    world.resume(3);
    world.slow(3, Span::from_millis(1));
    world.restart(3, Echo::default(), false);
    assert!(world.crash(3).is_none());
    let mut got = Got::default();
    world.run_until(millis(50), &mut got);
    assert_eq!((got.0, world.len()), (Vec::new(), 3));
}

#[test]
fn a_crash_in_a_pause_leaves_a_slow_host_all_its_buffer() {
    let mut world = echoes();
    world.slow(1, Span::from_millis(1));
    for _ in 0..256 {
        world.schedule(0, millis(10), (1, 1));
    }
    world.run_until(millis(16), &mut Got::default());
    world.pause(1);
    world.run_until(millis(400), &mut Got::default());
    world.crash(1);
    world.restart(1, Echo::default(), false);
    for _ in 0..256 {
        world.schedule(0, millis(400), (1, 1));
    }
    let mut got = Got::default();
    world.run_until(millis(1000), &mut got);
    assert_eq!(got.0.len(), 256);
}

/// Panics on its first datagram.
#[derive(Debug)]
struct Fragile(Echo);

impl Host for Fragile {
    type Note = (u64, u32, usize);
    type Call = (u32, usize);

    fn handle_datagram(&mut self, _now: Instant, _from: u32, _bytes: &[u8]) {
        panic!("a defect of a host");
    }

    fn handle_timeout(&mut self, now: Instant, rng: &mut SplitMix64) {
        self.0.handle_timeout(now, rng);
    }

    fn handle_call(&mut self, now: Instant, call: (u32, usize), rng: &mut SplitMix64) {
        self.0.handle_call(now, call, rng);
    }

    fn poll_transmit(&mut self, now: Instant, buf: &mut [u8]) -> Option<Outgoing> {
        self.0.poll_transmit(now, buf)
    }

    fn poll_note(&mut self) -> Option<Self::Note> {
        self.0.poll_note()
    }

    fn poll_timeout(&self) -> Instant {
        self.0.poll_timeout()
    }
}

/// Without the others noticing, they would wait for ever.
#[test]
fn a_panic_on_one_core_ends_the_run_on_all() {
    for victim in 0..3 {
        let options = WorldOptions {
            seed: 1,
            cores: 3,
            detailed: false,
        };
        let mut world = World::new(options, network(3, uniform(1, 10), 0.0));
        for _ in 0..3 {
            world.add(Fragile(Echo::default()), HostClock::default());
        }
        world.schedule((victim + 1) % 3, millis(10), (victim, 1));
        let run =
            std::panic::AssertUnwindSafe(|| world.run_until(millis(100), &mut Got::default()));
        assert!(std::panic::catch_unwind(run).is_err(), "host {victim}");
    }
}
