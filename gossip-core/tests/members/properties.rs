//! Properties: merging is a join, bad input never panics, no datagram is too long, and the order in
//! which a node is polled does not matter.

use crate::support;

use gossip_core::table::{Facts, Liveness};
use gossip_core::{Generation, Incarnation, Instant, Node, NodeId, SplitMix64};
use proptest::prelude::*;
use support::{Large, Net, Small, Weather, config, id};

fn facts() -> impl Strategy<Value = Facts<u16>> {
    let liveness = prop_oneof![
        Just(Liveness::Alive),
        Just(Liveness::Slow),
        Just(Liveness::Dead),
        Just(Liveness::Left)
    ];
    (
        0u16..3,
        0u8..3,
        0u32..3,
        liveness,
        prop::option::of(0u16..3),
    )
        .prop_map(|(counter, nonce, incarnation, liveness, address)| Facts {
            generation: Generation {
                counter,
                nonce: [0, 0, 0, nonce],
            },
            incarnation: Incarnation::new(incarnation).unwrap(),
            liveness,
            address,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn merging_is_idempotent_commutative_and_associative(a in facts(), b in facts(), c in facts()) {
        prop_assert_eq!(a.merge(a), a);
        prop_assert_eq!(a.merge(b), b.merge(a));
        prop_assert_eq!(a.merge(b).merge(c), a.merge(b.merge(c)));
    }

    /// Rows that come in any order, and repeated, leave the same table.
    #[test]
    fn the_order_of_rows_does_not_matter(rows in prop::collection::vec((2u16..6, facts()), 1..12), seed in any::<u64>()) {
        let merged = |order: &mut dyn Iterator<Item = &(u16, Facts<u16>)>| {
            let mut node = started(seed);
            for (member, facts) in order {
                node.handle_datagram(now(), 9, &datagram(*member, facts)).unwrap();
            }
            let mut known: Vec<_> = node.members().map(|m| (m.id(), m.generation(), m.incarnation(), m.address())).collect();
            known.sort();
            (known, node.fingerprint())
        };
        let forward = merged(&mut rows.iter());
        let backward = merged(&mut rows.iter().rev());
        let twice = merged(&mut rows.iter().chain(rows.iter()));
        prop_assert_eq!(&forward, &backward);
        prop_assert_eq!(&forward, &twice);
    }

    /// For any MTU from the floor up, no datagram is longer than the buffer, with floors that differ
    /// from the buffer too; and the cluster converges with it.
    #[test]
    fn no_datagram_is_longer_than_its_buffer(mtu in 64usize..1500, seed in any::<u64>()) {
        let mut net = Net::<Small>::new(seed, mtu, Weather::LOSSY);
        for address in 0..4 {
            net.add(config(address, 64).check().unwrap(), Small::tables());
            net.node(address).set("key-8888", b"value-88").unwrap();
            if address > 0 {
                net.node(address).join(0).unwrap();
            }
        }
        // The network asserts the length of each datagram.
        let end = net.now + 60_000;
        let whole = |net: &Net<Small>| net.agree() && net.live().all(|node| node.entries().count() == 4);
        prop_assert!(net.run_until(end, whole));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), fix in any::<bool>()) {
        let mut bytes = bytes;
        if fix && !bytes.is_empty() {
            bytes[0] = 0x10;
            gossip_core::wire::seal_tag(&mut bytes, 0);
        }
        let mut node = started(1);
        let _ = node.handle_datagram(now(), 3, &bytes);
        drain(&mut node, 200);
    }

    /// Valid datagrams of a real cluster, with bytes changed and the checksum made good again.
    #[test]
    fn mutated_datagrams_never_panic(pick in any::<usize>(), changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..6), cut in any::<usize>()) {
        let recorded = recorded();
        let mut bytes = recorded[pick % recorded.len()].clone();
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        bytes.truncate(1 + cut % (2 * bytes.len()));
        bytes[0] = 0x10;
        gossip_core::wire::seal_tag(&mut bytes, 0);
        let mut node = started(1);
        node.set("a", b"mine").unwrap();
        let _ = node.handle_datagram(now(), 3, &bytes);
        drain(&mut node, 200);
        prop_assert_eq!(node.get(id(1), "a"), Some(&b"mine"[..]), "an own entry changed");
    }

    /// Polling for events early, late or in between does not change what is sent or known.
    #[test]
    fn the_interleaving_of_polls_does_not_matter(seed in any::<u64>(), plan in prop::collection::vec(any::<bool>(), 64)) {
        let run = |poll_between: &[bool]| {
            let mut rng = SplitMix64::new(seed);
            let mut node = started(seed);
            let mut sent = Vec::new();
            for (step, bytes) in recorded().iter().cycle().skip((seed % 50) as usize).take(poll_between.len()).enumerate() {
                let at = Instant::from_millis(2_000 + 40 * step as u64);
                let _ = node.handle_datagram(at, (seed % 3) as u16 + 1, bytes);
                let _ = poll_between[step].then(|| node.poll_event());
                if node.poll_timeout() <= at {
                    node.handle_timeout(at, &mut rng);
                }
                let _ = poll_between[step].then(|| node.poll_event());
                sent.extend(transmitted(&mut node, at));
            }
            while node.poll_event().is_some() {}
            let end = Instant::from_millis(2_000 + 40 * poll_between.len() as u64);
            (sent, node.canonical(end))
        };
        let lazy = run(&[false; 64]);
        let eager = run(&[true; 64]);
        let mixed = run(&plan);
        prop_assert_eq!(&lazy, &eager);
        prop_assert_eq!(&lazy, &mixed);
    }
}

