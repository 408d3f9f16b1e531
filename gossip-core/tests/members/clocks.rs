//! A clock that is set back: the node's own time goes on, and nobody notices but a counter.

use crate::support;

use gossip_core::{Duration, Instant, Node, NodeId, SplitMix64, Status};
use support::{Large, Net, Weather, config};

/// Delivers what nodes say, each with a clock of its own.
struct Clocks {
    nodes: Vec<Node<u16, Large>>,
    /// By how much each clock is behind, in milliseconds.
    back: Vec<u64>,
    now: u64,
    rng: SplitMix64,
    sent: Vec<u32>,
}

const DAY: u64 = 86_400_000;

impl Clocks {
    fn new(nodes: u16) -> Self {
        let node = |address| {
            let settings = config(address, 300).check().unwrap();
            let mut node = Node::new(settings, Large::tables());
            node.join(u16::from(address == 0)).unwrap();
            node
        };
        Self {
            nodes: (0..nodes).map(node).collect(),
            back: vec![0; usize::from(nodes)],
            now: DAY,
            rng: SplitMix64::new(5),
            sent: vec![0; usize::from(nodes)],
        }
    }

    fn clock(&self, at: usize) -> Instant {
        Instant::from_millis(self.now - self.back[at])
    }

    fn run(&mut self, millis: u64) {
        for _ in 0..millis / 10 {
            self.now += 10;
            for at in 0..self.nodes.len() {
                let now = self.clock(at);
                if self.nodes[at].poll_timeout() <= now {
                    self.nodes[at].handle_timeout(now, &mut self.rng);
                }
                self.send_all(at, now);
            }
        }
    }

    fn send_all(&mut self, at: usize, now: Instant) {
        let mut buf = [0; 300];
        while let Some(transmit) = self.nodes[at].poll_transmit(now, &mut buf) {
            self.sent[at] += 1;
            let to = usize::from(transmit.to.one().unwrap());
            let there = self.clock(to);
            // What is dropped is counted there.
            let _ = self.nodes[to].handle_datagram(there, at as u16, &buf[..transmit.len]);
        }
    }

    fn all_alive(&self) -> bool {
        self.nodes.iter().all(|node| {
            let others = node.members().filter(|row| row.status() == Status::Alive);
            others.count() == self.nodes.len()
        })
    }
}

fn hour(hours: u64) -> u64 {
    hours * 3_600_000
}

#[test]
fn a_node_whose_clock_is_set_back_goes_on_at_once() {
    for back in [2_000, hour(1), hour(23)] {
        let mut net = Clocks::new(5);
        net.run(20_000);
        assert!(net.all_alive());
        net.back[2] = back;
        let before = net.sent.clone();
        for second in 0..30 {
            net.run(1_000);
            assert!(net.all_alive(), "{second} s after {back} ms");
        }
        let sent = |at: usize| net.sent[at] - before[at];
        assert!(sent(2) * 2 > sent(1), "{} of {}", sent(2), sent(1));
        assert_eq!(net.nodes[2].stats().clocks_set_back, 1);
        net.nodes[2].set("k", b"v").unwrap();
        net.run(5_000);
        let read = |node: &Node<_, _>| node.get(NodeId::from(3), "k") == Some(&b"v"[..]);
        assert!(net.nodes.iter().all(read));
    }
}

#[test]
fn it_may_be_set_back_again_and_by_everybody() {
    let mut net = Clocks::new(4);
    net.run(20_000);
    for times in 1..=3 {
        (0..4).for_each(|at| net.back[at] += hour(times));
        let before = net.sent.clone();
        net.run(20_000);
        assert!(net.all_alive());
        let spoke = |at: usize| net.sent[at] > before[at] + 10;
        assert!((0..4).all(spoke), "{:?} {before:?}", net.sent);
    }
    assert!(
        net.nodes
            .iter()
            .all(|node| node.stats().clocks_set_back == 3)
    );
}

#[test]
fn a_node_alone_notices_with_its_next_call() {
    let settings = config(0, 300).check().unwrap();
    let mut node: Node<u16, Large> = Node::new(settings, Large::tables());
    let (mut rng, at) = (SplitMix64::new(1), Instant::from_millis);
    node.handle_timeout(at(DAY), &mut rng);
    let early = at(DAY - hour(3));
    assert!(node.poll_timeout() > early.after(Duration::from_secs(60)));
    assert!(node.poll_transmit(early, &mut [0; 300]).is_none());
    assert!(node.poll_timeout() <= early.after(Duration::from_secs(60)));
    assert_eq!(node.stats().clocks_set_back, 1);
}

#[test]
fn leases_and_deadlines_are_told_by_the_clock_that_is_shown() {
    let settings = config(0, 300).check().unwrap();
    let mut node: Node<u16, Large> = Node::new(settings, Large::tables());
    let (mut rng, at) = (SplitMix64::new(1), Instant::from_millis);
    node.handle_timeout(at(DAY), &mut rng);
    node.set_for(at(DAY), "k", b"v", Duration::from_secs(60))
        .unwrap();
    let now = at(DAY - hour(1));
    node.handle_timeout(now, &mut rng);
    let left = |node: &Node<_, _>, now: Instant| {
        let mut all = node.entries();
        all.next().unwrap().expires.unwrap().since(now).as_millis()
    };
    assert_eq!(left(&node, now), 60_000);
    let later = now.after(Duration::from_secs(10));
    node.renew(later, "k", Duration::from_secs(60)).unwrap();
    assert_eq!(left(&node, later), 60_000);
    assert_eq!(
        node.entry(NodeId::from(1), "k").unwrap().expires,
        Some(later.after(Duration::from_secs(60)))
    );
    for second in 0..70 {
        let now = later.after(Duration::from_secs(second));
        node.handle_timeout(now, &mut rng);
        assert_eq!(
            node.get(NodeId::from(1), "k").is_some(),
            second < 60,
            "{second}"
        );
    }
}

#[test]
fn calls_that_overtake_each_other_a_little_are_no_clock_set_back() {
    let mut net: Net<Large> = Net::new(3, 300, Weather::FAIR);
    for address in 0..3 {
        net.add(config(address, 300).check().unwrap(), Large::tables());
        net.node(address).join(0).unwrap();
    }
    net.run(5_000);
    let now = net.instant();
    let early = Instant::from_millis(now.as_millis() - 900);
    let mut rng = SplitMix64::new(1);
    net.node(1).handle_timeout(now, &mut rng);
    let before = net.node(1).clone();
    net.node(1).handle_timeout(early, &mut rng);
    assert_eq!(net.node(1).stats().clocks_set_back, 0);
    assert_eq!(
        net.node(1).canonical(now),
        before.canonical(now),
        "nothing was due"
    );
}
