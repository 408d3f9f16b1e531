extern crate std;

use std::collections::VecDeque;
use std::vec::Vec;

use gossip_core::{Config, Event, NodeId, SplitMix64, Status, inline};

use super::*;
use crate::{Medium, MemoryLink, VirtualClock};

const MTU: usize = 64;

inline! {
    struct Shelf {
        members: 4, entries: 8, key: 8, value: 16, news: 8, duties: 8,
        relays: 2, seeds: 2, exchanges: 2, ranges: 4, wants: 4,
    }
}

type Air = Medium<u16, 16, MTU>;

fn node(id: u16) -> Node<u16, Shelf> {
    let config = Config::new(NodeId::from(id)).address(id).mtu_floor(MTU);
    Node::new(
        config.largest_id(NodeId::from(99)).check().unwrap(),
        Shelf::tables(),
    )
}

fn on_air(air: &Air, id: u16) -> Runner<MemoryLink<'_, u16, 16, MTU>, Shelf, MTU> {
    Runner::new(node(id), air.link(id))
}

/// A link whose answers are written down beforehand, and which remembers what it was given.
#[derive(Default)]
struct Script {
    mtu: usize,
    /// What the next sends come to; taken when there is nothing more.
    sends: VecDeque<Result<Sent, &'static str>>,
    /// What the next receives come to; nothing when there is nothing more.
    receives: VecDeque<Result<Option<(u16, usize)>, &'static str>>,
    offered: Vec<(u16, Vec<u8>)>,
    taken: Vec<(u16, Vec<u8>)>,
}

impl Link for Script {
    type Address = u16;
    type Error = &'static str;

    fn mtu(&self) -> usize {
        self.mtu
    }

    fn send(&mut self, to: u16, bytes: &[u8]) -> Result<Sent, &'static str> {
        let answer = self.sends.pop_front().unwrap_or(Ok(Sent::Taken));
        self.offered.push((to, bytes.to_vec()));
        if answer == Ok(Sent::Taken) {
            self.taken.push((to, bytes.to_vec()));
        }
        answer
    }

    fn receive(&mut self, _: &mut [u8]) -> Result<Option<(u16, usize)>, &'static str> {
        self.receives.pop_front().unwrap_or(Ok(None))
    }
}

/// A node that wants to join through node 2, behind a link with this script.
fn joining(script: Script) -> Runner<Script, Shelf, MTU> {
    let mut runner = Runner::new(node(1), script);
    runner.node_mut().join(2).unwrap();
    runner
}

fn turns(runner: &mut Runner<Script, Shelf, MTU>, until_millis: u64) {
    let mut rng = SplitMix64::new(1);
    for millis in 0..until_millis {
        let _ = runner.turn(Instant::from_millis(millis), &mut rng);
    }
}

#[test]
fn two_runners_join_and_share_over_a_lossy_medium() {
    let air = Air::new(3, 20);
    let (mut one, mut two) = (on_air(&air, 1), on_air(&air, 2));
    let mut rng = SplitMix64::new(3);
    let mut now = Instant::ZERO;
    two.node_mut().join(1).unwrap();
    one.node_mut().set("temp", b"21.5").unwrap();
    while two.node().get(NodeId::from(1), "temp") != Some(b"21.5") {
        assert!(now < Instant::from_millis(60_000), "not shared in a minute");
        let wake = one
            .turn(now, &mut rng)
            .wake
            .min(two.turn(now, &mut rng).wake);
        now = wake.max(now.after(Duration::from_millis(1)));
    }
    assert_eq!(one.faults(), Faults::default());
}

#[test]
fn a_busy_link_is_offered_the_same_datagram_again_and_nothing_else() {
    let busy = VecDeque::from([Ok(Sent::Busy), Ok(Sent::Busy), Ok(Sent::Taken)]);
    let mut runner = joining(Script {
        mtu: MTU,
        sends: busy,
        ..Script::default()
    });
    let mut rng = SplitMix64::new(1);
    let mut now = Instant::ZERO;
    while !runner.is_holding() {
        now = runner.turn(now, &mut rng).wake.max(now.after(BUSY_RETRY));
    }
    let turn = runner.turn(now, &mut rng);
    assert!(runner.is_holding());
    assert!(
        turn.wake <= now.after(BUSY_RETRY),
        "a held datagram is offered again soon"
    );
    let _ = runner.turn(turn.wake, &mut rng);
    let link = runner.link_mut();
    assert_eq!(link.offered[0], link.offered[1]);
    assert_eq!(link.offered[0], link.offered[2]);
    assert_eq!(link.taken[0], link.offered[0]);
    assert_eq!(
        runner.faults(),
        Faults {
            busy: 2,
            ..Faults::default()
        }
    );
}

#[test]
fn errors_are_counted_and_do_not_end_the_loop() {
    let sends = VecDeque::from([Err("no carrier"), Ok(Sent::Taken)]);
    let receives = VecDeque::from([Err("noise"), Err("noise"), Ok(Some((2, MTU + 1)))]);
    let mut runner = joining(Script {
        mtu: MTU,
        sends,
        receives,
        ..Script::default()
    });
    turns(&mut runner, 10_000);
    assert_eq!(
        runner.faults(),
        Faults {
            send_errors: 1,
            receive_errors: 3,
            busy: 0
        }
    );
    assert!(
        !runner.link_mut().taken.is_empty(),
        "it goes on sending after an error"
    );
    let received = runner.node().stats().received.datagrams;
    assert_eq!(
        received.count, 0,
        "a length beyond the buffer does not reach the node"
    );
}