fn now() -> Instant {
    Instant::from_millis(2_000)
}

/// A node that has started.
fn started(seed: u64) -> Node<u16, Small> {
    let mut node = Node::new(config(0, 64).check().unwrap(), Small::tables());
    node.handle_timeout(Instant::from_millis(1_000), &mut SplitMix64::new(seed));
    node
}

/// Everything that the node wants to send now.
fn transmitted(node: &mut Node<u16, Small>, at: Instant) -> Vec<(u16, Vec<u8>)> {
    let mut buf = [0; 200];
    std::iter::from_fn(|| {
        node.poll_transmit(at, &mut buf)
            .map(|t| (t.to.one().unwrap(), buf[..t.len].to_vec()))
    })
    .take(1_000)
    .collect()
}

/// Lets a node do whatever it wants for a while.
fn drain(node: &mut Node<u16, Small>, steps: u64) {
    let mut rng = SplitMix64::new(7);
    for step in 0..steps {
        let at = Instant::from_millis(2_000 + 100 * step);
        if node.poll_timeout() <= at {
            node.handle_timeout(at, &mut rng);
        }
        assert!(
            transmitted(node, at).len() < 1_000,
            "it never stops sending"
        );
        while node.poll_event().is_some() {}
    }
}

/// A datagram of node 2 that holds one row.
fn datagram(member: u16, facts: &Facts<u16>) -> Vec<u8> {
    use gossip_core::wire::{Header, Kind, Row, Standing, seal_tag};
    let standing = match facts.liveness {
        Liveness::Alive => Standing::Alive,
        Liveness::Dead => Standing::Dead(600),
        Liveness::Left => Standing::Left(600),
        Liveness::Slow => Standing::Slow,
    };
    let row = Row {
        id: NodeId::from(member),
        generation: facts.generation,
        incarnation: facts.incarnation,
        standing,
        address: facts.address,
        held: gossip_core::Version::NONE,
    };
    let header = Header {
        sender: id(7),
        generation: Generation::default(),
    };
    let mut bytes = vec![0x10, 0, 0, 0, 0];
    bytes.extend(postcard::to_slice(&header, &mut [0; 32]).unwrap().iter());
    let mut body = [0; 64];
    let body = postcard::to_slice(&row, &mut body).unwrap();
    bytes.extend([(Kind::Rows as u8) << 4 | 15, body.len() as u8]);
    bytes.extend(body.iter());
    assert!(seal_tag(&mut bytes, 0));
    bytes
}

/// The datagrams of a small cluster that lives through writes, a crash and a restart.
fn recorded() -> &'static Vec<Vec<u8>> {
    static RECORDED: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
    RECORDED.get_or_init(|| {
        let mut net = Net::<Large>::new(3, 120, Weather::WILD);
        net.log = Some(Vec::new());
        for address in 0..5 {
            net.add(config(address, 64).check().unwrap(), Large::tables());
            net.node(address).join(0).unwrap();
            for key in ["a", "b", "c"] {
                net.node(address).set(key, &[address as u8; 5]).unwrap();
            }
        }
        net.run(4_000);
        net.node(1).delete("a").unwrap();
        net.nodes[4] = None;
        net.run(12_000);
        net.start(4, config(4, 64).check().unwrap(), Large::tables());
        net.node(4).join(0).unwrap();
        net.run(4_000);
        let log = net.log.take().unwrap();
        assert!(log.len() > 500);
        log.into_iter().map(|record| record.bytes).collect()
    })
}
