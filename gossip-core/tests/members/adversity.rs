//! Late timers, reused addresses, full tables, forged deaths: what goes wrong stays small.

use crate::support;

use gossip_core::wire::{Hint, Kind, Standing};
use gossip_core::{
    Duration, Event, Generation, Instant, Node, NodeId, SplitMix64, Status, Version, inline,
};
use support::craft::{body, cluster, craft, row, status};
use support::{Large, Net, Small, Weather, config, id};

/// A node is replaced by another with a new id at the same address: the old id is gone.
#[test]
fn another_node_at_the_address_does_not_vouch_for_the_one_that_is_gone() {
    let mut net = cluster(3, 1);
    let fresh = gossip_core::Config::new(id(77))
        .address(2)
        .mtu_floor(300)
        .largest_id(NodeId::truncated(1 << 14));
    net.start(2, fresh.check().unwrap(), Large::tables());
    net.node(2).join(0).unwrap();
    net.run(120_000);
    assert_eq!(status(&mut net, 0, 77), Some(Status::Alive));
    assert_eq!(
        status(&mut net, 0, 3),
        Some(Status::Dead),
        "id 3 is gone for two minutes"
    );
}

/// Rounds are called a little late, as on every real platform.
#[test]
fn a_dead_peer_is_found_although_timeouts_are_handled_a_little_late() {
    let mut net = cluster(2, 1);
    net.nodes[1] = None;
    let mut rng = SplitMix64::new(3);
    let mut buf = [0; 300];
    let node = net.node(0);
    let mut round = 6_000;
    while round < 66_000 {
        // Once a round, late by 100, 99, 98, ... ms.
        let t = node.poll_timeout().as_millis().max(round) + (66_000 - round) / 600;
        let now = Instant::from_millis(t);
        node.handle_timeout(now, &mut rng);
        while node.poll_transmit(now, &mut buf).is_some() {}
        round += 1_000;
    }
    assert_eq!(node.stats().pauses, 0);
    assert_ne!(
        node.member(id(2)).unwrap().status(),
        Status::Alive,
        "silent for a minute"
    );
}

/// With random lateness of 0..20 ms: how long until a crash is suspected.
#[test]
fn jitter_does_not_lose_verdicts() {
    let mut lost = 0;
    for seed in 0..100 {
        let mut net = cluster(2, seed);
        net.nodes[1] = None;
        let mut rng = SplitMix64::new(seed);
        let mut buf = [0; 300];
        let end = net.now + 3_500;
        let mut t = net.now;
        let node = net.node(0);
        while t < end {
            t = t.max(node.poll_timeout().as_millis()) + rng.next() % 20;
            node.handle_timeout(Instant::from_millis(t), &mut rng);
            while node
                .poll_transmit(Instant::from_millis(t), &mut buf)
                .is_some()
            {}
        }
        lost += u32::from(node.member(id(2)).unwrap().status() == Status::Alive);
    }
    assert_eq!(
        lost, 0,
        "of 100 crashes not even suspected after 3.5 rounds"
    );
}

/// All leave at once.
#[test]
fn all_leaving_at_once_say_goodbye_and_nothing_more() {
    let mut net = cluster(8, 1);
    net.weather.latency_max = 1;
    net.run(2_000);
    net.log = Some(Vec::new());
    for address in 0..8 {
        net.node(address).leave();
    }
    net.run(3_000);
    assert!(net.live().all(Node::has_left));
    let count = net.log.take().unwrap().len();
    // 3 goodbyes to 7 others each: 168, and as many corrections.
    assert!(count < 400, "{count} datagrams");
}

/// A row without an address is believed for ever.
#[test]
fn a_member_without_an_address_is_found_dead_too() {
    let mut net = cluster(3, 1);
    let lie = craft(
        id(50),
        Generation::default(),
        &[(
            Kind::Rows,
            body(&[row(99, Generation::default(), 0, Standing::Alive, None)]),
        )],
    );
    net.deliver(9, 0, &lie);
    net.run(600_000);
    assert_ne!(
        status(&mut net, 1, 99),
        Some(Status::Alive),
        "ten minutes on, nobody ever heard of it"
    );
}

// Full table, more dead than places: nothing should flap.
inline! {
    struct Four {
        members: 4, entries: 24, key: 8, value: 16, news: 6, duties: 6,
        relays: 2, seeds: 2, exchanges: 3, ranges: 4, wants: 4,
    }
}

#[test]
fn dead_rows_do_not_push_each_other_out() {
    let mut net = Net::<Four>::new(1, 300, Weather::FAIR);
    for address in 0..3 {
        net.add(config(address, 300).check().unwrap(), Four::tables());
        if address > 0 {
            net.node(address).join(0).unwrap();
        }
    }
    net.run(3_000);
    // Nodes 0, 1, 2 live; different nodes remember different dead.
    for dead in [20, 21] {
        let lie = craft(
            id(50),
            Generation::default(),
            &[(
                Kind::Rows,
                body(&[row(
                    dead,
                    Generation::default(),
                    0,
                    Standing::Dead(600),
                    Some(8),
                )]),
            )],
        );
        net.deliver(9, dead % 2, &lie);
    }
    net.run(2_000);
    for a in 0..3 {
        while net.node(a).poll_event().is_some() {}
    }
    let mut events = 0;
    for _ in 0..60 {
        net.run(1_000);
        for a in 0..3 {
            while net.node(a).poll_event().is_some() {
                events += 1;
            }
        }
    }
    assert!(events < 20, "{events} events in a quiet minute");
}

