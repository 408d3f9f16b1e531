//! Clusters of real nodes on a lossy network reach the same state.

mod support;

use support::{Large, Net, Weather, config};

/// Nodes that share 16 entries each join through one seed and converge.
fn converge(nodes: u16, mtu: usize, weather: Weather, seed: u64) -> (u64, u64) {
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
    (net.now - start, net.bytes_sent / u64::from(nodes))
}

#[test]
fn a_cluster_of_64_converges_at_every_floor_with_20_percent_loss() {
    for mtu in [1400, 127, 64] {
        let (millis, bytes) = converge(64, mtu, Weather::LOSSY, 1);
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
