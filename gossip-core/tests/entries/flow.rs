//! Flow control: bytes and writes no faster than they can be carried, and nothing starves.

use crate::support;

use gossip_core::{ByteRate, ConfigError, Duration};
use support::{Large, Net, Weather, config, id};

const SLOW: ByteRate = ByteRate {
    per_second: 400,
    burst: 800,
};

#[test]
fn a_node_with_a_byte_rate_keeps_to_it_and_still_converges() {
    let mut net = Net::<Large>::new(3, 127, Weather::LOSSY);
    for address in 0..8 {
        let config = config(address, 127).byte_rate(Some(SLOW));
        net.add(config.check().unwrap(), Large::tables());
        if address > 0 {
            net.node(address).join(0).unwrap();
        }
        for key in 0..32u32 {
            let key = format!("key-{key:04}");
            net.node(address).set(&key, b"0123456789abcdef").unwrap();
        }
    }
    let start = net.now;
    let done = net.run_until(start + 200_000, |net| {
        net.agree() && net.live().all(|node| node.entries().count() == 8 * 32)
    });
    assert!(done, "the cluster did not converge");
    let seconds = (net.now - start).div_ceil(1000);
    for node in net.live() {
        let sent = u64::from(node.stats().sent.datagrams.bytes);
        // A burst from the full bucket and one of urgent debt, with the last datagram over.
        let most = seconds * 400 + 2 * 800 + 127;
        assert!(sent <= most, "{sent} bytes in {seconds} s");
    }
    let busy = net
        .live()
        .filter(|node| node.stats().suspicions > 0)
        .count();
    println!("8 x 32 at 400 B/s: {seconds} s; {busy} nodes ever suspected somebody");
}

#[test]
fn a_byte_rate_must_carry_a_datagram() {
    for rate in [
        ByteRate {
            per_second: 0,
            ..SLOW
        },
        ByteRate { burst: 126, ..SLOW },
    ] {
        let refused = config(0, 127).byte_rate(Some(rate)).check();
        assert_eq!(refused, Err(ConfigError::ByteRate));
    }
}

/// Nodes that know each other, with flow control and one page of 127 bytes a round.
fn paced(nodes: u16) -> Net<Large> {
    let mut net = Net::<Large>::new(5, 127, Weather::FAIR);
    for address in 0..nodes {
        let config = config(address, 127)
            .flow_control(true)
            .exchange_pages(1)
            .gossip_fanout(0);
        net.add(config.check().unwrap(), Large::tables());
        if address > 0 {
            net.node(address).join(0).unwrap();
        }
    }
    let whole = usize::from(nodes);
    let met = net.run_until(200_000, |net| {
        net.agree() && net.live().all(|node| node.live() == whole)
    });
    assert!(met);
    net.run(30_000);
    net
}

/// Every node writes so many keys a second, round and round over 12 of them.
fn load(net: &mut Net<Large>, writes_a_second: u64, seconds: u64) {
    let nodes = net.nodes.len() as u16;
    for step in 0..seconds * writes_a_second {
        for address in 0..nodes {
            let (key, value) = (format!("k{:02}", step % 12), format!("{step:08}"));
            net.node(address).set(&key, value.as_bytes()).unwrap();
        }
        net.run(1000 / writes_a_second);
    }
}

#[test]
fn writers_slow_down_to_what_is_carried_share_it_fairly_and_lose_nothing() {
    let mut net = paced(12);
    load(&mut net, 1, 30);
    load(&mut net, 20, 120);
    let pressures: Vec<_> = net.live().map(|node| node.pressure()).collect();
    let rates: Vec<_> = pressures.iter().map(|pressure| pressure.allowed).collect();
    println!("allowed in 1000 s: {rates:?}");
    assert!(
        pressures.iter().all(|pressure| pressure.waiting > 0),
        "the application sees that its writes wait: {pressures:?}"
    );
    assert!(
        pressures.iter().all(|pressure| pressure.wanted > 15_000),
        "and how fast it writes: {pressures:?}"
    );
    let (least, most) = (rates.iter().min().unwrap(), rates.iter().max().unwrap());
    assert!(*most < 10_000, "nobody writes at the rate of the start");
    assert!(*most <= 6 * *least, "no writer has much more than another");
    // What goes out goes everywhere: no replica is far behind what the owners let out.
    for node in net.live() {
        for owner in 0..12 {
            let here = node.member(id(owner + 1)).unwrap().held().get();
            assert!(here > 2, "an owner that nobody hears of");
        }
    }
    let done = net.run_until(net.now + 300_000, |net| {
        net.agree() && net.live().all(|node| node.pressure().waiting == 0)
    });
    assert!(done, "what waited did not go out");
    let reference = net.contents(0);
    for address in 1..12 {
        assert_eq!(net.contents(address), reference);
    }
    assert_eq!(reference.len(), 12 * 12);
}

#[test]
fn a_key_that_is_written_often_goes_out_seldom() {
    let mut net = paced(4);
    let before = net.bytes_sent;
    net.run(10_000);
    let idle = net.bytes_sent - before;
    let before = net.bytes_sent;
    for step in 0..10_000u32 {
        net.node(0).set("busy", &step.to_be_bytes()).unwrap();
        net.run(1);
    }
    let busy = net.bytes_sent - before;
    println!("10 s: idle {idle} B, a key written 10,000 times {busy} B");
    assert!(busy < 8 * idle, "each write cost {} B", busy / 10_000);
    let done = net.run_until(net.now + 60_000, |net| {
        let value =
            |node: &gossip_core::Node<u16, Large>| node.get(id(1), "busy").map(<[u8]>::to_vec);
        net.live()
            .all(|node| value(node) == Some(9_999u32.to_be_bytes().to_vec()))
    });
    assert!(done, "the last value did not arrive");
}

#[test]
fn without_flow_control_there_is_no_pressure() {
    let mut net = Net::<Large>::new(5, 127, Weather::FAIR);
    net.add(config(0, 127).check().unwrap(), Large::tables());
    net.node(0).set("a", b"b").unwrap();
    let pressure = net.node(0).pressure();
    assert_eq!(pressure.waiting, 0);
    assert_eq!((pressure.allowed, pressure.bytes), (u32::MAX, u32::MAX));
    let patient = config(1, 127).exchange_interval(Duration::from_secs(5));
    assert!(patient.check().is_ok());
}