#[test]
fn a_flood_is_taken_in_bursts_and_the_clock_still_runs() {
    let receives = VecDeque::from([Ok(Some((2, 3))); 3 * BURST]);
    let mut runner = joining(Script {
        mtu: MTU,
        receives,
        ..Script::default()
    });
    let mut rng = SplitMix64::new(1);
    let now = Instant::ZERO;
    for turns in 1..=3 {
        let turn = runner.turn(now, &mut rng);
        assert_eq!((turn.wake, turn.worked), (now, true), "more may be waiting");
        assert_eq!(
            runner.node().stats().drop_unknown_version as usize,
            turns * BURST
        );
    }
    assert!(!runner.link_mut().taken.is_empty(), "the join got its turn");
    while runner.turn(now, &mut rng).worked {}
    assert!(runner.turn(now, &mut rng).wake > now);
}

#[test]
fn the_smaller_of_buffer_and_link_bounds_a_datagram() {
    let mut runner = Runner::<_, Shelf, 200>::new(
        node(1),
        Script {
            mtu: 80,
            ..Script::default()
        },
    );
    runner.node_mut().join(2).unwrap();
    for key in ["a", "b", "c", "d", "e", "f"] {
        runner.node_mut().set(key, &[7; 16]).unwrap();
    }
    let mut rng = SplitMix64::new(1);
    for millis in 0..10_000 {
        let _ = runner.turn(Instant::from_millis(millis), &mut rng);
    }
    let link = runner.link_mut();
    assert!(!link.taken.is_empty());
    assert!(link.taken.iter().all(|(_, bytes)| bytes.len() <= 80));
}

#[test]
fn run_wakes_the_application_and_ends_when_it_breaks() {
    let air = Air::new(1, 0);
    let mut runner = on_air(&air, 1);
    let (mut clock, mut rng) = (VirtualClock::new(), SplitMix64::new(1));
    let mut called = Vec::new();
    run(&mut runner, &mut clock, &mut rng, |_, now| {
        called.push(now);
        let next = Instant::from_millis(called.len() as u64 * 10_000);
        if called.len() > 500 || now >= Instant::from_millis(30_000) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(next)
        }
    });
    assert!(called.is_sorted());
    assert_eq!(
        called.last(),
        Some(&Instant::from_millis(30_000)),
        "woken when it asked to be"
    );
}

/// Offers a busy link's time: each sleep lets the other node live.
struct Beside<'m> {
    other: Runner<MemoryLink<'m, u16, 16, MTU>, Shelf, MTU>,
    rng: SplitMix64,
    clock: VirtualClock,
}

impl Clock for Beside<'_> {
    fn now(&mut self) -> Instant {
        self.clock.now()
    }

    fn sleep_until(&mut self, wake: Instant) {
        let now = self.clock.now();
        let turn = self.other.turn(now, &mut self.rng);
        let soon = if turn.worked {
            now.after(Duration::from_millis(1))
        } else {
            turn.wake
        };
        self.clock
            .sleep_until(wake.min(soon).max(now.after(Duration::from_millis(1))));
    }
}

/// A link that is busy every other time.
struct Slow<'m>(MemoryLink<'m, u16, 16, MTU>, bool);

impl Link for Slow<'_> {
    type Address = u16;
    type Error = crate::TooLong;

    fn mtu(&self) -> usize {
        self.0.mtu()
    }

    fn send(&mut self, to: u16, bytes: &[u8]) -> Result<Sent, Self::Error> {
        self.1 = !self.1;
        if self.1 {
            Ok(Sent::Busy)
        } else {
            self.0.send(to, bytes)
        }
    }

    fn receive(&mut self, buf: &mut [u8]) -> Result<Option<(u16, usize)>, Self::Error> {
        self.0.receive(buf)
    }
}

#[test]
fn a_goodbye_reaches_the_peer_although_the_link_is_busy() {
    let air = Air::new(1, 0);
    let mut runner = Runner::<_, Shelf, MTU>::new(node(1), Slow(air.link(1), false));
    runner.node_mut().join(2).unwrap();
    let clock = VirtualClock::new();
    let mut beside = Beside {
        other: on_air(&air, 2),
        rng: SplitMix64::new(2),
        clock,
    };
    run(
        &mut runner,
        &mut beside,
        &mut SplitMix64::new(1),
        |node, now| {
            assert!(
                now < Instant::from_millis(60_000),
                "not joined and left in a minute"
            );
            while let Some(event) = node.poll_event() {
                match event {
                    Event::Joined => node.leave(),
                    Event::Left => return ControlFlow::Break(()),
                    _ => {}
                }
            }
            ControlFlow::Continue(Instant::FAR)
        },
    );
    assert!(!runner.is_holding());
    let now = beside.now();
    let _ = beside.other.turn(now, &mut beside.rng);
    let left = beside
        .other
        .node()
        .member(NodeId::from(1))
        .map(|member| member.status());
    assert_eq!(left, Some(Status::Left));
}
