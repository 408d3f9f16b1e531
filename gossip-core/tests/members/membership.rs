//! Joining, failure detection, restarts, goodbyes and partitions on the in-memory network.

use crate::support;

use gossip_core::{Duration, Event, Generation, Node, Status, Version};
use support::{Large, Net, Small, Weather, config, id};

fn cluster(nodes: u16, weather: Weather, seed: u64) -> Net<Large> {
    let mut net = Net::new(seed, 1400, weather);
    for address in 0..nodes {
        net.add(config(address, 1400).check().unwrap(), Large::tables());
        if address > 0 {
            net.node(address).join(0).unwrap();
        }
    }
    let end = net.now + 120_000;
    let whole = usize::from(nodes);
    assert!(net.run_until(end, |net| net.agree()
        && net.live().all(|n| n.live() == whole)));
    net
}

fn seen_as(net: &Net<Large>, of: u16, status: Status) -> bool {
    net.live()
        .filter(|node| node.id() != id(of + 1))
        .all(|node| {
            node.member(id(of + 1))
                .is_some_and(|m| m.status() == status)
        })
}

#[test]
fn steady_traffic_is_a_probe_and_a_fingerprint() {
    let mut net = cluster(64, Weather::FAIR, 3);
    for address in 0..64 {
        for key in 0..16u32 {
            net.node(address)
                .set(&format!("key-{key:04}"), b"12345678")
                .unwrap();
        }
    }
    let end = net.now + 120_000;
    assert!(net.run_until(end, |net| net.agree()
        && net.live().all(|n| n.entries().count() == 1024)));
    net.run(30_000);
    let before = net.bytes_sent;
    net.run(60_000);
    let rate = (net.bytes_sent - before) as f64 / 64.0 / 60.0;
    println!("steady: {rate:.1} B/node/s");
    assert!(rate <= 45.0, "{rate} B/node/s");
}

#[test]
fn a_crash_is_found_by_all_and_the_restart_taken_back() {
    for (seed, nodes) in [(1, 32), (2, 5), (3, 2)] {
        let mut net = cluster(nodes, Weather::FAIR, seed);
        net.nodes[1] = None;
        let start = net.now;
        assert!(net.run_until(start + 15_000, |net| seen_as(net, 1, Status::Dead)));
        println!("{nodes} nodes: dead for all after {} ms", net.now - start);
        net.run(5_000);
        net.start(1, config(1, 1400).check().unwrap(), Large::tables());
        net.node(1).join(0).unwrap();
        net.node(1).set("again", b"here").unwrap();
        let start = net.now;
        assert!(net.run_until(start + 15_000, |net| {
            seen_as(net, 1, Status::Alive)
                && net.agree()
                && net
                    .live()
                    .all(|node| node.get(id(2), "again") == Some(b"here"))
        }));
        println!("{nodes} nodes: back for all after {} ms", net.now - start);
    }
}

#[test]
fn nobody_dies_wrongly_at_20_percent_loss() {
    let mut wrong = 0;
    let mut refuted = 0;
    for seed in 0..3 {
        let mut net = cluster(32, Weather::LOSSY, seed);
        for node in net.nodes.iter_mut().flatten() {
            while node.poll_event().is_some() {}
        }
        for _ in 0..600 {
            net.run(500);
            for node in net.nodes.iter_mut().flatten() {
                while let Some(event) = node.poll_event() {
                    wrong += u32::from(matches!(
                        event,
                        Event::Member {
                            status: Status::Dead,
                            ..
                        }
                    ));
                }
            }
        }
        refuted += net.live().map(|node| node.stats().refutations).sum::<u32>();
    }
    println!("32 nodes, 3 x 5 min, 20 % loss: {wrong} wrong deaths, {refuted} refutations");
    assert!(
        refuted > 0,
        "nothing was ever refuted: the test shows nothing"
    );
    assert_eq!(wrong, 0);
}

#[test]
fn a_goodbye_is_immediate() {
    let mut net = cluster(16, Weather::FAIR, 4);
    net.node(3).leave();
    assert!(
        net.node(3).set("late", b"x").is_err(),
        "a node that leaves takes no writes"
    );
    let start = net.now;
    assert!(net.run_until(start + 1_500, |net| seen_as(net, 3, Status::Left)));
    println!(
        "16 nodes: departure known to all after {} ms",
        net.now - start
    );
    net.run(2_000);
    assert!(net.node(3).has_left());
    let events: Vec<_> = std::iter::from_fn(|| net.node(3).poll_event()).collect();
    assert_eq!(
        events.iter().filter(|event| **event == Event::Left).count(),
        1
    );
    let sent = net.node(3).stats().sent.datagrams;
    net.run(5_000);
    assert_eq!(
        net.node(3).stats().sent.datagrams,
        sent,
        "a departed node is silent"
    );
    assert!(seen_as(&net, 3, Status::Left), "and stays departed");
}

