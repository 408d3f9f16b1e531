//! The smallest floor there is, with the longest ids and addresses: everything gets through.

use gossip_core::{Config, Instant, Node, NodeId, SetError, SplitMix64, inline};

const FLOOR: usize = 64;

inline! {
    struct Few {
        members: 4, entries: 16, key: 8, value: 8, news: 8, duties: 8,
        relays: 2, seeds: 2, exchanges: 4, ranges: 8, wants: 8,
    }
}

type Far = Node<[u8; 8], Few>;

/// A node with an id and an address of the greatest length, at the smallest floor.
fn far_node(number: u64) -> Far {
    let config = Config::new(NodeId::truncated(NodeId::MAX.get() - number))
        .address([0xff - number as u8; 8])
        .mtu_floor(FLOOR);
    Node::new(config.check().expect("valid"), Few::tables())
}

#[test]
fn nodes_at_the_smallest_floor_with_the_longest_ids_share_the_longest_entries() {
    let mut rng = SplitMix64::new(3);
    let mut nodes: Vec<Far> = (0..3).map(far_node).collect();
    let mut most = 0;
    for millis in 0..60_000 {
        let now = Instant::from_millis(millis);
        for at in 0..nodes.len() {
            if nodes[at].poll_timeout() <= now {
                nodes[at].handle_timeout(now, &mut rng);
            }
            if millis == 1 {
                begin(&mut nodes[at]);
            }
            let mut buf = [0; FLOOR];
            while let Some(transmit) = nodes[at].poll_transmit(now, &mut buf) {
                most = most.max(transmit.len);
                let to = usize::from(0xff - transmit.to.one().unwrap()[0]);
                let from = nodes[at].address().expect("configured");
                nodes[to]
                    .handle_datagram(now, from, &buf[..transmit.len])
                    .expect("valid");
            }
        }
    }
    for node in &nodes {
        assert_eq!(node.entries().count(), 9, "{:?}", node.stats());
        assert_eq!(node.fingerprint(), nodes[0].fingerprint());
        assert_eq!(
            (node.stats().entries_too_large, node.stats().small_buffers),
            (0, 0)
        );
    }
    assert!((58..=FLOOR).contains(&most), "longest datagram: {most}");
}

/// Joins the first node, and sets three of the longest entries that can be set.
fn begin(node: &mut Far) {
    if node.address() != Some([0xff; 8]) {
        node.join([0xff; 8]).expect("room");
    }
    assert_eq!(node.entry_max(), 6);
    for key in ["a", "bcd", "efghij"] {
        let value = vec![7; 6 - key.len()];
        node.set(key, &value).expect("as long as can be");
        let longer = [&value[..], &[7]].concat();
        assert_eq!(node.set(key, &longer), Err(SetError::Entry { max: 6 }));
    }
}
