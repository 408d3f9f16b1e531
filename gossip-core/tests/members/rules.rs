//! The rules one by one: precedence of facts, limits of writes, events, and what is refused.

use crate::support;

use gossip_core::table::{Facts, Liveness};
use gossip_core::{
    Config, ConfigError, DatagramError, Duration, Event, Generation, Incarnation, Instant,
    JoinError, Node, NodeId, SetError, SplitMix64, Status,
};
use support::{Large, Net, Small, Weather, config, id};

fn facts(counter: u16, nonce: u8, incarnation: u32, liveness: Liveness) -> Facts<u16> {
    Facts {
        generation: Generation {
            counter,
            nonce: [0, 0, 0, nonce],
        },
        incarnation: Incarnation::new(incarnation).unwrap(),
        liveness,
        address: Some(1),
    }
}

/// The table in the docs of `Facts`, row by row: the second always wins over the first.
#[test]
fn precedence_row_by_row() {
    use Liveness::{Alive, Dead, Left};
    let at = |address| Facts {
        address,
        ..facts(1, 1, 3, Alive)
    };
    let rows = [
        (
            "a later counter",
            facts(0, 9, 9, Left),
            facts(1, 0, 0, Alive),
        ),
        (
            "the same counter, a greater nonce",
            facts(1, 1, 9, Dead),
            facts(1, 2, 0, Alive),
        ),
        (
            "a refutation of a death",
            facts(1, 1, 3, Dead),
            facts(1, 1, 4, Alive),
        ),
        (
            "a refutation of a goodbye",
            facts(1, 1, 3, Left),
            facts(1, 1, 4, Alive),
        ),
        (
            "a death of what is alive",
            facts(1, 1, 3, Alive),
            facts(1, 1, 3, Dead),
        ),
        (
            "a goodbye of what is alive",
            facts(1, 1, 3, Alive),
            facts(1, 1, 3, Left),
        ),
        (
            "a goodbye of what is held for dead",
            facts(1, 1, 3, Dead),
            facts(1, 1, 3, Left),
        ),
        ("an address", at(None), at(Some(1))),
        ("a greater address", at(Some(1)), at(Some(2))),
    ];
    for (name, loser, winner) in rows {
        assert!(loser.yields_to(&winner), "{name}");
        assert!(!winner.yields_to(&loser), "{name}");
        assert_eq!(loser.merge(winner), winner, "{name}");
        assert_eq!(winner.merge(loser), winner, "{name}");
    }
}

fn node() -> Node<u16, Small> {
    let mut node = Node::new(config(0, 64).check().unwrap(), Small::tables());
    node.handle_timeout(Instant::from_millis(10), &mut SplitMix64::new(1));
    node
}

#[test]
fn writes_are_refused_with_the_limit_that_they_break() {
    let mut node = node();
    assert_eq!(node.set("", b"x"), Err(SetError::Key { max: 8 }));
    assert_eq!(node.set("123456789", b"x"), Err(SetError::Key { max: 8 }));
    assert_eq!(node.set("k", &[0; 17]), Err(SetError::Value { max: 16 }));
    // Ids up to 2^14 take 3 bytes at most: 64 - 15 - 2 - 28 = 19 bytes for an entry.
    assert_eq!(node.entry_max(), 16);
    assert_eq!(node.set("12345678", b"12345678"), Ok(()));
    assert_eq!(
        node.set("12345678", b"123456789"),
        Err(SetError::Entry { max: 16 })
    );
    assert_eq!(
        node.get(id(1), "12345678"),
        Some(&b"12345678"[..]),
        "a refused write changes nothing"
    );
    assert_eq!(node.stats().refused_writes, 4);
    for number in 0..23 {
        node.set(&format!("k{number}"), b"v").unwrap();
    }
    assert_eq!(node.set("more", b"v"), Err(SetError::Full { max: 24 }));
    assert_eq!(node.set("k7", b"new"), Ok(()), "an overwrite needs no room");
    assert_eq!(node.delete("nothing"), Ok(false));
    assert_eq!(node.delete("k7"), Ok(true));
    assert_eq!(node.get(id(1), "k7"), None);
    assert!(SetError::Full { max: 24 }.to_string().contains("24"));
}