#[test]
fn a_partition_heals_by_itself() {
    let mut net = cluster(12, Weather::FAIR, 5);
    net.connected = |a, b| (a < 6) == (b < 6);
    let start = net.now;
    assert!(net.run_until(start + 30_000, |net| {
        net.live().all(|node| node.live() == 6)
    }));
    for address in [1, 11] {
        net.node(address).set("side", &[address as u8]).unwrap();
    }
    net.run(5_000);
    net.connected = |_, _| true;
    let start = net.now;
    // Every node tries a lost member every 20 s; half of the tries go to a seed.
    assert!(net.run_until(start + 60_000, |net| {
        net.agree()
            && net
                .live()
                .all(|node| node.live() == 12 && node.get(id(12), "side").is_some())
    }));
    println!("12 nodes: whole again after {} ms", net.now - start);
}

#[test]
fn joining_keeps_trying_and_any_seed_will_do() {
    let mut net = Net::<Large>::new(6, 1400, Weather::FAIR);
    for address in 0..3 {
        net.add(config(address, 1400).check().unwrap(), Large::tables());
    }
    // One seed is an address where nobody lives, the other starts late.
    net.node(0).join(77).unwrap();
    net.node(0).join(2).unwrap();
    net.node(1).join(2).unwrap();
    net.nodes[2] = None;
    net.run(40_000);
    assert!(!net.node(0).is_joined());
    let tries = net.node(0).stats().sent.datagrams.count;
    assert!((8..60).contains(&tries), "{tries} datagrams in 40 s alone");
    net.start(2, config(2, 1400).check().unwrap(), Large::tables());
    let end = net.now + 61_000;
    assert!(net.run_until(end, |net| net.live().all(|node| node.live() == 3)));
    let events: Vec<_> = std::iter::from_fn(|| net.node(0).poll_event()).collect();
    assert_eq!(
        events
            .iter()
            .filter(|event| **event == Event::Joined)
            .count(),
        1
    );
}

#[test]
fn a_node_learns_its_address_from_its_peers() {
    let mut net = Net::<Small>::new(8, 200, Weather::FAIR);
    for address in 0..4 {
        let config = gossip_core::Config::new(id(address + 1)).mtu_floor(200);
        net.add(config.check().unwrap(), Small::tables());
        assert_eq!(net.node(address).address(), None);
        if address > 0 {
            net.node(address).join(0).unwrap();
        }
    }
    let end = net.now + 20_000;
    assert!(net.run_until(end, |net| {
        net.agree()
            && net.live().all(|node| node.live() == 4)
            && net
                .live()
                .all(|node| node.members().all(|m| m.address().is_some()))
    }));
    for address in 0..4 {
        assert_eq!(net.node(address).address(), Some(address));
    }
}

#[test]
fn a_restart_exceeds_the_life_that_the_cluster_remembers() {
    // Whatever the two nonces are: over some seeds both orders of them occur.
    let (mut raised, mut greater) = (0, 0);
    for seed in 0..8 {
        let mut net = cluster(3, Weather::FAIR, seed);
        net.node(2).set("old", b"1").unwrap();
        net.run(3_000);
        let earlier = net.node(2).generation();
        net.start(2, config(2, 1400).check().unwrap(), Large::tables());
        net.node(2).join(0).unwrap();
        let end = net.now + 10_000;
        assert!(net.run_until(end, |net| net.agree() && net.live().all(|n| n.live() == 3)));
        let later = net.node(2).generation();
        assert!(later > earlier);
        if later.counter > earlier.counter {
            raised += 1
        } else {
            greater += 1
        }
        for address in 0..3 {
            assert_eq!(
                net.node(address).get(id(3), "old"),
                None,
                "a new life begins empty"
            );
        }
    }
    assert!(
        raised > 0 && greater > 0,
        "{raised} raised, {greater} greater by chance"
    );
}

#[test]
fn old_keys_stay_readable_until_the_new_life_has_covered_from_zero() {
    let mut net = cluster(2, Weather::FAIR, 9);
    net.node(1).set("kept", b"1").unwrap();
    net.node(1).set("lost", b"1").unwrap();
    net.run(3_000);
    net.start(1, config(1, 1400).check().unwrap(), Large::tables());
    net.node(1).set("kept", b"2").unwrap();
    net.node(1).join(0).unwrap();
    let end = net.now + 10_000;
    let settled = net.run_until(end, |net| {
        let node = net.nodes[0].as_ref().unwrap();
        assert!(
            node.get(id(2), "kept").is_some(),
            "a key that both lives set vanished"
        );
        net.agree() && node.get(id(2), "lost").is_none()
    });
    assert!(settled);
    assert_eq!(net.node(0).get(id(2), "kept"), Some(&b"2"[..]));
}

