//! Scarce airtime: rounds get longer and answers later, but nobody is called dead for it, and no stranger can use up what
//! a member needs.

use crate::support;

use gossip_core::wire::Kind;
use gossip_core::{ByteRate, Config, ConfigError, Duration, Event, Generation, NodeId, Status};
use support::craft::{body, craft};
use support::{Large, Net, Weather, config, id};

/// A cluster in which every node may send `rate` bytes a second, with a burst of one datagram.
fn scarce(nodes: u16, mtu: usize, rate: u32, seed: u64) -> Net<Large> {
    scarce_in(Weather::FAIR, nodes, mtu, rate, seed)
}

fn scarce_in(weather: Weather, nodes: u16, mtu: usize, rate: u32, seed: u64) -> Net<Large> {
    let mut net = Net::<Large>::new(seed, mtu, weather);
    let rate = ByteRate {
        per_second: rate,
        burst: mtu as u32,
    };
    for address in 0..nodes {
        let config = config(address, mtu).byte_rate(Some(rate));
        net.add(config.check().unwrap(), Large::tables());
        if address > 0 {
            net.node(address).join(0).unwrap();
        }
    }
    net
}

/// Lets so many seconds go by, in which every node writes once a second, or none does.
fn keep_writing(net: &mut Net<Large>, seconds: u32, writes: bool) {
    for _ in 0..seconds {
        let now = net.now;
        let key = format!("k{}", now / 1000 % 7);
        for node in net.nodes.iter_mut().flatten().filter(|_| writes) {
            node.set(&key, &now.to_be_bytes()).unwrap();
        }
        net.run(1000);
    }
}

/// How often running nodes told their applications of a death since the last look.
fn deaths(net: &mut Net<Large>) -> usize {
    let mut deaths = 0;
    for node in net.nodes.iter_mut().flatten() {
        while let Some(event) = node.poll_event() {
            let dead = matches!(
                event,
                Event::Member {
                    status: Status::Dead,
                    ..
                }
            );
            deaths += usize::from(dead);
        }
    }
    deaths
}

#[test]
fn slow_links_mean_a_slow_join_and_no_death() {
    for (nodes, mtu, rate) in [
        (2, 64, 24),
        (3, 300, 30),
        (5, 64, 45),
        (9, 127, 30),
        (16, 64, 60),
        (16, 300, 90),
        (24, 64, 100),
        (32, 127, 400),
    ] {
        for seed in 10..13 {
            let mut net = scarce(nodes, mtu, rate, seed);
            let whole = usize::from(nodes);
            let done = net.run_until(net.now + 600_000, |net| {
                net.agree() && net.live().all(|node| node.live() == whole)
            });
            let case = format!("{nodes} nodes, {mtu} bytes, {rate} B/s, seed {seed}");
            assert!(done, "{case}: not joined in ten minutes");
            let mut died = deaths(&mut net);
            for _ in 0..3000 {
                net.run(100);
                died += deaths(&mut net);
            }
            assert_eq!(died, 0, "{case}");
        }
    }
}

#[test]
fn neither_do_slow_links_that_lose_a_fifth_or_carry_writes_all_the_time() {
    for (nodes, mtu, rate, weather, writes) in [
        (2, 64, 30, Weather::LOSSY, false),
        (16, 64, 40, Weather::LOSSY, false),
        (16, 127, 60, Weather::WILD, false),
        (32, 127, 100, Weather::LOSSY, false),
        (8, 64, 30, Weather::FAIR, true),
        (16, 127, 200, Weather::LOSSY, true),
    ] {
        for seed in 15..17 {
            let mut net = scarce_in(weather, nodes, mtu, rate, seed);
            let whole = usize::from(nodes);
            let met = net.run_until(net.now + 600_000, |net| {
                net.live().all(|node| node.live() == whole)
            });
            let case = format!("{nodes} nodes, {mtu} bytes, {rate} B/s, seed {seed}");
            assert!(met, "{case}: not joined in ten minutes");
            let mut died = deaths(&mut net);
            for _ in 0..300 {
                keep_writing(&mut net, 1, writes);
                died += deaths(&mut net);
            }
            // Without loss nobody may die; with a fifth lost and so little airtime one refutation may come late.
            let most = u32::from(weather.loss > 0);
            assert!(died as u32 <= most, "{case}: {died} died");
        }
    }
}

/// Lets `millis` go by, in which `flood` is handed to the node at address 0 so many times a second. Returns deaths told.
fn flooded(
    net: &mut Net<Large>,
    millis: u64,
    a_second: u64,
    mut flood: impl FnMut(u16) -> Vec<u8>,
) -> usize {
    let (end, mut token, mut died) = (net.now + millis, 0u16, 0);
    while net.now < end {
        token = token.wrapping_add(1);
        net.deliver(60, 0, &flood(token));
        net.run(1000 / a_second);
        died += deaths(net);
    }
    died
}