#[test]
fn typed_values_travel_as_postcard() {
    let mut node = node();
    node.set_value("pair", &(7u16, true), &mut [0; 16]).unwrap();
    assert_eq!(
        node.value::<(u16, bool)>(id(1), "pair"),
        Some(Ok((7, true)))
    );
    assert!(node.value::<&str>(id(1), "pair").unwrap().is_err());
    assert_eq!(
        node.set_value("pair", &[1u8; 20], &mut [0; 4]),
        Err(SetError::Encoding)
    );
}

#[test]
fn configurations_that_make_no_sense_are_refused() {
    let good = || Config::<u16>::new(id(5));
    assert!(good().check().is_ok());
    assert_eq!(
        good().mtu_floor(63).check(),
        Err(ConfigError::MtuFloor { min: 64 })
    );
    assert_eq!(
        good().mtu_floor(65_508).check(),
        Err(ConfigError::MtuFloor { min: 64 })
    );
    assert_eq!(
        good().largest_id(id(4)).check(),
        Err(ConfigError::IdAboveLargest)
    );
    let zero = Duration::ZERO;
    assert_eq!(
        good().probe_timeout(zero).check(),
        Err(ConfigError::ProbeTimeout)
    );
    assert_eq!(
        good().probe_timeout(Duration::from_secs(1)).check(),
        Err(ConfigError::ProbeTimeout)
    );
    assert_eq!(
        good().suspicion_mult(0).check(),
        Err(ConfigError::ZeroMultiplier)
    );
    for (name, config) in [
        ("probe_interval", good().probe_interval(zero)),
        ("gossip_interval", good().gossip_interval(zero)),
        ("reply_timeout", good().reply_timeout(zero)),
        ("reconnect_interval", good().reconnect_interval(zero)),
        ("forget_after", good().forget_after(zero)),
        ("tombstone_grace", good().tombstone_grace(zero)),
    ] {
        assert_eq!(config.check(), Err(ConfigError::ZeroInterval(name)));
    }
    let v6 = Config::<std::net::SocketAddr>::new(id(1))
        .mtu_floor(64)
        .check();
    assert_eq!(v6, Err(ConfigError::MtuFloor { min: 72 }));
}

#[test]
fn a_small_buffer_is_refused_and_counted() {
    let mut node = node();
    node.join(3).unwrap();
    let now = Instant::from_millis(20);
    node.handle_timeout(now, &mut SplitMix64::new(1));
    assert_eq!(node.poll_transmit(now, &mut [0; 63]), None);
    assert_eq!(node.stats().small_buffers, 1);
    assert!(
        node.poll_transmit(now, &mut [0; 64]).is_some(),
        "the intent was not lost"
    );
}

#[test]
fn seeds_are_bounded() {
    let mut node = node();
    assert_eq!(
        (node.join(1), node.join(2), node.join(2)),
        (Ok(()), Ok(()), Ok(()))
    );
    assert_eq!(node.join(3), Err(JoinError::Full { max: 2 }));
    node.leave();
    assert_eq!(node.join(1), Err(JoinError::NotRunning));
}

/// Two nodes that know each other.
fn pair() -> Net<Large> {
    let mut net = Net::new(1, 300, Weather::FAIR);
    for address in 0..2 {
        net.add(config(address, 300).check().unwrap(), Large::tables());
    }
    net.node(1).join(0).unwrap();
    net.run(3_000);
    net
}