#[test]
fn two_live_nodes_with_one_id_are_reported_and_do_not_race_for_ever() {
    let mut net = cluster(4, Weather::FAIR, 10);
    let twin = net.add(config(3, 1400).address(4).check().unwrap(), Large::tables());
    net.node(twin).join(0).unwrap();
    net.run(60_000);
    let conflicts: usize = [3, twin]
        .iter()
        .map(|address| {
            let events = std::iter::from_fn(|| net.node(*address).poll_event());
            events.filter(|event| *event == Event::Conflict).count()
        })
        .sum();
    assert!(conflicts >= 1, "nobody reported the conflict");
    let counter = net.node(0).member(id(4)).unwrap().generation().counter;
    net.run(60_000);
    assert_eq!(
        net.node(0).member(id(4)).unwrap().generation().counter,
        counter
    );
}

#[test]
fn a_dead_member_is_forgotten_everywhere_and_its_entries_with_it() {
    let mut net = Net::<Large>::new(11, 1400, Weather::FAIR);
    let settings = |address| {
        config(address, 1400)
            .forget_after(Duration::from_secs(40))
            .check()
            .unwrap()
    };
    for address in 0..6 {
        net.add(settings(address), Large::tables());
        net.node(address).join(0).unwrap();
        net.node(address).set("k", b"v").unwrap();
    }
    net.run(10_000);
    net.nodes[5] = None;
    net.run(12_000);
    assert!(seen_as(&net, 5, Status::Dead));
    assert_eq!(
        net.node(0).get(id(6), "k"),
        Some(&b"v"[..]),
        "readable while remembered"
    );
    net.run(60_000);
    for address in 0..5 {
        let events: Vec<_> = std::iter::from_fn(|| net.node(address).poll_event()).collect();
        assert!(
            events.contains(&Event::Forgotten { id: id(6) }),
            "node {address}: {events:?}"
        );
        assert!(net.node(address).member(id(6)).is_none());
        assert_eq!(net.node(address).get(id(6), "k"), None);
    }
    assert!(net.agree());
}

#[test]
fn a_paused_node_blames_itself_and_not_its_peers() {
    let mut net = cluster(8, Weather::FAIR, 12);
    let mut sleeper = net.nodes[2].take().unwrap();
    while sleeper.poll_event().is_some() {}
    net.run(3_600_000);
    net.nodes[2] = Some(sleeper);
    let start = net.now;
    assert!(net.run_until(start + 90_000, |net| net.agree()
        && net.live().all(|n| n.live() == 8)));
    let events: Vec<_> = std::iter::from_fn(|| net.node(2).poll_event()).collect();
    let deaths = events.iter().filter(|e| {
        matches!(
            e,
            Event::Member {
                status: Status::Dead,
                ..
            }
        )
    });
    assert_eq!(deaths.count(), 0, "{events:?}");
    assert!(net.node(2).stats().pauses > 0);
}

#[test]
fn a_full_table_refuses_members_and_counts_it() {
    let mut net = Net::<Small>::new(13, 200, Weather::FAIR);
    for address in 0..12 {
        net.add(config(address, 200).check().unwrap(), Small::tables());
        net.node(address).join(0).unwrap();
    }
    net.run(60_000);
    for address in 0..12 {
        assert!(net.node(address).members().count() <= 8);
    }
    assert!(
        net.live()
            .map(|node| node.stats().members_full)
            .sum::<u32>()
            > 0
    );
}

#[test]
fn a_birth_needs_no_claim() {
    let mut net = cluster(3, Weather::FAIR, 14);
    net.run(5_000);
    for node in net.live() {
        assert!(node.members().all(|member| member.held() == Version::BIRTH));
        assert_eq!(
            node.stats()
                .received
                .of(gossip_core::wire::Kind::Claim)
                .count,
            0
        );
    }
    let lives: Vec<Generation> = net.live().map(Node::generation).collect();
    assert!(lives.iter().all(|life| life.counter == 0));
}

#[test]
fn nobody_is_suspected_while_many_without_configured_addresses_join() {
    for seed in 1..9 {
        let mut net = Net::<Large>::new(seed, 1400, Weather::FAIR);
        for address in 0..64 {
            let config = gossip_core::Config::new(support::id(address + 1)).gossip_fanout(0);
            net.add(config.check().unwrap(), Large::tables());
            if address > 0 {
                net.node(address).join(0).unwrap();
            }
        }
        // An address is learned of a seed, or with acks of several peers, which may take some rounds.
        net.run(10_000);
        assert!(net.live().all(|node| node.live() == 64), "seed {seed}");
        net.run(20_000);
        // A relay that does not know the address yet is a witness all the same; nobody is taken for dead.
        let suspicions: u32 = net.live().map(|node| node.stats().suspicions).sum();
        assert!(suspicions <= 2, "seed {seed}: {suspicions}");
        assert!(net.live().all(|node| node.live() == 64), "seed {seed}");
    }
}