#[test]
fn a_stranger_that_pings_all_the_time_keeps_nobody_from_being_a_member() {
    for (nodes, mtu, rate, a_second) in [(8, 300, 400, 50), (16, 127, 100, 20), (5, 64, 60, 200)] {
        for seed in 20..22 {
            let mut net = scarce(nodes, mtu, rate, seed);
            net.run(120_000);
            assert!(net.agree());
            deaths(&mut net);
            let acked = net.node(0).stats().sent.of(Kind::Ack).count;
            let died = flooded(&mut net, 120_000, a_second, |token| {
                craft(
                    id(999),
                    Generation::default(),
                    &[(Kind::Ping, body(&[token]))],
                )
            });
            let case = format!("{nodes} nodes, {mtu} bytes, {rate} B/s, seed {seed}");
            assert_eq!(died, 0, "{case}");
            let acked = net.node(0).stats().sent.of(Kind::Ack).count - acked;
            assert!(
                acked > 200,
                "{case}: what is left goes to strangers, {acked} acks"
            );
        }
    }
}

#[test]
fn no_member_that_pings_all_the_time_does_either() {
    for (nodes, mtu, rate) in [(8, 300, 400), (16, 127, 100)] {
        let mut net = scarce(nodes, mtu, rate, 30);
        net.run(120_000);
        deaths(&mut net);
        let life = net.node(1).generation();
        let (end, mut token, mut died) = (net.now + 120_000, 0u16, 0);
        while net.now < end {
            token = token.wrapping_add(1);
            let ping = craft(id(2), life, &[(Kind::Ping, body(&[token]))]);
            net.deliver(1, 0, &ping);
            net.run(20);
            died += deaths(&mut net);
        }
        assert_eq!(died, 0, "{nodes} nodes, {mtu} bytes, {rate} B/s");
    }
}

#[test]
fn a_crash_is_found_in_the_time_of_the_longer_rounds() {
    for (nodes, rate, writes, limit) in [
        (4u16, 100, false, 12),
        (8, 60, false, 20),
        (16, 60, false, 30),
        (8, 30, false, 60),
        (2, 24, false, 60),
        // What is written fills the airtime.
        (16, 60, true, 120),
        (8, 30, true, 240),
    ] {
        for seed in 40..44 {
            let mut net = scarce(nodes, 64, rate, seed);
            net.run_until(net.now + 600_000, |net| net.agree());
            keep_writing(&mut net, 60, writes);
            net.nodes[1] = None;
            let start = net.now;
            let all = |net: &Net<Large>| {
                let left = usize::from(nodes) - 1;
                net.live().all(|node| node.live() == left)
            };
            while !all(&net) && net.now < start + 600_000 {
                keep_writing(&mut net, 1, writes);
            }
            let known = all(&net);
            let took = (net.now - start) / 1000;
            println!("{nodes} nodes, {rate} B/s, seed {seed}: known after {took} s");
            assert!(
                known && took <= limit,
                "{nodes} nodes, {rate} B/s: {took} s"
            );
            net.run(300_000);
            assert_eq!(deaths(&mut net), usize::from(nodes) - 1, "and nobody else");
        }
    }
}

#[test]
fn a_ping_that_was_not_sent_blames_nobody() {
    let mut net = scarce(4, 300, 1000, 50);
    net.run(20_000);
    // The link of this node is busy: nothing is taken from it, although its timers run.
    let mut node = net.nodes[0].take().unwrap();
    let mut rng = gossip_core::SplitMix64::new(1);
    for _ in 0..60 {
        net.run(500);
        let now = net.instant();
        if node.poll_timeout() <= now {
            node.handle_timeout(now, &mut rng);
        }
    }
    let stats = node.stats();
    assert_eq!((stats.suspicions, stats.pauses), (0, 0));
    assert!(stats.probes_unsent > 10, "{}", stats.probes_unsent);
}

#[test]
fn a_rate_that_carries_no_quiet_round_is_refused_in_words() {
    let with = |per_second, largest| {
        let rate = ByteRate {
            per_second,
            burst: 1400,
        };
        Config::<u16>::new(id(1))
            .largest_id(largest)
            .byte_rate(Some(rate))
    };
    for (largest, millis, min) in [
        (NodeId::truncated(1 << 14), 1000, 24),
        (NodeId::truncated(100), 1000, 22),
        (NodeId::MAX, 1000, 29),
        (NodeId::MAX, 10_000, 3),
        (NodeId::MAX, 100, 290),
    ] {
        let slow = |rate| {
            let timeout = Duration::from_millis(millis / 3);
            let interval = Duration::from_millis(millis);
            let config = with(rate, largest).probe_timeout(timeout);
            config.probe_interval(interval).check()
        };
        assert!(slow(min).is_ok(), "{min} B/s");
        let refused = slow(min - 1).unwrap_err();
        assert_eq!(refused, ConfigError::SlowRate { min });
        assert!(
            refused
                .to_string()
                .contains(&format!("at least {min} bytes"))
        );
    }
}

#[test]
fn what_goes_out_keeps_to_the_rate() {
    for (nodes, mtu, rate) in [(16, 64, 60), (8, 127, 200)] {
        let mut net = scarce(nodes, mtu, rate, 60);
        for address in 0..nodes {
            for key in 0..20 {
                net.node(address)
                    .set(&format!("key{key}"), b"12345678")
                    .unwrap();
            }
        }
        let start = net.now;
        net.run(300_000);
        let most = u64::from(rate) * (net.now - start) / 1000 + 3 * mtu as u64;
        for node in net.live() {
            let sent = u64::from(node.stats().sent.datagrams.bytes);
            assert!(sent <= most, "{sent} of {most}");
        }
    }
}
