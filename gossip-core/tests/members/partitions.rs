//! A partition heals in a bounded time however long it was, as long as one last-known address is valid on
//! one side: addresses outlive the memory of members, in a running node and in its state.

use crate::support;

use gossip_core::persist::Age;
use gossip_core::{Checked, Config, Duration, Node, NodeId};
use support::{Large, Net, Weather, config, id, pages};

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// How many forgotten members a storage of these tests keeps the addresses of.
const BYGONES: u64 = 8;

/// What `docs/protocol.md` states: three sorts of addresses take turns, each of at most as many as there
/// are of it, and then the two sides have to tell each other everything.
fn bound(most: u64) -> u64 {
    3 * most * 20_000 + 60_000
}

fn settings(address: u16) -> Config<u16> {
    config(address, 300).forget_after(Duration::from_secs(600))
}

/// So many nodes that know each other; all joined through the first, which is gone.
fn without_seed(nodes: u16, seed: u64) -> Net<Large> {
    let mut net = Net::new(seed, 300, Weather::FAIR);
    for address in 0..nodes {
        net.add(settings(address).check().unwrap(), Large::tables());
        if address > 0 {
            net.node(address).join(0).unwrap();
        }
    }
    let end = net.now + 60_000;
    let all = usize::from(nodes);
    assert!(net.run_until(end, |net| net.agree()
        && net.live().all(|node| node.live() == all)));
    net.nodes[0] = None;
    net.run(30_000);
    net
}

fn is_one(net: &Net<Large>) -> bool {
    let all = net.live().count();
    net.agree() && net.live().all(|node| node.live() == all)
}

/// How long it takes until all are one cluster again.
fn heals(net: &mut Net<Large>, most: u64) -> u64 {
    net.connected = |_, _| true;
    let begun = net.now;
    let healed = net.run_until(begun + most, is_one);
    let live: Vec<_> = net.live().map(Node::live).collect();
    assert!(healed, "still apart after {most} ms: {live:?}");
    net.now - begun
}

#[test]
fn halves_find_each_other_however_long_they_were_apart() {
    for (nodes, seed) in [(7, 1), (17, 2), (17, 3), (33, 4)] {
        for apart in [MINUTE, 620_000, HOUR] {
            let mut net = without_seed(nodes, seed);
            net.connected = |from, to| from % 2 == to % 2;
            net.run(apart);
            let most = BYGONES.max(u64::from(nodes) / 2);
            heals(&mut net, bound(most));
        }
    }
}

#[test]
fn a_day_apart_is_no_different() {
    let mut net = without_seed(17, 5);
    net.connected = |from, to| from % 2 == to % 2;
    net.run(DAY);
    assert!(
        net.live().all(|node| node.live() == 8),
        "each half is whole"
    );
    heals(&mut net, bound(BYGONES));
}

/// Both sides move to other addresses, all but one node of one side.
#[test]
fn one_address_that_is_still_valid_is_enough() {
    for (nodes, apart) in [(17, MINUTE), (17, HOUR), (25, 2 * HOUR)] {
        let mut net = without_seed(nodes, u64::from(nodes));
        net.connected = |from, to| from % 2 == to % 2;
        net.run(30_000);
        // The only one that stays is node 6, which nobody but the odd ones has lost.
        for address in (1..nodes).filter(|address| *address != 6) {
            rehouse(&mut net, address, address + 40);
            net.run(4_000);
        }
        net.run(apart);
        for node in net.live() {
            assert!(node.live() <= usize::from(nodes) / 2);
        }
        let most = BYGONES.max(u64::from(nodes) / 2);
        heals(&mut net, bound(most));
    }
}

/// The node moves, and asserts its new address in the same life.
fn rehouse(net: &mut Net<Large>, from: u16, to: u16) {
    while net.nodes.len() <= usize::from(to) {
        net.nodes.push(None);
    }
    let now = net.instant();
    let node = net.nodes[usize::from(from)].take().unwrap();
    let state = pages(&node, now, 64);
    let moved = Config::new(id(from + 1)).address(to);
    let moved = moved.mtu_floor(300).largest_id(NodeId::truncated(1 << 14));
    let moved: Checked<u16> = moved.fresh(true).check().unwrap();
    let again = Node::import(moved, Large::tables(), now, Age::Current, &state).unwrap();
    net.put(to, again);
}

#[test]
fn everybody_alone_for_longer_than_the_memory() {
    for (nodes, apart) in [(8, 700_000), (16, 90 * MINUTE)] {
        let mut net = without_seed(nodes + 1, 9);
        net.connected = |from, to| from == to;
        net.run(apart);
        assert!(net.live().all(|node| node.live() == 1));
        heals(&mut net, bound(16));
    }
}

#[test]
fn a_state_that_was_written_alone_leads_back() {
    for apart in [700_000, 3 * HOUR] {
        let mut net = without_seed(6, 6);
        net.connected = |from, to| (from == 3) == (to == 3);
        net.run(apart);
        assert_eq!(net.node(3).members().count(), 1, "all others are forgotten");
        let now = net.instant();
        let state = pages(net.node(3), now, 50);
        net.nodes[3] = None;
        net.run(MINUTE);
        let (config, now) = (settings(3).check().unwrap(), net.instant());
        let node = Node::import(config, Large::tables(), now, Age::Unknown, &state).unwrap();
        // A state of that one has them too.
        let state = pages(&node, now, 1000);
        let node = Node::import(config, Large::tables(), now, Age::Unknown, &state).unwrap();
        net.put(3, node);
        // The others may find it just as well.
        net.connected = |_, _| true;
        let took = heals(&mut net, bound(BYGONES));
        assert!(
            took < 60_000,
            "{took} ms: nobody was tried in quick succession"
        );
    }
}

/// An address that is another's by now, of this cluster or not, does no harm.
#[test]
fn an_address_that_changed_hands_is_harmless() {
    let mut net = without_seed(6, 8);
    let lost = net.nodes[2].take().unwrap();
    net.run(21 * MINUTE);
    assert!(net.live().all(|node| node.live() == 4));
    // A stranger lives there now, of another cluster.
    let other = Config::new(id(500))
        .address(2)
        .cluster("other")
        .mtu_floor(300);
    net.start(2, other.check().unwrap(), Large::tables());
    net.run(10 * MINUTE);
    let stranger = net.nodes[2].take().unwrap();
    assert_eq!(stranger.live(), 1);
    assert!(net.live().all(|node| node.live() == 4));
    // Then a newcomer of this one, which is found there.
    let newcomer = Config::new(id(77)).address(2).mtu_floor(300);
    let newcomer = newcomer.largest_id(NodeId::truncated(1 << 14)).fresh(true);
    net.start(2, newcomer.check().unwrap(), Large::tables());
    heals(&mut net, bound(BYGONES));
    // And the one that was lost comes back elsewhere in its old life.
    while net.nodes.len() <= 50 {
        net.nodes.push(None);
    }
    net.nodes[50] = Some(lost);
    net.run(10 * MINUTE);
    let newcomer = net.node(2).generation();
    for node in net.live() {
        let row = node.member(id(77)).unwrap();
        assert_eq!((row.address(), row.generation()), (Some(2), newcomer));
    }
}
