//! Clusters that share keys, and what their nodes read.

#![allow(dead_code)] // each test binary uses a part

use gossip_core::shared::{Merge, Merged, copy_of};
use gossip_core::{Config, Duration, Node};

use super::support::{Large, Net, Weather, config};

/// How long the dead are remembered: half of it they fade.
pub const MEMORY_SECS: u32 = 60;
/// Long enough to find a death and forget it.
pub const FORGOTTEN_MILLIS: u64 = 120_000;

pub fn settings(address: u16, mtu: usize) -> Config<u16> {
    config(address, mtu).forget_after(Duration::from_secs(MEMORY_SECS))
}

pub fn add(net: &mut Net<Large>, address: u16, floor: usize) {
    add_with(net, settings(address, floor));
}

fn add_with(net: &mut Net<Large>, settings: Config<u16>) {
    let address = net.add(settings.check().unwrap(), Large::tables());
    if address > 0 {
        net.node(address).join(0).unwrap();
    }
}

/// The node at `address` loses its memory and begins anew.
pub fn restart(net: &mut Net<Large>, address: u16) {
    restart_with(net, address, settings(address, net.mtu));
}

pub fn restart_with(net: &mut Net<Large>, address: u16, settings: Config<u16>) {
    net.start(address, settings.check().unwrap(), Large::tables());
    net.node(address).join(u16::from(address == 0)).unwrap();
}

pub fn cluster(nodes: u16, seed: u64, mtu: usize, weather: Weather) -> Net<Large> {
    let settings = |address| settings(address, mtu);
    cluster_with(nodes, seed, (mtu, weather), settings)
}

pub fn cluster_with(
    nodes: u16,
    seed: u64,
    (mtu, weather): (usize, Weather),
    settings: impl Fn(u16) -> Config<u16>,
) -> Net<Large> {
    let mut net = Net::new(seed, mtu, weather);
    (0..nodes).for_each(|address| add_with(&mut net, settings(address)));
    net.run(20_000);
    assert!(net.live().all(|node| node.live() == usize::from(nodes)));
    net
}

pub fn crash(net: &mut Net<Large>, address: u16) {
    net.nodes[usize::from(address)] = None;
}

pub fn settle(net: &mut Net<Large>) {
    let end = net.now + 60_000;
    assert!(net.run_until(end, Net::agree), "no agreement in a minute");
}

/// Lets time go by and makes sure that nobody ever reads more than was counted, or less than it has read
/// before in the same boot.
pub fn run_watched(net: &mut Net<Large>, millis: u64, key: &str, total: i64) {
    const LOOK_MILLIS: u64 = 200;
    let boots = |net: &Net<Large>| -> Vec<_> {
        let boot = |node: &Node<u16, Large>| (node.id(), node.generation().nonce);
        net.live().map(boot).collect()
    };
    let mut before: Vec<_> = boots(net).into_iter().zip(sums(net, key)).collect();
    for _ in 0..millis.div_ceil(LOOK_MILLIS) {
        net.run(LOOK_MILLIS);
        let read = sums(net, key);
        let now: Vec<_> = boots(net).into_iter().zip(read.clone()).collect();
        for (boot, sum) in &before {
            let less = |(other, now): &&(_, Option<i64>)| other == boot && now < sum;
            let less = now.iter().find(less);
            assert!(less.is_none(), "{less:?} after {sum:?} at {}", net.now);
        }
        before = now;
        let too_much = read.iter().flatten().any(|sum| *sum > total);
        assert!(!too_much, "{read:?} of {total} at {}", net.now);
    }
}

/// A number that a node reads.
pub fn number(net: &mut Net<Large>, at: u16, key: &str, how: Merge) -> Option<i64> {
    match net.node(at).merged(key, how)? {
        Merged::Number(number) => Some(number),
        _ => panic!("no number"),
    }
}

/// The sum that each node reads.
pub fn sums(net: &Net<Large>, key: &str) -> Vec<Option<i64>> {
    let sum = |node: &Node<u16, Large>| match node.merged(key, Merge::Sum)? {
        Merged::Number(number) => Some(number),
        _ => panic!("no number"),
    };
    net.live().map(sum).collect()
}

pub fn text(net: &mut Net<Large>, at: u16, key: &str, how: Merge) -> Option<String> {
    match net.node(at).merged(key, how)? {
        Merged::Value(written) => Some(String::from_utf8(written.value.to_vec()).unwrap()),
        _ => panic!("no value"),
    }
}

pub fn elements(net: &mut Net<Large>, at: u16, key: &str) -> Vec<String> {
    match net.node(at).merged(key, Merge::Union) {
        Some(Merged::Elements(all)) => all.map(|e| String::from_utf8_lossy(e).into()).collect(),
        None => Vec::new(),
        Some(_) => panic!("no set"),
    }
}

/// How many copies the node at `at` sees, of any key.
pub fn copies(net: &mut Net<Large>, at: u16) -> usize {
    let entries = net.node(at).entries();
    entries.filter(|entry| copy_of(entry.key).is_some()).count()
}

pub fn all_read(net: &Net<Large>, key: &str, total: i64) {
    let read = sums(net, key);
    assert!(
        read.iter().all(|sum| *sum == Some(total)),
        "{read:?} and not {total}"
    );
}

pub fn count<U>(merged: Merged<'_, U>) -> usize {
    match merged {
        Merged::Count(count) => count,
        _ => panic!("no count"),
    }
}
