//! A replica that has slept catches up page after page while its sources die under it, one after
//! each page, and old pages of everybody come in between. Nothing it has shown vanishes, nothing
//! deleted returns, and in the end all are equal.

use crate::support;

use gossip_core::wire::Kind;
use gossip_core::{Duration, Status};
use support::witness::Witness;
use support::{Large, Net, Record, Weather, config, id};

const NODES: u16 = 5;
const SLEEPER: u16 = 4;
const KEYS: u32 = 12;

fn start(net: &mut Net<Large>, address: u16, mtu: usize) {
    let config = config(address, mtu).tombstone_grace(Duration::from_secs(1));
    net.start(address, config.check().unwrap(), Large::tables());
    for other in (0..NODES).filter(|other| *other != address) {
        net.node(address).join(other).unwrap();
    }
}

fn key(number: u32) -> String {
    format!("k{number}")
}

/// Writes, overwrites and deletes at three owners, with the tombstones collected in the end. The
/// sleeper sees the first half. Everything delivered on the way is in the network's log.
fn history(mtu: usize) -> (Net<Large>, Witness) {
    let mut net = Net::<Large>::new(1, mtu, Weather::FAIR);
    let mut witness = Witness::default();
    net.log = Some(Vec::new());
    for address in 0..NODES {
        net.nodes.push(None);
        start(&mut net, address, mtu);
    }
    net.run(5_000);
    for owner in 0..3 {
        for number in 0..KEYS {
            assert!(witness.set(net.node(owner), &key(number)));
        }
    }
    let end = net.now + 120_000;
    assert!(net.run_until(end, Net::agree));
    let sleeper = net.nodes[usize::from(SLEEPER)].take();
    for owner in 0..3 {
        for number in 0..KEYS {
            match number % 3 {
                0 => assert!(witness.set(net.node(owner), &key(number))),
                1 => witness.delete(net.node(owner), &key(number)),
                _ => {}
            }
        }
        for number in KEYS..KEYS + 4 {
            assert!(witness.set(net.node(owner), &key(number)));
        }
        // Deleted and set again: its tombstone is gone, an older value is with the sleeper.
        witness.delete(net.node(owner), &key(0));
        assert!(witness.set(net.node(owner), &key(0)));
    }
    net.run(30_000);
    assert!(net.agree());
    for node in net.live() {
        for number in (1..KEYS).step_by(3) {
            assert!(
                !node.is_tombstone(id(1), &key(number)),
                "a tombstone was not collected"
            );
        }
    }
    net.nodes[usize::from(SLEEPER)] = sleeper;
    (net, witness)
}

fn pages(net: &mut Net<Large>) -> u32 {
    net.node(SLEEPER).stats().received.of(Kind::Claim).count
}

/// Who sent the last page that the sleeper took.
fn source(net: &Net<Large>) -> Option<u16> {
    let log = net.log.as_ref().unwrap();
    log.iter()
        .rev()
        .find(|record| record.to == SLEEPER && has_claim(record))
        .map(|r| r.from)
}

fn has_claim(record: &Record) -> bool {
    use gossip_core::wire::Datagram;
    let cluster = 0; // the checksum of the empty name
    let parsed = Datagram::parse::<u16>(&record.bytes, cluster, gossip_core::NodeId::MAX);
    parsed.is_ok_and(|datagram| datagram.sizes().any(|(kind, _)| kind == Some(Kind::Claim)))
}

/// Pages of the past, to anybody, to be thrown in between.
fn stale(net: &Net<Large>) -> Vec<Record> {
    net.log
        .as_ref()
        .unwrap()
        .iter()
        .filter(|record| has_claim(record))
        .cloned()
        .collect()
}

/// Lets the sleeper catch up. After page `kill_at`, and after `more` further ones, the source of the
/// page dies. Returns how many pages were taken.
fn catch_up(mut net: Net<Large>, mut witness: Witness, kill_at: u32, more: u32) -> u32 {
    let old = stale(&net);
    let first = pages(&mut net);
    let mut taken = first;
    let mut thrown = kill_at as usize;
    for _ in 0..240_000 {
        net.run(1);
        for address in 0..NODES {
            if let Some(node) = net.nodes[usize::from(address)].as_ref() {
                witness.look(address, node).unwrap();
            }
        }
        let now_taken = pages(&mut net);
        if now_taken == taken {
            if net.agree() && net.live().all(|node| all_known(node, &net)) {
                return taken - first;
            }
            continue;
        }
        taken = now_taken;
        let page = taken - first;
        if (kill_at..=kill_at.saturating_add(more)).contains(&page) && net.live().count() > 2 {
            let victim = source(&net).unwrap();
            net.nodes[usize::from(victim)] = None;
        }
        for _ in 0..3 {
            thrown = (thrown * 31 + 7) % old.len();
            let record = &old[thrown];
            net.deliver(record.from, SLEEPER, &record.bytes);
            net.deliver(record.from, SLEEPER, &record.bytes);
        }
        taken = pages(&mut net);
    }
    panic!("no agreement after page {kill_at}, {more} more");
}

/// The survivors hold each other for alive and everybody's entries alike.
fn all_known(node: &gossip_core::Node<u16, Large>, net: &Net<Large>) -> bool {
    let settled = node.members().all(|member| {
        let runs = net.nodes[(member.id().get() - 1) as usize].is_some();
        (member.status() == Status::Alive) == runs
    });
    let count = net.live().next().map(|first| first.entries().count());
    settled && Some(node.entries().count()) == count
}

fn every_page(mtu: usize) {
    let (net, witness) = history(mtu);
    let whole = catch_up(net.clone(), witness.clone(), u32::MAX, 0);
    println!("MTU {mtu}: {whole} pages undisturbed");
    assert!(whole >= 3, "{whole} pages: the test shows nothing");
    for page in 1..=whole {
        catch_up(net.clone(), witness.clone(), page, 0);
        catch_up(net.clone(), witness.clone(), page, 2);
    }
}

#[test]
fn the_source_of_each_page_dies_after_it_at_mtu_64() {
    every_page(64);
}

#[test]
fn the_source_of_each_page_dies_after_it_at_mtu_1400() {
    every_page(1400);
}
