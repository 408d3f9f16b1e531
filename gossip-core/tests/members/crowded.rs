//! Members come and go under ever new ids, more of them than a table has room to remember: the living agree
//! all the same, quietly, and a death still reaches everybody.

use crate::support;

use gossip_core::{Config, Duration, Event, NodeId, Status, Storage, Tables, inline};
use support::{Large, Net, Weather, id};

inline! {
    /// Room for a dozen members, and not for their dead.
    struct Dozen {
        members: 12, entries: 60, key: 8, value: 8, news: 8, duties: 8,
        relays: 2, seeds: 1, exchanges: 3, ranges: 6, wants: 6,
    }
}

inline! {
    /// The same without entries.
    struct Bare {
        members: 12, entries: 0, key: 0, value: 0, news: 8, duties: 8,
        relays: 2, seeds: 1, exchanges: 0, ranges: 0, wants: 0,
    }
}

inline! {
    struct Middling {
        members: 30, entries: 100, key: 8, value: 8, news: 8, duties: 8,
        relays: 2, seeds: 1, exchanges: 3, ranges: 6, wants: 6,
    }
}

/// What a run showed.
#[derive(Debug)]
struct Seen {
    /// Newcomers that not all knew before the next came.
    late: u32,
    /// How much of a quiet minute all agreed, in percent.
    agreed: u32,
    /// Bytes a node and second in that minute.
    rate: u64,
    /// Events in that minute.
    events: u32,
    /// The fewest and the most members that somebody remembers.
    known: (usize, usize),
}

fn drain<S: Storage<u16>>(net: &mut Net<S>) -> u32 {
    let mut events = 0;
    for node in net.nodes.iter_mut().flatten() {
        while node.poll_event().is_some() {
            events += 1;
        }
    }
    events
}

/// `nodes` nodes, of which all but the first are replaced in turn by one with a new id, `steps` times, one
/// every `pause` ms; with a goodbye, or without one. Then it is quiet.
fn churn<S: Storage<u16>>(
    tables: fn() -> Tables<u16, S>,
    (nodes, steps, pause): (u16, u16, u64),
    says_goodbye: bool,
    seed: u64,
) -> (Net<S>, Seen) {
    let mut net = Net::<S>::new(seed, 300, Weather::FAIR);
    let settings = |number: u16, at: u16| {
        let config = Config::new(id(number)).address(at).mtu_floor(300);
        config
            .largest_id(NodeId::truncated(1 << 14))
            .check()
            .unwrap()
    };
    for at in 0..nodes {
        net.add(settings(at + 1, at), tables());
        let _ = net.node(at).join(0);
        let _ = net.node(at).set("k", b"v");
    }
    net.run(10_000);
    let mut late = 0;
    for step in 0..steps {
        let (at, number) = (1 + step % (nodes - 1), 100 + step);
        if says_goodbye {
            net.node(at).leave();
            net.run(500);
        }
        net.nodes[usize::from(at)] = None;
        net.start(at, settings(number, at), tables());
        net.node(at).join(0).unwrap();
        let _ = net.node(at).set("k", b"v");
        let end = net.now + pause;
        let known = net.run_until(end, |net| {
            let alive = |node: &gossip_core::Node<u16, S>| {
                let row = node.member(id(number));
                row.is_some_and(|row| row.status() == Status::Alive)
            };
            net.live().all(alive)
        });
        late += u32::from(!known);
        net.run(end.saturating_sub(net.now));
        drain(&mut net);
    }
    let seen = quiet_minute(&mut net, late);
    assert!(net.live().all(|node| node.live() == usize::from(nodes)));
    (net, seen)
}

/// What a minute shows that begins a minute later, in which nobody comes or goes.
fn quiet_minute<S: Storage<u16>>(net: &mut Net<S>, late: u32) -> Seen {
    net.run(60_000);
    drain(net);
    let (bytes, mut agreed, mut events) = (net.bytes_sent, 0, 0);
    for _ in 0..600 {
        net.run(100);
        agreed += u32::from(net.agree());
        events += drain(net);
    }
    let known = || net.live().map(|node| node.members().count());
    Seen {
        late,
        agreed: agreed / 6,
        rate: (net.bytes_sent - bytes) / 60 / net.live().count() as u64,
        events,
        known: (known().min().unwrap_or(0), known().max().unwrap_or(0)),
    }
}

