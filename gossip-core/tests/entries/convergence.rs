//! Clusters of real nodes on a lossy network reach the same state.

use crate::support;

use gossip_core::wire::Kind;
use gossip_core::{Destination, SplitMix64};
use support::{Large, Net, Weather, config};

/// Nodes that share 16 entries each join through one seed and converge: the network, the time in
/// milliseconds and the bytes sent by each node on average.
fn converge(nodes: u16, mtu: usize, weather: Weather, seed: u64) -> (Net<Large>, u64, u64) {
    let mut net = Net::<Large>::new(seed, mtu, weather);
    for address in 0..nodes {
        net.add(config(address, mtu).check().unwrap(), Large::tables());
        for key in 0..16u32 {
            let (key, value) = (format!("key-{key:04}"), format!("{address:04}{key:04}"));
            net.node(address).set(&key, value.as_bytes()).unwrap();
        }
        if address > 0 {
            net.node(address).join(0).unwrap();
        }
    }
    let start = net.now;
    let whole = usize::from(nodes) * 16;
    let done = net.run_until(start + 600_000, |net| {
        net.agree() && net.live().all(|node| node.entries().count() == whole)
    });
    assert!(
        done,
        "{nodes} nodes did not converge at MTU {mtu}, seed {seed}"
    );
    let reference = net.contents(0);
    for address in 1..nodes {
        assert_eq!(net.contents(address), reference);
    }
    let (millis, bytes) = (net.now - start, net.bytes_sent / u64::from(nodes));
    (net, millis, bytes)
}

#[test]
fn a_cluster_of_64_converges_at_every_floor_with_20_percent_loss() {
    for mtu in [1400, 127, 64] {
        let (_, millis, bytes) = converge(64, mtu, Weather::LOSSY, 1);
        println!("64 x 16 at MTU {mtu}, 20 % loss: {millis} ms, {bytes} B/node");
    }
}

#[test]
fn small_clusters_converge_in_wild_weather() {
    for seed in 0..5 {
        for mtu in [1400, 64] {
            converge(8, mtu, Weather::WILD, seed);
        }
    }
}

#[test]
fn equal_replicas_find_out_in_40_bytes() {
    let (mut net, _, _) = converge(64, 1400, Weather::FAIR, 7);
    // Until all news is old.
    net.run(60_000);
    assert!(net.agree());
    let mut asker = net.node(5).clone();
    let (mut rng, mut buf) = (SplitMix64::new(1), [0; 1400]);
    let now = net.instant().max(asker.poll_timeout());
    asker.handle_timeout(now, &mut rng);
    let request = asker.poll_transmit(now, &mut buf).expect("a round begins");
    let (partner, request) = (request.to.one().unwrap(), buf[..request.len].to_vec());
    let mut other = net.node(partner).clone();
    let roots = |node: &gossip_core::Node<u16, Large>| node.stats().received.of(Kind::Root).count;
    let before = roots(&other);
    other.handle_datagram(now, 5, &request).unwrap();
    assert_eq!(
        roots(&other),
        before + 1,
        "the request asked for a comparison"
    );
    let reply = other.poll_transmit(now, &mut buf).expect("an answer");
    assert_eq!(reply.to, Destination::One(5));
    let sames = asker.stats().received.of(Kind::Same).count;
    asker
        .handle_datagram(now, partner, &buf[..reply.len])
        .unwrap();
    assert_eq!(asker.stats().received.of(Kind::Same).count, sames + 1);
    println!(
        "64 members, 1024 entries, equal: {} + {} bytes",
        request.len(),
        reply.len
    );
    assert!(
        request.len() + reply.len <= 40,
        "{} + {}",
        request.len(),
        reply.len
    );
    assert_eq!(
        other.poll_transmit(now, &mut buf),
        None,
        "nothing more to say"
    );
}