/// A forged death with no life left.
#[test]
fn a_death_without_remaining_life_does_not_wipe_a_live_member_at_once() {
    let mut net = cluster(3, 1);
    net.node(2).set("k", b"v").unwrap();
    net.run(3_000);
    let (g, i) = net
        .node(2)
        .member(id(3))
        .map(|m| (m.generation(), m.incarnation().get()))
        .unwrap();
    let lie = craft(
        id(50),
        Generation::default(),
        &[(
            Kind::Rows,
            body(&[row(3, g, i, Standing::Dead(0), Some(2))]),
        )],
    );
    net.deliver(9, 0, &lie);
    for _ in 0..200 {
        net.run(10);
        assert_eq!(
            net.node(0).get(id(3), "k"),
            Some(&b"v"[..]),
            "its entries vanished at once"
        );
    }
    net.run(10_000);
    assert_eq!(status(&mut net, 0, 3), Some(Status::Alive));
}

/// The end of time.
#[test]
fn the_end_of_time_is_handled() {
    let (send, done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut node: Node<u16, Small> = Node::new(config(0, 64).check().unwrap(), Small::tables());
        node.handle_timeout(Instant::ZERO, &mut SplitMix64::new(1));
        node.join(5).unwrap();
        node.handle_timeout(Instant::FAR, &mut SplitMix64::new(1));
        send.send(()).unwrap();
    });
    assert!(
        done.recv_timeout(std::time::Duration::from_secs(5)).is_ok(),
        "handle_timeout(FAR) does not return"
    );
}

/// A forgotten member that comes back before events were polled: what its entries became is untold.
#[test]
fn a_member_forgotten_and_met_again_between_two_polls_is_told_so() {
    let quick = |a: u16| {
        config(a, 300)
            .forget_after(Duration::from_secs(4))
            .check()
            .unwrap()
    };
    let mut net = Net::<Large>::new(1, 300, Weather::FAIR);
    for a in 0..2 {
        net.add(quick(a), Large::tables());
    }
    net.node(1).join(0).unwrap();
    net.node(1).set("k", b"v").unwrap();
    net.run(4_000);
    let mut mirror = std::collections::BTreeSet::new();
    let mut stale = false;
    let mut poll = |net: &mut Net<Large>, mirror: &mut std::collections::BTreeSet<Vec<u8>>| {
        while let Some(event) = net.node(0).poll_event() {
            match event {
                Event::Set { key, .. } => {
                    mirror.insert(key.as_ref().to_vec());
                }
                Event::Deleted { key, .. } | Event::Expired { key, .. } => {
                    mirror.remove(key.as_ref());
                }
                Event::Forgotten { .. } => mirror.clear(),
                Event::Resync => stale = true,
                _ => {}
            }
        }
        stale
    };
    poll(&mut net, &mut mirror);
    assert_eq!(mirror.len(), 1);
    net.nodes[1] = None;
    net.run(30_000);
    net.start(1, quick(1), Large::tables());
    net.node(1).join(0).unwrap();
    net.run(5_000);
    assert_eq!(net.node(0).get(id(2), "k"), None);
    let resync = poll(&mut net, &mut mirror);
    assert!(
        mirror.is_empty() || resync,
        "the key went and nobody was told"
    );
}

/// Hints are no reason to begin anything: keep the compiler honest about the import.
#[test]
fn hints_for_unknown_members_do_nothing() {
    let mut net = cluster(2, 1);
    let hints: Vec<Hint> = (0..60)
        .map(|n| Hint {
            id: id(100 + n),
            held: Version::MAX,
        })
        .collect();
    let lie = craft(
        id(50),
        Generation::default(),
        &[(Kind::Hints, body(&hints))],
    );
    net.deliver(9, 0, &lie);
    net.run(2_000);
    assert!(net.agree());
}

/// A node that was held up for most of a round does not suspect its healthy peer.
#[test]
fn a_late_round_does_not_suspect_the_healthy() {
    let mut net = cluster(2, 1);
    net.weather = Weather {
        latency_min: 60,
        latency_max: 60,
        ..Weather::FAIR
    };
    net.run(3_000);
    let mut rng = SplitMix64::new(1);
    let before = net.node(0).stats().suspicions;
    for _ in 0..20 {
        // Between two rounds, so that no answer is under way.
        net.run(5_500);
        // Held up until 60 ms before the round that would come next.
        let hold = net.nodes[0].take();
        let mut node = hold.unwrap();
        let due = node.poll_timeout().as_millis();
        net.run(due + 940 - net.now);
        let mut buf = [0; 300];
        let now = net.instant();
        node.handle_timeout(now, &mut rng);
        while let Some(t) = node.poll_transmit(now, &mut buf) {
            net.send(0, t.to.one().unwrap(), &buf[..t.len]);
        }
        net.nodes[0] = Some(node);
    }
    assert_eq!(net.node(0).stats().suspicions - before, 0);
}

/// The same forged death twice.
#[test]
fn a_death_told_twice_does_not_wipe_either() {
    let mut net = cluster(3, 1);
    net.node(2).set("k", b"v").unwrap();
    net.run(3_000);
    let (g, i) = net
        .node(2)
        .member(id(3))
        .map(|m| (m.generation(), m.incarnation().get()))
        .unwrap();
    let lie = craft(
        id(50),
        Generation::default(),
        &[(
            Kind::Rows,
            body(&[row(3, g, i, Standing::Dead(0), Some(2))]),
        )],
    );
    net.deliver(9, 0, &lie);
    net.deliver(9, 0, &lie);
    for _ in 0..200 {
        net.run(10);
        assert_eq!(
            net.node(0).get(id(3), "k"),
            Some(&b"v"[..]),
            "its entries vanished at once"
        );
    }
}