#[test]
fn events_show_the_latest_state_once() {
    let mut net = pair();
    for number in 0..50u8 {
        net.node(1).set("busy", &[number]).unwrap();
        net.run(500);
    }
    net.node(1).set("gone", b"x").unwrap();
    net.run(3_000);
    net.node(1).delete("gone").unwrap();
    net.run(3_000);
    let events: Vec<_> = std::iter::from_fn(|| net.node(0).poll_event()).collect();
    let owner = id(2);
    let text = |event: &Event<_>| match event {
        Event::Joined => "joined".to_string(),
        Event::Member { id, status } => format!("{id} is {status}"),
        Event::Set { owner, key } => format!("{owner} set {}", name(key)),
        Event::Deleted { owner, key } => format!("{owner} deleted {}", name(key)),
        other => format!("{other:?}"),
    };
    let told: Vec<String> = events.iter().map(text).collect();
    assert_eq!(
        told,
        ["joined", "2 is alive", "2 set busy", "2 deleted gone"]
    );
    assert_eq!(net.node(0).get(owner, "busy"), Some(&[49][..]));
    net.node(0).set("busy", b"too").unwrap();
    let busy: Vec<_> = net
        .node(0)
        .entries_with("busy")
        .map(|entry| entry.owner)
        .collect();
    assert_eq!(busy.len(), 2);
    assert!(busy.contains(&id(1)) && busy.contains(&owner));
    assert_eq!(net.node(0).poll_event(), None);
}

fn name(key: &impl AsRef<[u8]>) -> &str {
    std::str::from_utf8(key.as_ref()).unwrap()
}

#[test]
fn own_writes_and_own_datagrams_are_no_news() {
    let mut net = pair();
    while net.node(0).poll_event().is_some() {}
    net.node(0).set("mine", b"x").unwrap();
    assert_eq!(net.node(0).poll_event(), None);
    let now = net.instant();
    let mut buf = [0; 300];
    net.node(0).join(9).unwrap();
    net.node(0).handle_timeout(now, &mut SplitMix64::new(2));
    let sent = net.node(0).poll_transmit(now, &mut buf).unwrap();
    let echo = net.node(0).handle_datagram(now, 5, &buf[..sent.len]);
    assert_eq!(echo, Err(DatagramError::FromSelf));
    assert_eq!(net.node(0).stats().drop_from_self, 1);
}

#[test]
fn another_cluster_is_another_world() {
    let mut net = Net::<Large>::new(1, 300, Weather::FAIR);
    for (address, cluster) in [(0, "red"), (1, "blue"), (2, "red")] {
        net.add(
            config(address, 300).cluster(cluster).check().unwrap(),
            Large::tables(),
        );
    }
    net.node(1).join(0).unwrap();
    net.node(2).join(0).unwrap();
    net.run(10_000);
    assert_eq!(net.node(0).live(), 2);
    assert_eq!(net.node(1).live(), 1);
    assert!(net.node(0).stats().drop_foreign_or_corrupt > 0);
    assert!(net.node(0).member(id(2)).is_none());
}

#[test]
fn a_restarted_node_with_a_stale_life_is_told_so() {
    let mut net = pair();
    let status = |net: &mut Net<Large>| net.node(0).member(id(2)).map(|member| member.status());
    net.nodes[1] = None;
    net.run(12_000);
    assert_eq!(status(&mut net), Some(Status::Dead));
    net.start(1, config(1, 300).check().unwrap(), Large::tables());
    // It knows nobody; node 0 tries its dead now and then.
    net.run(60_000);
    assert_eq!(status(&mut net), Some(Status::Alive));
    assert!(net.node(1).is_joined());
}

#[test]
fn entries_outlive_a_life_that_was_outbid() {
    let mut net = pair();
    net.node(1).set("kept", b"x").unwrap();
    net.run(3_000);
    let twin = config(1, 300).address(7).check().unwrap();
    let mut later = Node::<u16, Large>::new(twin, Large::tables());
    later.handle_timeout(net.instant(), &mut SplitMix64::new(99));
    let life = net.node(1).generation();
    net.nodes.push(Some(Box::new(later)));
    net.node(2).join(1).unwrap();
    net.run(400);
    if net.node(1).generation() == life {
        assert!(
            net.node(2).generation() > life,
            "one of the two has moved past the other"
        );
    }
    net.nodes[2] = None;
    net.run(20_000);
    assert_eq!(
        net.node(0).get(id(2), "kept"),
        Some(&b"x"[..]),
        "entries outlive a new life"
    );
    assert_eq!(net.node(1).get(NodeId::from(2), "kept"), Some(&b"x"[..]));
}