fn is_calm(what: &str, seen: &Seen) {
    println!("{what}: {seen:?}");
    assert!(
        seen.agreed >= 80,
        "{what}: they agree {} % of a quiet minute",
        seen.agreed
    );
    assert!(seen.rate <= 60, "{what}: {} B/node/s in quiet", seen.rate);
    assert_eq!(seen.late, 0, "{what}: newcomers are known late");
    assert_eq!(seen.events, 0, "{what}: something happens in quiet");
    let (least, most) = seen.known;
    assert!(
        least * 3 > most * 2,
        "{what}: some remember much less than others"
    );
}

#[test]
fn ever_new_ids_do_not_crowd_out_agreement() {
    for says_goodbye in [true, false] {
        let (_, seen) = churn(Large::tables, (8, 150, 5_000), says_goodbye, 1);
        is_calm("8 of 80", &seen);
        let (_, seen) = churn(Middling::tables, (8, 120, 7_000), says_goodbye, 2);
        is_calm("8 of 30", &seen);
        let (_, seen) = churn(Dozen::tables, (4, 80, 10_000), says_goodbye, 3);
        is_calm("4 of 12", &seen);
        let (_, seen) = churn(Bare::tables, (4, 80, 10_000), says_goodbye, 4);
        is_calm("4 of 12, members alone", &seen);
        let (_, seen) = churn(Bare::tables, (8, 60, 15_000), says_goodbye, 5);
        is_calm("8 of 12, members alone", &seen);
    }
}

/// In a crowd too: who did not hear of a death by news learns of it by comparing.
#[test]
fn a_death_in_a_crowd_reaches_everybody() {
    for seed in 0..3 {
        let (mut net, _) = churn(Dozen::tables, (6, 40, 12_000), false, seed);
        let gone = net.node(5).id();
        net.nodes[5] = None;
        net.run(3_000);
        // One is cut off while the death is news.
        net.connected = |a, b| a != 4 && b != 4;
        net.run(25_000);
        net.connected = |_, _| true;
        let end = net.now + 60_000;
        let known = net.run_until(end, |net| {
            net.live().all(|node| {
                node.live() == 5
                    && node
                        .member(gone)
                        .is_none_or(|row| row.status() == Status::Dead)
            })
        });
        assert!(known, "seed {seed}");
    }
}

/// A member that is forgotten early for want of room is told of like any other, to whoever reads events at once.
#[test]
fn who_makes_room_is_told_as_forgotten() {
    for seed in 0..8 {
        let mut net = Net::<Dozen>::new(seed, 300, Weather::FAIR);
        let settings = |number: u16, at: u16| {
            let config = Config::new(id(number)).address(at).mtu_floor(300);
            config
                .forget_after(Duration::from_secs(3600))
                .check()
                .unwrap()
        };
        for at in 0..4 {
            net.add(settings(at + 1, at), Dozen::tables());
            let _ = net.node(at).join(0);
        }
        let mut forgotten = 0;
        let mut listen = |net: &mut Net<Dozen>, millis: u64| {
            let end = net.now + millis;
            while net.now < end {
                net.run(20);
                while let Some(event) = net.node(0).poll_event() {
                    forgotten += u32::from(matches!(event, Event::Forgotten { .. }));
                    assert_ne!(event, Event::Resync, "seed {seed}: nothing was lost");
                }
            }
        };
        for step in 0..30 {
            listen(&mut net, 1_000);
            net.node(3).leave();
            listen(&mut net, 1_000);
            net.start(3, settings(100 + step, 3), Dozen::tables());
            net.node(3).join(0).unwrap();
            listen(&mut net, 2_000);
        }
        assert!(forgotten > 15, "{forgotten}");
        assert!(net.node(0).members().count() <= 12);
    }
}
